// SPDX-License-Identifier: MIT
#include "vm/frames.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace {

using namespace std::string_literals;

TEST(Frames, ComeOutAsTheyWentInHoweverTheBytesAreCut) {
    const vm::Frame frames[] = {{SC_STDOUT, 1, "abc\0def"s}, {SC_EXIT, 2, ""}, {SC_DATA, 3, "x"}};
    std::string bytes;
    for (const auto &frame : frames)
        bytes += vm::encode(frame);
    for (std::size_t piece = 1; piece <= bytes.size(); piece++) {
        vm::FrameReader reader;
        std::size_t got = 0;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            reader.feed(std::string_view(bytes).substr(at, piece));
            while (const auto frame = reader.next()) {
                ASSERT_LT(got, std::size(frames));
                EXPECT_EQ(frame->type, frames[got].type);
                EXPECT_EQ(frame->seq, frames[got].seq);
                EXPECT_EQ(frame->payload, frames[got].payload);
                got++;
            }
        }
        EXPECT_EQ(got, std::size(frames)) << "in pieces of " << piece;
    }
}

TEST(Frames, GarbageIsAnErrorAndNotAWait) {
    vm::FrameReader reader;
    reader.feed("SeaBIOS (version 1.16.2)\r\n");
    EXPECT_THROW(reader.next(), vm::ProtocolError);
}

TEST(Frames, AnAbsurdLengthIsAnError) {
    std::string bytes = vm::encode({SC_STDOUT, 1, "abcd"});
    const std::uint32_t length = SC_MAX_PAYLOAD + 1;
    std::memcpy(bytes.data() + offsetof(sc_frame, length), &length, sizeof(length));
    vm::FrameReader reader;
    reader.feed(bytes);
    EXPECT_THROW(reader.next(), vm::ProtocolError);
}

TEST(Frames, APayloadTooLargeIsRefused) {
    EXPECT_THROW(vm::encode({SC_PUT, 1, std::string(SC_MAX_PAYLOAD + 1, 'x')}), vm::ProtocolError);
}

TEST(Frames, RunCarriesArgumentsAndEnvironment) {
    const std::string payload = vm::run_payload({"/bin/a", "", "b c"}, {"X=1"}, 1500);
    sc_run run;
    ASSERT_GE(payload.size(), sizeof(run));
    std::memcpy(&run, payload.data(), sizeof(run));
    EXPECT_EQ(run.timeout_ms, 1500U);
    EXPECT_EQ(run.argc, 3U);
    EXPECT_EQ(run.envc, 1U);
    EXPECT_EQ(payload.substr(sizeof(run)), "/bin/a\0\0b c\0X=1\0"s);
    EXPECT_THROW(vm::run_payload({"a\0b"s}, {}, 1), vm::ProtocolError);
}

TEST(Frames, PutCarriesContentWithNuls) {
    const std::string payload = vm::put_payload("/tmp/f", 0640, "\0\1\0"s);
    sc_put put;
    std::memcpy(&put, payload.data(), sizeof(put));
    EXPECT_EQ(put.mode, 0640U);
    EXPECT_EQ(payload.substr(sizeof(put)), "/tmp/f\0\0\1\0"s);
}

TEST(Frames, AnswersThatAreTooShortAreErrors) {
    EXPECT_THROW(vm::parse_exit("short"), vm::ProtocolError);
    EXPECT_THROW(vm::parse_hello("short"), vm::ProtocolError);
    const sc_hello hello = {SC_PROTOCOL_VERSION, 2, 512};
    const auto parsed = vm::parse_hello(
        std::string(reinterpret_cast<const char *>(&hello), sizeof(hello)) + "5.10");
    EXPECT_EQ(parsed.release, "5.10");
    EXPECT_EQ(parsed.taint, 512U);
    EXPECT_EQ(parsed.cpus, 2U);
}

} // namespace

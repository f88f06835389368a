// SPDX-License-Identifier: MIT
#include "cbpf/builder.h"
#include "cbpf/loader.h"
#include "tests/unit/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace {

using namespace cbpf;
using testing::HasSubstr;
using testing::StartsWith;

class Loader : public testing::Test {
protected:
    std::string error_for(const std::string &contents) {
        const auto path = directory.write("filter.bpf", contents);
        try {
            load_raw(path);
        } catch (const LoadError &error) {
            EXPECT_THAT(error.what(), StartsWith(path.string() + ": "));
            return error.what();
        }
        return "accepted";
    }

    TemporaryDirectory directory;
};

TEST_F(Loader, ReadsWhatItWrote) {
    const Program program = {load_nr(), jeq(0x01020304, 5, 6), ret_allow()};
    save_raw(directory.path() / "a.bpf", program);
    EXPECT_EQ(std::filesystem::file_size(directory.path() / "a.bpf"), 24u);
    EXPECT_TRUE(same_program(load_raw(directory.path() / "a.bpf"), program));
}

TEST_F(Loader, ReadsTheKernelsLayout) {
    // ld [4]; jeq #0x04030201, 5, 6; in little endian.
    const std::string bytes("\x20\0\0\0\x04\0\0\0\x15\0\x05\x06\x01\x02\x03\x04", 16);
    EXPECT_TRUE(same_program(load_raw(directory.write("b.bpf", bytes)),
                             Program{load_arch(), jeq(0x04030201, 5, 6)}));
}

TEST_F(Loader, TakesTheLongestFilterAndNoLonger) {
    EXPECT_EQ(load_raw(directory.write("c.bpf", std::string(4096 * 8, '\0'))).size(), 4096u);
    EXPECT_THAT(error_for(std::string(4097 * 8, '\0')), HasSubstr("longer than 4096"));
}

TEST_F(Loader, RefusesWhatIsNoFilter) {
    EXPECT_THAT(error_for(""), HasSubstr("is empty"));
    EXPECT_THAT(error_for("123456789"), HasSubstr("is 9 bytes long, not a multiple of 8"));
    EXPECT_THROW(load_raw(directory.path() / "missing"), LoadError);
    EXPECT_THROW(load_raw(directory.path()), LoadError);
}

TEST_F(Loader, LeavesNothingBehindWhenItCannotWrite) {
    const Program program = {ret_allow()};
    EXPECT_THROW(save_raw(directory.path() / "no" / "where", program), LoadError);
    std::filesystem::create_directory(directory.path() / "taken");
    EXPECT_THROW(save_raw(directory.path() / "taken", program), LoadError);
    std::size_t entries = 0;
    for ([[maybe_unused]] const auto &entry : std::filesystem::directory_iterator(directory.path()))
        entries++;
    EXPECT_EQ(entries, 1u);
}

} // namespace

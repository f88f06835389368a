// SPDX-License-Identifier: MIT
#include "vm/frames.h"

#include <fmt/format.h>

#include <cstring>

namespace vm {
namespace {

template <typename Struct> std::string bytes_of(const Struct &value) {
    return {reinterpret_cast<const char *>(&value), sizeof(value)};
}

template <typename Struct> Struct struct_at_head(std::string_view payload, const char *what) {
    Struct value;
    if (payload.size() < sizeof(value))
        throw ProtocolError(fmt::format("{} frame of {} bytes is too short", what, payload.size()));
    std::memcpy(&value, payload.data(), sizeof(value));
    return value;
}

void append_string(std::string &payload, const std::string &text) {
    if (text.find('\0') != text.npos)
        throw ProtocolError(fmt::format("a NUL in the string '{}'", text.c_str()));
    payload.append(text).push_back('\0');
}

} // namespace

std::string encode(const Frame &frame) {
    if (frame.payload.size() > SC_MAX_PAYLOAD)
        throw ProtocolError(fmt::format("{} bytes are too many for a frame (limit {})",
                                        frame.payload.size(), +SC_MAX_PAYLOAD));
    const sc_frame head = {SC_MAGIC, frame.type, frame.seq,
                           static_cast<std::uint32_t>(frame.payload.size())};
    return bytes_of(head) + frame.payload;
}

std::optional<Frame> FrameReader::next() {
    if (buffer_.size() < sizeof(sc_frame))
        return {};
    const auto head = struct_at_head<sc_frame>(buffer_, "any");
    if (head.magic != SC_MAGIC)
        throw ProtocolError(fmt::format("frame with bad magic {:#010x}", head.magic));
    if (head.length > SC_MAX_PAYLOAD)
        throw ProtocolError(fmt::format("frame of {} bytes is too long", head.length));
    if (buffer_.size() - sizeof(head) < head.length)
        return {};
    Frame frame{head.type, head.seq, buffer_.substr(sizeof(head), head.length)};
    buffer_.erase(0, sizeof(head) + head.length);
    return frame;
}

std::string run_payload(const std::vector<std::string> &argv, const std::vector<std::string> &env,
                        std::uint32_t timeout_ms) {
    std::string payload = bytes_of(sc_run{timeout_ms, static_cast<std::uint32_t>(argv.size()),
                                          static_cast<std::uint32_t>(env.size()), 0});
    for (const std::string &argument : argv)
        append_string(payload, argument);
    for (const std::string &variable : env)
        append_string(payload, variable);
    return payload;
}

std::string put_payload(const std::string &path, std::uint32_t mode, std::string_view content) {
    std::string payload = bytes_of(sc_put{mode, 0});
    append_string(payload, path);
    return payload.append(content);
}

Hello parse_hello(std::string_view payload) {
    const auto head = struct_at_head<sc_hello>(payload, "HELLO");
    return {head.version, head.cpus, head.taint, std::string(payload.substr(sizeof(head)))};
}

sc_exit parse_exit(std::string_view payload) { return struct_at_head<sc_exit>(payload, "EXIT"); }

} // namespace vm

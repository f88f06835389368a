// SPDX-License-Identifier: MIT
//
// The agent's frames (qemu/agent_protocol.h) as C++ values.

#pragma once

#include "qemu/agent_protocol.h"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vm {

// The other end does not speak our protocol, or not correctly.
struct ProtocolError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Frame {
    std::uint32_t type = 0;
    std::uint32_t seq = 0;
    std::string payload;
};

// Throws ProtocolError when the payload is larger than a frame can hold.
std::string encode(const Frame &frame);

// Makes frames of a stream of bytes that comes in pieces.
class FrameReader {
public:
    void feed(std::string_view bytes) { buffer_.append(bytes); }
    // The next whole frame, or nothing as long as there is none. Throws ProtocolError.
    std::optional<Frame> next();

private:
    std::string buffer_;
};

struct Hello {
    std::uint32_t version = 0;
    std::uint32_t cpus = 0;
    std::uint64_t taint = 0;
    std::string release;
};

// Payloads of requests. Throw ProtocolError for a string with a NUL in it.
std::string run_payload(const std::vector<std::string> &argv, const std::vector<std::string> &env,
                        std::uint32_t timeout_ms);
std::string put_payload(const std::string &path, std::uint32_t mode, std::string_view content);

// Payloads of answers. Throw ProtocolError for one that is too short.
Hello parse_hello(std::string_view payload);
sc_exit parse_exit(std::string_view payload);

} // namespace vm

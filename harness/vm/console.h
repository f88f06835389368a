// SPDX-License-Identifier: MIT
//
// The guest's console: a log file that QEMU writes, and the knowledge of what in it means that
// the kernel is not well.

#pragma once

#include "vm/process.h"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vm {

// A kernel message that fails a test.
struct Splat {
    std::string kind; // "kernel warning", "lockdep", "RCU stall", ...
    std::string line; // the message itself, without time stamp
};

// The first splat in a piece of console output. Messages about user programs ("traps: a.out[7]
// general protection fault ip:...") are none, nor is a mere "Call Trace:", which an injected
// allocation failure prints as well, nor what the guest's agent says about itself, nor a data race
// in code that has nothing to do with seccomp (kcsan.h has the rule).
std::optional<Splat> find_splat(std::string_view console);

// Titles of the data races in it that are not taken for splats, in order.
std::vector<std::string> foreign_races(std::string_view console);

// A line without time stamp and line end: "[    1.25] abc\r" is "abc".
std::string_view message_of(std::string_view line);

// Is there a line whose message is exactly `message`? Returns the offset of the line after it.
std::optional<std::size_t> find_message(std::string_view console, std::string_view message);

std::string last_lines(std::string_view text, std::size_t count);

// The file. A new one each time: an older file of that name, which another run may still be
// reading, is left to that run.
class ConsoleLog {
public:
    // Throws std::system_error.
    explicit ConsoleLog(std::filesystem::path path);

    // Everything from `offset` to the end there is now.
    std::string read_from(std::size_t offset) const;

    const std::filesystem::path &path() const { return path_; }
    int fd() const { return fd_.get(); }

private:
    std::filesystem::path path_;
    FileDescriptor fd_;
};

} // namespace vm

// SPDX-License-Identifier: MIT
//
// File descriptors that close themselves, and child processes that do not outlive us.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace vm {

class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : fd_(fd) {}
    FileDescriptor(FileDescriptor &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor &operator=(FileDescriptor &&other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~FileDescriptor() { reset(); }

    int get() const { return fd_; }
    void reset();

private:
    int fd_ = -1;
};

// A child that the kernel kills when we die, however we die. It inherits `keep` (under the same
// numbers), has no input, and its output goes to `output`.
class ChildProcess {
public:
    // Throws std::system_error when the program cannot be started at all.
    ChildProcess(const std::vector<std::string> &argv, const std::vector<int> &keep, int output);
    ChildProcess(const ChildProcess &) = delete;
    ChildProcess &operator=(const ChildProcess &) = delete;
    ~ChildProcess(); // kills it

    pid_t pid() const { return pid_; }

    // The wait status, or nothing if it is still running after `timeout`.
    std::optional<int> wait_for(std::chrono::milliseconds timeout);
    void kill();

private:
    pid_t pid_ = -1;
    std::optional<int> status_;
};

// "ended with status 1", "was killed by signal 9 (Killed)".
std::string describe_wait_status(int status);

// What a program prints, and how it ends. For short-lived programs of our own.
struct ProgramOutput {
    int status = 0; // a wait status
    std::string out;
};
ProgramOutput capture(const std::vector<std::string> &argv);

} // namespace vm

// SPDX-License-Identifier: MIT
//
// A tracer's hand on a Child that has halted, for what Child itself does not know of: the stops at
// both ends of a syscall. The child is to be traced with PTRACE_O_TRACESYSGOOD.
//
//     Tracee tracee(probe.pid());
//     ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
//     tracee.set_number(SYS_getppid);
//     ASSERT_EQ(probe.run(), Child::ended);
//
// It must not be the one that sees the child's end.

#pragma once

#include "probe.h"

#include <sys/ptrace.h>
#include <sys/types.h>

#include <cstdint>
#include <iosfwd>

namespace guest {

enum class Stop {
    syscall, // PTRACE_SYSCALL, PTRACE_SYSEMU
    trap,    // a breakpoint, a single step
    event,   // PTRACE_EVENT_*: see Tracee::event()
    signal,  // on its way to the tracee: see Tracee::signal()
    ended,
};

void PrintTo(Stop stop, std::ostream *stream);

class Tracee {
public:
    explicit Tracee(pid_t pid) : pid_(pid) {}

    // Lets it go on in the way of `request`, with `signal`, up to where it stops next.
    Stop go_on(__ptrace_request request, int signal = 0);
    // The stop it is about to come to.
    Stop wait();

    int event() const { return status_ >> 16; }
    int signal() const { return (status_ >> 8) & 0xff; }

    void set_options(unsigned long options) const;

    // Whole registers, also of 32-bit programs.
    std::uint64_t number() const;
    std::uint64_t result() const;
    std::uint64_t instruction_pointer() const;
    void set_number(std::uint64_t number) const;
    void set_result(std::uint64_t result) const;
    void set_first_argument(Path path, std::uint64_t value) const;

private:
    std::uint64_t get(std::size_t offset) const;
    void set(std::size_t offset, std::uint64_t value) const;

    pid_t pid_;
    int status_ = 0;
};

} // namespace guest

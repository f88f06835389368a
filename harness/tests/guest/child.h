// SPDX-License-Identifier: MIT
//
// Child processes that attach filters, get killed by them, and can be halted where the test wants
// to look at them:
//
//     Child child([] {
//         require(attach(filter) == 0, "attach");
//         breakpoint();
//         require(getppid() == 1, "getppid");
//     });
//     ASSERT_EQ(child.run(), Child::breakpoint);
//     ... the child stands still: look at /proc/PID ...
//     child.expect_success();
//
// A breakpoint is a trap instruction, so that a child can halt whatever syscalls its filters
// forbid. The parent sees it as the child's tracer.

#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace guest {

// For the child's body: ends the child, with a message for the parent, when `condition` is false.
void require(bool condition, const char *what);

// For the child's body: halt here until the parent goes on.
void breakpoint();

class Child {
public:
    enum class Event {
        breakpoint,
        trace,   // SECCOMP_RET_TRACE, with PTRACE_O_TRACESECCOMP in the options
        stopped, // by SIGSTOP
        ended,
    };
    static constexpr Event breakpoint = Event::breakpoint;
    static constexpr Event trace = Event::trace;
    static constexpr Event stopped = Event::stopped;
    static constexpr Event ended = Event::ended;

    // A child nobody traces: it has no breakpoints, and only ever ends.
    struct Untraced {};

    explicit Child(std::function<void()> body, unsigned long ptrace_options = 0);
    Child(std::function<void()> body, Untraced);
    // Kills it if it is still there.
    ~Child();
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;

    pid_t pid() const { return pid_; }

    // Lets it run up to the next event. A child that takes too long is killed, which is a failure
    // of the test.
    Event run();
    // Lets it go on without waiting for anything.
    void resume();
    // Runs it to its end, breakpoints or not, and expects that to be an orderly one.
    void expect_success();
    // Waits for its end and leaves the zombie. Only for a child that is not traced, or about to
    // end without further events.
    void become_zombie();

    // After the end: as from waitpid(2).
    int wait_status() const { return status_; }
    bool killed_by(int signal) const;
    std::string message() const;

private:
    struct Shared;

    void start(const std::function<void()> &body, bool traced, unsigned long options);
    Event wait();

    Shared *shared_ = nullptr;
    pid_t pid_ = -1;
    bool traced_ = true;
    bool halted_ = false;
    bool ended_ = false;
    int pending_signal_ = 0;
    int status_ = 0;
};

} // namespace guest

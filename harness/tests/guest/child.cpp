// SPDX-License-Identifier: MIT
#include "child.h"

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace guest {

namespace {

// What a test may take is seconds; this only has to come before the runner's own patience ends.
constexpr unsigned deadline_seconds = 30;

// Where require() leaves its message: the Shared of the Child whose body is running.
char *message_of_this_process = nullptr;
constexpr std::size_t message_size = 512;

[[noreturn]] void throw_errno(const char *what) {
    throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

} // namespace

struct Child::Shared {
    char message[message_size];
};

void require(bool condition, const char *what) {
    if (condition)
        return;
    if (message_of_this_process != nullptr)
        std::snprintf(message_of_this_process, message_size, "%s (errno %d)", what, errno);
    _exit(1);
}

void breakpoint() { asm volatile("int3" : : : "memory"); }

namespace {

// Whatever happens in the body ends the child: an exception that got out would have it go on as a
// second test program.
[[noreturn]] void run_body(const std::function<void()> &body) {
    try {
        body();
    } catch (const std::exception &error) {
        require(false, error.what());
    } catch (...) {
        require(false, "an exception");
    }
    _exit(0);
}

} // namespace

Child::Child(std::function<void()> body, unsigned long ptrace_options) {
    start(body, true, ptrace_options);
}

Child::Child(std::function<void()> body, Untraced) { start(body, false, 0); }

void Child::start(const std::function<void()> &body, bool traced, unsigned long options) {
    traced_ = traced;
    void *memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        throw_errno("mmap");
    shared_ = static_cast<Shared *>(memory);

    int go[2];
    if (pipe(go) != 0)
        throw_errno("pipe");
    pid_ = fork();
    if (pid_ < 0)
        throw_errno("fork");
    if (pid_ == 0) {
        const rlimit no_core = {0, 0};
        char byte;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setrlimit(RLIMIT_CORE, &no_core);
        message_of_this_process = shared_->message;
        close(go[1]);
        // Not before there is a tracer to see the first breakpoint.
        require(read(go[0], &byte, 1) == 1, "wait for the parent");
        close(go[0]);
        alarm(deadline_seconds);
        run_body(body);
    }

    close(go[0]);
    const bool seized =
        !traced || ptrace(PTRACE_SEIZE, pid_, nullptr, options | PTRACE_O_EXITKILL) == 0;
    const int error = errno;
    if (seized && write(go[1], "", 1) != 1)
        throw_errno("start the child");
    close(go[1]);
    if (!seized) {
        errno = error;
        throw_errno("ptrace a child");
    }
}

Child::~Child() {
    if (!ended_ && pid_ > 0) {
        kill(pid_, SIGKILL);
        while (waitpid(pid_, nullptr, __WALL) > 0) {
            // Stops that were already queued come first.
        }
    }
    munmap(shared_, sizeof(Shared));
}

void Child::resume() {
    if (traced_ && halted_)
        ptrace(PTRACE_CONT, pid_, nullptr, static_cast<long>(pending_signal_));
    halted_ = false;
    pending_signal_ = 0;
}

Child::Event Child::wait() {
    for (;;) {
        if (waitpid(pid_, &status_, __WALL) != pid_)
            throw_errno("wait for a child");
        if (!WIFSTOPPED(status_)) {
            ended_ = true;
            return ended;
        }

        halted_ = true;
        const int ptrace_event = status_ >> 16;
        if (ptrace_event == PTRACE_EVENT_SECCOMP)
            return trace;
        if (ptrace_event == PTRACE_EVENT_STOP)
            return stopped;
        if (WSTOPSIG(status_) == SIGTRAP)
            return breakpoint;
        // Any other signal is the child's own affair.
        pending_signal_ = WSTOPSIG(status_);
        resume();
    }
}

Child::Event Child::run() {
    if (ended_)
        return ended;
    resume();
    return wait();
}

void Child::expect_success() {
    while (run() != ended) {
        // Whatever halts it, it may go on.
    }
    EXPECT_TRUE(WIFEXITED(status_) && WEXITSTATUS(status_) == 0)
        << "child: wait status " << status_ << " " << message();
}

void Child::become_zombie() {
    siginfo_t info;

    resume();
    if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0)
        throw_errno("wait for a zombie");
}

bool Child::killed_by(int signal) const {
    return ended_ && WIFSIGNALED(status_) && WTERMSIG(status_) == signal;
}

std::string Child::message() const { return shared_->message; }

} // namespace guest

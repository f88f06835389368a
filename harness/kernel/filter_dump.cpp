// SPDX-License-Identifier: MIT
#include "kernel/filter_dump.h"

#include "kernel/task_list.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <future>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <thread>

namespace kernel {

namespace {

using Clock = std::chrono::steady_clock;
using Reason = DumpError::Reason;

constexpr auto poll_interval = std::chrono::milliseconds(1);

// ptrace(2), with its four arguments as numbers.
long trace(__ptrace_request request, pid_t tid, std::uintptr_t address, std::uintptr_t data) {
    return ptrace(request, tid, address, data);
}

[[noreturn]] void fail(Reason reason, pid_t tid, const std::string &what) {
    throw DumpError(reason, fmt::format("task {}: {}", tid, what));
}

[[noreturn]] void fail_to_attach(pid_t tid, int error) {
    const auto status = read_task_status(tid);
    if (error == ESRCH || !status || status->ended)
        fail(Reason::gone, tid, "has ended");
    if (status->tracer != 0)
        fail(Reason::not_permitted, tid,
             fmt::format("is traced by process {} already", status->tracer));
    fail(Reason::not_permitted, tid,
         fmt::format("may not be traced ({}): run as root, in the initial user namespace",
                     std::strerror(error)));
}

cbpf::Chain read_filters(pid_t tid);

// A task we trace, and that stands still.
class TracedTask : public HaltedTask {
public:
    TracedTask(pid_t tid, std::chrono::milliseconds patience) : tid_(tid) {
        if (trace(PTRACE_SEIZE, tid, 0, 0) != 0)
            fail_to_attach(tid, errno);
        if (trace(PTRACE_INTERRUPT, tid, 0, 0) != 0)
            fail(Reason::gone, tid, "has ended");
        wait_until_halted(Clock::now() + patience);
    }

    TracedTask(const TracedTask &) = delete;
    TracedTask &operator=(const TracedTask &) = delete;

    virtual ~TracedTask() { trace(PTRACE_DETACH, tid_, 0, signal_); }

    cbpf::Chain filters() const override { return read_filters(tid_); }

private:
    void wait_until_halted(Clock::time_point deadline) {
        siginfo_t info{};
        while (info.si_pid == 0) {
            // The status is only looked at: whoever waits for our children gets it as well.
            constexpr int options = WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL;
            if (waitid(P_PID, static_cast<id_t>(tid_), &info, options) != 0 && errno != EINTR)
                fail(Reason::gone, tid_, "has ended");
            if (info.si_pid != 0)
                break;
            if (Clock::now() >= deadline)
                fail(Reason::not_halting, tid_, "does not halt: it sleeps uninterruptibly");
            std::this_thread::sleep_for(poll_interval);
        }
        if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED)
            fail(Reason::gone, tid_, "has ended");
        // Halted not by us but on its way to a signal: it must have that signal afterwards.
        if (info.si_status >> 8 == 0)
            signal_ = static_cast<unsigned>(info.si_status);
    }

    pid_t tid_;
    unsigned signal_ = 0;
};

[[noreturn]] void fail_to_read(pid_t tid, int error) {
    switch (error) {
    case ESRCH:
        fail(Reason::gone, tid, "has ended");
    case EACCES:
        fail(Reason::not_permitted, tid,
             "dumping filters takes CAP_SYS_ADMIN in the initial user namespace, and a caller who "
             "is not under seccomp");
    default:
        fail(Reason::unsupported, tid,
             fmt::format("this kernel cannot dump its filters ({}): CONFIG_CHECKPOINT_RESTORE is "
                         "needed",
                         std::strerror(error)));
    }
}

// "No filter" and "no such request" are the same errno.
bool has_filters(pid_t tid) {
    const auto status = read_task_status(tid);
    return status && status->filters != 0;
}

cbpf::Program read_filter(pid_t tid, std::size_t index, long length) {
    cbpf::Program program(static_cast<std::size_t>(length));
    if (trace(PTRACE_SECCOMP_GET_FILTER, tid, index,
              reinterpret_cast<std::uintptr_t>(program.data())) != length)
        fail_to_read(tid, errno);
    return program;
}

cbpf::Chain read_filters(pid_t tid) {
    cbpf::Chain chain;
    for (;;) {
        const long length = trace(PTRACE_SECCOMP_GET_FILTER, tid, chain.size(), 0);
        if (length < 0 && errno == ENOENT)
            return chain;
        if (length < 0 && errno == EINVAL && chain.empty() && !has_filters(tid))
            return chain;
        if (length < 0)
            fail_to_read(tid, errno);
        chain.push_back(read_filter(tid, chain.size(), length));
    }
}

} // namespace

void while_halted(pid_t tid, std::chrono::milliseconds patience,
                  const std::function<void(const HaltedTask &)> &look) {
    // Tracing is a thread's affair. With a thread of its own for it, the kernel detaches in any
    // case, also from a task that does not halt: PTRACE_DETACH could not.
    std::async(std::launch::async, [&] { look(TracedTask(tid, patience)); }).get();
}

cbpf::Chain dump_filters(pid_t tid, std::chrono::milliseconds patience) {
    cbpf::Chain chain;
    while_halted(tid, patience, [&](const HaltedTask &task) { chain = task.filters(); });
    return chain;
}

} // namespace kernel

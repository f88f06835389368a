// SPDX-License-Identifier: MIT
#include "tests/differential/session.h"

#include "tests/guest/probe_job.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <stdexcept>
#include <system_error>

namespace differential {

namespace {

using guest::Outcome;

constexpr unsigned long suspend_seccomp = 1UL << 21; // PTRACE_O_SUSPEND_SECCOMP
constexpr long patience_seconds = 30;
constexpr int syscall_pidfd_getfd = 438;

[[noreturn]] void fail(const std::string &what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void check(long result, const char *what) {
    if (result < 0)
        fail(what);
}

std::uint32_t now(const std::uint32_t &word) {
    return std::atomic_ref(const_cast<std::uint32_t &>(word)).load();
}

void wake(std::uint32_t &word) { syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0); }

void wait_while(std::uint32_t &word, std::uint32_t value) {
    const timespec patience = {patience_seconds, 0};
    while (now(word) == value)
        if (syscall(SYS_futex, &word, FUTEX_WAIT, value, &patience, nullptr, 0) != 0 &&
            errno == ETIMEDOUT)
            throw std::runtime_error("syscall_probe does not answer");
}

pid_t wait_for(pid_t pid, int &status) {
    pid_t result;
    do {
        result = waitpid(pid, &status, __WALL);
    } while (result < 0 && errno == EINTR);
    return result;
}

class Descriptor {
public:
    explicit Descriptor(long fd) : fd_(static_cast<int>(fd)) {}
    ~Descriptor() {
        if (fd_ >= 0)
            close(fd_);
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    int get() const { return fd_; }

private:
    int fd_;
};

bool is_event(int status, int event) { return status >> 16 == event; }

} // namespace

struct Session::Process {
    pid_t pid;
    pid_t tid; // of the thread with the filters: traced, and halted at first
    int status = 0;
    std::size_t first; // the call it begins with
    std::map<std::size_t, Seen> asked{};
};

Session::Session(guest::Bits bits) : bits_(bits) {
    job_fd_ = memfd_create("probe_job", 0);
    check(job_fd_, "memfd_create");
    check(ftruncate(job_fd_, sizeof(probe_job)), "ftruncate");
    void *memory = mmap(nullptr, sizeof(probe_job), PROT_READ | PROT_WRITE, MAP_SHARED, job_fd_, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    job_ = static_cast<probe_job *>(memory);
    start();
}

Session::~Session() {
    int status;
    kill(server_, SIGKILL);
    wait_for(server_, status);
    munmap(job_, sizeof(probe_job));
    close(job_fd_);
}

void Session::start() {
    const std::string path = guest::probe_program(bits_);
    job_->flags = PROBE_SERVE;
    server_ = fork();
    check(server_, "fork");
    if (server_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dup2(job_fd_, PROBE_JOB_FD) == PROBE_JOB_FD)
            execl(path.c_str(), "syscall_probe", nullptr);
        _exit(127);
    }
}

// Up to where the filters are attached.
Session::Process Session::begin(const Scenario &scenario) {
    job_->tid = 0;
    job_->go = 0;
    job_->state = PROBE_NEW;
    std::atomic_ref(job_->order)++;
    wake(job_->order);
    wait_while(job_->tid, 0);

    Process process{static_cast<pid_t>(job_->pid), static_cast<pid_t>(job_->tid), 0,
                    job_->next_call};
    check(ptrace(PTRACE_SEIZE, process.tid, nullptr, suspend_seccomp | PTRACE_O_EXITKILL),
          "ptrace syscall_probe");
    std::atomic_ref(job_->go) = 1;
    wake(job_->go);
    check(wait_for(process.tid, process.status), "wait for syscall_probe");
    if (!WIFSTOPPED(process.status) || WSTOPSIG(process.status) != SIGTRAP ||
        job_->state != PROBE_ATTACHED) {
        std::string results;
        for (std::uint32_t i = 0; i < job_->filter_count; i++)
            results += fmt::format(" {}", job_->filters[i].result);
        kill(process.pid, SIGKILL);
        wait_for(process.tid, process.status);
        wait_for(process.pid, process.status);
        throw std::runtime_error(
            fmt::format("syscall_probe could not attach {} filters: status {:#x}, results{}",
                        scenario.chain.size(), process.status, results));
    }
    return process;
}

void Session::attend(const Scenario &scenario, Process &process) {
    switch (scenario.attendance) {
    case Attendance::nobody:
        check(ptrace(PTRACE_DETACH, process.tid, nullptr, nullptr), "detach");
        break;
    case Attendance::tracer:
        trace(scenario, process);
        break;
    case Attendance::listener:
        listen(scenario, process);
        break;
    }
    check(wait_for(process.pid, process.status), "wait for the end of syscall_probe");
}

void Session::trace(const Scenario &scenario, Process &process) {
    check(
        ptrace(PTRACE_SETOPTIONS, process.tid, nullptr, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL),
        "set the options of a tracee");
    long signal = 0;
    for (;;) {
        // One that has just been killed cannot be resumed, only waited for.
        if (ptrace(PTRACE_CONT, process.tid, nullptr, signal) != 0 && errno != ESRCH)
            fail("resume a tracee");
        check(wait_for(process.tid, process.status), "wait for a tracee");
        if (!WIFSTOPPED(process.status))
            return;
        signal = 0;
        if (is_event(process.status, PTRACE_EVENT_SECCOMP)) {
            const std::size_t index = job_->next_call;
            unsigned long message = 0;
            check(ptrace(PTRACE_GETEVENTMSG, process.tid, nullptr, &message), "ask for a message");
            process.asked[index].tracer_message = static_cast<std::uint32_t>(message);
            answer_tracee(scenario.calls.at(index), process.tid);
        } else if (job_->state == PROBE_DONE) {
            kill(process.pid, SIGKILL);
        } else if (process.status >> 16 == 0) {
            signal = WSTOPSIG(process.status);
        }
    }
}

void Session::answer_tracee(const PlannedCall &planned, pid_t tid) {
    const TracerPlan &plan = planned.tracer;
    if (plan.kind == TracerPlan::Kind::go_on)
        return;
    user_regs_struct registers{};
    check(ptrace(PTRACE_GETREGS, tid, nullptr, &registers), "read registers");
    if (plan.kind == TracerPlan::Kind::skip) {
        registers.orig_rax = ~0ULL;
        registers.rax = static_cast<std::uint64_t>(plan.value);
    } else {
        registers.orig_rax = plan.number;
    }
    check(ptrace(PTRACE_SETREGS, tid, nullptr, &registers), "write registers");
}

void Session::listen(const Scenario &scenario, Process &process) {
    const Descriptor pidfd(syscall(SYS_pidfd_open, process.pid, 0));
    check(pidfd.get(), "pidfd_open");
    const Descriptor listener(
        syscall(syscall_pidfd_getfd, pidfd.get(), job_->filters[job_->filter_count - 1].result, 0));
    check(listener.get(), "fetch the listener");
    check(ptrace(PTRACE_DETACH, process.tid, nullptr, nullptr), "detach");

    for (;;) {
        pollfd waiting[] = {{listener.get(), POLLIN, 0}, {pidfd.get(), POLLIN, 0}};
        if (poll(waiting, 2, patience_seconds * 1000) == 0)
            throw std::runtime_error("neither a notification nor the end of syscall_probe");
        if ((waiting[0].revents & POLLIN) != 0) {
            const std::size_t index = job_->next_call;
            if (const auto shown = answer_listener(scenario.calls.at(index), listener.get()))
                process.asked[index].notification = shown;
        } else if (waiting[1].revents != 0) {
            return;
        } else if (waiting[0].revents != 0) {
            // Its filter is gone, and its process on the way there.
            return;
        }
    }
}

std::optional<Shown> Session::answer_listener(const PlannedCall &planned, int listener) {
    seccomp_notif notification{};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) != 0)
        return std::nullopt; // who asked is dead
    Shown shown{
        notification.data.nr, notification.data.arch, notification.data.instruction_pointer, {}};
    for (std::size_t i = 0; i < shown.args.size(); i++)
        shown.args[i] = notification.data.args[i];

    seccomp_notif_resp response{};
    response.id = notification.id;
    const ListenerPlan &plan = planned.listener;
    if (plan.kind == ListenerPlan::Kind::value)
        response.val = plan.value;
    else if (plan.kind == ListenerPlan::Kind::error)
        response.error = plan.error;
    else
        response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    check(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response), "answer a notification");
    return shown;
}

void Session::collect(const Scenario &scenario, const Process &process,
                      std::vector<Happened> &happened) {
    const bool done = job_->state == PROBE_DONE;
    const std::size_t end = done ? scenario.calls.size() : std::size_t{job_->next_call} + 1;
    for (std::size_t i = process.first; i < end; i++) {
        Happened one{guest::shown_to_filters(*job_, scenario.calls[i].call), {}, process.pid};
        if (const auto found = process.asked.find(i); found != process.asked.end())
            one.seen = found->second;
        if (done || i < job_->next_call) {
            one.seen.outcome =
                guest::outcome_of(job_->results[i], scenario.calls[i].call, job_->pid);
            if (one.seen.outcome.value == static_cast<std::int64_t>(job_->tid))
                one.seen.outcome.value = own_tid;
        } else if (WIFSIGNALED(process.status)) {
            one.seen.outcome = guest::killed(WTERMSIG(process.status));
        } else if (WIFEXITED(process.status) &&
                   WEXITSTATUS(process.status) == PROBE_EXIT_THREAD_DIED) {
            one.seen.outcome = guest::killed(SIGSYS);
            one.seen.only_the_thread_died = true;
        } else {
            throw std::runtime_error(
                fmt::format("syscall_probe ended with status {:#x}", process.status));
        }
        happened.push_back(one);
    }
}

std::vector<Happened> Session::run(const Scenario &scenario) {
    std::vector<std::uint32_t> flags;
    if (scenario.attendance == Attendance::listener) {
        flags.resize(scenario.chain.size());
        flags.back() = SECCOMP_FILTER_FLAG_NEW_LISTENER;
    }
    for (std::size_t i = 0; i < scenario.chain.size(); i++)
        job_->filters[i].flags = 0;
    for (std::size_t i = 0; i < scenario.calls.size(); i++)
        job_->results[i].kind = PROBE_NOT_DONE;
    guest::fill_in(*job_, scenario.chain, calls_of(scenario), PROBE_SERVE | PROBE_STOP_ATTACHED,
                   flags);

    std::vector<Happened> happened;
    while (happened.size() < scenario.calls.size()) {
        job_->next_call = static_cast<std::uint32_t>(happened.size());
        Process process = begin(scenario);
        attend(scenario, process);
        collect(scenario, process, happened);
    }
    return happened;
}

Outcome Session::unfiltered(guest::Path path, std::uint32_t number) {
    const auto known = unfiltered_.find({path, number});
    if (known != unfiltered_.end())
        return known->second;
    throw std::logic_error(fmt::format("number {:#x} was not tried without filters", number));
}

void Session::learn(const std::vector<guest::Call> &calls) {
    Scenario scenario{.chain = {}, .bits = bits_, .attendance = Attendance::nobody, .calls = {}};
    for (const auto &call : calls)
        scenario.calls.push_back({.call = call});
    const auto happened = run(scenario);
    for (std::size_t i = 0; i < calls.size(); i++)
        unfiltered_[{calls[i].path, static_cast<std::uint32_t>(calls[i].number)}] =
            happened[i].seen.outcome;
}

} // namespace differential

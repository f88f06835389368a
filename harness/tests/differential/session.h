// SPDX-License-Identifier: MIT
//
// Carries scenarios out on the kernel this runs on: a syscall_probe that serves (syscall_probe.h),
// and whoever is asked about its calls.
//
// Filters are attached while seccomp is suspended (PTRACE_O_SUSPEND_SECCOMP), so that a chain may
// forbid anything, attaching the next filter included, and none needs to be wrapped.

#pragma once

#include "tests/differential/model.h"
#include "tests/differential/scenario.h"

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace differential {

// A thread's own id differs from run to run: outcomes have this instead, and guest::own_pid for
// that of its process.
constexpr std::int64_t own_tid = -1'000'001;

struct Happened {
    seccomp_data data; // what the filters were shown
    Seen seen;         // without the audit record
    pid_t pid;         // of the process that made the call
};

class Session {
public:
    // Starts the program. Throws std::runtime_error, as do the others, for what is not a matter of
    // the calls.
    explicit Session(guest::Bits bits);
    ~Session();
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;

    guest::Bits bits() const { return bits_; }

    // What became of every call. A new process takes over where one was killed.
    std::vector<Happened> run(const Scenario &scenario);

    // Makes the calls without filters, and remembers what they return.
    void learn(const std::vector<guest::Call> &calls);
    // What a call of that number returns without filters. Must have been learned.
    guest::Outcome unfiltered(guest::Path path, std::uint32_t number);

private:
    struct Process;

    void start();
    Process begin(const Scenario &scenario);
    void attend(const Scenario &scenario, Process &process);
    void trace(const Scenario &scenario, Process &process);
    void answer_tracee(const PlannedCall &planned, pid_t tid);
    void listen(const Scenario &scenario, Process &process);
    std::optional<Shown> answer_listener(const PlannedCall &planned, int listener);
    void collect(const Scenario &scenario, const Process &process, std::vector<Happened> &happened);

    guest::Bits bits_;
    probe_job *job_ = nullptr;
    int job_fd_ = -1;
    pid_t server_ = -1;
    std::map<std::pair<guest::Path, std::uint32_t>, guest::Outcome> unfiltered_;
};

} // namespace differential

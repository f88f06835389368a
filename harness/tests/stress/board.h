// SPDX-License-Identifier: MIT
//
// What all processes of the stress test share: counters, the tasks there are, the word to stop, and
// the first thing that went wrong.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>

namespace stress {

enum Count : std::size_t {
    attaches,
    listeners,
    tsyncs,
    failed_tsyncs,
    refusals, // calls of the number that the oldest filter refuses, natively and by int $0x80
    forks,
    execs,
    exits,
    signal_deaths,
    process_kills, // by SECCOMP_RET_KILL_PROCESS
    thread_kills,  // by SECCOMP_RET_KILL_THREAD
    reads,
    reads_of_the_dead, // through a descriptor from before
    dumps,             // of whole chains
    comparisons,       // of a chain with the proc file, in a halted task
    counts
};
const char *name(Count count);

struct Task {
    pid_t pid;
    pid_t tid;
};

class Board {
public:
    // Makes one that children have as well, across exec, too. Throws std::system_error.
    static Board &make();
    // After exec.
    static Board &find();

    std::atomic<std::uint64_t> count[counts];
    std::atomic<bool> stop;

    // Writes this task on the board, over whoever is there in its place.
    void register_self();
    // One that is on the board; it may be gone.
    Task task(std::uint64_t random) const;

    // The first message stays, and everybody stops.
    void fail(const std::string &message);
    bool failed() const { return failed_ != 0; }
    const char *message() const { return message_; }

private:
    static constexpr std::size_t places = 32;
    std::atomic<std::uint64_t> tasks_[places]; // pid << 32 | tid
    std::atomic<int> failed_;
    char message_[512];
};

} // namespace stress

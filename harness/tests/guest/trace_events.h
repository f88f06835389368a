// SPDX-License-Identifier: MIT
//
// The kernel's tracepoints at both ends of a syscall (raw_syscalls:sys_enter and sys_exit), of one
// task, read through tracefs.
//
//     TraceEvents events(probe.pid());
//     ... the task makes its calls ...
//     EXPECT_EQ(events.stop(), ...);

#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace guest {

struct TraceEvent {
    bool enter = false;
    std::int64_t number = 0;
    std::array<std::uint64_t, 6> arguments{}; // of sys_enter
    std::int64_t result = 0;                  // of sys_exit

    bool operator==(const TraceEvent &) const = default;
};

void PrintTo(const TraceEvent &event, std::ostream *stream);

TraceEvent entered(std::int64_t number, const std::array<std::uint64_t, 6> &arguments);
TraceEvent left(std::int64_t number, std::int64_t result);

// The two kinds of lines of a trace, "... sys_enter: NR 39 (1, 2, 3, 4, 5, 6)" with hexadecimal
// arguments and "... sys_exit: NR 39 = 77". Others are left out.
std::vector<TraceEvent> parse_trace(const std::string &text);

class TraceEvents {
public:
    // From here on. Throws std::system_error where the kernel has no tracefs.
    explicit TraceEvents(pid_t task);
    ~TraceEvents();
    TraceEvents(const TraceEvents &) = delete;
    TraceEvents &operator=(const TraceEvents &) = delete;

    // Up to here.
    std::vector<TraceEvent> stop();
};

} // namespace guest

// SPDX-License-Identifier: MIT
//
// A stack of filters, syscalls to make under it, and what those do who are asked about some of
// them.

#pragma once

#include "cbpf/program.h"
#include "tests/guest/probe.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace differential {

// Who is there to be asked.
enum class Attendance {
    nobody,   // SECCOMP_RET_TRACE and SECCOMP_RET_USER_NOTIF fail with ENOSYS
    tracer,   // has PTRACE_O_TRACESECCOMP
    listener, // holds the listener of the newest filter
};

const char *attendance_name(Attendance attendance);

// What a tracer does about a call it is asked about.
struct TracerPlan {
    enum class Kind { go_on, skip, change };
    Kind kind = Kind::go_on;
    std::uint64_t number = 0; // change: to this one, whose verdict is asked for then
    std::int64_t value = 0;   // skip: what the call returns
};

struct ListenerPlan {
    enum class Kind { value, error, go_on };
    Kind kind = Kind::value;
    std::int64_t value = 0;
    int error = 0; // negative
};

struct PlannedCall {
    guest::Call call;
    TracerPlan tracer{};
    ListenerPlan listener{};
};

struct Scenario {
    cbpf::Chain chain;
    guest::Bits bits = guest::Bits::b64; // of the program that makes the calls
    Attendance attendance = Attendance::nobody;
    std::vector<PlannedCall> calls;
};

std::vector<guest::Call> calls_of(const Scenario &scenario);

// For a person.
std::string describe(const PlannedCall &planned, Attendance attendance);
// As the C++ of a regression test's `Scenario`.
std::string source(const Scenario &scenario);

} // namespace differential

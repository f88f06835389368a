// SPDX-License-Identifier: MIT
//
// What should become of a call: by the interpreter, and by what Linux 5.10's __seccomp_filter()
// makes of its verdict.

#pragma once

#include "tests/differential/scenario.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace differential {

// An audit record of seccomp's (AUDIT_SECCOMP), without what differs from run to run.
struct Record {
    std::uint32_t arch = 0;
    std::int64_t number = 0;
    std::uint32_t code = 0; // the action
    std::uint64_t ip = 0;
    int signal = 0;

    bool operator==(const Record &) const = default;
};

// What a tracer or a listener was shown.
struct Shown {
    std::int64_t number = 0;
    std::uint32_t arch = 0;
    std::uint64_t ip = 0;
    std::array<std::uint64_t, 6> args{};

    bool operator==(const Shown &) const = default;
};

// All that can be seen of a call from outside the kernel.
struct Seen {
    guest::Outcome outcome{};
    bool only_the_thread_died = false;
    std::optional<std::uint32_t> tracer_message{}; // the tracer was asked; SECCOMP_RET_DATA
    std::optional<Shown> notification{};           // the listener was asked
    std::optional<Record> record{};                // only where there is audit

    bool operator==(const Seen &) const = default;
};

std::string describe(const Seen &seen);

// Without filters, what does the call return?
using Unfiltered = std::function<guest::Outcome(guest::Path path, std::uint32_t number)>;

// `data` is what the filters are shown of the call.
Seen expected(const Scenario &scenario, const PlannedCall &planned, const seccomp_data &data,
              const Unfiltered &unfiltered);

// By the interpreter: does the call end its thread or process? Not after a tracer has changed it.
bool deadly(std::uint32_t verdict);

} // namespace differential

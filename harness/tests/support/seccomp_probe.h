// SPDX-License-Identifier: MIT
//
// Asks the kernel this test runs on what it thinks of a filter, so that our models can be compared
// with a real one. x86-64 only. Everything happens in forked children; the caller stays free of
// filters.

#pragma once

#include "cbpf/program.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace support {

// Why nothing below can be used here, or nothing if it can.
std::optional<std::string> probe_obstacle();

// For each program: does seccomp(2) take it? Nothing is attached: the programs are offered with
// SECCOMP_FILTER_FLAG_NEW_LISTENER by a task that has a listener, so that one which passes all
// checks ends in EBUSY. Throws std::runtime_error on any errno but EBUSY and EINVAL.
std::vector<bool> accepted_by_kernel(std::span<const cbpf::Program> programs);

// One call of a syscall: number (at least probe_numbers) and arguments are the caller's; arch and
// instruction pointer are filled in, as the filter will see them.
inline constexpr std::uint32_t probe_numbers = 100000; // no syscall is up here
seccomp_data probe_data(std::uint32_t number, std::span<const std::uint64_t, 6> args);

// A program around `body` (a valid one) that leaves all ordinary syscalls alone, and whose
// outcome can be seen from user space whatever the body computes: returns of constants become
// errors that tell which return it was, and returns of A an error that is a hash of A.
cbpf::Program make_observable(const cbpf::Program &body);

struct Observation {
    bool killed;        // by SIGSYS
    std::int64_t value; // of the syscall, negative errno included; if not killed
};

// What happens, in turn, to each call under `program` (from make_observable()). Ends with the
// first call that kills.
std::vector<Observation> observe(const cbpf::Program &program, std::span<const seccomp_data> calls);

} // namespace support

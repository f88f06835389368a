// SPDX-License-Identifier: MIT
//
// Syscalls to try filters on: their calls do no harm, whatever their arguments, and always return
// the same.

#pragma once

#include "probe.h"

#include <cstdint>

namespace guest {

struct Harmless {
    std::uint32_t getpid, getppid, getuid, getgid, geteuid, getegid, unassigned;
};

// By the numbers of the table that `path` leads to.
const Harmless &harmless(Path path);

constexpr std::uint64_t x32_bit = 0x40000000;

} // namespace guest

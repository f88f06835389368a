// SPDX-License-Identifier: MIT
//
// Stacks of filters as a task may collect them: of the shapes of real ones, and what no shape
// makes.

#pragma once

#include "cbpf/program.h"
#include "tests/support/random.h"

#include <linux/seccomp.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace support {

// Values that leave the process alive.
inline constexpr std::array<std::uint32_t, 20> mild_returns = {
    SECCOMP_RET_ERRNO,      SECCOMP_RET_ERRNO | 1,      SECCOMP_RET_ERRNO | 38,
    SECCOMP_RET_ERRNO | 77, SECCOMP_RET_ERRNO | 4095,   SECCOMP_RET_ERRNO | 4096,
    SECCOMP_RET_TRAP,       SECCOMP_RET_TRAP | 9,       SECCOMP_RET_TRAP | 0xffff,
    SECCOMP_RET_TRACE,      SECCOMP_RET_TRACE | 7,      SECCOMP_RET_TRACE | 0xffff,
    SECCOMP_RET_LOG,        SECCOMP_RET_LOG | 5,        SECCOMP_RET_USER_NOTIF,
    SECCOMP_RET_LOG,        SECCOMP_RET_USER_NOTIF | 3, SECCOMP_RET_ERRNO | 0xffff,
    SECCOMP_RET_ALLOW | 1,  SECCOMP_RET_ALLOW | 0xffff};

// 1 to 32, small ones more often.
std::size_t random_depth(Random &random);

// Filters about any number of the tables, oldest first; half of the stacks of nothing but
// instructions that every form of the cache understands.
cbpf::Chain random_stack(Random &random);

// Replace a filter of the chain, now and then: by one that is little but a return, or by one with
// the instructions that the shapes have seldom.
void put_in_a_short_one(Random &random, cbpf::Chain &chain);
void put_in_all_instructions(Random &random, cbpf::Chain &chain);

} // namespace support

// SPDX-License-Identifier: MIT
//
// How good is a cache? Its bits against the exact oracle:
//
// - soundness: a bit is unsound if the oracle finds a syscall of that number for which some filter
//   does not return exactly SECCOMP_RET_ALLOW. There must be none, ever.
// - precision: of the numbers for which every filter returns exactly that (data bits zero)
//   whatever the arguments, the share that is cached. The rest costs time, not security.
//
// What the oracle cannot decide is counted apart, and as neither.

#pragma once

#include "analysis/obstacle.h"
#include "analysis/oracle.h"
#include "cbpf/syscall_table.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace analysis {

struct UnsoundBit {
    cbpf::SyscallTable table;
    unsigned number;
    Refused because;

    // "x86_64 39 (getpid) is cached, but filter 0 returns ERRNO(1) for args {...}"
    std::string text() const;
};

struct Coverage {
    std::size_t numbers = 0;          // asked
    std::size_t allowed = 0;          // exactly ALLOW for every input
    std::size_t cached = 0;           // bits that are set
    std::size_t cached_allowed = 0;   // both
    std::size_t unknown_cached = 0;   // the oracle gave up on a bit that is set
    std::size_t unknown_uncached = 0; // and on one that is not
    std::vector<UnsoundBit> unsound;
    // Of those allowed and not cached: what stopped the eight instructions' emulator first, in the
    // oldest filter that stops it. Those that it can decide stand under nothing.
    std::map<std::optional<Obstacle>, std::size_t> missed;

    std::size_t unknown() const { return unknown_cached + unknown_uncached; }
    // In per cent; nothing where there is nothing to cache.
    std::optional<double> precision() const;
    Coverage &operator+=(const Coverage &other);
};

// All numbers of a table. `cached` has table.size elements. Throws std::invalid_argument if not.
Coverage measure_coverage(Oracle &oracle, const cbpf::SyscallTable &table,
                          const std::vector<bool> &cached);

} // namespace analysis

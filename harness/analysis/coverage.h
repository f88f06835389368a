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

#include "analysis/oracle.h"
#include "cbpf/syscall_table.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace analysis {

// Why is a number not cached that is always allowed? By what the reference emulator
// (reference_emulator.h) says of it, which has other and wider bounds than the kernel.
enum class Miss {
    bound,    // it can be proved: whoever made the bits has given up
    domain,   // it depends on what the emulators do not keep track of, as "argument and 0" does
    too_many, // the reference has given up itself, on too many ways
};

std::string_view miss_name(Miss miss);

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
    std::map<Miss, std::size_t> missed; // of those allowed and not cached

    std::size_t unknown() const { return unknown_cached + unknown_uncached; }
    // In per cent; nothing where there is nothing to cache.
    std::optional<double> precision() const;
    Coverage &operator+=(const Coverage &other);
};

// All numbers of a table. `cached` has table.size elements. Throws std::invalid_argument if not.
Coverage measure_coverage(Oracle &oracle, const cbpf::SyscallTable &table,
                          const std::vector<bool> &cached);

} // namespace analysis

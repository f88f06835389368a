// SPDX-License-Identifier: MIT
//
// How much is done, and from which seed: by the environment, as the tests are started one by one.

#pragma once

#include <cstdint>

namespace differential {

struct Options {
    std::uint64_t seed;    // SEED
    std::uint64_t filters; // FILTERS: to attach, for the proc file
    std::uint64_t calls;   // CALLS: to make, in all tests of syscalls together
    bool bits;             // BITS=1: print what the caches were (verify/guest_bits.h)
};

// Must such a run have met everything? One that is short, and begins at a seed of the user's own,
// need not: it may be there to repeat a failure. Nor must what is a small share of the quick run.
bool is_demanding(const Options &options, std::uint64_t cases, std::uint64_t many);

// Throws std::runtime_error for what is no number.
Options options();

} // namespace differential

// SPDX-License-Identifier: MIT
//
// Random choices. Everything is a function of the seed: a test prints its seed, and the same seed
// gives the same anywhere (no standard distribution is used, as those differ between libraries).

#pragma once

#include <cstdint>
#include <iterator>
#include <random>

namespace support {

using Random = std::mt19937_64;

// 0 to bound-1.
inline std::uint32_t pick(Random &random, std::uint32_t bound) {
    // The bias of a 64-bit remainder by a 32-bit bound is far below what a test could notice.
    return static_cast<std::uint32_t>(random() % bound);
}

// True once in so many times.
inline bool chance(Random &random, std::uint32_t one_in) { return pick(random, one_in) == 0; }

template <typename Container>
auto one_of(Random &random, const Container &all) -> decltype(*std::begin(all)) {
    return std::begin(all)[pick(random, static_cast<std::uint32_t>(std::size(all)))];
}

} // namespace support

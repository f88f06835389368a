// SPDX-License-Identifier: MIT
//
// Medians, for both sides: no allocation, as guests call this under filters.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace bench {

// Of an odd number of values the one in the middle, of an even number the lower of the two, so
// that the result is a value that was measured. Reorders them; there has to be one.
template <typename T> T median_in_place(std::span<T> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

template <typename T, std::size_t N> T median_of(std::array<T, N> values) {
    return median_in_place(std::span<T>(values));
}

} // namespace bench

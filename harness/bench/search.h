// SPDX-License-Identifier: MIT
//
// A search for filters that are as expensive to attach as can be: recipes are changed at random,
// and what costs more is kept. The same seed finds the same.

#pragma once

#include "bench/recipe.h"

#include <cstdint>
#include <functional>

namespace bench {

using Cost = std::function<std::uint64_t(const cbpf::Program &)>;

struct Found {
    Recipe recipe;
    std::uint64_t cost = 0;
};

// Begins with the best of some random recipes, and tries `steps` changes. `cost` is asked about
// programs that cbpf::check() accepts.
Found find_expensive(std::uint64_t seed, unsigned steps, const Cost &cost);

} // namespace bench

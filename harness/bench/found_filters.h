// SPDX-License-Identifier: MIT
//
// The most expensive filters that `make hostile-search` has found, part of the hostile family.

#pragma once

#include "bench/recipe.h"

#include <vector>

namespace bench {

const std::vector<Recipe> &found_filters();

} // namespace bench

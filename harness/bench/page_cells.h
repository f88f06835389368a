// SPDX-License-Identifier: MIT
//
// For the tests of the page: the figures that a page shows, and those that it has to show.

#pragma once

#include "bench/results.h"

#include <map>
#include <string>
#include <utility>

namespace bench {

// With everything in it that a page may get wrong.
Results example_results();

// By row and column, as digits.
using Cells = std::map<std::pair<std::string, std::string>, std::string>;

// Throws ResultsError where a cell is there twice.
Cells cells_of_page(const std::string &html);
Cells cells_of_json(const std::string &json);

} // namespace bench

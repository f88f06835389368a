// SPDX-License-Identifier: MIT
//
// Results as text: for a terminal, and as Markdown.

#pragma once

#include "bench/results.h"

#include <string>
#include <vector>

namespace bench {

// The cells of all tables: a header, then the rows. After the columns of the kernels come what the
// full series takes in terms of stock and of the published design, where all were measured.
std::vector<std::vector<std::string>> table_cells(const Results &results);

std::string terminal_table(const Results &results);
std::string markdown_table(const Results &results);

} // namespace bench

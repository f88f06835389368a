// SPDX-License-Identifier: MIT
//
// Results as one HTML page: a chart for each kind of row, and the table. It needs no other file,
// no network and no script.

#pragma once

#include "bench/results.h"

#include <string>
#include <string_view>

namespace bench {

std::string html_page(const Results &results);

// Text as HTML has it, in elements and in attributes.
std::string escape(std::string_view text);

} // namespace bench

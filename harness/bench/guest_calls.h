// SPDX-License-Identifier: MIT
//
// The system calls whose cost is measured, by name. Each is made with arguments that let it end
// early and change nothing.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace bench {

struct CallCost {
    double each = 0;  // of many calls in a row, the median, in nanoseconds of the clock
    double first = 0; // the first call alone
    double hundredth = 0;
};

struct Call {
    std::string_view name;
    // Makes the call many times. Allocates nothing, and makes no other system call.
    CallCost (*measure)(std::int64_t clock_cost);
};

const std::vector<Call> &calls();

// Throws std::invalid_argument.
const Call &call_named(std::string_view name);

} // namespace bench

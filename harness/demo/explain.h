// SPDX-License-Identifier: MIT
//
// Why does the kernel have to run a filter for a number?
//
// Follows a filter for one (architecture, number) with everything else unknown, and collects what
// it can return. One value: the verdict is a constant. Several: it depends on arguments (or on
// the instruction pointer).

#pragma once

#include "cbpf/program.h"

#include <cstdint>
#include <set>
#include <string>

namespace demo {

struct Verdicts {
    std::set<std::uint32_t> values; // return values, data bits included
    bool complete = true;           // false: there may be others (the filter computes its verdict)
};

// No possible verdict is left out. A filter that tests the same argument twice may be said to
// return more than it can. Throws std::invalid_argument for a program no kernel accepts.
Verdicts possible_verdicts(const cbpf::Program &program, std::uint32_t arch, std::uint32_t number);

// "checks arguments", "always ERRNO(1)", ...
std::string describe(const Verdicts &verdicts);

} // namespace demo

// SPDX-License-Identifier: MIT
//
// The check list: what must hold of a kernel for its config's name (kernel-config/NAME.config).
// Written down here, not derived from what the build says of itself, so that a kernel that is not
// what its name says is noticed.

#pragma once

#include "tests/guest/probe.h"

#include <string_view>
#include <vector>

namespace tests {

struct Expectation {
    std::string_view config;
    std::vector<std::string_view> tables; // of the proc file, in its order
    bool proc_file;
    std::vector<guest::Path> ways_in; // by which a program's syscalls reach the kernel
    std::vector<std::string_view> options_on;
    std::vector<std::string_view> options_off;
};

// A config with no entry of its own, such as debug, must have the tables, the proc file and the
// ways in of base; its options are its own affair.
const Expectation &expectation_for(std::string_view config);

} // namespace tests

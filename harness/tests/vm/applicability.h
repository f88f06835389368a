// SPDX-License-Identifier: MIT
//
// Which tests say anything about the kernel at hand? One that lacks an option cannot run the tests
// of what the option brings. They are left out of the run, by name and with the reason, so that a
// test that is skipped *while it runs* still is something to look at.

#pragma once

#include "vm/kernel_config.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

// Tests whose full name matches `pattern` ('*' and '?' as in GoogleTest's filters) need `option`,
// or, as in "CONFIG_KASAN=n", a kernel without it.
struct Need {
    std::string_view pattern;
    std::string_view option;
};

// The needs of the tests of vm_tests.
std::span<const Need> all_needs();

// Full names of tests that do not apply, by the option they lack (the first one, if several).
using NotApplicable = std::map<std::string, std::vector<std::string>>;

NotApplicable not_applicable(std::span<const std::string> tests, std::span<const Need> needs,
                             const vm::KernelConfig &config);

// Patterns that match none of the tests: the test was renamed, and the need is not known any more.
std::vector<std::string> stale_patterns(std::span<const std::string> tests,
                                        std::span<const Need> needs);

// `filter` (--gtest_filter) without those tests.
std::string without(const std::string &filter, const NotApplicable &left_out);

// For people: one line per suite and option, "Suite.* (12 tests): needs CONFIG_X".
std::string describe(const NotApplicable &left_out);

// Does `text` match `pattern`, all of it?
bool matches(std::string_view text, std::string_view pattern);

} // namespace tests

// SPDX-License-Identifier: MIT
//
// Reads what a GoogleTest program prints: the list of its tests, and how one of them went.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vm {

struct ListedTest {
    std::string suite; // "Prefix/Suite" where parametrised
    std::string name;  // "Case/0" where parametrised
    std::string value; // what GetParam() prints, empty where there is none
    std::string type;  // TypeParam, likewise

    std::string full_name() const { return suite + "." + name; }
    bool operator==(const ListedTest &) const = default;
};

// The output of --gtest_list_tests. Lines that are not part of the list are ignored.
std::vector<ListedTest> parse_test_list(std::string_view text);

struct SingleTestResult {
    enum class Kind { passed, failed, skipped, missing } kind = Kind::missing;
    std::string skip_reason;
};

// The output of a run of this one test. Success is a word that must be there: `missing` if the
// program ended without a verdict, or ran something else.
SingleTestResult parse_single_test(std::string_view output, std::string_view full_name);

} // namespace vm

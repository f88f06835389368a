// SPDX-License-Identifier: MIT
#include "tests/vm/applicability.h"

#include <fmt/format.h>

#include <algorithm>

namespace tests {
namespace {

// From the option that most depends on to that which least does: the first reason is the one given.
constexpr Need needs_of_tests[] = {
    {"HarnessSelfCheck.*", "CONFIG_X86_64"},
};

std::string suite_of(const std::string &test) { return test.substr(0, test.find('.')); }

bool needed_by(const Need &need, std::string_view test) { return matches(test, need.pattern); }

} // namespace

std::span<const Need> all_needs() { return needs_of_tests; }

bool matches(std::string_view text, std::string_view pattern) {
    if (pattern.empty())
        return text.empty();
    if (pattern.front() == '*')
        return matches(text, pattern.substr(1)) ||
               (!text.empty() && matches(text.substr(1), pattern));
    return !text.empty() && (pattern.front() == '?' || pattern.front() == text.front()) &&
           matches(text.substr(1), pattern.substr(1));
}

NotApplicable not_applicable(std::span<const std::string> tests, std::span<const Need> needs,
                             const vm::KernelConfig &config) {
    NotApplicable left_out;
    for (const std::string &test : tests) {
        const auto lacking = std::find_if(needs.begin(), needs.end(), [&](const Need &need) {
            return !config.enabled(need.option) && needed_by(need, test);
        });
        if (lacking != needs.end())
            left_out[std::string(lacking->option)].push_back(test);
    }
    return left_out;
}

std::vector<std::string> stale_patterns(std::span<const std::string> tests,
                                        std::span<const Need> needs) {
    std::vector<std::string> stale;
    for (const Need &need : needs)
        if (std::none_of(tests.begin(), tests.end(),
                         [&](const std::string &test) { return needed_by(need, test); }))
            stale.emplace_back(need.pattern);
    return stale;
}

std::string without(const std::string &filter, const NotApplicable &left_out) {
    std::string text = filter;
    char separator = text.find('-') == text.npos ? '-' : ':';
    for (const auto &[option, tests] : left_out) {
        for (const std::string &test : tests) {
            text += separator + test;
            separator = ':';
        }
    }
    return text;
}

std::string describe(const NotApplicable &left_out) {
    std::string text;
    for (const auto &[option, tests] : left_out) {
        std::map<std::string, unsigned> suites;
        for (const std::string &test : tests)
            suites[suite_of(test)]++;
        for (const auto &[suite, count] : suites)
            text += fmt::format("{}.* ({} test{}): needs {}\n", suite, count, count == 1 ? "" : "s",
                                option);
    }
    return text;
}

} // namespace tests

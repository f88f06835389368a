// SPDX-License-Identifier: MIT
#include "vm/ktap.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <sstream>

namespace vm {
namespace {

constexpr int kselftest_skip = 4;

std::string_view word(KtapTest::Result result) {
    switch (result) {
    case KtapTest::Result::ok:
        return "ok";
    case KtapTest::Result::not_ok:
        return "not ok";
    case KtapTest::Result::skip:
        return "skip";
    }
    return "?";
}

std::optional<KtapTest> parse_test_line(const std::string &line) {
    static const std::regex test_line(
        R"(^(not )?ok ([0-9]+)(?: -)?(?: ([^#]*?))?\s*(?:# ?(SKIP|XFAIL|TODO)\b\s*(.*))?$)");
    std::smatch match;
    if (!std::regex_match(line, match, test_line))
        return {};
    KtapTest test;
    test.number = static_cast<unsigned>(std::stoul(match[2]));
    test.name = match[3];
    if (match[1].matched)
        test.result = KtapTest::Result::not_ok;
    else if (match[4].matched)
        test.result = KtapTest::Result::skip;
    test.reason = match[5];
    return test;
}

bool allowed(const KtapTest &test, const std::vector<std::string> &skips) {
    return std::any_of(skips.begin(), skips.end(), [&](const std::string &skip) {
        return skip == test.name || skip == test.reason;
    });
}

} // namespace

std::string KtapTest::text() const {
    return fmt::format("{} {}{}{}{}{}", word(result), number, name.empty() ? "" : " ", name,
                       reason.empty() ? "" : ": ", reason);
}

KtapReport parse_ktap(std::string_view text) {
    static const std::regex version(R"(^(K?TAP version [0-9]+)\s*$)");
    static const std::regex plan(R"(^1\.\.([0-9]{1,9})\s*(#.*)?$)");
    KtapReport report;
    std::istringstream lines{std::string(text)};
    std::smatch match;
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with('\r'))
            line.pop_back();
        if (std::regex_match(line, version))
            report.version_seen = true;
        else if (std::regex_match(line, match, plan))
            report.plan = static_cast<unsigned>(std::stoul(match[1]));
        else if (line.starts_with("Bail out!"))
            report.bailed_out = true;
        else if (auto test = parse_test_line(line))
            report.tests.push_back(std::move(*test));
    }
    return report;
}

std::vector<std::string> ktap_problems(const KtapReport &report, int exit_code,
                                       const std::vector<std::string> &allowed_skips) {
    std::vector<std::string> problems;
    if (!report.version_seen)
        problems.emplace_back("no 'TAP version' line");
    if (report.bailed_out)
        problems.emplace_back("the program bailed out");
    if (!report.plan)
        problems.emplace_back("no plan ('1..N')");
    else if (*report.plan != report.tests.size())
        problems.push_back(
            fmt::format("{} tests planned, {} reported", *report.plan, report.tests.size()));
    if (report.tests.empty())
        problems.emplace_back("no test was run");

    unsigned expected = 1;
    bool all_skips_allowed = true;
    for (const KtapTest &test : report.tests) {
        if (test.number != expected)
            problems.push_back(fmt::format("test {} comes where {} should", test.number, expected));
        expected = test.number + 1;
        const bool skip = test.result == KtapTest::Result::skip;
        if (skip && allowed(test, allowed_skips))
            continue;
        if (skip)
            all_skips_allowed = false;
        if (test.result != KtapTest::Result::ok)
            problems.push_back(test.text());
    }
    const bool skipped = exit_code == kselftest_skip && all_skips_allowed;
    if (exit_code != 0 && !skipped)
        problems.push_back(fmt::format("exit status {}", exit_code));
    return problems;
}

std::vector<std::string> ktap_differences(const KtapReport &left, std::string_view left_name,
                                          const KtapReport &right, std::string_view right_name) {
    std::vector<std::string> differences;
    const auto text = [](const KtapReport &report, std::size_t i) {
        return i < report.tests.size() ? report.tests[i].text() : "nothing";
    };
    for (std::size_t i = 0; i < std::max(left.tests.size(), right.tests.size()); i++)
        if (text(left, i) != text(right, i))
            differences.push_back(fmt::format("{}: {}; {}: {}", left_name, text(left, i),
                                              right_name, text(right, i)));
    return differences;
}

} // namespace vm

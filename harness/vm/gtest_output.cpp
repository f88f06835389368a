// SPDX-License-Identifier: MIT
#include "vm/gtest_output.h"

#include <sstream>

namespace vm {
namespace {

// "Case/0  # GetParam() = 5" is {"Case/0", "5"}.
std::pair<std::string, std::string> split_comment(const std::string &line, std::string_view key) {
    const std::string mark = "  # " + std::string(key) + " = ";
    const auto at = line.find(mark);
    if (at == line.npos)
        return {line.substr(0, line.find("  # ")), ""};
    return {line.substr(0, at), line.substr(at + mark.size())};
}

bool starts_result(const std::string &line, std::string_view mark, std::string_view full_name) {
    const std::string start = std::string(mark) + " " + std::string(full_name);
    if (!line.starts_with(start))
        return false;
    // Not "Suite.Case10" for "Suite.Case1".
    return line.size() == start.size() || line[start.size()] == ' ' || line[start.size()] == ',';
}

} // namespace

std::vector<ListedTest> parse_test_list(std::string_view text) {
    std::vector<ListedTest> tests;
    std::string suite, type;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("  ")) {
            const auto [name, value] = split_comment(line.substr(2), "GetParam()");
            if (!suite.empty() && !name.empty())
                tests.push_back({suite, name, value, type});
            continue;
        }
        const auto [name, type_name] = split_comment(line, "TypeParam");
        // "Running main() from gtest_main.cc" and the like is not a suite.
        const bool is_suite = name.ends_with('.') && name.find(' ') == name.npos;
        suite = is_suite ? name.substr(0, name.size() - 1) : "";
        type = type_name;
    }
    return tests;
}

SingleTestResult parse_single_test(std::string_view output, std::string_view full_name) {
    using Kind = SingleTestResult::Kind;
    SingleTestResult result;
    std::string reason;
    bool in_reason = false;
    std::istringstream lines{std::string(output)};
    for (std::string line; std::getline(lines, line);) {
        if (starts_result(line, "[       OK ]", full_name))
            return {Kind::passed, ""};
        if (starts_result(line, "[  FAILED  ]", full_name))
            return {Kind::failed, ""};
        if (starts_result(line, "[  SKIPPED ]", full_name)) {
            while (reason.ends_with('\n'))
                reason.pop_back();
            return {Kind::skipped, reason};
        }
        // "file.cpp:12: Skipped", then the reason's lines.
        if (line.ends_with(": Skipped"))
            in_reason = true;
        else if (in_reason)
            reason += line + "\n";
    }
    return result;
}

} // namespace vm

// SPDX-License-Identifier: MIT
#include "tests/vm/fault_report.h"

#include <fmt/format.h>

#include <map>
#include <sstream>

namespace tests {
namespace {

// By the way of attaching: "slab jit 300 TSYNC".
std::map<std::string, std::string> slab_results(std::string_view output) {
    std::map<std::string, std::string> results;
    std::istringstream stream{std::string(output)};
    for (std::string line; std::getline(stream, line);) {
        const auto colon = line.find(": ");
        if (line.starts_with("slab ") && colon != line.npos)
            results.emplace(line.substr(0, colon), line.substr(colon + 2));
    }
    return results;
}

// Of "ENOMEM*7 0*12", seven.
unsigned long failures(const std::string &results) {
    unsigned long sum = 0;
    std::istringstream stream(results);
    for (std::string word; stream >> word;) {
        const auto star = word.find('*');
        if (star != word.npos && !word.starts_with("0*") && !word.starts_with("listener*"))
            sum += std::stoul(word.substr(star + 1));
    }
    return sum;
}

} // namespace

std::vector<std::string> fault_differences(std::string_view stock, std::string_view patched,
                                           Copy copy) {
    std::vector<std::string> differences;
    const auto expected = slab_results(stock);
    auto got = slab_results(patched);
    if (expected.empty())
        differences.emplace_back("stock has no results");
    for (const auto &[way, results] : expected) {
        const std::string &ours = got[way];
        const bool same = copy == Copy::stocks_too
                              ? ours == results
                              : !ours.empty() && failures(ours) <= failures(results);
        if (!same)
            differences.push_back(fmt::format("{}: stock: {}, patched: {}", way, results, ours));
    }
    return differences;
}

} // namespace tests

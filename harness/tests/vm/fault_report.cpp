// SPDX-License-Identifier: MIT
#include "tests/vm/fault_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <sstream>

namespace tests {
namespace {

// By the way of attaching: "slab jit 300 TSYNC", or "cache slab jit 300 TSYNC".
std::map<std::string, std::string> results_of(std::string_view output, std::string_view beginning) {
    std::map<std::string, std::string> results;
    std::istringstream stream{std::string(output)};
    for (std::string line; std::getline(stream, line);) {
        const auto colon = line.find(": ");
        if (line.starts_with(beginning) && colon != line.npos)
            results.emplace(line.substr(0, colon), line.substr(colon + 2));
    }
    return results;
}

struct Run {
    std::string result;
    unsigned long times;
    bool is_success() const { return result == "0" || result == "listener"; }
};

// Of "ENOMEM*7 0*12", two.
std::vector<Run> runs_of(const std::string &results) {
    std::vector<Run> runs;
    std::istringstream stream(results);
    for (std::string word; stream >> word;)
        if (const auto star = word.rfind('*'); star != word.npos)
            runs.push_back({word.substr(0, star), std::stoul(word.substr(star + 1))});
    return runs;
}

std::string text_of(const std::vector<Run> &runs) {
    std::string text;
    for (const Run &run : runs)
        text += fmt::format("{}{}*{}", text.empty() ? "" : " ", run.result, run.times);
    return text;
}

// `results` without so many of the last successes in a row; as they are if there are fewer.
std::string without_successes(const std::string &results, unsigned long times) {
    auto runs = runs_of(results);
    for (std::size_t i = runs.size(); i-- > 0;) {
        if (!runs[i].is_success() || runs[i].times < times)
            continue;
        runs[i].times -= times;
        if (runs[i].times != 0)
            break;
        // Its neighbours become one.
        if (i > 0 && i + 1 < runs.size() && runs[i - 1].result == runs[i + 1].result) {
            runs[i - 1].times += runs[i + 1].times;
            runs.erase(runs.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        }
        runs.erase(runs.begin() + static_cast<std::ptrdiff_t>(i));
        break;
    }
    return text_of(runs);
}

unsigned long failures(const std::string &results) {
    unsigned long sum = 0;
    for (const Run &run : runs_of(results))
        sum += run.is_success() ? 0 : run.times;
    return sum;
}

unsigned long times_empty(const std::string &results) {
    const auto runs = runs_of(results);
    return runs.empty() ? 0 : runs.front().times;
}

// "slab jit 300 TSYNC: stock: ...": the way.
std::string_view way_of(std::string_view difference) {
    return difference.substr(0, difference.find(": "));
}

} // namespace

std::vector<std::string> fault_differences(std::string_view stock, std::string_view patched,
                                           Copy copy) {
    std::vector<std::string> differences;
    const auto expected = results_of(stock, "slab ");
    auto got = results_of(patched, "slab ");
    auto caches = results_of(patched, "cache slab ");
    if (expected.empty())
        differences.emplace_back("stock has no results");
    for (const auto &[way, results] : expected) {
        const std::string &ours = got[way];
        const bool same =
            copy == Copy::stocks_too
                ? without_successes(ours, times_empty(caches["cache " + way])) == results
                : !ours.empty() && failures(ours) <= failures(results);
        if (!same)
            differences.push_back(fmt::format("{}: stock: {}, patched: {}", way, results, ours));
    }
    return differences;
}

std::vector<std::string> lasting_differences(const std::vector<std::string> &first,
                                             const std::vector<std::string> &second) {
    std::vector<std::string> lasting;
    std::ranges::copy_if(second, std::back_inserter(lasting), [&](const std::string &difference) {
        return std::ranges::find(first, way_of(difference), way_of) != first.end();
    });
    return lasting;
}

} // namespace tests

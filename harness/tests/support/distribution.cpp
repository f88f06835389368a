// SPDX-License-Identifier: MIT
#include "tests/support/distribution.h"

#include <fmt/format.h>

#include <algorithm>

namespace support {

namespace {

// Wide enough for a terminal, narrow enough for a log.
constexpr std::size_t line_length = 96;

} // namespace

Distribution::Category &Distribution::find(const std::string &group, const std::string &category) {
    auto in = std::find_if(groups_.begin(), groups_.end(),
                           [&](const Group &one) { return one.name == group; });
    if (in == groups_.end())
        in = groups_.insert(in, Group{group, {}});
    auto found = std::find_if(in->categories.begin(), in->categories.end(),
                              [&](const Category &one) { return one.name == category; });
    if (found == in->categories.end())
        found = in->categories.insert(found, Category{category, 0});
    return *found;
}

void Distribution::expect(const std::string &group, const std::vector<std::string> &categories) {
    for (const auto &category : categories)
        expected_.emplace_back(group, find(group, category).name);
}

void Distribution::count(const std::string &group, const std::string &category,
                         std::uint64_t times) {
    find(group, category).times += times;
}

std::uint64_t Distribution::counted(const std::string &group, const std::string &category) const {
    for (const auto &one : groups_)
        for (const auto &found : one.categories)
            if (one.name == group && found.name == category)
                return found.times;
    return 0;
}

std::vector<std::string> Distribution::empty() const {
    std::vector<std::string> missing;
    for (const auto &[group, category] : expected_)
        if (counted(group, category) == 0)
            missing.push_back(group + ": " + category);
    return missing;
}

std::string Distribution::text() const {
    std::string all;
    for (const auto &group : groups_) {
        std::uint64_t sum = 0;
        for (const auto &category : group.categories)
            sum += category.times;
        std::string line = fmt::format("{} ({}):", group.name, sum);
        for (const auto &category : group.categories) {
            const double share =
                sum == 0 ? 0
                         : 100.0 * static_cast<double>(category.times) / static_cast<double>(sum);
            const auto item =
                fmt::format("  {} {} ({:.1f} %)", category.name, category.times, share);
            if (line.size() + item.size() > line_length) {
                all += line + "\n";
                line = "   ";
            }
            line += item;
        }
        all += line + "\n";
    }
    return all;
}

std::string range_name(std::size_t value, const std::vector<std::size_t> &starts) {
    const auto after = std::upper_bound(starts.begin(), starts.end(), value);
    if (after == starts.begin())
        return fmt::format("<{}", starts.front());
    const std::size_t first = *(after - 1);
    if (after == starts.end())
        return fmt::format("{}+", first);
    return *after - 1 == first ? fmt::format("{}", first) : fmt::format("{}-{}", first, *after - 1);
}

std::vector<std::string> range_names(const std::vector<std::size_t> &starts) {
    std::vector<std::string> names;
    for (const std::size_t start : starts)
        names.push_back(range_name(start, starts));
    return names;
}

} // namespace support

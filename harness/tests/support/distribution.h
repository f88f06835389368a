// SPDX-License-Identifier: MIT
//
// What a run with generated inputs has seen, so that it can be shown, and so that a run which never
// came to what it was meant for fails:
//
//     Distribution seen;
//     seen.expect("verdict", {"ALLOW", "ERRNO", "TRAP"});
//     seen.count("verdict", "ALLOW");
//     fmt::print("{}", seen.text());
//     EXPECT_THAT(seen.empty(), IsEmpty());       // "verdict: ERRNO", "verdict: TRAP"

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace support {

class Distribution {
public:
    // These categories must be met. They are shown in the order they are named first.
    void expect(const std::string &group, const std::vector<std::string> &categories);
    // Any category may be counted, expected or not.
    void count(const std::string &group, const std::string &category, std::uint64_t times = 1);

    std::uint64_t counted(const std::string &group, const std::string &category) const;
    // Categories that were expected and never counted, as "group: category".
    std::vector<std::string> empty() const;
    // A paragraph per group, with shares in per cent of the group's sum.
    std::string text() const;

private:
    struct Category {
        std::string name;
        std::uint64_t times = 0;
    };
    struct Group {
        std::string name;
        std::vector<Category> categories;
    };

    Category &find(const std::string &group, const std::string &category);

    std::vector<Group> groups_;
    std::vector<std::pair<std::string, std::string>> expected_; // group, category
};

// "1", "2-4", "5-12", ... : in which of the ranges that begin at `starts` (ascending) is `value`?
// The last range is open: "100+". Below the first start: "<N".
std::string range_name(std::size_t value, const std::vector<std::size_t> &starts);
std::vector<std::string> range_names(const std::vector<std::size_t> &starts);

} // namespace support

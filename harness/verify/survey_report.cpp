// SPDX-License-Identifier: MIT
#include "verify/survey_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace verify {

namespace {

constexpr std::size_t shown_unsound = 20;

// What a total repeats is said once.
std::vector<GroupResult> without_totals(std::span<const GroupResult> groups) {
    std::vector<GroupResult> rest;
    std::ranges::copy_if(groups, std::back_inserter(rest),
                         [](const GroupResult &group) { return !group.total; });
    return rest;
}

std::string percent(const std::optional<double> &share) {
    if (!share)
        return "-";
    // 100.00 is for what is whole.
    const double shown = *share < 100 ? std::min(*share, 99.99) : 100;
    return fmt::format("{:.2f}", shown);
}

std::string line(const GroupResult &group) {
    const auto &coverage = group.coverage;
    return fmt::format("{:<24} {:<9} {:>7} {:>9} {:>10} {:>10} {:>7} {:>9} {:>7} {:>8} {:>8.1f}\n",
                       group.name, group.cache, group.filters, coverage.numbers, coverage.allowed,
                       coverage.cached, coverage.unsound.size(), percent(coverage.precision()),
                       coverage.unknown(), group.work.by_solver + group.work.given_up,
                       group.seconds);
}

std::string header() {
    return fmt::format("{:<24} {:<9} {:>7} {:>9} {:>10} {:>10} {:>7} {:>9} {:>7} {:>8} {:>8}\n",
                       "group", "cache of", "filters", "asked", "always", "cached", "unsound",
                       "precision", "unknown", "solver", "seconds");
}

std::string missed_reasons(std::span<const GroupResult> groups) {
    std::string text;
    for (const GroupResult &group : without_totals(groups)) {
        // The most frequent first.
        std::vector<std::pair<std::size_t, std::string_view>> reasons;
        for (const auto &[miss, count] : group.coverage.missed)
            reasons.emplace_back(count, analysis::miss_name(miss));
        std::ranges::sort(reasons, std::greater());
        for (const auto &[count, reason] : reasons)
            text += fmt::format("{:<24} {:>9}  {}\n", group.name, count, reason);
    }
    if (text.empty())
        return "";
    return "\nAlways allowed, yet not cached, by what is to blame:\n" + text;
}

std::string unsound_bits(std::span<const GroupResult> groups) {
    std::string text;
    std::size_t shown = 0;
    for (const GroupResult &group : without_totals(groups))
        for (const auto &bit : group.coverage.unsound)
            if (shown++ < shown_unsound)
                text += fmt::format("{}: {}\n", group.name, bit.text());
    if (shown > shown_unsound)
        text += fmt::format("... and {} more\n", shown - shown_unsound);
    return text.empty() ? "" : "\nUNSOUND:\n" + text;
}

std::string unproved(std::span<const GroupResult> groups) {
    std::size_t count = 0;
    for (const GroupResult &group : without_totals(groups))
        count += group.coverage.unknown_cached;
    if (count == 0)
        return "";
    return fmt::format("\n{} cached numbers are among the unknown: not shown to be wrong, and not "
                       "shown to be right.\n",
                       count);
}

nlohmann::ordered_json unsound_json(const analysis::UnsoundBit &bit) {
    return {{"table", bit.table.name},
            {"number", bit.number},
            {"filter", bit.because.filter},
            {"value", bit.because.value},
            {"args", bit.because.data.args},
            {"instruction_pointer", bit.because.data.instruction_pointer}};
}

nlohmann::ordered_json group_json(const GroupResult &group) {
    const auto &coverage = group.coverage;
    nlohmann::ordered_json json = {{"name", group.name},
                                   {"cache", group.cache},
                                   {"chains", group.chains},
                                   {"filters", group.filters},
                                   {"instructions", group.instructions},
                                   {"numbers", coverage.numbers},
                                   {"allowed", coverage.allowed},
                                   {"cached", coverage.cached},
                                   {"cached_allowed", coverage.cached_allowed},
                                   {"unknown_cached", coverage.unknown_cached},
                                   {"unknown_uncached", coverage.unknown_uncached},
                                   {"precision", nullptr},
                                   {"questions_by_folding", group.work.by_folding},
                                   {"questions_by_memory", group.work.by_memory},
                                   {"questions_by_search", group.work.by_search},
                                   {"questions_by_solver", group.work.by_solver},
                                   {"questions_given_up", group.work.given_up},
                                   {"seconds", group.seconds}};
    if (const auto precision = coverage.precision())
        json["precision"] = *precision;
    json["missed"] = nlohmann::ordered_json::object();
    for (const auto &[miss, count] : coverage.missed)
        json["missed"][analysis::miss_name(miss)] = count;
    json["unsound"] = nlohmann::ordered_json::array();
    for (const auto &bit : coverage.unsound)
        json["unsound"].push_back(unsound_json(bit));
    return json;
}

} // namespace

std::string human_report(std::span<const GroupResult> groups, const Setting &setting) {
    std::string text =
        fmt::format("Every number of {}; all 64 bits of six arguments and of the instruction "
                    "pointer are free.\n\n{}",
                    cbpf::format_tables(setting.tables), header());
    for (const GroupResult &group : groups)
        text += line(group);
    return text + missed_reasons(groups) + unproved(groups) + unsound_bits(groups);
}

std::string json_report(std::span<const GroupResult> groups, const Setting &setting) {
    nlohmann::ordered_json json;
    json["tables"] = cbpf::format_tables(setting.tables);
    json["sound"] = all_sound(groups);
    json["groups"] = nlohmann::ordered_json::array();
    for (const GroupResult &group : groups)
        json["groups"].push_back(group_json(group));
    return json.dump(2) + "\n";
}

bool all_sound(std::span<const GroupResult> groups) {
    return std::ranges::all_of(groups, [](const GroupResult &group) {
        return group.coverage.unsound.empty() && group.coverage.unknown_cached == 0;
    });
}

} // namespace verify

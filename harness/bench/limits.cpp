// SPDX-License-Identifier: MIT
#include "bench/limits.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace bench {

std::string Limit::name() const {
    return over ? fmt::format("{}: {} over {}", row, column, *over)
                : fmt::format("{}: {}", row, column);
}

namespace {

Limit parse_limit(const nlohmann::json &json) {
    Limit limit;
    for (const auto &[key, value] : json.items()) {
        if (key == "row")
            limit.row = value;
        else if (key == "column")
            limit.column = value;
        else if (key == "over")
            limit.over = value;
        else if (key == "max")
            limit.max = value;
        else
            throw ResultsError(fmt::format("a limit has no '{}': {}", key, json.dump()));
    }
    if (limit.row.empty() || limit.column.empty() || !json.contains("max"))
        throw ResultsError(fmt::format("a limit needs row, column and max: {}", json.dump()));
    return limit;
}

std::optional<double> median_of(const Row &row, const std::string &column) {
    const auto found = row.figures.find(column);
    if (found == row.figures.end())
        return {};
    return found->second.median;
}

std::optional<double> value_of(const Results &results, const Limit &limit) {
    const Row *row = results.find(limit.row);
    if (row == nullptr)
        return {};
    const auto value = median_of(*row, limit.column);
    if (!limit.over)
        return value;
    const auto base = median_of(*row, *limit.over);
    if (!value || !base)
        return {};
    return *value - *base;
}

} // namespace

std::vector<Limit> parse_limits(std::string_view text) {
    std::vector<Limit> limits;
    try {
        const auto json = nlohmann::json::parse(text);
        for (const auto &limit : json.at("limits"))
            limits.push_back(parse_limit(limit));
    } catch (const nlohmann::json::exception &error) {
        throw ResultsError(fmt::format("these are no limits: {}", error.what()));
    }
    return limits;
}

std::vector<Judgement> judge(const Results &results, const std::vector<Limit> &limits) {
    std::vector<Judgement> judgements;
    judgements.reserve(limits.size());
    for (const Limit &limit : limits)
        judgements.push_back({limit, value_of(results, limit)});
    return judgements;
}

std::string judgement_lines(const std::vector<Judgement> &judgements, bool quick) {
    std::string text;
    for (const Judgement &judgement : judgements) {
        const auto name = judgement.limit.name();
        const auto max = digits(judgement.limit.max);
        if (judgement.value)
            text += fmt::format("{} {}: {} (at most {})\n", judgement.kept() ? "ok    " : "FAILED",
                                name, digits(*judgement.value), max);
        else
            text += fmt::format("{} {}: not measured (at most {})\n", quick ? "-     " : "FAILED",
                                name, max);
    }
    return text;
}

std::size_t failures(const std::vector<Judgement> &judgements, bool quick) {
    return static_cast<std::size_t>(
        std::count_if(judgements.begin(), judgements.end(), [&](const Judgement &judgement) {
            return judgement.value ? !judgement.kept() : !quick;
        }));
}

std::size_t unmeasured(const std::vector<Judgement> &judgements) {
    return static_cast<std::size_t>(std::ranges::count_if(
        judgements, [](const Judgement &judgement) { return !judgement.value; }));
}

} // namespace bench

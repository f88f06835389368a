// SPDX-License-Identifier: MIT
#include "bench/results.h"

#include "bench/statistics.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <set>

namespace bench {

using nlohmann::ordered_json;

Figure summarize(std::vector<double> values) {
    if (values.empty())
        throw std::invalid_argument("there is no median of nothing");
    const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
    Figure figure;
    figure.spread = *greatest - *least;
    figure.repetitions = static_cast<unsigned>(values.size());
    figure.median = median_in_place(std::span<double>(values));
    return figure;
}

Row &Results::row(const std::string &id, const std::string &title, const std::string &unit) {
    const auto found = std::find_if(rows.begin(), rows.end(),
                                    [&](const Row &candidate) { return candidate.id == id; });
    if (found != rows.end())
        return *found;
    rows.push_back({id, title, unit, {}});
    return rows.back();
}

const Row *Results::find(std::string_view id) const {
    for (const Row &candidate : rows)
        if (candidate.id == id)
            return &candidate;
    return nullptr;
}

std::optional<double> ratio(const Row &row, const std::string &column, const std::string &base) {
    const auto value = row.figures.find(column);
    const auto reference = row.figures.find(base);
    if (value == row.figures.end() || reference == row.figures.end() ||
        reference->second.median <= 0 || value->second.median < 0)
        return {};
    return value->second.median / reference->second.median;
}

std::string digits(double value) {
    if (std::abs(value) < 0.05)
        return "0"; // and never "-0.0"
    return std::abs(value) < 1000 ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value);
}

std::string to_json(const Results &results) {
    ordered_json json = {{"columns", ordered_json::array()},
                         {"notes", results.notes},
                         {"rows", ordered_json::array()}};
    for (const Column &column : results.columns)
        json["columns"].push_back({{"id", column.id}, {"title", column.title}});
    for (const Row &row : results.rows) {
        ordered_json figures = ordered_json::object();
        for (const auto &[column, figure] : row.figures)
            figures[column] = {{"median", figure.median},
                               {"spread", figure.spread},
                               {"repetitions", figure.repetitions}};
        json["rows"].push_back(
            {{"id", row.id}, {"title", row.title}, {"unit", row.unit}, {"figures", figures}});
    }
    return json.dump(1) + "\n";
}

Results parse_results(std::string_view text) {
    Results results;
    try {
        const auto json = nlohmann::json::parse(text);
        for (const auto &column : json.at("columns"))
            results.columns.push_back({column.at("id"), column.at("title")});
        results.notes = json.at("notes").get<std::vector<std::string>>();
        for (const auto &row : json.at("rows")) {
            Row &into = results.row(row.at("id"), row.at("title"), row.at("unit"));
            for (const auto &[column, figure] : row.at("figures").items())
                into.figures[column] = {figure.at("median"), figure.at("spread"),
                                        figure.at("repetitions")};
        }
    } catch (const nlohmann::json::exception &error) {
        throw ResultsError(fmt::format("these are no results: {}", error.what()));
    }
    return results;
}

namespace {

const Figure *find_figure(const Results &results, const std::string &row,
                          const std::string &column) {
    const Row *found = results.find(row);
    if (found == nullptr || !found->figures.contains(column))
        return nullptr;
    return &found->figures.at(column);
}

std::string digits_or_dash(const Figure *figure) {
    return figure == nullptr ? "-" : digits(figure->median);
}

bool same(const Figure *one, const Figure *other) {
    if (one == nullptr || other == nullptr)
        return one == other;
    return digits(one->median) == digits(other->median) ||
           std::abs(one->median - other->median) <= std::max(one->spread, other->spread);
}

} // namespace

std::vector<std::string> differences(const Results &first, const Results &second) {
    std::vector<std::pair<std::string, std::string>> cells; // in the order of the tables
    std::set<std::pair<std::string, std::string>> known;
    for (const Results *results : {&first, &second})
        for (const Row &row : results->rows)
            for (const auto &[column, figure] : row.figures)
                if (known.emplace(row.id, column).second)
                    cells.emplace_back(row.id, column);
    std::vector<std::string> lines;
    for (const auto &[row, column] : cells) {
        const Figure *one = find_figure(first, row, column);
        const Figure *other = find_figure(second, row, column);
        if (!same(one, other))
            lines.push_back(fmt::format("{} on {}: {}, then {}", row, column, digits_or_dash(one),
                                        digits_or_dash(other)));
    }
    return lines;
}

std::size_t unsteady_figures(const Results &results) {
    std::size_t count = 0;
    for (const Row &row : results.rows)
        for (const auto &[column, figure] : row.figures)
            count += figure.spread > 1;
    return count;
}

} // namespace bench

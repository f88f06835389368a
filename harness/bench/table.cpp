// SPDX-License-Identifier: MIT
#include "bench/table.h"

#include <fmt/format.h>

#include <algorithm>

namespace bench {
namespace {

struct Comparison {
    std::string column;
    std::string base;
};

bool has_column(const Results &results, const std::string &id) {
    return std::any_of(results.columns.begin(), results.columns.end(),
                       [&](const Column &column) { return column.id == id; });
}

std::vector<Comparison> comparisons(const Results &results) {
    std::vector<Comparison> wanted;
    for (const char *base : {"stock", "published"})
        if (has_column(results, "full") && has_column(results, base))
            wanted.push_back({"full", base});
    return wanted;
}

std::string ratio_cell(const Row &row, const Comparison &comparison) {
    const auto value = ratio(row, comparison.column, comparison.base);
    return value ? fmt::format("{:.3f}", *value) : "-";
}

std::vector<std::string> row_cells(const Results &results, const Row &row) {
    std::vector<std::string> cells = {row.id, row.unit};
    for (const Column &column : results.columns) {
        const auto found = row.figures.find(column.id);
        cells.push_back(found == row.figures.end() ? "-" : digits(found->second.median));
    }
    for (const Comparison &comparison : comparisons(results))
        cells.push_back(ratio_cell(row, comparison));
    return cells;
}

constexpr std::size_t words = 2; // the leading cells that are text

} // namespace

std::vector<std::vector<std::string>> table_cells(const Results &results) {
    std::vector<std::vector<std::string>> cells = {{"what", "unit"}};
    for (const Column &column : results.columns)
        cells[0].push_back(column.id);
    for (const Comparison &comparison : comparisons(results))
        cells[0].push_back(fmt::format("{}/{}", comparison.column, comparison.base));
    for (const Row &row : results.rows)
        cells.push_back(row_cells(results, row));
    return cells;
}

std::string terminal_table(const Results &results) {
    const auto cells = table_cells(results);
    std::vector<std::size_t> widths(cells[0].size());
    for (const auto &line : cells)
        for (std::size_t i = 0; i < line.size(); i++)
            widths[i] = std::max(widths[i], line[i].size());
    std::string text;
    for (const auto &line : cells) {
        for (std::size_t i = 0; i < line.size(); i++)
            text += i < words ? fmt::format("{:<{}}  ", line[i], widths[i])
                              : fmt::format("{:>{}}  ", line[i], widths[i]);
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    }
    return text;
}

std::string markdown_table(const Results &results) {
    const auto cells = table_cells(results);
    std::string text;
    for (std::size_t line = 0; line < cells.size(); line++) {
        text += fmt::format("| {} |\n", fmt::join(cells[line], " | "));
        if (line > 0)
            continue;
        for (std::size_t i = 0; i < cells[0].size(); i++)
            text += i < words ? "|---" : "|---:";
        text += "|\n";
    }
    for (const Column &column : results.columns)
        text += fmt::format("\n- {}: {}", column.id, column.title);
    for (const auto &note : results.notes)
        text += fmt::format("\n- {}", note);
    return text + "\n";
}

} // namespace bench

// SPDX-License-Identifier: MIT
#include "bench/page.h"

#include "bench/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace bench {
namespace {

constexpr const char *head = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>seccomp-cache: benchmarks</title>
<style>
body { font: 15px/1.4 sans-serif; margin: 2em auto; max-width: 72em; padding: 0 1em; }
table { border-collapse: collapse; }
td, th { padding: 0.15em 0.7em; border-bottom: 1px solid #ddd; text-align: left; }
td.figure, td.ratio { text-align: right; font-variant-numeric: tabular-nums; }
svg text { font: 12px sans-serif; }
.key { display: inline-block; width: 1em; height: 1em; vertical-align: -0.1em; }
</style>
</head>
<body>
)";

// Distinct also for who does not see all colours.
constexpr std::array colours = {"#8c8c8c", "#d08a2e", "#1f6fb2", "#5aa469", "#8d5fb0", "#c0504d"};

std::string colour(std::size_t column) { return colours[column % colours.size()]; }

std::string kind_of(const Row &row) { return row.id.substr(row.id.rfind('/') + 1); }

std::string subject_of(const Row &row) { return row.id.substr(0, row.id.rfind('/')); }

// Rows of a kind have a chart together, in the order of the first of them.
using Chart = std::pair<std::string, std::vector<const Row *>>;

std::vector<Chart> charts(const Results &results) {
    std::vector<Chart> all;
    for (const Row &row : results.rows) {
        const auto kind = kind_of(row);
        auto chart = std::find_if(all.begin(), all.end(),
                                  [&](const Chart &candidate) { return candidate.first == kind; });
        if (chart == all.end())
            chart = all.insert(all.end(), {kind, {}});
        chart->second.push_back(&row);
    }
    return all;
}

double largest(const std::vector<const Row *> &rows) {
    double value = 0;
    for (const Row *row : rows)
        for (const auto &[column, figure] : row->figures)
            value = std::max(value, figure.median);
    return value;
}

constexpr unsigned labels = 230; // width of the names, on the left
constexpr unsigned bars = 560;
constexpr unsigned numbers = 110; // room for the numbers, on the right
constexpr unsigned bar_height = 14;
constexpr unsigned gap = 10; // between rows

// A row's bars, the first of them at `y`; moves it to the next row.
std::string svg_row(const Results &results, const Row &row, double scale, unsigned &y) {
    std::string svg = fmt::format("<text x=\"0\" y=\"{}\">{}</text>\n", y + bar_height - 3,
                                  escape(subject_of(row)));
    for (std::size_t i = 0; i < results.columns.size(); i++) {
        const auto found = row.figures.find(results.columns[i].id);
        if (found == row.figures.end())
            continue;
        const double width = scale * std::max(found->second.median, 0.0);
        svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>\n",
                           labels, y, width, bar_height - 2, colour(i));
        svg += fmt::format("<text x=\"{:.1f}\" y=\"{}\">{}</text>\n", labels + width + 4,
                           y + bar_height - 3, digits(found->second.median));
        y += bar_height;
    }
    y += gap;
    return svg;
}

std::string svg_chart(const Results &results, const Chart &chart) {
    const double most = largest(chart.second);
    const double scale = most > 0 ? bars / most : 0;
    unsigned y = 0;
    std::string body;
    for (const Row *row : chart.second)
        body += svg_row(results, *row, scale, y);
    return fmt::format("<h3>{}, in {}</h3>\n<svg width=\"{}\" height=\"{}\" role=\"img\" "
                       "aria-label=\"{}\">\n{}</svg>\n",
                       escape(chart.first), escape(chart.second[0]->unit), labels + bars + numbers,
                       y, escape(chart.first), body);
}

std::string legend(const Results &results) {
    std::string html = "<ul>\n";
    for (std::size_t i = 0; i < results.columns.size(); i++)
        html +=
            fmt::format("<li><span class=\"key\" style=\"background: {}\"></span> <b>{}</b>: "
                        "{}</li>\n",
                        colour(i), escape(results.columns[i].id), escape(results.columns[i].title));
    html += "</ul>\n";
    for (const auto &note : results.notes)
        html += fmt::format("<p>{}</p>\n", escape(note));
    return html;
}

std::string table_row(const Results &results, const Row &row,
                      const std::vector<std::string> &cells) {
    std::string html = fmt::format("<tr title=\"{}\"><td>{}</td><td>{}</td>", escape(row.title),
                                   escape(row.id), escape(row.unit));
    const std::size_t first_figure = 2;
    for (std::size_t i = first_figure; i < cells.size(); i++) {
        const std::size_t column = i - first_figure;
        if (column < results.columns.size() && row.figures.contains(results.columns[column].id))
            html +=
                fmt::format("<td class=\"figure\" data-row=\"{}\" data-column=\"{}\">{}</td>",
                            escape(row.id), escape(results.columns[column].id), escape(cells[i]));
        else
            html += fmt::format("<td class=\"ratio\">{}</td>", escape(cells[i]));
    }
    return html + "</tr>\n";
}

std::string table(const Results &results) {
    const auto cells = table_cells(results);
    std::string html = "<table>\n<tr>";
    for (const auto &cell : cells[0])
        html += fmt::format("<th>{}</th>", escape(cell));
    html += "</tr>\n";
    for (std::size_t i = 0; i < results.rows.size(); i++)
        html += table_row(results, results.rows[i], cells[i + 1]);
    return html + "</table>\n";
}

} // namespace

std::string escape(std::string_view text) {
    std::string html;
    for (const char c : text) {
        switch (c) {
        case '&':
            html += "&amp;";
            break;
        case '<':
            html += "&lt;";
            break;
        case '>':
            html += "&gt;";
            break;
        case '"':
            html += "&quot;";
            break;
        default:
            html += c;
        }
    }
    return html;
}

std::string html_page(const Results &results) {
    std::string html = head;
    html += "<h1>What seccomp costs</h1>\n" + legend(results) + "<h2>All figures</h2>\n" +
            table(results) + "<h2>Charts</h2>\n";
    for (const Chart &chart : charts(results))
        html += svg_chart(results, chart);
    return html + "</body>\n</html>\n";
}

} // namespace bench

// SPDX-License-Identifier: MIT
//
// What the benchmarks found out: a table of rows (what was measured) and columns (kernels).

#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// A median of repetitions inside one boot.
struct Figure {
    double median = 0;
    double spread = 0; // between the least and the greatest
    unsigned repetitions = 0;

    bool operator==(const Figure &) const = default;
};

// Throws std::invalid_argument for no values at all.
Figure summarize(std::vector<double> values);

struct Row {
    std::string id;                        // "podman-linear/hit": what limits refer to
    std::string title;                     // for people
    std::string unit;                      // "instructions", "ns" or "bytes"
    std::map<std::string, Figure> figures; // by column; what was not measured is not there

    bool operator==(const Row &) const = default;
};

struct Column {
    std::string id;    // "stock", "published", "full", "6.12"
    std::string title; // "Linux 5.10.262, series none, config base"

    bool operator==(const Column &) const = default;
};

struct Results {
    std::vector<Column> columns;
    std::vector<Row> rows;
    std::vector<std::string> notes; // what a reader must know: how it was measured

    // Adds the row where there is none with this id.
    Row &row(const std::string &id, const std::string &title, const std::string &unit);
    const Row *find(std::string_view id) const;

    bool operator==(const Results &) const = default;
};

// Nothing where one of the two was not measured, or where there is no ratio to a number that is
// not positive.
std::optional<double> ratio(const Row &row, const std::string &column, const std::string &base);

// A figure as all tables print it: with as many digits as mean something. Small ones have a tenth.
std::string digits(double value);

struct ResultsError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// As results.json has it. parse_results() throws ResultsError.
std::string to_json(const Results &results);
Results parse_results(std::string_view json);

// Figures that are not the same in both, as lines for people: their digits differ, and by more than
// the repetitions inside one boot did. What only one of them has is not the same, either.
std::vector<std::string> differences(const Results &first, const Results &second);

// Figures whose repetitions differ by more than an instruction: what allocates memory does, as its
// cost depends on what was freed before.
std::size_t unsteady_figures(const Results &results);

} // namespace bench

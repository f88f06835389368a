// SPDX-License-Identifier: MIT
#include "bench/page_cells.h"

#include <regex>

namespace bench {

Results example_results() {
    Results results;
    results.columns = {{"stock", "Linux <5.10>"}, {"full", "Linux & \"patches\""}};
    results.notes = {"a note"};
    results.row("podman/hit", "podman: hit", "instructions").figures = {{"stock", {235.25, 0, 5}},
                                                                        {"full", {-1.5, 0, 5}}};
    results.row("podman/attach", "podman: attach", "instructions").figures = {
        {"stock", {1500064, 3, 5}}};
    results.row("systemd/hit", "systemd: hit", "instructions").figures = {{"full", {20, 0, 5}}};
    return results;
}

Cells cells_of_page(const std::string &html) {
    static const std::regex cell(R"re(data-row="([^"]*)" data-column="([^"]*)">([^<]*)</td>)re");
    Cells cells;
    for (std::sregex_iterator i(html.begin(), html.end(), cell), end; i != end; ++i)
        if (!cells.emplace(std::pair((*i)[1].str(), (*i)[2].str()), (*i)[3].str()).second)
            throw ResultsError("two cells of the page are for " + (*i)[1].str());
    return cells;
}

Cells cells_of_json(const std::string &json) {
    Cells cells;
    for (const Row &row : parse_results(json).rows)
        for (const auto &[column, figure] : row.figures)
            cells[{row.id, column}] = digits(figure.median);
    return cells;
}

} // namespace bench

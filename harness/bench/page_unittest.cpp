// SPDX-License-Identifier: MIT
#include "bench/page.h"

#include "vm/process.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sys/wait.h>

namespace bench {
namespace {

namespace fs = std::filesystem;

Results example() {
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

using Cells = std::map<std::pair<std::string, std::string>, std::string>;

Cells cells_of_page(const std::string &html) {
    static const std::regex cell(R"re(data-row="([^"]*)" data-column="([^"]*)">([^<]*)</td>)re");
    Cells cells;
    for (std::sregex_iterator i(html.begin(), html.end(), cell), end; i != end; ++i)
        EXPECT_TRUE(cells.emplace(std::pair((*i)[1].str(), (*i)[2].str()), (*i)[3].str()).second);
    return cells;
}

Cells cells_of_json(const std::string &json) {
    Cells cells;
    for (const Row &row : parse_results(json).rows)
        for (const auto &[column, figure] : row.figures)
            cells[{row.id, column}] = digits(figure.median);
    return cells;
}

TEST(Page, HasTheFiguresOfTheJsonAndNoOthers) {
    const auto cells = cells_of_page(html_page(example()));
    EXPECT_EQ(cells.size(), 4U);
    EXPECT_EQ(cells, cells_of_json(to_json(example())));
}

TEST(Page, HasABarAndANumberForEachFigure) {
    const auto html = html_page(example());
    std::size_t rectangles = 0;
    for (std::size_t at = 0; (at = html.find("<rect", at)) != html.npos; at++)
        rectangles++;
    EXPECT_EQ(rectangles, 4U);
    // The largest of its chart is as wide as there is room, a negative one has no width.
    EXPECT_NE(html.find("width=\"560.0\""), html.npos);
    EXPECT_NE(html.find("width=\"0.0\""), html.npos);
    EXPECT_NE(html.find(">1500064</text>"), html.npos);
}

TEST(Page, HasAChartForEachKindOfRow) {
    const auto html = html_page(example());
    EXPECT_NE(html.find("<h3>hit, in instructions</h3>"), html.npos);
    EXPECT_NE(html.find("<h3>attach, in instructions</h3>"), html.npos);
    EXPECT_EQ(html.find("<h3>hit,", html.find("<h3>hit,") + 1), html.npos);
}

TEST(Page, EscapesWhatItShows) {
    const auto html = html_page(example());
    EXPECT_NE(html.find("Linux &lt;5.10&gt;"), html.npos);
    EXPECT_NE(html.find("Linux &amp; &quot;patches&quot;"), html.npos);
    EXPECT_EQ(html.find("<5.10>"), html.npos);
}

TEST(Page, NeedsNoScriptAndNothingElse) {
    const auto html = html_page(example());
    for (const char *word : {"<script", "javascript:", "http://", "https://", "src=", "@import"})
        EXPECT_EQ(html.find(word), html.npos) << word;
}

TEST(Page, ClosesWhatItOpens) {
    const auto html = html_page(example());
    static const std::regex tag(R"re(<(/?)([a-z0-9]+)[^>]*?(/?)>)re");
    const std::vector<std::string> without_end = {"meta", "link"};
    std::vector<std::string> open;
    for (std::sregex_iterator i(html.begin(), html.end(), tag), end; i != end; ++i) {
        const auto name = (*i)[2].str();
        if ((*i)[3].length() > 0 ||
            std::find(without_end.begin(), without_end.end(), name) != without_end.end())
            continue;
        if ((*i)[1].length() == 0) {
            open.push_back(name);
        } else {
            ASSERT_FALSE(open.empty()) << name;
            EXPECT_EQ(open.back(), name);
            open.pop_back();
        }
    }
    EXPECT_TRUE(open.empty());
}

std::string browser() {
    const char *path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');)
        for (const char *name : {"chromium", "chromium-headless-shell", "google-chrome"})
            if (fs::exists(fs::path(folder) / name))
                return fs::path(folder) / name;
    return {};
}

// What the browser makes of the page, as text again: a page it did not understand, or one with
// something in it that its own policy forbids, would come out differently.
TEST(Page, RendersInABrowser) {
    const auto program = browser();
    if (program.empty())
        GTEST_SKIP() << "no chromium is installed";
    const auto file = fs::path(testing::TempDir()) / "bench-page.html";
    std::ofstream(file) << html_page(example());
    const auto result =
        vm::capture({program, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
                     "--enable-logging=stderr", "file://" + file.string()});
    fs::remove(file);
    EXPECT_TRUE(WIFEXITED(result.status) && WEXITSTATUS(result.status) == 0);
    EXPECT_EQ(cells_of_page(result.out), cells_of_json(to_json(example())));
    EXPECT_EQ(result.out.find("CONSOLE"), std::string::npos) << result.out;
}

} // namespace
} // namespace bench

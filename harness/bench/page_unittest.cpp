// SPDX-License-Identifier: MIT
#include "bench/page.h"

#include "bench/page_cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <string>
#include <vector>

namespace bench {
namespace {

TEST(Page, HasTheFiguresOfTheJsonAndNoOthers) {
    const auto cells = cells_of_page(html_page(example_results()));
    EXPECT_EQ(cells.size(), 4U);
    EXPECT_EQ(cells, cells_of_json(to_json(example_results())));
}

TEST(Page, HasABarAndANumberForEachFigure) {
    const auto html = html_page(example_results());
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
    const auto html = html_page(example_results());
    EXPECT_NE(html.find("<h3>hit, in instructions</h3>"), html.npos);
    EXPECT_NE(html.find("<h3>attach, in instructions</h3>"), html.npos);
    EXPECT_EQ(html.find("<h3>hit,", html.find("<h3>hit,") + 1), html.npos);
}

TEST(Page, EscapesWhatItShows) {
    const auto html = html_page(example_results());
    EXPECT_NE(html.find("Linux &lt;5.10&gt;"), html.npos);
    EXPECT_NE(html.find("Linux &amp; &quot;patches&quot;"), html.npos);
    EXPECT_EQ(html.find("<5.10>"), html.npos);
}

TEST(Page, NeedsNoScriptAndNothingElse) {
    const auto html = html_page(example_results());
    for (const char *word : {"<script", "javascript:", "http://", "https://", "src=", "@import"})
        EXPECT_EQ(html.find(word), html.npos) << word;
}

TEST(Page, ClosesWhatItOpens) {
    const auto html = html_page(example_results());
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

} // namespace
} // namespace bench

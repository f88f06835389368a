// SPDX-License-Identifier: MIT
#include "bench/table.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

Results example() {
    Results results;
    results.columns = {{"stock", "Linux A"}, {"published", "Linux B"}, {"full", "Linux C"}};
    results.notes = {"a note"};
    Row &hit = results.row("podman/hit", "podman: hit", "instructions");
    hit.figures = {{"stock", {235, 0, 5}}, {"published", {127, 0, 5}}, {"full", {20, 0, 5}}};
    results.row("podman/memory", "podman: memory", "bytes").figures["full"] = {4096, 0, 1};
    return results;
}

TEST(Table, HasTheRatiosToStockAndToThePublishedDesign) {
    EXPECT_EQ(table_cells(example()),
              (std::vector<std::vector<std::string>>{
                  {"what", "unit", "stock", "published", "full", "full/stock", "full/published"},
                  {"podman/hit", "instructions", "235.0", "127.0", "20.0", "0.085", "0.157"},
                  {"podman/memory", "bytes", "-", "-", "4096", "-", "-"}}));
}

TEST(Table, HasNoRatioToAKernelThatWasNotMeasured) {
    Results results = example();
    results.columns.erase(results.columns.begin());
    EXPECT_EQ(table_cells(results)[0],
              (std::vector<std::string>{"what", "unit", "published", "full", "full/published"}));
}

TEST(Table, LinesUpOnATerminal) {
    EXPECT_EQ(terminal_table(example()),
              "what           unit          stock  published  full  full/stock  full/published\n"
              "podman/hit     instructions  235.0      127.0  20.0       0.085           0.157\n"
              "podman/memory  bytes             -          -  4096           -               -\n");
}

TEST(Table, IsMarkdownWithWhatTheColumnsAre) {
    EXPECT_EQ(markdown_table(example()),
              "| what | unit | stock | published | full | full/stock | full/published |\n"
              "|---|---|---:|---:|---:|---:|---:|\n"
              "| podman/hit | instructions | 235.0 | 127.0 | 20.0 | 0.085 | 0.157 |\n"
              "| podman/memory | bytes | - | - | 4096 | - | - |\n"
              "\n- stock: Linux A\n- published: Linux B\n- full: Linux C\n- a note\n");
}

} // namespace
} // namespace bench

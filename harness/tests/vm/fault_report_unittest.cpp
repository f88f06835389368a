// SPDX-License-Identifier: MIT
#include "tests/vm/fault_report.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace {

using tests::Copy;
using tests::fault_differences;
using tests::lasting_differences;
using Lines = std::vector<std::string>;

TEST(FaultReport, TheSameLinesAreNoDifference) {
    const char *stock = "slab jit 300: ENOMEM*7 0*12\npages jit 300: ENOMEM*20\n";
    const char *patched = "slab jit 300: ENOMEM*7 0*12\ncache slab jit 300: empty*0\n"
                          "pages jit 300: ENOMEM*21\n";
    EXPECT_EQ(fault_differences(stock, patched, Copy::stocks_too), Lines{});
}

TEST(FaultReport, SuccessesWithoutACacheAreNoDifference) {
    const auto differences = [](const std::string &stock, const std::string &patched,
                                unsigned empty) {
        return fault_differences(
                   "slab a: " + stock,
                   fmt::format("slab a: {}\ncache slab a: empty*{}\n", patched, empty),
                   Copy::stocks_too)
            .size();
    };
    EXPECT_EQ(differences("ENOMEM*7 0*12", "ENOMEM*7 0*13", 1), 0U);
    EXPECT_EQ(differences("ENOMEM*7", "ENOMEM*7 0*1", 1), 0U);
    EXPECT_EQ(differences("ENOMEM*10", "ENOMEM*7 listener*2 ENOMEM*3", 2), 0U);
    EXPECT_EQ(differences("ENOMEM*7 0*12", "ENOMEM*7 0*13", 0), 1U);
    EXPECT_EQ(differences("ENOMEM*7 0*12", "ENOMEM*7 0*12", 1), 1U) << "a success of stock's";
    EXPECT_EQ(differences("ENOMEM*7 0*12", "ENOMEM*8 0*12", 1), 1U);
}

TEST(FaultReport, AnotherResultIsADifference) {
    EXPECT_EQ(
        fault_differences("slab a: ENOMEM*7 0*12\n", "slab a: ENOMEM*8 0*12\n", Copy::stocks_too),
        Lines{"slab a: stock: ENOMEM*7 0*12, patched: ENOMEM*8 0*12"});
    EXPECT_EQ(
        fault_differences("slab a: ENOMEM*7\n", "slab b: ENOMEM*7\n", Copy::stocks_too).size(), 1U);
    EXPECT_EQ(fault_differences("", "slab a: ENOMEM*7\n", Copy::stocks_too).size(), 1U);
}

TEST(FaultReport, ACopyForTheCacheAloneMustNotFailAnAttach) {
    const char *stock = "slab a: ENOMEM*7 listener*12\n";
    EXPECT_EQ(fault_differences(stock, "slab a: ENOMEM*2 listener*19\n", Copy::ours_alone),
              Lines{});
    EXPECT_EQ(fault_differences(stock, "slab a: ENOMEM*5 listener*3 ENOMEM*4 listener*9\n",
                                Copy::ours_alone)
                  .size(),
              1U);
    EXPECT_EQ(fault_differences(stock, "", Copy::ours_alone).size(), 1U);
}

TEST(FaultReport, WhatDiffersInOneRunOnlyIsNotOfTheAttach) {
    const std::string once = "slab a: stock: ENOMEM*7 0*4 ENOMEM*3, patched: ENOMEM*7 0*5 ENOMEM*2";
    const std::string other =
        "slab a: stock: ENOMEM*7 0*4 ENOMEM*3, patched: ENOMEM*8 0*4 ENOMEM*3";
    const std::string of_b = "slab a b: stock: ENOMEM*7, patched: ENOMEM*8";
    EXPECT_EQ(lasting_differences({once}, {}), Lines{});
    EXPECT_EQ(lasting_differences({once}, {of_b}), Lines{});
    EXPECT_EQ(lasting_differences({once, of_b}, {other}), Lines{other});
}

} // namespace

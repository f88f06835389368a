// SPDX-License-Identifier: MIT
#include "tests/vm/applicability.h"

#include <gtest/gtest.h>

namespace {

using tests::Need;

const std::vector<std::string> all = {"Calls/Int80.One", "Calls/Int80.Two/0", "File.IsThere",
                                      "Calls/Native.One"};
constexpr Need needs[] = {
    {"*Int80*", "CONFIG_IA32"}, {"File.*", "CONFIG_FILE"}, {"*Two*", "CONFIG_TWO"}};

TEST(Applicability, PatternsAreThoseOfFilters) {
    EXPECT_TRUE(tests::matches("Suite.Test", "Suite.Test"));
    EXPECT_TRUE(tests::matches("Suite.Test", "*"));
    EXPECT_TRUE(tests::matches("Suite.Test", "S*.T?st"));
    EXPECT_TRUE(tests::matches("", "**"));
    EXPECT_FALSE(tests::matches("Suite.Test", "Suite"));
    EXPECT_FALSE(tests::matches("Suite.Test", "*.Tes"));
    EXPECT_FALSE(tests::matches("", "?"));
}

TEST(Applicability, ATestThatLacksNothingIsKept) {
    const vm::KernelConfig config("CONFIG_IA32=y\nCONFIG_FILE=y\nCONFIG_TWO=y\n");
    EXPECT_TRUE(tests::not_applicable(all, needs, config).empty());
}

TEST(Applicability, EachIsLeftOutForTheFirstOptionItLacks) {
    const auto left_out = tests::not_applicable(all, needs, vm::KernelConfig("CONFIG_FILE=y\n"));
    const tests::NotApplicable expected = {
        {"CONFIG_IA32", {"Calls/Int80.One", "Calls/Int80.Two/0"}}};
    EXPECT_EQ(left_out, expected);
    EXPECT_EQ(tests::describe(left_out), "Calls/Int80.* (2 tests): needs CONFIG_IA32\n");
}

TEST(Applicability, AnOptionMayHaveToBeOff) {
    constexpr Need off[] = {{"File.*", "CONFIG_SLOW=n"}};
    EXPECT_TRUE(tests::not_applicable(all, off, vm::KernelConfig("CONFIG_FILE=y\n")).empty());
    EXPECT_EQ(tests::describe(tests::not_applicable(all, off, vm::KernelConfig("CONFIG_SLOW=y\n"))),
              "File.* (1 test): needs CONFIG_SLOW=n\n");
}

TEST(Applicability, FiltersLoseThem) {
    const tests::NotApplicable left_out = {{"A", {"S.One"}}, {"B", {"S.Two", "S.Three"}}};
    EXPECT_EQ(tests::without("*", left_out), "*-S.One:S.Two:S.Three");
    EXPECT_EQ(tests::without("S.*-S.Four", left_out), "S.*-S.Four:S.One:S.Two:S.Three");
    EXPECT_EQ(tests::without("S.*", {}), "S.*");
}

TEST(Applicability, NeedsOfTestsThatAreGoneAreNamed) {
    EXPECT_TRUE(tests::stale_patterns(all, needs).empty());
    constexpr Need stale[] = {{"*Int80*", "CONFIG_IA32"}, {"Gone.*", "CONFIG_FILE"}};
    EXPECT_EQ(tests::stale_patterns(all, stale), std::vector<std::string>{"Gone.*"});
}

} // namespace

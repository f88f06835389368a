// SPDX-License-Identifier: MIT
#include "bench/siglock.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

const char *system_map = "0000000000000000 A fixed_percpu_data\n"
                         "ffffffff81000000 T first\n"
                         "ffffffff81000010 t do_seccomp\n"
                         "ffffffff81000018 d not_a_function\n"
                         "ffffffff81000030 T last\n";

TEST(Symbols, KnowWhereFunctionsAre) {
    const Symbols symbols(system_map);
    EXPECT_EQ(symbols.address("do_seccomp"), 0xffffffff81000010U);
    EXPECT_THROW(symbols.address("nothing"), ResultsError);
    EXPECT_THROW(symbols.address("not_a_function"), ResultsError);
}

TEST(Symbols, KnowTheCopiesOfAFunction) {
    const Symbols symbols("ffffffff81000000 T _unlock\n"
                          "ffffffff81000010 t __unlock.constprop.0\n"
                          "ffffffff81000020 t unlock_all\n"
                          "ffffffff81000030 t unlock\n"
                          "ffffffff81000040 t ____\n");
    EXPECT_EQ(
        symbols.all_copies("unlock"),
        (std::vector<std::uint64_t>{0xffffffff81000000, 0xffffffff81000010, 0xffffffff81000030}));
}

TEST(Symbols, KnowTheFunctionOfAnAddress) {
    const Symbols symbols(system_map);
    for (const std::uint64_t address :
         {0xffffffff81000010U, 0xffffffff81000020U, 0xffffffff8100002fU}) {
        const auto range = symbols.at(address);
        EXPECT_EQ(range.name, "do_seccomp");
        EXPECT_EQ(range.begin, 0xffffffff81000010U);
        EXPECT_EQ(range.end, 0xffffffff81000030U);
    }
    EXPECT_THROW(symbols.at(0xffffffff80ffffffU), ResultsError);
    // Nobody says where the last one ends.
    EXPECT_THROW(symbols.at(0xffffffff81000031U), ResultsError);
}

TEST(Symbols, KnowTheFunctionsWhoseNamesBeginSo) {
    const Symbols symbols("ffffffff81000000 t do_this\n"
                          "ffffffff81000010 t do_this.part.0\n"
                          "ffffffff81000020 t not_do_this\n"
                          "ffffffff81000030 T that\n"
                          "ffffffff81000040 T last\n");
    const auto ranges = symbols.all_with("do_this", "that");
    ASSERT_EQ(ranges.size(), 3U);
    EXPECT_EQ(ranges[1].name, "do_this.part.0");
    EXPECT_EQ(ranges[2].end, 0xffffffff81000040U);
}

TEST(HoldTimes, ShowTheFiltersBelow) {
    EXPECT_NO_THROW(check_hold_times(71, 323, 32));
    EXPECT_NO_THROW(check_hold_times(4800000, 2600000, 32));
    EXPECT_THROW(check_hold_times(71, 71, 32), ResultsError);
    EXPECT_THROW(check_hold_times(71, 101, 32), ResultsError);
    EXPECT_NO_THROW(check_hold_times(71, 102, 32));
}

TEST(Symbols, AreNotMadeOfOtherTexts) { EXPECT_THROW(Symbols(""), ResultsError); }

} // namespace
} // namespace bench

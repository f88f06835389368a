// SPDX-License-Identifier: MIT
#include "tests/support/distribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using support::Distribution;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Distribution, TellsWhatNeverCame) {
    Distribution seen;
    seen.expect("verdict", {"ALLOW", "ERRNO"});
    seen.expect("depth", {"1"});
    seen.count("verdict", "ERRNO");
    EXPECT_THAT(seen.empty(), ElementsAre("verdict: ALLOW", "depth: 1"));
    seen.count("verdict", "ALLOW", 3);
    seen.count("depth", "1");
    EXPECT_THAT(seen.empty(), IsEmpty());
}

TEST(Distribution, CountingNothingDoesNotMeetAnExpectation) {
    Distribution seen;
    seen.expect("verdict", {"TRAP"});
    seen.count("verdict", "TRAP", 0);
    EXPECT_THAT(seen.empty(), ElementsAre("verdict: TRAP"));
}

TEST(Distribution, GroupsDoNotMix) {
    Distribution seen;
    seen.expect("a", {"x"});
    seen.count("b", "x");
    EXPECT_THAT(seen.empty(), ElementsAre("a: x"));
    EXPECT_EQ(seen.counted("a", "x"), 0U);
    EXPECT_EQ(seen.counted("b", "x"), 1U);
}

TEST(Distribution, ShowsNumbersAndShares) {
    Distribution seen;
    seen.expect("verdict", {"ALLOW", "TRAP"});
    seen.count("verdict", "ALLOW", 3);
    seen.count("verdict", "LOG");
    EXPECT_EQ(seen.text(), "verdict (4):  ALLOW 3 (75.0 %)  TRAP 0 (0.0 %)  LOG 1 (25.0 %)\n");
}

TEST(RangeName, NamesRanges) {
    const std::vector<std::size_t> starts = {1, 2, 5, 32};
    EXPECT_EQ(support::range_name(1, starts), "1");
    EXPECT_EQ(support::range_name(2, starts), "2-4");
    EXPECT_EQ(support::range_name(4, starts), "2-4");
    EXPECT_EQ(support::range_name(31, starts), "5-31");
    EXPECT_EQ(support::range_name(32, starts), "32+");
    EXPECT_EQ(support::range_name(0, starts), "<1");
    EXPECT_THAT(support::range_names(starts), ElementsAre("1", "2-4", "5-31", "32+"));
}

} // namespace

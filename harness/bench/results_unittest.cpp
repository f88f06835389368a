// SPDX-License-Identifier: MIT
#include "bench/results.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

Results example() {
    Results results;
    results.columns = {{"stock", "Linux 5.10.1"}, {"full", "Linux 5.10.1, patched"}};
    results.notes = {"counted by \"hand\""};
    Row &hit = results.row("podman/hit", "podman: hit", "instructions");
    hit.figures["stock"] = {235.25, 0.5, 5};
    hit.figures["full"] = {20, 0, 5};
    results.row("podman/memory", "podman: memory", "bytes").figures["full"] = {4096, 0, 1};
    return results;
}

TEST(Summary, IsTheMiddleValueAndTheDistanceOfTheOuterOnes) {
    EXPECT_EQ(summarize({5, 1, 100, 3, 4}), (Figure{4, 99, 5}));
    EXPECT_EQ(summarize({7}), (Figure{7, 0, 1}));
}

TEST(Summary, OfAnEvenNumberIsOneThatWasMeasured) {
    EXPECT_EQ(summarize({4, 1, 3, 2}), (Figure{2, 3, 4}));
}

TEST(Summary, OfNothingIsAnError) { EXPECT_THROW(summarize({}), std::invalid_argument); }

TEST(Digits, OfSmallFiguresHaveATenth) {
    EXPECT_EQ(digits(126.96), "127.0");
    EXPECT_EQ(digits(-0.75), "-0.8");
    EXPECT_EQ(digits(1000), "1000");
    EXPECT_EQ(digits(6595531.6), "6595532");
}

TEST(Digits, OfNothingAreZeroWithoutSign) {
    EXPECT_EQ(digits(0.04), "0");
    EXPECT_EQ(digits(-0.04), "0");
}

TEST(ResultsAsJson, ComeBackAsTheyWere) { EXPECT_EQ(parse_results(to_json(example())), example()); }

TEST(ResultsAsJson, MustBeWhole) {
    EXPECT_THROW(parse_results("{"), ResultsError);
    EXPECT_THROW(parse_results("{}"), ResultsError);
    EXPECT_THROW(parse_results(R"({"columns": [], "notes": [], "rows": [{"id": "a"}]})"),
                 ResultsError);
}

TEST(Rows, AreMadeOnce) {
    Results results = example();
    results.row("podman/hit", "another title", "ns").figures["published"] = {127, 0, 5};
    EXPECT_EQ(results.rows.size(), 2U);
    EXPECT_EQ(results.find("podman/hit")->title, "podman: hit");
    EXPECT_EQ(results.find("podman/hit")->figures.size(), 3U);
    EXPECT_EQ(results.find("podman"), nullptr);
}

TEST(Ratio, IsOfTwoThatWereMeasured) {
    const Results results = example();
    EXPECT_DOUBLE_EQ(*ratio(results.rows[0], "full", "stock"), 20 / 235.25);
    EXPECT_FALSE(ratio(results.rows[0], "full", "published"));
    EXPECT_FALSE(ratio(results.rows[1], "full", "stock"));
}

TEST(Ratio, IsNotOfWhatIsNotPositive) {
    Row row{"a", "a", "ns", {{"stock", {0, 0, 5}}, {"full", {-1, 0, 5}}, {"other", {1, 0, 5}}}};
    EXPECT_FALSE(ratio(row, "other", "stock"));
    EXPECT_FALSE(ratio(row, "full", "other"));
}

TEST(Differences, AreOfDigitsThatArePrinted) {
    Results second = example();
    second.rows[0].figures["full"].median = 20.04;
    EXPECT_TRUE(differences(example(), second).empty());
    second.rows[0].figures["full"].median = 20.06;
    ASSERT_EQ(differences(example(), second).size(), 1U);
    EXPECT_EQ(differences(example(), second)[0], "podman/hit on full: 20.0, then 20.1");
}

TEST(Differences, AreNotWhatTheRepetitionsDifferByAnyway) {
    Results second = example();
    second.rows[0].figures["stock"].median += 0.5;
    EXPECT_TRUE(differences(example(), second).empty());
    second.rows[0].figures["stock"].median += 0.5;
    EXPECT_EQ(differences(example(), second).size(), 1U);
}

TEST(Unsteady, AreFiguresThatDifferByMoreThanAnInstruction) {
    Results results = example();
    results.rows[0].figures["stock"].spread = 1;
    EXPECT_EQ(unsteady_figures(results), 0U);
    results.rows[0].figures["stock"].spread = 1.1;
    EXPECT_EQ(unsteady_figures(results), 1U);
}

TEST(Differences, IncludeWhatOnlyOneHas) {
    Results second = example();
    second.rows.pop_back();
    second.rows[0].figures["new"] = {1, 0, 5};
    EXPECT_EQ(differences(example(), second),
              (std::vector<std::string>{"podman/memory on full: 4096, then -",
                                        "podman/hit on new: -, then 1.0"}));
}

} // namespace
} // namespace bench

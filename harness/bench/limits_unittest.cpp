// SPDX-License-Identifier: MIT
#include "bench/limits.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

Results example() {
    Results results;
    Row &hit = results.row("podman/hit", "", "instructions");
    hit.figures["full"] = {20, 0, 5};
    Row &attach = results.row("podman/attach", "", "instructions");
    attach.figures["stock"] = {1'500'000, 0, 5};
    attach.figures["full"] = {1'600'000, 0, 5};
    return results;
}

std::vector<Judgement> judged(const std::string &limits) {
    return judge(example(), parse_limits(R"({"limits": [)" + limits + "]}"));
}

TEST(Limits, AreKeptUpToTheLastInstruction) {
    EXPECT_TRUE(judged(R"({"row": "podman/hit", "column": "full", "max": 20})")[0].kept());
    EXPECT_FALSE(judged(R"({"row": "podman/hit", "column": "full", "max": 19.9})")[0].kept());
}

TEST(Limits, AreNotBrokenByWhatIsNotShown) {
    Results results = example();
    results.rows[0].figures["full"].median = 20.04;
    const auto limits =
        parse_limits(R"({"limits": [{"row": "podman/hit", "column": "full", "max": 20}]})");
    EXPECT_TRUE(judge(results, limits)[0].kept());
    results.rows[0].figures["full"].median = 20.06;
    EXPECT_FALSE(judge(results, limits)[0].kept());
}

TEST(Limits, MayBeForTheDifferenceToAnotherKernel) {
    const auto judgements = judged(
        R"({"row": "podman/attach", "column": "full", "over": "stock", "max": 100000},
           {"row": "podman/attach", "column": "full", "over": "stock", "max": 99999})");
    EXPECT_TRUE(judgements[0].kept());
    EXPECT_FALSE(judgements[1].kept());
    EXPECT_EQ(failures(judgements, false), 1U);
}

TEST(Limits, FailByName) {
    const auto judgements = judged(
        R"({"row": "podman/hit", "column": "full", "max": 30},
           {"row": "podman/attach", "column": "full", "over": "stock", "max": 99999})");
    EXPECT_EQ(judgement_lines(judgements, false),
              "ok     podman/hit: full: 20.0 (at most 30.0)\n"
              "FAILED podman/attach: full over stock: 100000 (at most 99999)\n");
}

TEST(Limits, OfWhatWasNotMeasuredFailUnlessTheRunIsQuick) {
    for (const char *limit :
         {R"({"row": "nothing/hit", "column": "full", "max": 20})",
          R"({"row": "podman/hit", "column": "published", "max": 20})",
          R"({"row": "podman/hit", "column": "full", "over": "stock", "max": 1})"}) {
        const auto judgements = judged(limit);
        EXPECT_EQ(failures(judgements, false), 1U) << limit;
        EXPECT_NE(judgement_lines(judgements, false).find("not measured"), std::string::npos);
        EXPECT_EQ(failures(judgements, true), 0U) << limit;
        EXPECT_TRUE(judgement_lines(judgements, true).starts_with("-     "));
        EXPECT_EQ(unmeasured(judgements), 1U);
    }
}

TEST(Limits, MustBeSpelledRight) {
    for (const char *limit :
         {"1", "{}", R"({"row": "a", "column": "full"})", R"({"row": "a", "max": 1})",
          R"({"row": "a", "column": "full", "max": "1"})",
          R"({"row": "a", "column": "full", "maximum": 1, "max": 1})"})
        EXPECT_THROW(judged(limit), ResultsError) << limit;
    EXPECT_THROW(parse_limits("{}"), ResultsError);
}

} // namespace
} // namespace bench

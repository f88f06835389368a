// SPDX-License-Identifier: MIT
#include "vm/ktap.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using Result = vm::KtapTest::Result;
using Lines = std::vector<std::string>;

constexpr const char *good = "TAP version 13\n"
                             "1..3\n"
                             "# Starting 3 tests from 1 test cases.\n"
                             "#  RUN           global.a ...\n"
                             "ok 1 global.a\n"
                             "ok 2 - global.b\n"
                             "some child talks\n"
                             "ok 3 global.c\n"
                             "# PASSED: 3 / 3 tests passed.\n";

TEST(Ktap, ReadsTheHarnesssOutput) {
    const auto report = vm::parse_ktap(good);
    EXPECT_TRUE(report.version_seen);
    EXPECT_EQ(report.plan, 3U);
    ASSERT_EQ(report.tests.size(), 3U);
    EXPECT_EQ(report.tests[1], (vm::KtapTest{2, Result::ok, "global.b", ""}));
    EXPECT_EQ(vm::ktap_problems(report, 0), Lines{});
}

TEST(Ktap, AFailedTestIsAProblem) {
    const auto report = vm::parse_ktap("TAP version 13\n1..1\nnot ok 1 global.a\n");
    EXPECT_EQ(vm::ktap_problems(report, 1), (Lines{"not ok 1 global.a", "exit status 1"}));
}

TEST(Ktap, AnExitStatusIsAProblemEvenIfAllTestsPassed) {
    EXPECT_EQ(vm::ktap_problems(vm::parse_ktap(good), 1), Lines{"exit status 1"});
}

TEST(Ktap, APlanThatIsNotKeptIsAProblem) {
    const auto report = vm::parse_ktap("TAP version 13\n1..3\nok 1 a\nok 2 b\n");
    EXPECT_EQ(vm::ktap_problems(report, 0), Lines{"3 tests planned, 2 reported"});
    EXPECT_EQ(vm::ktap_problems(vm::parse_ktap("TAP version 13\nok 1 a\n"), 0),
              Lines{"no plan ('1..N')"});
}

TEST(Ktap, APlanMayComeLast) {
    EXPECT_EQ(vm::ktap_problems(vm::parse_ktap("TAP version 13\nok 1 a\n1..1\n"), 0), Lines{});
}

TEST(Ktap, NothingIsNotSuccess) {
    EXPECT_EQ(vm::ktap_problems(vm::parse_ktap(""), 0).size(), 3U);
    EXPECT_EQ(vm::ktap_problems(vm::parse_ktap("TAP version 13\n1..0\n"), 0),
              Lines{"no test was run"});
}

TEST(Ktap, AMissingOrRepeatedNumberIsAProblem) {
    EXPECT_EQ(vm::ktap_problems(vm::parse_ktap("TAP version 13\n1..2\nok 1 a\nok 3 c\n"), 0),
              Lines{"test 3 comes where 2 should"});
}

TEST(Ktap, BailingOutIsAProblem) {
    const auto report = vm::parse_ktap("TAP version 13\n1..1\nok 1 a\nBail out! no seccomp\n");
    EXPECT_EQ(vm::ktap_problems(report, 0), Lines{"the program bailed out"});
}

TEST(Ktap, ASkipIsAProblemUnlessAllowed) {
    const auto report = vm::parse_ktap("TAP version 13\n1..2\nok 1 a # SKIP no kcmp\n"
                                       "ok 2 # SKIP needs root\n");
    ASSERT_EQ(report.tests.size(), 2U);
    EXPECT_EQ(report.tests[0], (vm::KtapTest{1, Result::skip, "a", "no kcmp"}));
    EXPECT_EQ(report.tests[1], (vm::KtapTest{2, Result::skip, "", "needs root"}));
    EXPECT_EQ(vm::ktap_problems(report, 0), (Lines{"skip 1 a: no kcmp", "skip 2: needs root"}));
    EXPECT_EQ(vm::ktap_problems(report, 4, {"a", "needs root"}), Lines{});
    EXPECT_EQ(vm::ktap_problems(report, 4, {"a"}), (Lines{"skip 2: needs root", "exit status 4"}));
}

TEST(Ktap, DifferencesBetweenTwoRuns) {
    const auto left = vm::parse_ktap("ok 1 a\nok 2 b\n");
    const auto right = vm::parse_ktap("ok 1 a\nnot ok 2 b\nok 3 c\n");
    EXPECT_EQ(vm::ktap_differences(left, "old", left, "new"), Lines{});
    EXPECT_EQ(vm::ktap_differences(left, "old", right, "new"),
              (Lines{"old: ok 2 b; new: not ok 2 b", "old: nothing; new: ok 3 c"}));
}

} // namespace

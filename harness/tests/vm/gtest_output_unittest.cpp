// SPDX-License-Identifier: MIT
#include "vm/gtest_output.h"

#include <gtest/gtest.h>

namespace {

using Kind = vm::SingleTestResult::Kind;

TEST(TestList, SuitesCasesParametersAndTypes) {
    const auto tests = vm::parse_test_list("Running main() from gtest_main.cc\n"
                                           "Podman.\n"
                                           "  Linear\n"
                                           "  DISABLED_Slow\n"
                                           "Jumps/Boundary.\n"
                                           "  Agrees/0  # GetParam() = JGE 5 # odd\n"
                                           "  Agrees/named\n"
                                           "Typed/0.  # TypeParam = int\n"
                                           "  Case\n");
    const std::vector<vm::ListedTest> expected = {
        {"Podman", "Linear", "", ""},
        {"Podman", "DISABLED_Slow", "", ""},
        {"Jumps/Boundary", "Agrees/0", "JGE 5 # odd", ""},
        {"Jumps/Boundary", "Agrees/named", "", ""},
        {"Typed/0", "Case", "", "int"},
    };
    EXPECT_EQ(tests, expected);
    EXPECT_EQ(tests[2].full_name(), "Jumps/Boundary.Agrees/0");
}

TEST(TestList, ProgramsThatAreNoGoogleTestHaveNoTests) {
    EXPECT_TRUE(vm::parse_test_list("").empty());
    EXPECT_TRUE(vm::parse_test_list("usage: foo\n  --bar  does bar\n").empty());
}

TEST(SingleTest, SuccessIsAWordThatMustBeThere) {
    EXPECT_EQ(vm::parse_single_test("[       OK ] A.B (3 ms)\n", "A.B").kind, Kind::passed);
    EXPECT_EQ(vm::parse_single_test("", "A.B").kind, Kind::missing);
    EXPECT_EQ(vm::parse_single_test("[ RUN      ] A.B\n", "A.B").kind, Kind::missing);
    EXPECT_EQ(vm::parse_single_test("[       OK ] A.B1 (3 ms)\n", "A.B").kind, Kind::missing);
    EXPECT_EQ(
        vm::parse_single_test("[==========] Running 0 tests from 0 test suites.\n", "A.B").kind,
        Kind::missing);
}

TEST(SingleTest, Failure) {
    EXPECT_EQ(vm::parse_single_test("[  FAILED  ] A.B, where GetParam() = 1 (3 ms)\n", "A.B").kind,
              Kind::failed);
}

TEST(SingleTest, ASkipKeepsItsReason) {
    const auto result = vm::parse_single_test("[ RUN      ] A.B\n"
                                              "x.cpp:7: Skipped\n"
                                              "no 32-bit\nprograms here\n\n"
                                              "[  SKIPPED ] A.B (0 ms)\n",
                                              "A.B");
    EXPECT_EQ(result.kind, Kind::skipped);
    EXPECT_EQ(result.skip_reason, "no 32-bit\nprograms here");
}

} // namespace

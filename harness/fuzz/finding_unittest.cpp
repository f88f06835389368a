// SPDX-License-Identifier: MIT
#include "fuzz/finding.h"

#include "cbpf/builder.h"

#include <gtest/gtest.h>

namespace {

using namespace cbpf;

TEST(Finding, Disassembled) {
    const std::string text = fuzz::disassembled({{ret_allow()}, {load_nr(), ret_errno(1)}});
    EXPECT_NE(text.find("filter 1 of 2, 1 instructions\n0000: return ALLOW\n"), std::string::npos)
        << text;
    EXPECT_NE(text.find("filter 2 of 2, 2 instructions\n0000: A = nr\n"), std::string::npos)
        << text;
}

// findings_unittest.cpp has what this prints for the same chain, and compiles it.
TEST(Finding, ReadyMadeRegressionTest) {
    EXPECT_EQ(fuzz::regression_test(
                  {{load_nr(), jeq(39, 0, 1), ret_allow(), ret_errno(1)}, {ret_allow()}},
                  "0f-small", "Found by fuzzing."),
              "// Found by fuzzing.\n"
              "TEST(FuzzFindings, Input_0f_small) {\n"
              "    const cbpf::Chain chain = {\n"
              "        {\n"
              "            {0x20, 0, 0, 0x0},\n"
              "            {0x15, 0, 1, 0x27},\n"
              "            {0x06, 0, 0, 0x7fff0000},\n"
              "            {0x06, 0, 0, 0x50001},\n"
              "        },\n"
              "        {\n"
              "            {0x06, 0, 0, 0x7fff0000},\n"
              "        },\n"
              "    };\n"
              "    EXPECT_EQ(fuzz::violation(chain), std::nullopt);\n"
              "}\n");
}

} // namespace

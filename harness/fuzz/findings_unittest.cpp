// SPDX-License-Identifier: MIT
//
// What fuzzing found, as it was printed. Nothing so far: the one test here is what is printed for
// a chain of finding_unittest.cpp, to see that it compiles.
#include "fuzz/properties.h"

#include <gtest/gtest.h>

namespace {

// Found by fuzzing.
TEST(FuzzFindings, Input_0f_small) {
    const cbpf::Chain chain = {
        {
            {0x20, 0, 0, 0x0},
            {0x15, 0, 1, 0x27},
            {0x06, 0, 0, 0x7fff0000},
            {0x06, 0, 0, 0x50001},
        },
        {
            {0x06, 0, 0, 0x7fff0000},
        },
    };
    EXPECT_EQ(fuzz::violation(chain), std::nullopt);
}

} // namespace

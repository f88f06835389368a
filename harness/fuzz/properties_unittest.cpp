// SPDX-License-Identifier: MIT
//
// That the properties can fail is shown with mistakes planted in the emulator: see
// scripts/planted-mistakes.
#include "fuzz/properties.h"

#include "cbpf/builder.h"
#include "fuzz/chain_input.h"
#include "tests/support/filter_shapes.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace {

using namespace cbpf;

TEST(Properties, HoldForChainsOfAllShapes) {
    support::Random random(4);
    for (int round = 0; round < 200; round++)
        EXPECT_EQ(fuzz::violation(support::shaped_chain(random, 1 + support::pick(random, 6))),
                  std::nullopt)
            << round;
}

TEST(Properties, AreForAcceptableProgramsOnly) {
    EXPECT_THROW(fuzz::violation({{load_nr()}}), std::invalid_argument);
}

} // namespace

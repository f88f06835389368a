// SPDX-License-Identifier: MIT
#include "fuzz/mutator.h"

#include "cbpf/builder.h"
#include "cbpf/checker.h"
#include "fuzz/chain_input.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace cbpf;

TEST(Mutator, KeepsChainsAcceptable) {
    support::Random random(1);
    Chain chain;
    std::size_t deepest = 0;
    for (int round = 0; round < 5000; round++) {
        chain = fuzz::mutated(random, chain);
        ASSERT_FALSE(chain.empty());
        for (const Program &program : chain)
            ASSERT_FALSE(check(program)) << round;
        deepest = std::max(deepest, chain.size());
        if (fuzz::encode(chain).size() > 4096)
            chain.clear();
    }
    EXPECT_GT(deepest, 3u) << "hardly a chain among them";
}

TEST(Mutator, ChangesSomethingMostOfTheTime) {
    support::Random random(2);
    const Chain chain = {{load_nr(), jeq(39, 0, 1), ret_allow(), ret_errno(1)}, {ret_allow()}};
    int changed = 0;
    for (int round = 0; round < 1000; round++)
        changed += fuzz::encode(fuzz::mutated(random, chain)) != fuzz::encode(chain) ? 1 : 0;
    EXPECT_GT(changed, 800);
}

TEST(Mutator, IsAFunctionOfTheSeed) {
    support::Random one(3);
    support::Random other(3);
    for (int round = 0; round < 100; round++)
        EXPECT_EQ(fuzz::encode(fuzz::mutated(one, {{ret_allow()}})),
                  fuzz::encode(fuzz::mutated(other, {{ret_allow()}})));
}

} // namespace

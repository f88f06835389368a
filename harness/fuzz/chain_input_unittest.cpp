// SPDX-License-Identifier: MIT
#include "fuzz/chain_input.h"

#include "cbpf/builder.h"
#include "tests/support/filter_shapes.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace cbpf;
using fuzz::Bytes;
using fuzz::decode;
using fuzz::encode;

bool same_chain(const Chain &a, const Chain &b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Program &x, const Program &y) { return same_program(x, y); });
}

TEST(ChainInput, ComesBack) {
    support::Random random(1);
    for (std::size_t depth = 1; depth < 10; depth++) {
        const Chain chain = support::shaped_chain(random, depth);
        EXPECT_TRUE(same_chain(decode(encode(chain)), chain)) << depth;
    }
}

TEST(ChainInput, OneFilterIsARawFilter) {
    EXPECT_EQ(encode({{ret(0x7fff0000)}}), (Bytes{0x06, 0, 0, 0, 0, 0, 0xff, 0x7f}));
}

TEST(ChainInput, ASeparatorStartsAFilter) {
    const Chain chain = {{load_nr(), ret_allow()}, {ret_allow()}};
    const Bytes bytes = encode(chain);
    EXPECT_EQ(bytes.size(), 4 * sizeof(Instruction));
    EXPECT_EQ(decode(bytes).size(), 2u);
}

TEST(ChainInput, EveryInputMeansSomething) {
    EXPECT_TRUE(decode({}).empty());
    EXPECT_TRUE(decode(Bytes(7, 0xff)).empty());
    EXPECT_TRUE(decode(Bytes(32, 0xff)).empty()) << "nothing but separators";
    EXPECT_TRUE(same_chain(decode(Bytes{6, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3}), {{ret(0)}}));
}

} // namespace

// SPDX-License-Identifier: MIT
#include "verify/guest_bits.h"

#include "tests/support/stacks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace {

using testing::HasSubstr;
using verify::format_guest_bits;
using verify::GuestBitsError;
using verify::parse_guest_bits;

const auto tables = cbpf::parse_tables("x86_64:0xc000003e:5,ia32:0x40000003:4");
const std::vector<bool> bits = {true, false, false, true, true, false, false, true, true};

cbpf::Chain stack_of(std::uint64_t seed) {
    support::Random random(seed);
    return support::random_stack(random);
}

std::string error_of(const std::string &line) {
    try {
        parse_guest_bits(line, tables);
    } catch (const GuestBitsError &error) {
        return error.what();
    }
    return "none";
}

TEST(GuestBits, ThereAndBack) {
    const auto chain = stack_of(7);
    const std::string line = format_guest_bits(7, chain, bits);
    EXPECT_THAT(line, testing::EndsWith(" 991"));
    const auto back = parse_guest_bits(line, tables);
    EXPECT_EQ(back.seed, 7U);
    ASSERT_EQ(back.chain.size(), chain.size());
    EXPECT_TRUE(cbpf::same_program(back.chain[0], chain[0]));
    EXPECT_TRUE(back.listing.has_filter);
    ASSERT_EQ(back.listing.tables.size(), 2U);
    EXPECT_EQ(back.listing.tables[0].allow, std::vector<bool>(bits.begin(), bits.begin() + 5));
    EXPECT_EQ(back.listing.tables[1].allow, std::vector<bool>(bits.begin() + 5, bits.end()));
    EXPECT_EQ(back.listing.tables[1].table.name, "ia32");
}

TEST(GuestBits, AnotherStackIsNoticed) {
    const std::string line = format_guest_bits(7, stack_of(8), bits);
    EXPECT_THAT(error_of(line), HasSubstr("where seed 7 gives"));
}

TEST(GuestBits, WhatIsWrongIsSaid) {
    const std::string line = format_guest_bits(7, stack_of(7), bits);
    EXPECT_THAT(error_of("b" + line), HasSubstr("does not begin"));
    EXPECT_THAT(error_of(line + " 1"), HasSubstr("is not a seed"));
    EXPECT_THAT(error_of(line + "1"), HasSubstr("4 digits for the 9 lines"));
    EXPECT_THAT(error_of(line.substr(0, line.size() - 1)), HasSubstr("2 digits for the 9 lines"));
    EXPECT_THAT(error_of(line.substr(0, line.size() - 1) + "g"), HasSubstr("'g' is no"));
}

TEST(GuestBits, NoFileNoBits) {
    EXPECT_THROW(verify::load_guest_bits("/no/such/file", tables), GuestBitsError);
}

} // namespace

// SPDX-License-Identifier: MIT
#include "tests/stress/palette.h"

#include "analysis/reference_emulator.h"
#include "cbpf/checker.h"

#include <gtest/gtest.h>

#include <linux/audit.h>

namespace {

using namespace stress;

const cbpf::SyscallTable native{"x86_64", AUDIT_ARCH_X86_64, 441};
const cbpf::SyscallTable compat{"ia32", AUDIT_ARCH_I386, 441};

// What the reference emulator says the kernel shows for a chain.
kernel::CacheListing listing_of(const cbpf::Chain &chain) {
    kernel::CacheListing listing;
    listing.has_filter = true;
    for (const auto &table : {native, compat})
        listing.tables.push_back({table, analysis::allowed_numbers(chain, table.arch, table.size)});
    return listing;
}

Marks only(std::initializer_list<std::size_t> filters_in_use) {
    Marks marks;
    for (const std::size_t filter : filters_in_use)
        marks[filter] = true;
    return marks;
}

TEST(StressPalette, TheKernelTakesEachFilter) {
    for (std::size_t filter = 0; filter < filters; filter++) {
        EXPECT_FALSE(cbpf::check(program(filter))) << filter;
        EXPECT_EQ(recognise(program(filter)), filter);
    }
}

TEST(StressPalette, EachFilterLeavesItsMarkAndNoOther) {
    for (std::size_t filter = 0; filter < filters; filter++) {
        const cbpf::Chain chain = {program(oldest), program(filter)};
        EXPECT_EQ(marks_of(listing_of(chain)), only({oldest, filter})) << filter;
        EXPECT_EQ(marks_of(chain), only({oldest, filter})) << filter;
    }
}

TEST(StressPalette, HalfAMarkIsIllegal) {
    const auto whole = listing_of({program(oldest), program(3)});
    for (const std::size_t table : {0U, 1U})
        for (const std::size_t number : {123U, 403U}) {
            auto torn = whole;
            ASSERT_FALSE(torn.tables[table].allow[number]);
            torn.tables[table].allow[number] = true;
            EXPECT_THROW(marks_of(torn), IllegalText);
        }
}

TEST(StressPalette, WhatTheOldestRefusesMustNotBeCached) {
    EXPECT_THROW(marks_of(listing_of({program(3)})), IllegalText);
}

TEST(StressPalette, ABitThatNobodyTakesAwayIsThere) {
    auto listing = listing_of({program(oldest)});
    listing.tables[1].allow[7] = false;
    EXPECT_THROW(marks_of(listing), IllegalText);
}

TEST(StressPalette, AFilterNobodyAttachedIsNoticed) {
    EXPECT_THROW(marks_of(cbpf::Chain{program(oldest), {{6, 0, 0, 0}}}), IllegalText);
}

} // namespace

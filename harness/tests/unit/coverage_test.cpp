// SPDX-License-Identifier: MIT
#include "analysis/coverage.h"
#include "analysis/reference_emulator.h"
#include "cbpf/builder.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <stdexcept>

namespace {

using namespace cbpf;
using analysis::Coverage;
using analysis::measure_coverage;
using analysis::Miss;
using analysis::Oracle;

const SyscallTable table{.name = "x86_64", .arch = AUDIT_ARCH_X86_64, .size = 10};

Coverage measure(const Chain &chain, const std::vector<bool> &cached,
                 analysis::SolverLimits limits = {}) {
    Oracle oracle(chain, limits);
    return measure_coverage(oracle, table, cached);
}

Coverage measure_reference(const Chain &chain) {
    return measure(chain, analysis::allowed_numbers(chain, table.arch, table.size));
}

// Allows 0 to 4 whatever the arguments, 5 for one argument, and nothing else.
const Program plain = {load_nr(),       jge(5, 0, 1), jeq(5, 1, 4), ret_allow(),
                       load_arg_low(0), jeq(9, 0, 1), ret_allow(),  ret_errno(1)};

std::vector<bool> bits(std::initializer_list<unsigned> numbers) {
    std::vector<bool> all(table.size, false);
    for (const unsigned number : numbers)
        all[number] = true;
    return all;
}

TEST(Coverage, AnExactCache) {
    const Coverage coverage = measure_reference({plain});
    EXPECT_EQ(coverage.numbers, 10U);
    EXPECT_EQ(coverage.allowed, 5U);
    EXPECT_EQ(coverage.cached, 5U);
    EXPECT_EQ(coverage.precision(), 100.0);
    EXPECT_TRUE(coverage.unsound.empty());
    EXPECT_TRUE(coverage.missed.empty());
    EXPECT_EQ(coverage.unknown(), 0U);
}

TEST(Coverage, ABitTooMany) {
    for (const unsigned wrong : {5U, 6U, 9U}) {
        const Coverage coverage = measure({plain}, bits({0, 1, 2, 3, 4, wrong}));
        ASSERT_EQ(coverage.unsound.size(), 1U);
        EXPECT_EQ(coverage.unsound[0].number, wrong);
        EXPECT_EQ(coverage.cached, 6U);
        EXPECT_EQ(coverage.cached_allowed, 5U) << "what is unsound adds nothing to the precision";
    }
}

TEST(Coverage, AnUnsoundBitIsExplained) {
    const Coverage coverage = measure({{ret_allow()}, plain}, bits({5}));
    ASSERT_EQ(coverage.unsound.size(), 1U);
    EXPECT_EQ(coverage.unsound[0].text(),
              "x86_64 5 (fstat) is cached, but filter 1 returns ERRNO(1) for args "
              "{0x0, 0x0, 0x0, 0x0, 0x0, 0x0}, instruction pointer 0x0");
}

TEST(Coverage, ABitTooFew) {
    const Coverage coverage = measure({plain}, bits({0, 1, 2, 3}));
    EXPECT_EQ(coverage.precision(), 80.0);
    EXPECT_EQ(coverage.missed.at(Miss::bound), 1U);
}

TEST(Coverage, WhatTheEmulatorDoesNotSee) {
    // The argument is gone after the mask, from 3 on.
    const Program needless = {load_nr(),    jge(3, 0, 4), load_arg_low(0), alu_and(0),
                              jeq(0, 0, 1), ret_allow(),  ret_errno(1)};
    const Coverage coverage = measure_reference({needless});
    EXPECT_EQ(coverage.allowed, 7U);
    EXPECT_EQ(coverage.cached, 0U);
    EXPECT_EQ(coverage.missed.at(Miss::domain), 7U);
}

TEST(Coverage, AnArgumentThatMakesNoDifference) {
    const Program needless = {load_nr(),    jge(3, 3, 0), load_arg_low(0),
                              jeq(1, 0, 0), ret_allow(),  ret_allow()};
    EXPECT_EQ(measure_reference({needless}).precision(), 100.0);
}

TEST(Coverage, WhatNobodyCanFollow) {
    // Each of 30 tests of an argument makes another sum, which nothing is done with.
    Program many = {load_arg_low(0), stmt(BPF_MISC | BPF_TAX), stmt(BPF_LD | BPF_IMM, 0)};
    for (std::uint32_t bit = 0; bit < 30; bit++) {
        many.push_back(jump(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0));
        many.push_back(stmt(BPF_ALU | BPF_ADD | BPF_K, 1u << bit));
    }
    many.push_back(ret_allow());
    const Coverage coverage = measure_reference({many});
    EXPECT_EQ(coverage.allowed, 10U);
    EXPECT_EQ(coverage.missed.at(Miss::too_many), 10U);
}

TEST(Coverage, NothingToCache) {
    EXPECT_EQ(measure_reference({{ret_errno(1)}}).precision(), std::nullopt);
    EXPECT_EQ(measure_reference({{ret(SECCOMP_RET_ALLOW | 1)}}).allowed, 0U)
        << "ALLOW with data is not what a bit says";
}

TEST(Coverage, UnknownIsCountedApart) {
    // args[0] * args[1] is never the prime 2^31 - 1: too hard within this limit.
    const Program hard = {load_arg_low(0),       alu_and(0xffff), stmt(BPF_MISC | BPF_TAX),
                          load_arg_low(1),       alu_and(0xffff), stmt(BPF_ALU | BPF_MUL | BPF_X),
                          jeq(0x7fffffff, 0, 1), ret_errno(1),    ret_allow()};
    const Coverage coverage = measure({hard}, bits({3, 4, 5}), {.resources = 10'000});
    EXPECT_EQ(coverage.allowed, 0U);
    EXPECT_EQ(coverage.unknown_cached, 3U);
    EXPECT_EQ(coverage.unknown_uncached, 7U);
    EXPECT_TRUE(coverage.unsound.empty());
    EXPECT_EQ(coverage.precision(), std::nullopt);
}

TEST(Coverage, TheBitsMustBeThoseOfTheTable) {
    EXPECT_THROW(measure({plain}, std::vector<bool>(9)), std::invalid_argument);
}

TEST(Coverage, AddsUp) {
    Coverage sum = measure({plain}, bits({0, 1, 2, 3}));
    sum += measure({plain}, bits({0, 1, 7}));
    EXPECT_EQ(sum.numbers, 20U);
    EXPECT_EQ(sum.allowed, 10U);
    EXPECT_EQ(sum.cached, 7U);
    EXPECT_EQ(sum.cached_allowed, 6U);
    EXPECT_EQ(sum.precision(), 60.0);
    EXPECT_EQ(sum.unsound.size(), 1U);
    EXPECT_EQ(sum.missed.at(Miss::bound), 4U);
}

} // namespace

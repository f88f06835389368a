// SPDX-License-Identifier: MIT
#include "tests/support/shrink.h"

#include "cbpf/builder.h"
#include "cbpf/checker.h"
#include "cbpf/interpreter.h"
#include "tests/support/filter_shapes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <linux/audit.h>

#include <algorithm>

namespace {

using namespace cbpf;
using support::Budget;
using support::shrink_chain;
using support::without_instructions;

bool is(const Program &program, const Program &expected) { return same_program(program, expected); }

std::uint32_t verdict_of(const Chain &chain, std::uint32_t number) {
    seccomp_data data{};
    data.nr = static_cast<int>(number);
    data.arch = AUDIT_ARCH_X86_64;
    return run_chain(chain, data).value;
}

// A made-up bug that needs two paths through one filter to be seen.
bool refuses_39_alone(const Chain &chain) {
    return verdict_of(chain, 39) == (SECCOMP_RET_ERRNO | 5) &&
           verdict_of(chain, 40) == SECCOMP_RET_ALLOW;
}

std::size_t instructions(const Chain &chain) {
    std::size_t sum = 0;
    for (const auto &program : chain)
        sum += program.size();
    return sum;
}

TEST(WithoutInstructions, JumpsKeepTheirTargets) {
    const Program program = {load_nr(),    jeq(1, 3, 2), alu_and(1), alu_and(2),
                             ret_errno(1), ret_errno(2), ret_allow()};
    EXPECT_TRUE(is(without_instructions(program, 2, 1),
                   {load_nr(), jeq(1, 2, 1), alu_and(2), ret_errno(1), ret_errno(2), ret_allow()}));
    EXPECT_TRUE(is(without_instructions(program, 2, 2),
                   {load_nr(), jeq(1, 1, 0), ret_errno(1), ret_errno(2), ret_allow()}));
}

TEST(WithoutInstructions, AJumpToOneThatGoesLeadsToWhatFollows) {
    const Program program = {load_nr(), jeq(1, 1, 0), ret_errno(1), ret_errno(2), ret_allow()};
    EXPECT_TRUE(is(without_instructions(program, 3, 1),
                   {load_nr(), jeq(1, 1, 0), ret_errno(1), ret_allow()}));
    EXPECT_TRUE(is(without_instructions({ja(1), ret_errno(1), ret_errno(2), ret_allow()}, 1, 2),
                   {ja(0), ret_allow()}));
}

TEST(WithoutInstructions, TheEndMayBeFarther) {
    EXPECT_TRUE(without_instructions({load_nr(), ret_allow()}, 0, 9).empty());
}

TEST(ShrinkChain, FindsTheSmallestFilter) {
    support::Random random(31);
    const support::Aim aim{.arches = {}, .numbers = {38, 39, 40, 41}, .returns = {}};
    for (int i = 0; i < 20; i++) {
        Chain chain = support::shaped_chain(random, 12, aim);
        for (auto &program : chain)
            if (verdict_of({program}, 39) != SECCOMP_RET_ALLOW ||
                verdict_of({program}, 40) != SECCOMP_RET_ALLOW)
                program = {load_arg_low(0), alu_and(7), ret_allow()};
        chain.insert(chain.begin() + 6, {load_arch(), jeq(AUDIT_ARCH_X86_64, 0, 6), load_nr(),
                                         jgt(38, 0, 4), jgt(39, 3, 0), load_nr(), jset(1, 0, 1),
                                         ret(SECCOMP_RET_ERRNO | 5), ret_allow()});
        ASSERT_TRUE(refuses_39_alone(chain));

        Budget budget(20'000);
        const Chain small = shrink_chain(chain, refuses_39_alone, budget);
        EXPECT_TRUE(refuses_39_alone(small));
        ASSERT_EQ(small.size(), 1U);
        EXPECT_EQ(small[0].size(), 4U); // load, test, and two returns
    }
}

TEST(ShrinkChain, OffersNothingTheKernelWouldRefuse) {
    support::Random random(32);
    for (int i = 0; i < 20; i++) {
        const Chain chain = support::shaped_chain(random, 3);
        Budget budget(2'000);
        shrink_chain(
            chain,
            [](const Chain &candidate) {
                EXPECT_FALSE(candidate.empty());
                for (const auto &program : candidate)
                    EXPECT_FALSE(check(program));
                return candidate.size() > 1;
            },
            budget);
    }
}

TEST(ShrinkChain, StopsWhenTheBudgetIsSpent) {
    support::Random random(33);
    const Chain chain = support::shaped_chain(random, 32);
    std::size_t tries = 0;
    Budget budget(10);
    const Chain result = shrink_chain(
        chain,
        [&](const Chain &) {
            tries++;
            return false;
        },
        budget);
    EXPECT_EQ(tries, 10U);
    EXPECT_EQ(instructions(result), instructions(chain)) << "nothing smaller was seen to fail";
}

TEST(ShrinkChain, StopsWhenTheTimeIsOver) {
    support::Random random(34);
    std::size_t tries = 0;
    Budget budget(1000, std::chrono::seconds(0));
    shrink_chain(
        support::shaped_chain(random, 4),
        [&](const Chain &) {
            tries++;
            return true;
        },
        budget);
    EXPECT_EQ(tries, 0U);
}

TEST(ShrinkChain, MakesConstantsPlain) {
    Budget budget(1'000);
    const Chain small = shrink_chain(
        {{load_arg_high(3), alu_and(0x1234), jeq(0x77, 0, 1), ret(SECCOMP_RET_TRAP | 9),
          ret_errno(3)}},
        [](const Chain &chain) {
            seccomp_data data{};
            data.args[3] = ~0ULL;
            return run_chain(chain, data).value != SECCOMP_RET_ALLOW;
        },
        budget);
    ASSERT_EQ(small.size(), 1U);
    EXPECT_TRUE(is(small[0], {ret(SECCOMP_RET_ERRNO | 1)}));
}

TEST(ShrinkList, LeavesWhatTheFailureNeeds) {
    std::vector<int> list(100);
    for (int i = 0; i < 100; i++)
        list[static_cast<std::size_t>(i)] = i;
    const auto needs_both = [](const std::vector<int> &some) {
        return std::count(some.begin(), some.end(), 17) > 0 &&
               std::count(some.begin(), some.end(), 83) > 0;
    };
    Budget budget(10'000);
    EXPECT_THAT(support::shrink_list<int>(list, needs_both, budget), testing::ElementsAre(17, 83));
}

TEST(ShrinkList, MayLeaveNothing) {
    Budget budget(10);
    EXPECT_TRUE(support::shrink_list<int>(
                    {1, 2, 3}, [](const auto &) { return true; }, budget)
                    .empty());
}

} // namespace

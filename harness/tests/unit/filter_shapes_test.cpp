// SPDX-License-Identifier: MIT
#include "analysis/reference_emulator.h"
#include "cbpf/checker.h"
#include "cbpf/disassembler.h"
#include "tests/support/filter_shapes.h"

#include <gtest/gtest.h>

#include <linux/audit.h>

#include <algorithm>
#include <set>

namespace {

using namespace support;

class FilterShapes : public testing::TestWithParam<Shape> {};

TEST_P(FilterShapes, AreAccepted) {
    Random random(11);
    for (int i = 0; i < 2000; i++) {
        const cbpf::Program program = shaped_program(random, GetParam());
        const auto error = cbpf::check(program);
        ASSERT_FALSE(error) << error->pc << ' ' << error->reason << '\n'
                            << cbpf::disassemble(program);
    }
}

TEST_P(FilterShapes, AreAFunctionOfTheSeed) {
    Random one(12);
    Random other(12);
    for (int i = 0; i < 20; i++)
        EXPECT_TRUE(
            cbpf::same_program(shaped_program(one, GetParam()), shaped_program(other, GetParam())));
}

TEST_P(FilterShapes, KeepToTheEightInstructionsWhenAsked) {
    const std::set<unsigned> known = {BPF_LD | BPF_W | BPF_ABS,   BPF_ALU | BPF_AND | BPF_K,
                                      BPF_JMP | BPF_JA,           BPF_JMP | BPF_JEQ | BPF_K,
                                      BPF_JMP | BPF_JGT | BPF_K,  BPF_JMP | BPF_JGE | BPF_K,
                                      BPF_JMP | BPF_JSET | BPF_K, BPF_RET | BPF_K};
    Random random(13);
    for (int i = 0; i < 500; i++)
        for (const auto &insn : shaped_program(random, GetParam(), {.only_understood = true}))
            EXPECT_TRUE(known.count(insn.code)) << insn.code;
}

// Filters that are all alike, or all cached, or never, would test nothing.
TEST_P(FilterShapes, DecideSomeNumbersAndLeaveOthers) {
    Random random(14);
    // Programs that are nothing but random seldom get anywhere, and never by chance with X.
    const bool random_shape = GetParam() == Shape::random;
    int mixed = 0;
    for (int i = 0; i < 300; i++) {
        const auto allowed = analysis::allowed_numbers(
            {shaped_program(random, GetParam(), {.only_understood = random_shape})},
            AUDIT_ARCH_X86_64, 441);
        const auto count = std::count(allowed.begin(), allowed.end(), true);
        mixed += count > 0 && count < 441 ? 1 : 0;
    }
    EXPECT_GT(mixed, random_shape ? 10 : 100);
}

INSTANTIATE_TEST_SUITE_P(All, FilterShapes, testing::ValuesIn(all_shapes), [](const auto &shape) {
    std::string name(shape_name(shape.param));
    std::replace(name.begin(), name.end(), ' ', '_');
    return name;
});

TEST(FilterShapes, GetLongEnoughForFarJumps) {
    Random random(15);
    std::size_t longest = 0;
    bool far_jump = false;
    for (int i = 0; i < 500; i++) {
        const auto program = shaped_program(random, Shape::list);
        longest = std::max(longest, program.size());
        far_jump |= std::any_of(program.begin(), program.end(), [](const auto &insn) {
            return insn.code == (BPF_JMP | BPF_JA) && insn.k > 255;
        });
    }
    EXPECT_GT(longest, 400u);
    EXPECT_TRUE(far_jump);
}

TEST(FilterShapes, StayWithTheNumbersTheyAreAimedAt) {
    Random random(16);
    const Aim aim{.arches = {AUDIT_ARCH_X86_64}, .numbers = {39}, .returns = {SECCOMP_RET_TRAP}};
    for (int i = 0; i < 200; i++)
        for (const auto &insn : shaped_program(random, Shape::restriction, aim)) {
            if (insn.code == (BPF_RET | BPF_K)) {
                EXPECT_TRUE(insn.k == SECCOMP_RET_TRAP || insn.k == SECCOMP_RET_ALLOW) << insn.k;
            }
        }
}

TEST(ShapedChain, IsAsDeepAsAskedFor) {
    Random random(17);
    for (std::size_t depth = 0; depth <= 32; depth++)
        EXPECT_EQ(shaped_chain(random, depth).size(), depth);
}

} // namespace

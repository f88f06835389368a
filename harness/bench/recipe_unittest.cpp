// SPDX-License-Identifier: MIT
#include "bench/recipe.h"

#include "bench/found_filters.h"
#include "cbpf/builder.h"
#include "cbpf/checker.h"

#include <gtest/gtest.h>

#include <span>

namespace bench {
namespace {

using cbpf::same_program;

constexpr std::uint16_t jset = BPF_JMP | BPF_JSET | BPF_K;

bool has_at(std::size_t place, const cbpf::Program &program, const cbpf::Program &expected) {
    return same_program(std::span(program).subspan(place, expected.size()), expected);
}

TEST(Recipe, MakesTheLongestProgram) {
    const auto program = cook({{{1, {{jset, 0, 3, Constant::bit, 7, 1}}}}});
    EXPECT_EQ(program.size(), cbpf::max_instructions);
    EXPECT_FALSE(cbpf::check(program));
}

TEST(Recipe, ChangesConstantsFromRoundToRound) {
    const auto program = cook({{{1,
                                 {{jset, 0, 1, Constant::bit, 7, 1},
                                  {jset, 0, 0, Constant::other_bits, 0, 1},
                                  {jset, 0, 0, Constant::number, 440, 2},
                                  {jset, 0, 0, Constant::plain, 1, 0xffffffff}}}}});
    EXPECT_TRUE(has_at(0, program,
                       {cbpf::load_nr(), cbpf::jset(0x80, 0, 1), cbpf::jset(~1U, 0, 0),
                        cbpf::jset(440, 0, 0), cbpf::jset(1, 0, 0), cbpf::jset(0x100, 0, 1),
                        cbpf::jset(~2U, 0, 0), cbpf::jset(1, 0, 0), cbpf::jset(0, 0, 0)}));
}

TEST(Recipe, HasThePhasesOneAfterTheOther) {
    const auto program = cook({{{2, {{BPF_LD | BPF_IMM, 0, 0, Constant::plain, 5, 1}}},
                                {1, {{BPF_MISC | BPF_TAX, 0, 0, Constant::plain, 0, 0}}}}});
    EXPECT_TRUE(
        has_at(0, program,
               {cbpf::load_nr(), cbpf::stmt(BPF_LD | BPF_IMM, 5), cbpf::stmt(BPF_LD | BPF_IMM, 6),
                cbpf::stmt(BPF_MISC | BPF_TAX), cbpf::stmt(BPF_MISC | BPF_TAX)}));
}

TEST(Recipe, WritesMemoryBeforeItIsRead) {
    const auto program = cook({{{1, {{BPF_LD | BPF_MEM, 0, 0, Constant::plain, 15, 1}}}}});
    EXPECT_FALSE(cbpf::check(program));
    EXPECT_TRUE(has_at(16, program,
                       {cbpf::stmt(BPF_ST, 15), cbpf::stmt(BPF_LD | BPF_MEM, 15),
                        cbpf::stmt(BPF_LD | BPF_MEM, 0)}));
}

// 255 is as far as a jump goes.
TEST(Recipe, LeadsJumpsOfManyRoundsToOnePlace) {
    const auto program = cook({{{1,
                                 {{BPF_JMP | BPF_JEQ | BPF_K, 1, 0, Constant::number, 7, 1, true},
                                  {BPF_MISC | BPF_TAX, 0, 0, Constant::plain, 0, 0}}}}});
    EXPECT_FALSE(cbpf::check(program));
    const auto tax = cbpf::stmt(BPF_MISC | BPF_TAX);
    EXPECT_TRUE(has_at(1, program, {cbpf::jeq(7, 255, 0), tax, cbpf::jeq(8, 253, 0), tax}));
    EXPECT_TRUE(has_at(1 + 2 * 127, program, {cbpf::jeq(134, 1, 0), tax, cbpf::jeq(135, 255, 0)}));
}

TEST(Recipe, WithoutStepsIsNone) { EXPECT_TRUE(cook({{{1, {}}}}).empty()); }

TEST(Recipe, IsWrittenAsTheSourceOfItself) {
    EXPECT_EQ(source(Recipe{{{2, {{0x45, 0, 1, Constant::bit, 7, 3}}},
                             {1, {{0x25, 0, 0, Constant::plain, 4, 0, true}}}}}),
              "{{{2, {{0x45, 0, 1, Constant::bit, 7, 3}}}, {1, {{0x25, 0, 0, Constant::plain, 4, "
              "0, true}}}}}");
}

TEST(FoundFilters, AreTheLongestThatKernelsTake) {
    EXPECT_FALSE(found_filters().empty());
    for (const Recipe &recipe : found_filters()) {
        const auto program = cook(recipe);
        EXPECT_EQ(program.size(), cbpf::max_instructions) << source(recipe);
        EXPECT_FALSE(cbpf::check(program)) << source(recipe);
    }
}

} // namespace
} // namespace bench

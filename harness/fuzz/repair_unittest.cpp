// SPDX-License-Identifier: MIT
#include "fuzz/repair.h"

#include "cbpf/builder.h"
#include "cbpf/checker.h"
#include "cbpf/disassembler.h"
#include "tests/support/filter_shapes.h"

#include <gtest/gtest.h>

#include <set>

namespace {

using namespace cbpf;
using fuzz::repaired;

void expect_accepted(const Program &program) {
    const auto error = check(program);
    EXPECT_FALSE(error) << error->pc << ' ' << error->reason << '\n' << disassemble(program);
}

TEST(Repair, LeavesAcceptableProgramsAlone) {
    support::Random random(1);
    for (const support::Shape shape : support::all_shapes)
        for (int i = 0; i < 200; i++) {
            const Program program = support::shaped_program(random, shape);
            EXPECT_TRUE(same_program(repaired(program), program));
        }
}

TEST(Repair, MakesAnythingAcceptable) {
    support::Random random(2);
    std::set<unsigned> codes;
    for (int round = 0; round < 2000; round++) {
        Program program(1 + support::pick(random, 40));
        for (Instruction &insn : program) {
            const std::uint64_t bits = random();
            insn = {.code = static_cast<std::uint16_t>(bits),
                    .jt = static_cast<std::uint8_t>(bits >> 16),
                    .jf = static_cast<std::uint8_t>(bits >> 24),
                    .k = static_cast<std::uint32_t>(bits >> 32)};
        }
        const Program good = repaired(program);
        ASSERT_EQ(good.size(), program.size());
        expect_accepted(good);
        for (const Instruction &insn : good)
            codes.insert(insn.code);
    }
    // All 41 that seccomp knows: none is out of the fuzzer's reach.
    EXPECT_EQ(codes.size(), 41u);
}

TEST(Repair, MendsWhatIsNearlyRight) {
    support::Random random(3);
    for (int round = 0; round < 2000; round++)
        expect_accepted(
            repaired(support::mutate(random, support::random_valid_program(random, 20))));
}

TEST(Repair, MemoryReadsWithoutAStore) {
    const Program program = {stmt(BPF_LDX | BPF_MEM, 3), stmt(BPF_LD | BPF_MEM, 2), ret_a()};
    EXPECT_TRUE(same_program(repaired(program), Program{stmt(BPF_LDX | BPF_IMM, 3),
                                                        stmt(BPF_LD | BPF_IMM, 2), ret_a()}));
}

TEST(Repair, Lengths) {
    EXPECT_TRUE(repaired(Program{}).empty());
    EXPECT_EQ(repaired(Program(5000, ret_allow())).size(), max_instructions);
    EXPECT_EQ(repaired(Chain{{}, {ret_allow()}, {}}).size(), 1u);
}

} // namespace

// SPDX-License-Identifier: MIT
#include "cbpf/checker.h"
#include "cbpf/disassembler.h"
#include "tests/support/random_program.h"

#include <gtest/gtest.h>

#include <set>

namespace {

using namespace support;

TEST(RandomProgram, IsAFunctionOfTheSeed) {
    Random one(7);
    Random other(7);
    Random different(8);
    const cbpf::Program program = random_valid_program(one, 200);
    EXPECT_TRUE(cbpf::same_program(program, random_valid_program(other, 200)));
    EXPECT_FALSE(cbpf::same_program(program, random_valid_program(different, 200)));
}

TEST(RandomProgram, IsAcceptedAndAsLongAsAskedFor) {
    Random random(1);
    for (std::size_t length = 1; length <= 4096; length = length * 3 / 2 + 1) {
        for (const cbpf::Program &program :
             {random_valid_program(random, length), random_cacheable_program(random, length, true),
              random_cacheable_program(random, length, false)}) {
            EXPECT_EQ(program.size(), length);
            const auto error = cbpf::check(program);
            EXPECT_FALSE(error) << error->pc << ' ' << error->reason << '\n'
                                << cbpf::disassemble(program);
        }
    }
}

TEST(RandomProgram, UsesAllOfSeccompsInstructions) {
    Random random(2);
    std::set<unsigned> codes;
    for (int i = 0; i < 200; i++)
        for (const cbpf::Instruction &insn : random_valid_program(random, 100))
            codes.insert(insn.code);
    EXPECT_EQ(codes.size(), 41u);
}

TEST(RandomProgram, MutantsAreOfBothKinds) {
    Random random(3);
    int refused = 0;
    for (int i = 0; i < 1000; i++)
        refused += cbpf::check(mutate(random, random_valid_program(random, 20))) ? 1 : 0;
    EXPECT_GT(refused, 300);
    EXPECT_LT(refused, 900);
}

} // namespace

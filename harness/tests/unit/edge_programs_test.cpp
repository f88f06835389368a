// SPDX-License-Identifier: MIT
#include "tests/support/edge_programs.h"

#include "analysis/reference_emulator.h"
#include "cbpf/checker.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <algorithm>

namespace {

bool has(const cbpf::Program &program, std::initializer_list<unsigned> codes) {
    return std::ranges::any_of(program, [&](const cbpf::Instruction &instruction) {
        return std::ranges::find(codes, instruction.code) != codes.end();
    });
}

TEST(EdgePrograms, AreAcceptedAndOfAllKinds) {
    support::Random random(5);
    int arithmetic = 0, registers = 0, crowds = 0, mixed = 0;
    for (int round = 0; round < 2000; round++) {
        const auto program = support::edge_program(random);
        ASSERT_FALSE(cbpf::check(program)) << round;
        arithmetic += has(program, {BPF_ALU | BPF_OR | BPF_K, BPF_ALU | BPF_MUL | BPF_K}) ? 1 : 0;
        registers += has(program, {BPF_LD | BPF_MEM, BPF_MISC | BPF_TXA}) ? 1 : 0;
        crowds += has(program, {BPF_RET | BPF_A}) ? 1 : 0;
        const auto proved = analysis::allowed_numbers({program}, AUDIT_ARCH_X86_64, 441);
        const auto count = std::ranges::count(proved, true);
        mixed += count > 0 && count < 441 ? 1 : 0;
    }
    EXPECT_GT(arithmetic, 100);
    EXPECT_GT(registers, 100);
    EXPECT_GT(crowds, 100);
    EXPECT_GT(mixed, 400) << "few decide anything";
}

} // namespace

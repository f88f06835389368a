// SPDX-License-Identifier: MIT
#include "analysis/reference_emulator.h"
#include "cbpf/builder.h"
#include "cbpf/disassembler.h"
#include "cbpf/interpreter.h"
#include "tests/support/random_program.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace {

using namespace cbpf;
using analysis::allowed_numbers;

constexpr std::uint32_t native = AUDIT_ARCH_X86_64;
constexpr std::uint32_t compat = AUDIT_ARCH_I386;
constexpr unsigned size = 64;

std::vector<bool> expected(const std::function<bool(unsigned)> &allowed) {
    std::vector<bool> all;
    for (unsigned number = 0; number < size; number++)
        all.push_back(allowed(number));
    return all;
}

const std::vector<bool> none(size, false);
const std::vector<bool> all(size, true);

std::vector<bool> analyse(const Program &program, std::uint32_t arch = native) {
    return allowed_numbers({program}, arch, size);
}

// ALLOW where the condition holds for nr.
Program if_nr(Instruction condition) { return {load_nr(), condition, ret_allow(), ret_errno(1)}; }

TEST(ReferenceEmulator, OneInstruction) {
    EXPECT_EQ(analyse({ret_allow()}), all);
    EXPECT_EQ(analyse({ret_errno(1)}), none);
}

TEST(ReferenceEmulator, OnlyPlainAllowCounts) {
    for (const std::uint32_t value :
         {SECCOMP_RET_ALLOW | 1u, SECCOMP_RET_LOG, SECCOMP_RET_TRACE, SECCOMP_RET_USER_NOTIF,
          SECCOMP_RET_TRAP, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS, 0x7ffe0000u,
          0xffffffffu})
        EXPECT_EQ(analyse({ret(value)}), none) << value;
}

TEST(ReferenceEmulator, Comparisons) {
    for (const std::uint32_t k : {0u, 1u, 7u, 62u, 63u, 64u, 0x80000000u, 0xffffffffu}) {
        EXPECT_EQ(analyse(if_nr(jeq(k, 0, 1))), expected([k](unsigned n) { return n == k; })) << k;
        EXPECT_EQ(analyse(if_nr(jge(k, 0, 1))), expected([k](unsigned n) { return n >= k; })) << k;
        EXPECT_EQ(analyse(if_nr(jgt(k, 0, 1))), expected([k](unsigned n) { return n > k; })) << k;
        EXPECT_EQ(analyse(if_nr(jset(k, 0, 1))), expected([k](unsigned n) { return (n & k) != 0; }))
            << k;
    }
}

TEST(ReferenceEmulator, Masks) {
    const Program program = {load_nr(),    alu_and(0x0f), alu_and(0xf6),
                             jeq(6, 0, 1), ret_allow(),   ret_errno(1)};
    EXPECT_EQ(analyse(program), expected([](unsigned n) { return (n & 6) == 6; }));
    EXPECT_EQ(analyse({load_nr(), alu_and(0), jeq(0, 0, 1), ret_allow(), ret_errno(1)}), all);
}

TEST(ReferenceEmulator, AccumulatorStartsAsZero) {
    EXPECT_EQ(analyse({jeq(0, 0, 1), ret_allow(), ret_errno(1)}), all);
    EXPECT_EQ(analyse({jset(UINT32_MAX, 0, 1), ret_allow(), ret_errno(1)}), none);
}

TEST(ReferenceEmulator, Architectures) {
    const Program program = {load_arch(), jeq(native, 0, 1), ret_allow(), ret_errno(1)};
    EXPECT_EQ(analyse(program, native), all);
    EXPECT_EQ(analyse(program, compat), none);
    // A mask on arch gives a constant, never one of the number's.
    EXPECT_EQ(analyse({load_arch(), alu_and(0x3e), jeq(0x3e, 0, 1), ret_allow(), ret_errno(1)}),
              all);
}

TEST(ReferenceEmulator, X32NumbersAreOutOfReach) {
    EXPECT_EQ(analyse(if_nr(jset(0x40000000, 0, 1))), none);
}

TEST(ReferenceEmulator, WaysMeetAgain) {
    const Program program = {load_nr(),     jgt(9, 0, 1), alu_and(0xfe), jeq(8, 1, 0),
                             jeq(20, 0, 1), ret_allow(),  ret_errno(1)};
    EXPECT_EQ(analyse(program), expected([](unsigned n) { return n == 8 || n == 20 || n == 21; }));
}

TEST(ReferenceEmulator, DeadCodeDoesNotMatter) {
    EXPECT_EQ(analyse({ja(1), load_arg_low(0), ret_allow()}), all);
    EXPECT_EQ(analyse({ret_allow(), stmt(BPF_MISC | BPF_TAX), ret_errno(1)}), all);
    EXPECT_EQ(analyse({load_nr(), jge(1000, 0, 1), load_arg_low(0), ret_allow()}), all);
}

TEST(ReferenceEmulator, AnythingElseIsLeftToTheFilter) {
    for (std::uint32_t offset = 8; offset < 64; offset += 4)
        EXPECT_EQ(analyse({load(offset), ret_allow()}), none) << offset;
    for (const unsigned code : {BPF_LD | BPF_W | BPF_LEN,
                                BPF_LDX | BPF_W | BPF_LEN,
                                BPF_LD | BPF_IMM,
                                BPF_LDX | BPF_IMM,
                                BPF_ST,
                                BPF_STX,
                                BPF_MISC | BPF_TAX,
                                BPF_MISC | BPF_TXA,
                                BPF_ALU | BPF_NEG,
                                BPF_ALU | BPF_ADD | BPF_K,
                                BPF_ALU | BPF_SUB | BPF_K,
                                BPF_ALU | BPF_MUL | BPF_K,
                                BPF_ALU | BPF_DIV | BPF_K,
                                BPF_ALU | BPF_OR | BPF_K,
                                BPF_ALU | BPF_XOR | BPF_K,
                                BPF_ALU | BPF_LSH | BPF_K,
                                BPF_ALU | BPF_RSH | BPF_K,
                                BPF_ALU | BPF_AND | BPF_X,
                                BPF_JMP | BPF_JEQ | BPF_X,
                                BPF_JMP | BPF_JGE | BPF_X,
                                BPF_JMP | BPF_JGT | BPF_X,
                                BPF_JMP | BPF_JSET | BPF_X})
        EXPECT_EQ(analyse({stmt(code, 1), ret_allow()}), none) << code;
    EXPECT_EQ(analyse({load_nr(), ret_a()}), none);
}

TEST(ReferenceEmulator, OnlyTheNumbersThatMeetItAreLeftToTheFilter) {
    EXPECT_EQ(analyse({load_nr(), jeq(5, 0, 1), load_arg_low(0), ret_allow()}),
              expected([](unsigned n) { return n != 5; }));
}

TEST(ReferenceEmulator, ChainsAllowWhatEveryFilterAllows) {
    const Chain chain = {if_nr(jge(10, 0, 1)), if_nr(jset(1, 0, 1)), {ret_allow()}};
    EXPECT_EQ(allowed_numbers(chain, native, size),
              expected([](unsigned n) { return n >= 10 && n % 2 == 1; }));
    EXPECT_EQ(allowed_numbers({{ret_errno(1)}, {ret_allow()}}, native, size), none);
}

TEST(ReferenceEmulator, NoFilterNoCache) { EXPECT_EQ(allowed_numbers({}, native, size), none); }

TEST(ReferenceEmulator, RefusesProgramsTheKernelWouldNotTake) {
    EXPECT_THROW(analyse({load_nr()}), std::invalid_argument);
    EXPECT_THROW(analyse({}), std::invalid_argument);
}

TEST(ReferenceEmulator, TheLongestPrograms) {
    Program program(4095, alu_and(0xff));
    program.push_back(ret_allow());
    EXPECT_EQ(analyse(program), all);
}

// Against the interpreter. A number called ALLOW must return exactly that from every filter,
// whatever the arguments.
TEST(ReferenceEmulator, WhatItAllowsEveryRunAllows) {
    constexpr std::uint64_t seed = 20201011;
    RecordProperty("seed", std::to_string(seed));
    support::Random random(seed);
    std::size_t proofs = 0;
    for (int round = 0; round < 3000; round++) {
        Chain chain;
        for (std::uint32_t filters = 1 + support::pick(random, 3); filters > 0; filters--)
            chain.push_back(support::pick(random, 3) == 0
                                ? support::random_valid_program(random, 12)
                                : support::random_cacheable_program(random, 12, true));
        for (const std::uint32_t arch : {native, compat}) {
            const std::vector<bool> allowed = allowed_numbers(chain, arch, 450);
            for (unsigned number = 0; number < 450; number += 1 + support::pick(random, 40)) {
                if (!allowed[number])
                    continue;
                proofs++;
                for (const Program &program : chain) {
                    const auto data = support::random_data(random, program, arch, number);
                    ASSERT_EQ(run(program, data), SECCOMP_RET_ALLOW)
                        << "seed " << seed << ", round " << round << ", number " << number << '\n'
                        << disassemble(program);
                }
            }
        }
    }
    EXPECT_GT(proofs, 1000u) << "the test has tested nothing";
}

// Programs of nothing but the eight instructions, with no load of arguments, are decided in full:
// there is no other reason for FILTER than that the filter does not allow.
TEST(ReferenceEmulator, WhatDependsOnNumberAndArchitectureAloneIsDecided) {
    constexpr std::uint64_t seed = 5102621;
    RecordProperty("seed", std::to_string(seed));
    support::Random random(seed);
    for (int round = 0; round < 2000; round++) {
        const Program program =
            support::random_cacheable_program(random, 1 + support::pick(random, 60), false);
        for (const std::uint32_t arch : {native, compat}) {
            const std::vector<bool> allowed = allowed_numbers({program}, arch, 450);
            for (unsigned number = 0; number < 450; number++) {
                seccomp_data data{};
                data.nr = static_cast<int>(number);
                data.arch = arch;
                ASSERT_EQ(allowed[number], run(program, data) == SECCOMP_RET_ALLOW)
                    << "seed " << seed << ", round " << round << ", number " << number << '\n'
                    << disassemble(program);
            }
        }
    }
}

} // namespace

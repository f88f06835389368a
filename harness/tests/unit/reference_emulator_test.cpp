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
    EXPECT_EQ(analyse({load_nr(), jge(1000, 0, 1), ret_errno(1), ret_allow()}), all);
}

TEST(ReferenceEmulator, ArgumentsAreNotKnown) {
    for (std::uint32_t offset = 8; offset < 64; offset += 4) {
        EXPECT_EQ(analyse({load(offset), jeq(7, 0, 1), ret_allow(), ret_errno(1)}), none) << offset;
        EXPECT_EQ(analyse({load(offset), ret_a()}), none) << offset;
    }
}

TEST(ReferenceEmulator, AnArgumentThatMakesNoDifferenceIsNoObstacle) {
    EXPECT_EQ(analyse({load_arg_low(0), ret_allow()}), all);
    EXPECT_EQ(analyse({load_arg_low(0), jeq(7, 0, 1), ret_allow(), ret_allow()}), all);
    EXPECT_EQ(analyse({load_arg_low(0), jeq(7, 0, 0), ret_allow()}), all);
    EXPECT_EQ(analyse({load_arg_low(0), load_nr(), jset(1, 0, 1), ret_allow(), ret_errno(1)}),
              expected([](unsigned n) { return n % 2 == 1; }));
}

// One way that refuses is enough, and it may come first or last.
TEST(ReferenceEmulator, EveryWayMustAllow) {
    for (const Instruction second : {ret_errno(1), ret(SECCOMP_RET_ALLOW | 1)}) {
        EXPECT_EQ(analyse({load_arg_low(0), jgt(7, 0, 1), ret_allow(), second}), none);
        EXPECT_EQ(analyse({load_arg_low(0), jgt(7, 0, 1), second, ret_allow()}), none);
    }
}

// That (argument & 0) is 0 can be seen, but is not looked for.
TEST(ReferenceEmulator, WhatIsComputedWithTheUnknownIsUnknown) {
    for (const unsigned op : {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH,
                              BPF_RSH, BPF_NEG}) {
        EXPECT_EQ(
            analyse({load_arg_low(0), stmt(BPF_ALU | op | BPF_K, 1),
                     stmt(BPF_ALU | BPF_AND | BPF_K, 0), jeq(0, 0, 1), ret_allow(), ret_errno(1)}),
            none)
            << op;
    }
}

// There is no BPF_NEG with X.
Instruction with_x(unsigned op) { return stmt(BPF_ALU | op | (op == BPF_NEG ? BPF_K : BPF_X)); }

std::uint32_t computed(unsigned op, std::uint32_t a, std::uint32_t b) {
    const Program program = {stmt(BPF_LDX | BPF_IMM, b), stmt(BPF_LD | BPF_IMM, a), with_x(op),
                             ret_a()};
    return run(program, seccomp_data{});
}

// With a constant and with X, of numbers and of constants.
TEST(ReferenceEmulator, Arithmetic) {
    for (const unsigned op : {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH,
                              BPF_RSH, BPF_NEG}) {
        const std::uint32_t result = computed(op, 44, 3);
        const auto same = expected([&](unsigned n) { return computed(op, n, 3) == result; });
        const Program tail = {jeq(result, 0, 1), ret_allow(), ret_errno(1)};
        const auto with_tail = [&](Program head) {
            head.insert(head.end(), tail.begin(), tail.end());
            return head;
        };
        EXPECT_EQ(analyse(with_tail({load_nr(), stmt(BPF_ALU | op | BPF_K, 3)})), same) << op;
        EXPECT_EQ(analyse(with_tail({stmt(BPF_LDX | BPF_IMM, 3), load_nr(), with_x(op)})), same)
            << op;
        EXPECT_EQ(analyse(with_tail(
                      {stmt(BPF_LDX | BPF_IMM, 3), stmt(BPF_LD | BPF_IMM, 44), with_x(op)})),
                  all)
            << op;
    }
}

// As some of the kernel's JITs shift by all of X and others by its lower five bits.
TEST(ReferenceEmulator, ShiftsByMoreThan31GiveWhatNobodyKnows) {
    for (const unsigned op : {BPF_LSH, BPF_RSH})
        for (const std::uint32_t bits : {31U, 32U, 33U, 64U, 0xffffffffU}) {
            const Program shift = {stmt(BPF_LDX | BPF_IMM, bits),
                                   stmt(BPF_LD | BPF_IMM, 0),
                                   with_x(op),
                                   jeq(0, 0, 1),
                                   ret_allow(),
                                   ret_errno(1)};
            EXPECT_EQ(analyse(shift), bits < 32 ? all : none) << op << " by " << bits;
        }
    EXPECT_EQ(analyse({load_nr(), stmt(BPF_MISC | BPF_TAX), stmt(BPF_LD | BPF_IMM, 0),
                       with_x(BPF_LSH), jeq(0, 0, 1), ret_allow(), ret_errno(1)}),
              expected([](unsigned n) { return n < 32; }));
}

TEST(ReferenceEmulator, DivisionByZeroRefuses) {
    const Instruction divide = stmt(BPF_ALU | BPF_DIV | BPF_X);
    EXPECT_EQ(analyse({divide, ret_allow()}), none) << "X starts as 0";
    EXPECT_EQ(analyse({load_nr(), stmt(BPF_MISC | BPF_TAX), divide, ret_allow()}),
              expected([](unsigned n) { return n != 0; }));
    EXPECT_EQ(analyse({load_arg_low(0), stmt(BPF_MISC | BPF_TAX), load_nr(), divide, ret_allow()}),
              none)
        << "an argument can be 0";
    EXPECT_EQ(analyse({stmt(BPF_LDX | BPF_IMM, 2), load_arg_low(0), divide, ret_allow()}), all);
}

TEST(ReferenceEmulator, RegistersAndMemory) {
    const Program tail = {jeq(9, 0, 1), ret_allow(), ret_errno(1)};
    const auto nine = expected([](unsigned n) { return n == 9; });
    const auto with_tail = [&](Program head) {
        head.insert(head.end(), tail.begin(), tail.end());
        return head;
    };
    const Instruction tax = stmt(BPF_MISC | BPF_TAX), txa = stmt(BPF_MISC | BPF_TXA);
    const Instruction clear = stmt(BPF_LD | BPF_IMM, 0);
    EXPECT_EQ(analyse(with_tail({load_nr(), tax, clear, txa})), nine);
    for (const std::uint32_t word : {0U, 7U, 15U}) {
        EXPECT_EQ(analyse(with_tail(
                      {load_nr(), stmt(BPF_ST, word), clear, stmt(BPF_LD | BPF_MEM, word)})),
                  nine);
        EXPECT_EQ(
            analyse(with_tail({load_nr(), tax, clear, stmt(BPF_STX, word),
                               stmt(BPF_LDX | BPF_IMM, 1), stmt(BPF_LDX | BPF_MEM, word), txa})),
            nine);
    }
    EXPECT_EQ(analyse(with_tail({stmt(BPF_LD | BPF_IMM, 9)})), all);
    EXPECT_EQ(analyse({stmt(BPF_LD | BPF_W | BPF_LEN), jeq(sizeof(seccomp_data), 0, 1), ret_allow(),
                       ret_errno(1)}),
              all);
    EXPECT_EQ(analyse({stmt(BPF_LDX | BPF_W | BPF_LEN), txa, jeq(sizeof(seccomp_data), 0, 1),
                       ret_allow(), ret_errno(1)}),
              all);
    EXPECT_EQ(analyse({txa, jeq(0, 0, 1), ret_allow(), ret_errno(1)}), all) << "X starts as 0";
}

TEST(ReferenceEmulator, ConditionsOnX) {
    const auto compared = [](unsigned op) {
        return analyse({stmt(BPF_LDX | BPF_IMM, 12), load_nr(), jump(BPF_JMP | op | BPF_X, 0, 0, 1),
                        ret_allow(), ret_errno(1)});
    };
    EXPECT_EQ(compared(BPF_JEQ), expected([](unsigned n) { return n == 12; }));
    EXPECT_EQ(compared(BPF_JGT), expected([](unsigned n) { return n > 12; }));
    EXPECT_EQ(compared(BPF_JGE), expected([](unsigned n) { return n >= 12; }));
    EXPECT_EQ(compared(BPF_JSET), expected([](unsigned n) { return (n & 12) != 0; }));
    EXPECT_EQ(analyse({load_arg_low(0), stmt(BPF_MISC | BPF_TAX), load_nr(),
                       jump(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), ret_allow(), ret_errno(1)}),
              none);
}

TEST(ReferenceEmulator, ComputedReturns) {
    const Program high = {load_nr(), stmt(BPF_ALU | BPF_ADD | BPF_K, SECCOMP_RET_ALLOW - 5),
                          ret_a()};
    EXPECT_EQ(analyse(high), expected([](unsigned n) { return n == 5; }));
    EXPECT_EQ(analyse({stmt(BPF_LD | BPF_IMM, SECCOMP_RET_ALLOW), ret_a()}), all);
}

TEST(ReferenceEmulator, OnlyTheNumbersThatMeetAnArgumentAreLeftToTheFilter) {
    EXPECT_EQ(analyse({load_nr(), jeq(5, 0, 3), load_arg_low(0), jeq(1, 0, 1), ret_errno(1),
                       ret_allow()}),
              expected([](unsigned n) { return n != 5; }));
}

// Each diamond doubles the ways; where they meet in the same state it is one again.
TEST(ReferenceEmulator, WaysThatMeetInTheSameStateAreOne) {
    Program program;
    for (int diamond = 0; diamond < 100; diamond++) {
        program.push_back(load_arg_low(0));
        program.push_back(jset(1, 1, 0));
        program.push_back(load_nr());
        program.push_back(load_nr());
    }
    program.push_back(ret_allow());
    const auto provable = analysis::provable_numbers({program}, native, size);
    EXPECT_EQ(provable.allowed, all);
}

// A is any of 2^30 sums where the ways end.
Program too_many_ways() {
    Program program = {load_arg_low(0), stmt(BPF_MISC | BPF_TAX), stmt(BPF_LD | BPF_IMM, 0)};
    for (std::uint32_t bit = 0; bit < 30; bit++) {
        program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0));
        program.push_back(stmt(BPF_ALU | BPF_ADD | BPF_K, 1u << bit));
    }
    program.push_back(ret_allow());
    return program;
}

TEST(ReferenceEmulator, TooManyWaysAreLeftUndecided) {
    const auto provable = analysis::provable_numbers({too_many_ways()}, native, size);
    EXPECT_EQ(provable.allowed, none);
    EXPECT_EQ(provable.undecided, all);
    EXPECT_FALSE(provable.is_demanded());
    EXPECT_FALSE(provable.first_refuted(none));
    EXPECT_FALSE(provable.first_refuted(all)) << "who knows";
    const auto refused =
        analysis::provable_numbers({too_many_ways(), {ret_errno(1)}}, native, size);
    EXPECT_EQ(refused.undecided, none) << "the other filter decides";
}

TEST(ReferenceEmulator, Refutes) {
    const auto provable = analysis::provable_numbers({if_nr(jge(10, 0, 1))}, native, size);
    EXPECT_TRUE(provable.is_demanded());
    EXPECT_FALSE(provable.first_refuted(provable.allowed));
    EXPECT_EQ(provable.first_refuted(all), 0u);
    EXPECT_EQ(provable.first_refuted(none), 10u);
}

TEST(ReferenceEmulator, ALargeProgramMayBeGivenUp) {
    Program program;
    for (std::uint32_t number = 0; number < 40; number++) {
        program.push_back(load_nr());
        program.push_back(alu_and(number + 64));
        program.push_back(jset(63, 0, 0));
    }
    for (int round = 0; round < 100; round++) {
        program.push_back(load_nr());
        program.push_back(alu_and(63));
        program.push_back(jset(1, 0, 0));
    }
    program.push_back(ret_allow());
    const auto provable = analysis::provable_numbers({program}, native, size);
    EXPECT_EQ(provable.allowed, all);
    EXPECT_FALSE(provable.is_demanded());
    EXPECT_FALSE(provable.first_refuted(none));
}

TEST(ReferenceEmulator, TheSizeOfAProgram) {
    const auto of = [](const Program &program) {
        return analysis::provable_numbers({program}, native, size).size;
    };
    EXPECT_EQ(of({ret_allow()}).steps, 0u);
    EXPECT_EQ(of({ret_allow()}).states, 0u);
    EXPECT_EQ(of({load_nr(), alu_and(1), ret_allow()}).states, 2u)
        << "where it is and where it goes";
    // Two of them wait where the ways meet, with the number and with the argument.
    EXPECT_EQ(of({load_nr(), jge(9, 0, 1), load_arg_low(0), jeq(1, 0, 0), ret_allow()}).states, 3u);
    EXPECT_EQ(of({load_nr(), jset(1, 0, 0), ret_allow()}).steps, 2u + size) << "each number";
    EXPECT_TRUE(of({load_nr(), stmt(BPF_MISC | BPF_TAX), load_arg_low(0),
                    stmt(BPF_ALU | BPF_DIV | BPF_X), ret_allow()})
                    .hard_division);
    Program stores;
    for (std::uint32_t word = 0; word < 5; word++) {
        stores.push_back(stmt(BPF_LD | BPF_IMM, 40 + word));
        stores.push_back(stmt(BPF_ST, word));
    }
    stores.push_back(ret_allow());
    EXPECT_EQ(of(stores).banks, 2u) << "one behind the other";
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

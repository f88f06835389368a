// SPDX-License-Identifier: MIT
#include "analysis/oracle.h"
#include "analysis/reference_emulator.h"
#include "cbpf/action.h"
#include "cbpf/builder.h"
#include "cbpf/checker.h"
#include "cbpf/disassembler.h"
#include "cbpf/interpreter.h"
#include "tests/support/filter_shapes.h"
#include "tests/support/random_program.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <iterator>
#include <set>
#include <stdexcept>

namespace {

using namespace cbpf;
using analysis::Allowed;
using analysis::Constant;
using analysis::Oracle;
using analysis::Refused;
using analysis::Unknown;
using analysis::Varies;
using analysis::Verdict;

constexpr std::uint32_t native = AUDIT_ARCH_X86_64;
constexpr std::uint32_t compat = AUDIT_ARCH_I386;
constexpr std::uint32_t number = 39;

// "constant 0x7fff0000", "varies", "unknown": for readable expectations.
std::string text(const Verdict &verdict) {
    if (const auto *constant = std::get_if<Constant>(&verdict))
        return fmt::format("constant {:#x}", constant->value);
    return std::holds_alternative<Varies>(verdict) ? "varies" : "unknown";
}

std::string constant(std::uint32_t value) { return text(Constant{value}); }

std::string verdict(const Program &program, std::uint32_t arch = native,
                    std::uint32_t nr = number) {
    return text(Oracle({program}).filter_verdict(0, arch, nr));
}

std::string permission(const Chain &chain, std::uint32_t nr = number) {
    const auto answer = Oracle(chain).always_allowed(native, nr);
    if (const auto *refused = std::get_if<Refused>(&answer))
        return fmt::format("filter {} returns {}", refused->filter, action_name(refused->value));
    return std::holds_alternative<Allowed>(answer) ? "allowed" : "unknown";
}

bool same_syscall(const seccomp_data &a, const seccomp_data &b) {
    return a.nr == b.nr && a.arch == b.arch;
}

Instruction alu(unsigned operation, std::uint32_t k) {
    return stmt(BPF_ALU | operation | BPF_K, k);
}
Instruction alu_x(unsigned operation) { return stmt(BPF_ALU | operation | BPF_X); }
Instruction load_constant(std::uint32_t k) { return stmt(BPF_LD | BPF_IMM, k); }
Instruction load_x(std::uint32_t k) { return stmt(BPF_LDX | BPF_IMM, k); }
const Instruction tax = stmt(BPF_MISC | BPF_TAX);
const Instruction txa = stmt(BPF_MISC | BPF_TXA);

TEST(Oracle, ReturnsOfConstants) {
    for (const std::uint32_t value : {0U, 1U, SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW | 1U,
                                      SECCOMP_RET_KILL_PROCESS, 0x12345678U, UINT32_MAX})
        EXPECT_EQ(verdict({ret(value)}), constant(value));
    EXPECT_EQ(verdict({ret_a()}), constant(0)) << "A starts as 0";
    EXPECT_EQ(verdict({txa, ret_a()}), constant(0)) << "X starts as 0";
}

TEST(Oracle, NumberAndArchitectureAreKnown) {
    EXPECT_EQ(verdict({load_nr(), ret_a()}), constant(number));
    EXPECT_EQ(verdict({load_arch(), ret_a()}), constant(native));
    EXPECT_EQ(verdict({load_arch(), ret_a()}, compat), constant(compat));
    EXPECT_EQ(verdict({load_nr(), ret_a()}, native, 0xffffffff), constant(0xffffffff));
}

TEST(Oracle, EveryOtherFieldIsFree) {
    for (std::uint32_t offset = 8; offset < sizeof(seccomp_data); offset += 4) {
        Oracle oracle({{load(offset), ret_a()}});
        const Verdict answer = oracle.filter_verdict(0, native, number);
        const auto *varies = std::get_if<Varies>(&answer);
        ASSERT_NE(varies, nullptr) << offset;
        EXPECT_NE(varies->one_value, varies->other_value);
        EXPECT_TRUE(same_syscall(varies->one, varies->other));
        EXPECT_EQ(run(oracle.chain()[0], varies->one), varies->one_value);
        EXPECT_EQ(run(oracle.chain()[0], varies->other), varies->other_value);
    }
}

// Every bit of them, too.
TEST(Oracle, EveryBitOfEveryFieldCounts) {
    for (std::uint32_t offset = 8; offset < sizeof(seccomp_data); offset += 4)
        for (unsigned bit = 0; bit < 32; bit++)
            EXPECT_EQ(verdict({load(offset), jset(1U << bit, 0, 1), ret_errno(1), ret_allow()}),
                      "varies")
                << offset << ' ' << bit;
}

TEST(Oracle, OneValueOutOfAllOfThem) {
    for (const std::uint32_t value : {0U, 1U, 0x7fffffffU, 0x80000000U, 0x9e3779b9U, UINT32_MAX}) {
        EXPECT_EQ(verdict({load_arg_high(5), jeq(value, 0, 1), ret_errno(1), ret_allow()}),
                  "varies");
        EXPECT_EQ(verdict({load_arg_high(5), jeq(value, 0, 3), load_arg_low(5), jeq(~value, 0, 1),
                           ret_errno(1), ret_allow()}),
                  "varies");
    }
}

// Calls with this argument are refused, says the interpreter, whatever the program is.
std::uint32_t refuses_all_ones(const seccomp_data &data) {
    return data.args[0] == UINT64_MAX ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ALLOW;
}

// Where interpreter and oracle contradict each other, one of them is wrong: no answer is given.
TEST(OracleDistrust, AConstantThatTheInterpreterRefutes) {
    const analysis::Interpreter refuting = {
        .run = [](const auto &, const auto &data) { return refuses_all_ones(data); },
        .run_chain = [](const auto &, const auto &data) { return refuses_all_ones(data); }};
    Oracle oracle({{ret_allow()}}, {}, refuting);
    EXPECT_THROW(oracle.filter_verdict(0, native, number), analysis::OracleError);
    EXPECT_THROW(oracle.verdict(native, number), analysis::OracleError);
    EXPECT_THROW(oracle.always_allowed(native, number), analysis::OracleError);
}

TEST(OracleDistrust, AnInputThatMakesNoDifferenceToTheInterpreter) {
    const analysis::Interpreter indifferent = {
        .run = [](const auto &, const auto &) { return SECCOMP_RET_ALLOW; },
        .run_chain = [](const auto &, const auto &) { return SECCOMP_RET_ALLOW; }};
    Oracle oracle({{load_arg_low(0), jeq(0x5ec0ffee, 0, 1), ret_errno(1), ret_allow()}}, {},
                  indifferent);
    EXPECT_THROW(oracle.filter_verdict(0, native, number), analysis::OracleError);
    EXPECT_THROW(oracle.verdict(native, number), analysis::OracleError);
    EXPECT_THROW(oracle.always_allowed(native, number), analysis::OracleError);
}

TEST(Oracle, BranchesThatComeToTheSame) {
    EXPECT_EQ(verdict({load_arg_low(0), jeq(5, 0, 1), ret_allow(), ret_allow()}),
              constant(SECCOMP_RET_ALLOW));
    EXPECT_EQ(verdict({load_arg_low(0), jgt(5, 0, 1), load_constant(7), load_constant(7), ret_a()}),
              constant(7));
    // By different computations, this time.
    EXPECT_EQ(verdict({load_arg_low(0), jgt(5, 0, 2), load_constant(3), ja(2), load_constant(1),
                       alu(BPF_ADD, 2), ret_a()}),
              constant(3));
}

TEST(Oracle, BranchesThatCannotBeTaken) {
    // The same comparison twice; the second time its outcome is known.
    EXPECT_EQ(verdict({load_arg_low(0), jeq(5, 0, 2), jeq(5, 1, 0), ret_errno(1), ret_allow()}),
              constant(SECCOMP_RET_ALLOW));
    // Below 10, so not 20; masked, so not odd.
    EXPECT_EQ(verdict({load_arg_low(0), jge(10, 2, 0), jeq(20, 0, 1), ret_errno(1), ret_allow()}),
              constant(SECCOMP_RET_ALLOW));
    EXPECT_EQ(verdict({load_arg_low(0), alu_and(0xfe), jset(1, 0, 1), ret_errno(1), ret_allow()}),
              constant(SECCOMP_RET_ALLOW));
    // By way of another field: not equal and equal.
    EXPECT_EQ(
        verdict({load_arg_low(0), tax, load_arg_low(1), jump(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0),
                 ret_allow(), alu_x(BPF_XOR), jeq(0, 0, 1), ret_errno(1), ret_allow()}),
        "varies")
        << "A is args[1] ^ args[0] = 0 where they are equal";
    EXPECT_EQ(
        verdict({load_arg_low(0), tax, load_arg_low(1), jump(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0),
                 ret_errno(1), alu_x(BPF_XOR), jeq(0, 1, 0), ret_allow(), ret_errno(1)}),
        constant(SECCOMP_RET_ERRNO | 1));
}

TEST(Oracle, LoadsAndMoves) {
    EXPECT_EQ(verdict({load_constant(0xdeadbeef), ret_a()}), constant(0xdeadbeef));
    EXPECT_EQ(verdict({load_x(0xdeadbeef), txa, ret_a()}), constant(0xdeadbeef));
    EXPECT_EQ(verdict({stmt(BPF_LD | BPF_W | BPF_LEN), ret_a()}), constant(64));
    EXPECT_EQ(verdict({stmt(BPF_LDX | BPF_W | BPF_LEN), txa, ret_a()}), constant(64));
    EXPECT_EQ(verdict({load_nr(), tax, load_constant(1), txa, ret_a()}), constant(number));
}

TEST(Oracle, ScratchMemory) {
    for (unsigned word = 0; word < BPF_MEMWORDS; word++) {
        EXPECT_EQ(verdict({load_constant(word + 7), stmt(BPF_ST, word), load_constant(0),
                           stmt(BPF_LD | BPF_MEM, word), ret_a()}),
                  constant(word + 7));
        EXPECT_EQ(verdict({load_x(word + 7), stmt(BPF_STX, word), stmt(BPF_LDX | BPF_MEM, word),
                           txa, ret_a()}),
                  constant(word + 7));
        EXPECT_EQ(verdict({load_arg_low(2), stmt(BPF_ST, word), load_constant(0),
                           stmt(BPF_LD | BPF_MEM, word), ret_a()}),
                  "varies");
    }
    // A word written on both ways, read behind.
    EXPECT_EQ(verdict({load_arg_low(0), jeq(1, 0, 2), load_constant(4), ja(1), load_constant(4),
                       stmt(BPF_ST, 15), stmt(BPF_LD | BPF_MEM, 15), ret_a()}),
              constant(4));
}

TEST(Oracle, ScratchMemoryWhereWaysMeet) {
    // Each way writes a value of its own into the same word.
    const auto two_ways = [](std::uint32_t one, std::uint32_t other, unsigned word) {
        return Program{
            load_arg_low(0), jeq(1, 0, 3),         load_constant(one), stmt(BPF_ST, word),
            ja(2),           load_constant(other), stmt(BPF_ST, word), stmt(BPF_LD | BPF_MEM, word),
            ret_a()};
    };
    for (unsigned word = 0; word < BPF_MEMWORDS; word++) {
        EXPECT_EQ(verdict(two_ways(4, 4, word)), constant(4));
        EXPECT_EQ(verdict(two_ways(4, 5, word)), "varies");
    }
    // X is merged like A.
    EXPECT_EQ(verdict({load_x(4), load_arg_low(0), jeq(1, 0, 1), load_x(5), txa, ret_a()}),
              "varies");
}

struct Arithmetic {
    unsigned operation;
    std::uint32_t a, k, result;
};

TEST(Oracle, ArithmeticOnConstants) {
    const Arithmetic cases[] = {
        {BPF_ADD, UINT32_MAX, 2, 1},          {BPF_SUB, 1, 2, UINT32_MAX},
        {BPF_MUL, 0x10001, 0x10001, 0x20001}, {BPF_DIV, UINT32_MAX, 2, 0x7fffffff},
        {BPF_AND, 0xff00, 0x0ff0, 0x0f00},    {BPF_OR, 0xff00, 0x0ff0, 0xfff0},
        {BPF_XOR, 0xff00, 0x0ff0, 0xf0f0},    {BPF_LSH, 3, 31, 0x80000000},
        {BPF_RSH, 0x80000000, 31, 1},
    };
    for (const auto &[operation, a, k, result] : cases) {
        EXPECT_EQ(verdict({load_constant(a), alu(operation, k), ret_a()}), constant(result));
        EXPECT_EQ(verdict({load_constant(a), load_x(k), alu_x(operation), ret_a()}),
                  constant(result));
    }
    EXPECT_EQ(verdict({load_constant(1), stmt(BPF_ALU | BPF_NEG), ret_a()}), constant(UINT32_MAX));
}

TEST(Oracle, ArithmeticOnArguments) {
    // What each operation leaves of an argument, told by a property of the result.
    EXPECT_EQ(verdict({load_arg_low(0), alu(BPF_LSH, 4), alu_and(15), ret_a()}), constant(0));
    EXPECT_EQ(verdict({load_arg_low(0), alu(BPF_RSH, 28), jgt(15, 0, 1), ret(1), ret(2)}),
              constant(2));
    EXPECT_EQ(verdict({load_arg_low(0), alu(BPF_DIV, 0x10000), jgt(0xffff, 0, 1), ret(1), ret(2)}),
              constant(2));
    EXPECT_EQ(verdict({load_arg_low(0), alu(BPF_DIV, 0x10000), jge(0xffff, 0, 1), ret(1), ret(2)}),
              "varies");
    EXPECT_EQ(verdict({load_arg_low(0), alu(BPF_OR, 8), jset(8, 0, 1), ret(1), ret(2)}),
              constant(1));
    EXPECT_EQ(verdict({load_arg_low(0), alu(BPF_MUL, 6), jset(1, 0, 1), ret(1), ret(2)}),
              constant(2));
    EXPECT_EQ(verdict({load_arg_low(0), tax, alu_x(BPF_SUB), ret_a()}), constant(0));
    EXPECT_EQ(verdict({load_arg_low(0), tax, alu_x(BPF_XOR), ret_a()}), constant(0));
    EXPECT_EQ(verdict({load_arg_low(0), alu(BPF_XOR, UINT32_MAX), tax, load_arg_low(0),
                       alu_x(BPF_AND), ret_a()}),
              constant(0))
        << "x & ~x: for the solver";
    EXPECT_EQ(
        verdict({load_arg_low(0), tax, alu_x(BPF_MUL), alu_and(3), jeq(2, 0, 1), ret(1), ret(2)}),
        constant(2))
        << "no square is 2 modulo 4: for the solver";
    EXPECT_EQ(verdict({load_arg_low(0), alu(BPF_ADD, 1), jeq(0, 0, 1), ret(1), ret(2)}), "varies");
    EXPECT_EQ(
        verdict({load_arg_low(0), stmt(BPF_ALU | BPF_NEG), jeq(0x80000000, 0, 1), ret(1), ret(2)}),
        "varies");
}

TEST(Oracle, DivisionByZeroEndsTheFilter) {
    EXPECT_EQ(verdict({load_constant(5), alu_x(BPF_DIV), ret_allow()}), constant(0));
    EXPECT_EQ(verdict({load_arg_low(0), tax, alu_x(BPF_DIV), ret_allow()}), "varies");
    EXPECT_EQ(verdict({load_arg_low(0), tax, alu_x(BPF_DIV), ret(0)}), constant(0));
    // Unless it cannot be zero.
    EXPECT_EQ(verdict({load_arg_low(0), alu(BPF_OR, 1), tax, alu_x(BPF_DIV), ret_allow()}),
              constant(SECCOMP_RET_ALLOW));
    EXPECT_EQ(verdict({load_arg_low(0), jeq(0, 2, 0), tax, alu_x(BPF_DIV), ret(7)}), constant(7));
    // A remainder is nothing that seccomp knows.
    EXPECT_THROW(Oracle({{alu_x(BPF_MOD), ret_allow()}}), std::invalid_argument);
}

TEST(Oracle, ShiftsByXUseFiveBits) {
    EXPECT_EQ(verdict({load_x(32), load_constant(5), alu_x(BPF_LSH), ret_a()}), constant(5));
    EXPECT_EQ(verdict({load_x(33), load_constant(5), alu_x(BPF_RSH), ret_a()}), constant(2));
    // 1 << (x & 31) is never 0, and has one bit only: x & (x - 1) is 0.
    EXPECT_EQ(verdict({load_arg_low(0), tax, load_constant(1), alu_x(BPF_LSH), jeq(0, 0, 1), ret(1),
                       ret(2)}),
              constant(2));
    EXPECT_EQ(verdict({load_arg_low(0), tax, load_constant(1), alu_x(BPF_LSH), tax, alu(BPF_SUB, 1),
                       alu_x(BPF_AND), ret_a()}),
              constant(0));
    EXPECT_EQ(verdict({load_arg_low(0), tax, load_constant(UINT32_MAX), alu_x(BPF_RSH),
                       jeq(0, 0, 1), ret(1), ret(2)}),
              constant(2));
}

TEST(Oracle, ComparisonsAreUnsigned) {
    EXPECT_EQ(verdict({load_constant(0x80000000), jgt(1, 0, 1), ret(1), ret(2)}), constant(1));
    EXPECT_EQ(verdict({load_arg_low(0), jge(0, 0, 1), ret(1), ret(2)}), constant(1));
    EXPECT_EQ(verdict({load_arg_low(0), jgt(UINT32_MAX, 0, 1), ret(1), ret(2)}), constant(2));
    EXPECT_EQ(verdict({load_arg_low(0), jge(UINT32_MAX, 0, 1), ret(1), ret(2)}), "varies");
    EXPECT_EQ(verdict({load_arg_low(0), jset(0, 0, 1), ret(1), ret(2)}), constant(2));
    for (const unsigned condition : {BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET})
        EXPECT_EQ(verdict({load_arg_low(0), tax, load_arg_low(1),
                           jump(BPF_JMP | condition | BPF_X, 0, 0, 1), ret(1), ret(2)}),
                  "varies");
}

// Chains.

const Program if_zero_errno = {load_arg_low(0), jeq(0, 0, 1), ret_errno(1), ret_allow()};
const Program unless_zero_errno = {load_arg_low(0), jeq(0, 1, 0), ret_errno(1), ret_allow()};

std::string chain_verdict(const Chain &chain) {
    return text(Oracle(chain).verdict(native, number));
}

TEST(OracleChains, NoFilterAllows) {
    EXPECT_EQ(chain_verdict({}), constant(SECCOMP_RET_ALLOW));
    EXPECT_EQ(permission({}), "allowed");
}

TEST(OracleChains, TheLowestActionWins) {
    const std::uint32_t order[] = {
        SECCOMP_RET_KILL_PROCESS, 0xffff0000U,       SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP | 3,
        SECCOMP_RET_ERRNO | 7,    0x7fb00000U,       SECCOMP_RET_USER_NOTIF,  SECCOMP_RET_TRACE | 9,
        SECCOMP_RET_LOG,          SECCOMP_RET_ALLOW,
    };
    for (std::size_t low = 0; low < std::size(order); low++)
        for (std::size_t high = low + 1; high < std::size(order); high++) {
            EXPECT_EQ(chain_verdict({{ret(order[low])}, {ret(order[high])}}), constant(order[low]));
            EXPECT_EQ(chain_verdict({{ret(order[high])}, {ret(order[low])}}), constant(order[low]));
        }
}

TEST(OracleChains, OfEqualActionsTheNewestWins) {
    EXPECT_EQ(chain_verdict({{ret_errno(1)}, {ret_errno(2)}}), constant(SECCOMP_RET_ERRNO | 2));
    EXPECT_EQ(chain_verdict({if_zero_errno, {ret_errno(2)}}), constant(SECCOMP_RET_ERRNO | 2));
    EXPECT_EQ(chain_verdict({{ret_errno(2)}, if_zero_errno}), "varies");
}

TEST(OracleChains, DataOfAllowIsNoVerdict) {
    EXPECT_EQ(chain_verdict({{ret(SECCOMP_RET_ALLOW | 5)}}), constant(SECCOMP_RET_ALLOW));
    EXPECT_EQ(verdict({ret(SECCOMP_RET_ALLOW | 5)}), constant(SECCOMP_RET_ALLOW | 5));
    // But it is not what may be cached.
    EXPECT_EQ(permission({{ret(SECCOMP_RET_ALLOW | 5)}}), "filter 0 returns ALLOW(5)");
}

TEST(OracleChains, FiltersThatCompleteEachOther) {
    EXPECT_EQ(chain_verdict({if_zero_errno, unless_zero_errno}), constant(SECCOMP_RET_ERRNO | 1))
        << "each varies, together they do not";
    EXPECT_EQ(chain_verdict({if_zero_errno, {ret_allow()}}), "varies");
    EXPECT_EQ(chain_verdict({if_zero_errno, {ret(SECCOMP_RET_KILL_PROCESS)}}),
              constant(SECCOMP_RET_KILL_PROCESS));
}

TEST(OracleChains, Permission) {
    EXPECT_EQ(permission({{ret_allow()}, {ret_allow()}}), "allowed");
    EXPECT_EQ(permission({{ret_allow()}, {ret_errno(3)}}), "filter 1 returns ERRNO(3)");
    EXPECT_EQ(permission({if_zero_errno, {ret_allow()}}), "filter 0 returns ERRNO(1)");
    EXPECT_EQ(permission({{load_arg_low(0), ret_a()}}), "filter 0 returns KILL_THREAD");
    EXPECT_EQ(permission({{load_arg_low(0), jeq(9, 0, 1), ret_allow(), ret_allow()}}), "allowed");
}

TEST(OracleChains, TheCounterexampleIsOne) {
    const Chain chain = {{load_arg_low(3), jeq(0x1234, 0, 3), load_ip_high(), jeq(0xabcd, 0, 1),
                          ret_errno(5), ret_allow()}};
    const auto answer = Oracle(chain).always_allowed(compat, number);
    const auto *refused = std::get_if<Refused>(&answer);
    ASSERT_NE(refused, nullptr);
    EXPECT_EQ(refused->data.args[3] & UINT32_MAX, 0x1234U);
    EXPECT_EQ(refused->data.instruction_pointer >> 32, 0xabcdU);
    EXPECT_EQ(refused->data.arch, compat);
    EXPECT_EQ(refused->data.nr, static_cast<int>(number));
}

TEST(Oracle, RefusesProgramsTheKernelWouldNotTake) {
    EXPECT_THROW(Oracle({{load_nr()}}), std::invalid_argument);
    EXPECT_THROW(Oracle(Chain{{}}), std::invalid_argument);
}

// Limits.

// x is a product of n unknown factors; is it, times another way, the same?
Program hard_product(unsigned factors) {
    Program program;
    for (unsigned index = 0; index < factors; index++) {
        program.push_back(load_arg_low(index % 6));
        program.push_back(alu(BPF_ADD, index));
        program.push_back(tax);
        if (index == 0)
            program.push_back(load_constant(1));
        else
            program.push_back(stmt(BPF_LD | BPF_MEM, 0));
        program.push_back(alu_x(BPF_MUL));
        program.push_back(stmt(BPF_ST, 0));
    }
    program.push_back(jeq(0x7fffffef, 0, 1));
    program.push_back(ret_errno(1));
    program.push_back(ret_allow());
    return program;
}

TEST(OracleLimits, AHardQuestionEnds) {
    for (const unsigned factors : {2U, 8U, 40U, 600U}) {
        Oracle oracle({hard_product(factors)},
                      {.resources = 500'000, .operations = 64, .terms = 200'000});
        const Verdict answer = oracle.filter_verdict(0, native, number);
        EXPECT_FALSE(std::holds_alternative<Constant>(answer)) << factors;
        if (factors > 64) {
            ASSERT_TRUE(std::holds_alternative<Unknown>(answer)) << factors;
            // Multiplying the first by 1 is none.
            EXPECT_EQ(std::get<Unknown>(answer).reason, "599 multiplications and divisions");
        }
    }
}

// Refuses when args[0] * args[1], of 16 bits each, is the prime 2^31 - 1. That cannot be, but to
// prove it is a lot of work.
const Program factors_of_a_prime = {load_arg_low(0),       alu_and(0xffff), tax,
                                    load_arg_low(1),       alu_and(0xffff), alu_x(BPF_MUL),
                                    jeq(0x7fffffff, 0, 1), ret_errno(1),    ret_allow()};

TEST(OracleLimits, UnknownIsNeverAYes) {
    Oracle oracle({factors_of_a_prime}, {.resources = 100'000, .operations = 64, .terms = 1000});
    EXPECT_TRUE(std::holds_alternative<Unknown>(oracle.filter_verdict(0, native, number)));
    EXPECT_TRUE(std::holds_alternative<Unknown>(oracle.always_allowed(native, number)));
    EXPECT_TRUE(std::holds_alternative<Unknown>(oracle.verdict(native, number)));
    EXPECT_EQ(oracle.work().given_up, 3U - oracle.work().by_memory);
    // What is unknown of one filter does not hide the refusal of another.
    EXPECT_EQ(permission({factors_of_a_prime, {ret_errno(9)}}), "filter 1 returns ERRNO(9)");
}

TEST(OracleLimits, TheSameEachTime) {
    for (int round = 0; round < 2; round++) {
        Oracle oracle({factors_of_a_prime},
                      {.resources = 100'000, .operations = 64, .terms = 1000});
        const Verdict answer = oracle.filter_verdict(0, native, number);
        ASSERT_TRUE(std::holds_alternative<Unknown>(answer));
    }
}

// The offset of one of the twelve words of arguments.
std::uint32_t argument_word(std::size_t any) {
    return 16 + 4 * static_cast<std::uint32_t>(any % 12);
}

TEST(OracleLimits, TheLongestPrograms) {
    // A ladder of 1365 tests of different arguments, all the way down one level each.
    Program ladder;
    while (ladder.size() + 4 <= max_instructions) {
        const auto step = static_cast<std::uint32_t>(ladder.size());
        ladder.push_back(load(argument_word(ladder.size())));
        ladder.push_back(jeq(step, 0, 1));
        ladder.push_back(ret(SECCOMP_RET_ERRNO | (step & 0xfff)));
    }
    ladder.push_back(ret_allow());
    EXPECT_EQ(verdict(ladder), "varies");

    // Diamonds without end: 2^1023 ways, and all come to the same.
    Program diamonds;
    while (diamonds.size() + 5 <= max_instructions) {
        diamonds.push_back(load(argument_word(diamonds.size())));
        diamonds.push_back(jset(1U << (diamonds.size() % 32), 0, 1));
        diamonds.push_back(load_constant(1));
        diamonds.push_back(stmt(BPF_ST, 3));
    }
    diamonds.push_back(ret_allow());
    EXPECT_EQ(verdict(diamonds), constant(SECCOMP_RET_ALLOW));

    // The same with a sum that depends on every turn, whose parity does not.
    Program sums = {load_constant(0), stmt(BPF_ST, 0)};
    while (sums.size() + 8 <= max_instructions) {
        sums.push_back(load(argument_word(sums.size())));
        sums.push_back(jset(1U << (sums.size() % 32), 0, 3));
        sums.push_back(stmt(BPF_LD | BPF_MEM, 0));
        sums.push_back(alu(BPF_ADD, 2));
        sums.push_back(stmt(BPF_ST, 0));
    }
    sums.push_back(stmt(BPF_LD | BPF_MEM, 0));
    sums.push_back(jset(1, 0, 1));
    sums.push_back(ret_errno(1));
    sums.push_back(ret_allow());
    ASSERT_FALSE(check(sums));
    EXPECT_EQ(verdict(sums), constant(SECCOMP_RET_ALLOW));
}

// Against the interpreter.

struct Tally {
    std::size_t constants = 0, varying = 0, unknown = 0;
};

// Does the interpreter, on `inputs`, say what the oracle says?
void expect_agreement(const Verdict &answer, std::span<const seccomp_data> inputs,
                      const std::function<std::uint32_t(const seccomp_data &)> &value,
                      Tally &tally) {
    if (const auto *constant = std::get_if<Constant>(&answer)) {
        tally.constants++;
        for (const seccomp_data &data : inputs)
            ASSERT_EQ(value(data), constant->value);
    } else if (const auto *varies = std::get_if<Varies>(&answer)) {
        tally.varying++;
        ASSERT_TRUE(same_syscall(varies->one, varies->other));
        ASSERT_EQ(value(varies->one), varies->one_value);
        ASSERT_EQ(value(varies->other), varies->other_value);
        ASSERT_NE(varies->one_value, varies->other_value);
    } else {
        tally.unknown++;
    }
}

std::vector<seccomp_data> some_inputs(support::Random &random, const Program &program,
                                      std::uint32_t arch, std::uint32_t nr) {
    std::vector<seccomp_data> inputs(20);
    for (seccomp_data &data : inputs)
        data = support::random_data(random, program, arch, nr);
    return inputs;
}

TEST(OracleAgainstInterpreter, GeneratedPrograms) {
    constexpr std::uint64_t seed = 20261125;
    RecordProperty("seed", std::to_string(seed));
    support::Random random(seed);
    Tally tally;
    for (int round = 0; round < 4000; round++) {
        const auto shape = support::all_shapes[support::pick(random, support::all_shapes.size())];
        Oracle oracle({support::shaped_program(random, shape)}, {.resources = 300'000});
        const Program &program = oracle.chain()[0];
        for (int question = 0; question < 4; question++) {
            const std::uint32_t arch = support::pick(random, 2) == 0 ? native : compat;
            const std::uint32_t nr = support::pick(random, 450);
            SCOPED_TRACE(fmt::format("seed {}, round {}, arch {:#x}, number {}\n{}", seed, round,
                                     arch, nr, disassemble(program)));
            expect_agreement(
                oracle.filter_verdict(0, arch, nr), some_inputs(random, program, arch, nr),
                [&](const seccomp_data &data) { return run(program, data); }, tally);
            ASSERT_FALSE(HasFatalFailure());
        }
    }
    EXPECT_GT(tally.constants, 4000U);
    EXPECT_GT(tally.varying, 500U);
    EXPECT_LT(tally.unknown, 160U) << "more than one per cent";
}

TEST(OracleAgainstInterpreter, GeneratedChains) {
    constexpr std::uint64_t seed = 7;
    RecordProperty("seed", std::to_string(seed));
    support::Random random(seed);
    Tally tally;
    for (int round = 0; round < 600; round++) {
        Oracle oracle(support::shaped_chain(random, 1 + support::pick(random, 8)),
                      {.resources = 300'000});
        const Chain &chain = oracle.chain();
        for (int question = 0; question < 4; question++) {
            const std::uint32_t arch = support::pick(random, 2) == 0 ? native : compat;
            const std::uint32_t nr = support::pick(random, 450);
            SCOPED_TRACE(
                fmt::format("seed {}, round {}, arch {:#x}, number {}", seed, round, arch, nr));
            const Program &any = chain[support::pick(random, static_cast<unsigned>(chain.size()))];
            expect_agreement(
                oracle.verdict(arch, nr), some_inputs(random, any, arch, nr),
                [&](const seccomp_data &data) { return run_chain(chain, data).value; }, tally);
            ASSERT_FALSE(HasFatalFailure());
        }
    }
    EXPECT_GT(tally.constants, 600U);
    EXPECT_GT(tally.varying, 100U);
}

// A program of which only six bits of input are left, so that all inputs can be tried and the
// interpreter knows the exact answer as well. All instructions, and no tolerance.
class SixBits {
public:
    static constexpr std::uint32_t mask = 0x3f;

    explicit SixBits(Program body) {
        // Parks the bits in M[0]. Jumps are relative, so that a preamble does not disturb them.
        program_ = {load_arg_low(0), alu_and(mask), stmt(BPF_ST, 0), load_constant(0)};
        for (Instruction &insn : body) {
            if (insn.code == (BPF_LD | BPF_W | BPF_ABS) && insn.k >= 8)
                insn = stmt(BPF_LD | BPF_MEM, 0);
            // What is there stays there.
            if ((insn.code == BPF_ST || insn.code == BPF_STX) && insn.k == 0)
                insn.k = 1;
            program_.push_back(insn);
        }
    }

    const Program &program() const { return program_; }
    std::set<std::uint32_t> values(std::uint32_t arch, std::uint32_t nr) const {
        std::set<std::uint32_t> all;
        for (std::uint64_t bits = 0; bits <= mask; bits++) {
            seccomp_data data{};
            data.nr = static_cast<int>(nr);
            data.arch = arch;
            data.args[0] = bits;
            all.insert(run(program_, data));
        }
        return all;
    }

private:
    Program program_;
};

TEST(OracleAgainstInterpreter, ExactWhereAllInputsCanBeTried) {
    constexpr std::uint64_t seed = 64;
    RecordProperty("seed", std::to_string(seed));
    support::Random random(seed);
    std::size_t constants = 0, varying = 0, asked = 0;
    analysis::OracleWork work;
    for (int round = 0; round < 6000; round++) {
        const SixBits filter(support::random_valid_program(random, 2 + support::pick(random, 40)));
        if (check(filter.program()))
            continue; // a read of M[0] became one of a word that is not written on every way
        Oracle oracle({filter.program()});
        const std::uint32_t nr = support::pick(random, 450);
        const auto exact = filter.values(native, nr);
        const Verdict answer = oracle.filter_verdict(0, native, nr);
        const std::string trace = fmt::format("seed {}, round {}, number {}\n{}", seed, round, nr,
                                              disassemble(filter.program()));
        asked++;
        if (exact.size() == 1) {
            constants++;
            ASSERT_EQ(text(answer), constant(*exact.begin())) << trace;
        } else {
            varying++;
            ASSERT_EQ(text(answer), "varies") << trace;
        }
        const bool allowed = exact == std::set<std::uint32_t>{SECCOMP_RET_ALLOW};
        ASSERT_EQ(std::holds_alternative<Allowed>(oracle.always_allowed(native, nr)), allowed)
            << trace;
        work += oracle.work();
    }
    EXPECT_GT(asked, 3000U);
    EXPECT_GT(constants, 1000U);
    EXPECT_GT(varying, 500U);
    EXPECT_GT(work.by_folding, 0U);
    EXPECT_GT(work.by_search, 0U);
    EXPECT_GT(work.by_solver, 0U);
    EXPECT_EQ(work.given_up, 0U);
}

TEST(OracleAgainstInterpreter, ReferenceEmulatorIsSound) {
    constexpr std::uint64_t seed = 5;
    RecordProperty("seed", std::to_string(seed));
    support::Random random(seed);
    std::size_t cached = 0;
    for (int round = 0; round < 300; round++) {
        Oracle oracle(support::shaped_chain(random, 1 + support::pick(random, 3)));
        for (const std::uint32_t arch : {native, compat}) {
            const auto allowed = analysis::allowed_numbers(oracle.chain(), arch, 450);
            for (unsigned nr = 0; nr < 450; nr++) {
                if (!allowed[nr])
                    continue;
                cached++;
                ASSERT_TRUE(std::holds_alternative<Allowed>(oracle.always_allowed(arch, nr)))
                    << "seed " << seed << ", round " << round << ", number " << nr;
            }
        }
    }
    EXPECT_GT(cached, 10000U);
}

} // namespace

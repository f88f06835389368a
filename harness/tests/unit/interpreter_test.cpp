// SPDX-License-Identifier: MIT
#include "cbpf/builder.h"
#include "cbpf/interpreter.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace {

using namespace cbpf;

constexpr seccomp_data sample = {
    .nr = -2,
    .arch = 0xc000003e,
    .instruction_pointer = 0x1111111122222222,
    .args = {0x0a0a0a0a0b0b0b0b, 1, 2, 3, 4, 0xf0f0f0f0e0e0e0e0},
};

Instruction set_a(std::uint32_t value) { return stmt(BPF_LD | BPF_IMM, value); }
Instruction set_x(std::uint32_t value) { return stmt(BPF_LDX | BPF_IMM, value); }

std::uint32_t alu_k(unsigned op, std::uint32_t a, std::uint32_t k) {
    return run(Program{set_a(a), stmt(BPF_ALU | op | BPF_K, k), ret_a()}, sample);
}

std::uint32_t alu_x(unsigned op, std::uint32_t a, std::uint32_t x) {
    // A wrong k, to see that X is what counts.
    return run(Program{set_a(a), set_x(x), stmt(BPF_ALU | op | BPF_X, 77), ret_a()}, sample);
}

bool jumps(unsigned op, std::uint32_t a, std::uint32_t operand) {
    const Program with_k = {set_a(a), jump(BPF_JMP | op | BPF_K, operand, 1, 0), ret(0), ret(1)};
    const Program with_x = {set_a(a), set_x(operand), jump(BPF_JMP | op | BPF_X, 77, 1, 0), ret(0),
                            ret(1)};
    EXPECT_EQ(run(with_k, sample), run(with_x, sample));
    return run(with_k, sample) == 1;
}

TEST(Interpreter, ReadsEveryWordOfSeccompData) {
    const std::uint32_t words[] = {
        0xfffffffe, 0xc000003e, 0x22222222, 0x11111111, 0x0b0b0b0b, 0x0a0a0a0a, 1,         0, 2,
        0,          3,          0,          4,          0,          0xe0e0e0e0, 0xf0f0f0f0};
    for (std::uint32_t i = 0; i < 16; i++)
        EXPECT_EQ(run(Program{load(4 * i), ret_a()}, sample), words[i]) << i;
}

TEST(Interpreter, RegistersStartAsZero) {
    EXPECT_EQ(run(Program{ret_a()}, sample), 0u);
    EXPECT_EQ(run(Program{set_a(5), stmt(BPF_MISC | BPF_TXA), ret_a()}, sample), 0u);
}

TEST(Interpreter, LengthIsThatOfSeccompData) {
    EXPECT_EQ(run(Program{stmt(BPF_LD | BPF_W | BPF_LEN, 9), ret_a()}, sample), 64u);
    EXPECT_EQ(
        run(Program{stmt(BPF_LDX | BPF_W | BPF_LEN, 9), stmt(BPF_MISC | BPF_TXA), ret_a()}, sample),
        64u);
}

TEST(Interpreter, MovesBetweenRegistersAndMemory) {
    const Program program = {set_a(1),
                             set_x(2),
                             stmt(BPF_ST, 0),
                             stmt(BPF_STX, 15),
                             stmt(BPF_MISC | BPF_TAX),   // X = 1
                             stmt(BPF_LD | BPF_MEM, 15), // A = 2
                             stmt(BPF_ALU | BPF_LSH | BPF_K, 8),
                             stmt(BPF_ALU | BPF_OR | BPF_X),  // 0x201
                             stmt(BPF_LDX | BPF_MEM, 15),     // X = 2
                             stmt(BPF_ALU | BPF_MUL | BPF_X), // 0x402
                             ret_a()};
    EXPECT_EQ(run(program, sample), 0x402u);
    EXPECT_EQ(run(Program{set_a(9), set_x(8), stmt(BPF_MISC | BPF_TXA), ret_a()}, sample), 8u);
}

TEST(Interpreter, ArithmeticWrapsAround) {
    for (const auto &alu : {alu_k, alu_x}) {
        EXPECT_EQ(alu(BPF_ADD, 0xffffffff, 2), 1u);
        EXPECT_EQ(alu(BPF_SUB, 1, 2), 0xffffffffu);
        EXPECT_EQ(alu(BPF_MUL, 0x80000001, 3), 0x80000003u);
        EXPECT_EQ(alu(BPF_DIV, 0xfffffffe, 2), 0x7fffffffu) << "unsigned";
        EXPECT_EQ(alu(BPF_MOD, 0xffffffff, 10), 5u) << "unsigned";
        EXPECT_EQ(alu(BPF_AND, 0xff00ff00, 0x0ff00ff0), 0x0f000f00u);
        EXPECT_EQ(alu(BPF_OR, 0xf0, 0x0f), 0xffu);
        EXPECT_EQ(alu(BPF_XOR, 0xff, 0x0f), 0xf0u);
        EXPECT_EQ(alu(BPF_LSH, 3, 31), 0x80000000u);
        EXPECT_EQ(alu(BPF_RSH, 0x80000000, 31), 1u) << "no sign is shifted in";
    }
    EXPECT_EQ(run(Program{set_a(1), stmt(BPF_ALU | BPF_NEG), ret_a()}, sample), 0xffffffffu);
    EXPECT_EQ(run(Program{set_a(0x80000000), stmt(BPF_ALU | BPF_NEG), ret_a()}, sample),
              0x80000000u);
}

TEST(Interpreter, ShiftsByXUseFiveBits) {
    EXPECT_EQ(alu_x(BPF_LSH, 1, 32), 1u);
    EXPECT_EQ(alu_x(BPF_LSH, 1, 33), 2u);
    EXPECT_EQ(alu_x(BPF_RSH, 4, 0xffffffe1), 2u);
}

TEST(Interpreter, DivisionByAZeroXEndsTheProgramWithZero) {
    for (const unsigned op : {BPF_DIV, BPF_MOD}) {
        const Program program = {set_a(5), stmt(BPF_ALU | op | BPF_X), ret(SECCOMP_RET_ALLOW)};
        EXPECT_EQ(run(program, sample), 0u);
    }
}

TEST(Interpreter, ComparisonsAreUnsigned) {
    EXPECT_TRUE(jumps(BPF_JEQ, 7, 7));
    EXPECT_FALSE(jumps(BPF_JEQ, 7, 8));
    EXPECT_TRUE(jumps(BPF_JGT, 0x80000000, 0x7fffffff));
    EXPECT_FALSE(jumps(BPF_JGT, 7, 7));
    EXPECT_FALSE(jumps(BPF_JGT, 0, 0xffffffff));
    EXPECT_TRUE(jumps(BPF_JGE, 7, 7));
    EXPECT_TRUE(jumps(BPF_JGE, 0xffffffff, 0));
    EXPECT_FALSE(jumps(BPF_JGE, 6, 7));
    EXPECT_TRUE(jumps(BPF_JSET, 6, 2));
    EXPECT_TRUE(jumps(BPF_JSET, 0x80000000, 0xc0000000));
    EXPECT_FALSE(jumps(BPF_JSET, 6, 1));
    EXPECT_FALSE(jumps(BPF_JSET, 6, 0));
}

TEST(Interpreter, JumpsGoWhereTheySay) {
    const Program program = {ja(2),  ret(1),       ret(2), jeq(0, 1, 0),
                             ret(3), jeq(1, 0, 1), ret(4), ret(5)};
    EXPECT_EQ(run(program, sample), 5u);
}

TEST(Interpreter, NoticesProgramsTheKernelWouldRefuse) {
    EXPECT_THROW(run(Program{}, sample), std::logic_error);
    EXPECT_THROW(run(Program{load_nr()}, sample), std::logic_error);
    EXPECT_THROW(run(Program{ja(7), ret(0)}, sample), std::logic_error);
    EXPECT_THROW(run(Program{load(64), ret(0)}, sample), std::logic_error);
    EXPECT_THROW(run(Program{load(2), ret(0)}, sample), std::logic_error);
    EXPECT_THROW(run(Program{stmt(BPF_ST, 16), ret(0)}, sample), std::logic_error);
    EXPECT_THROW(run(Program{stmt(BPF_LD | BPF_B | BPF_ABS), ret(0)}, sample), std::logic_error);
}

ChainVerdict verdict(const Chain &chain) { return run_chain(chain, sample); }

TEST(InterpreterChain, NothingForbidsSoItIsAllowed) {
    EXPECT_EQ(verdict({}).value, SECCOMP_RET_ALLOW);
    EXPECT_EQ(verdict({{ret_allow()}}).value, SECCOMP_RET_ALLOW);
    EXPECT_EQ(verdict({{ret_allow()}}).match, std::nullopt);
}

TEST(InterpreterChain, AllowWithDataBitsDoesNotBeatPlainAllow) {
    EXPECT_EQ(verdict({{ret(SECCOMP_RET_ALLOW | 5)}}).value, SECCOMP_RET_ALLOW);
    EXPECT_EQ(verdict({{ret(SECCOMP_RET_ALLOW | 5)}}).match, std::nullopt);
}

TEST(InterpreterChain, LowestSignedActionWins) {
    const ChainVerdict process_kill =
        verdict({{ret(SECCOMP_RET_KILL_PROCESS)}, {ret(SECCOMP_RET_KILL_THREAD)}});
    EXPECT_EQ(process_kill.value, SECCOMP_RET_KILL_PROCESS);
    EXPECT_EQ(process_kill.match, 0u);
    EXPECT_EQ(verdict({{ret(SECCOMP_RET_LOG)}, {ret_errno(1)}, {ret_allow()}}).match, 1u);
}

TEST(InterpreterChain, NewestOfEqualsIsKeptWithItsData) {
    const ChainVerdict tie = verdict({{ret_errno(1)}, {ret_errno(2)}, {ret_allow()}});
    EXPECT_EQ(tie.value, SECCOMP_RET_ERRNO | 2u);
    EXPECT_EQ(tie.match, 1u);
}

} // namespace

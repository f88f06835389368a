// SPDX-License-Identifier: MIT
#include "cbpf/builder.h"
#include "cbpf/checker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

namespace {

using namespace cbpf;

testing::AssertionResult accepted(const Program &program) {
    if (const auto error = check(program))
        return testing::AssertionFailure() << "instruction " << error->pc << ": " << error->reason;
    return testing::AssertionSuccess();
}

testing::AssertionResult refused_at(std::size_t pc, const Program &program) {
    const auto error = check(program);
    if (!error)
        return testing::AssertionFailure() << "accepted";
    if (error->pc != pc)
        return testing::AssertionFailure() << "at " << error->pc << ": " << error->reason;
    return testing::AssertionSuccess() << error->reason;
}

// One instruction, followed by enough for jumps of up to 3.
Program around(Instruction insn) {
    return {insn, ret_allow(), ret_allow(), ret_allow(), ret_allow()};
}

TEST(Checker, LengthIsOneToFourThousandAndNinetySix) {
    EXPECT_TRUE(refused_at(0, {}));
    EXPECT_TRUE(accepted({ret_allow()}));
    EXPECT_TRUE(accepted(Program(4096, ret_allow())));
    EXPECT_TRUE(refused_at(0, Program(4097, ret_allow())));
}

// The list in seccomp_check_filter(), spelled in numbers on purpose: an independent copy.
const std::set<unsigned> allowed_codes = {
    0x20, 0x80, 0x81, 0x06, 0x16,                               // LD ABS, LEN, LEN; RET K, A
    0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x54, 0x5c, // ADD SUB MUL DIV AND
    0x44, 0x4c, 0xa4, 0xac, 0x64, 0x6c, 0x74, 0x7c, 0x84,       // OR XOR LSH RSH NEG
    0x00, 0x01, 0x07, 0x87, 0x60, 0x61, 0x02, 0x03,             // IMM, TAX, TXA, MEM, ST, STX
    0x05, 0x15, 0x1d, 0x35, 0x3d, 0x25, 0x2d, 0x45, 0x4d,       // JA JEQ JGE JGT JSET
};

TEST(Checker, TakesExactlySeccompsInstructions) {
    for (unsigned code = 0; code <= 0xffff; code++) {
        // Word 4 is stored first so that reading it is in order; 4 is also a fine constant
        // for all others, with a program long enough to jump by it.
        Program program = {stmt(BPF_ST, 4), stmt(code, 4)};
        program.insert(program.end(), 6, ret_allow());
        ASSERT_EQ(!check(program), allowed_codes.contains(code)) << fmt::format("{:#x}", code);
    }
}

TEST(Checker, LastInstructionMustReturn) {
    EXPECT_TRUE(refused_at(0, {load_nr()}));
    EXPECT_TRUE(refused_at(1, {ret_allow(), load_nr()}));
    EXPECT_TRUE(accepted({load_nr(), ret_a()}));
}

TEST(Checker, LoadsAreAlignedAndInsideSeccompData) {
    for (std::uint32_t offset = 0; offset < 80; offset++)
        EXPECT_EQ(!check(around(load(offset))), offset < 64 && offset % 4 == 0) << offset;
    // Ancillary loads of socket filters.
    EXPECT_TRUE(refused_at(0, around(load(0xfffff000))));
    EXPECT_TRUE(refused_at(0, around(load(0xfffffffc))));
}

TEST(Checker, ShiftsByConstantsAreBelowThirtyTwo) {
    for (const unsigned op : {BPF_LSH, BPF_RSH}) {
        EXPECT_TRUE(accepted(around(stmt(BPF_ALU | op | BPF_K, 31))));
        EXPECT_TRUE(refused_at(0, around(stmt(BPF_ALU | op | BPF_K, 32))));
        EXPECT_TRUE(accepted(around(stmt(BPF_ALU | op | BPF_X, 32)))) << "k means nothing here";
    }
}

TEST(Checker, DivisionByTheConstantZero) {
    EXPECT_TRUE(accepted(around(stmt(BPF_ALU | BPF_DIV | BPF_K, 1))));
    EXPECT_TRUE(refused_at(0, around(stmt(BPF_ALU | BPF_DIV | BPF_K, 0))));
    EXPECT_TRUE(accepted(around(stmt(BPF_ALU | BPF_DIV | BPF_X, 0))));
}

TEST(Checker, JumpsStayInside) {
    // The instruction jumped over to must exist: of 5, the last is 4 from the first.
    EXPECT_TRUE(accepted(around(ja(3))));
    EXPECT_TRUE(refused_at(0, around(ja(4))));
    EXPECT_TRUE(refused_at(0, around(ja(UINT32_MAX)))) << "which is backwards, if it wraps";
    for (const unsigned op : {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET}) {
        for (const unsigned source : {BPF_K, BPF_X}) {
            const unsigned code = BPF_JMP | op | source;
            EXPECT_TRUE(accepted(around(jump(code, 0, 3, 3))));
            EXPECT_TRUE(refused_at(0, around(jump(code, 0, 4, 0))));
            EXPECT_TRUE(refused_at(0, around(jump(code, 0, 0, 4))));
        }
    }
    EXPECT_TRUE(refused_at(0, {ja(0)}));
}

TEST(Checker, MemoryWordsAreSixteen) {
    for (const unsigned code : {BPF_ST, BPF_STX}) {
        EXPECT_TRUE(accepted(around(stmt(code, 15))));
        EXPECT_TRUE(refused_at(0, around(stmt(code, 16))));
    }
    for (const unsigned code : {BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM}) {
        EXPECT_TRUE(accepted({stmt(BPF_ST, 15), stmt(code, 15), ret_a()}));
        EXPECT_TRUE(refused_at(1, {stmt(BPF_ST, 15), stmt(code, 16), ret_a()}));
    }
}

constexpr unsigned read_a = BPF_LD | BPF_MEM;

TEST(Checker, MemoryIsWrittenBeforeItIsRead) {
    EXPECT_TRUE(refused_at(0, {stmt(read_a, 0), ret_a()}));
    EXPECT_TRUE(refused_at(1, {stmt(BPF_ST, 1), stmt(read_a, 0), ret_a()}));
    EXPECT_TRUE(accepted({stmt(BPF_STX, 0), stmt(read_a, 0), ret_a()}));
}

TEST(Checker, MemoryIsWrittenOnEveryWay) {
    EXPECT_TRUE(refused_at(2, {jeq(0, 0, 1), stmt(BPF_ST, 0), stmt(read_a, 0), ret_a()}));
    EXPECT_TRUE(refused_at(2, {jeq(0, 1, 0), stmt(BPF_ST, 0), stmt(read_a, 0), ret_a()}));
    EXPECT_TRUE(accepted(
        {jeq(0, 0, 2), stmt(BPF_ST, 0), ja(1), stmt(BPF_STX, 0), stmt(read_a, 0), ret_a()}));
    EXPECT_TRUE(refused_at(
        4, {jeq(0, 0, 2), stmt(BPF_ST, 0), ja(1), stmt(BPF_STX, 1), stmt(read_a, 0), ret_a()}));
}

TEST(Checker, DeadCodeAfterAJumpMayReadAnything) {
    EXPECT_TRUE(accepted({ja(1), stmt(read_a, 0), ret_a()}));
}

TEST(Checker, CodeAfterAReturnCountsAsReachedFromIt) {
    EXPECT_TRUE(refused_at(1, {ret_allow(), stmt(read_a, 0), ret_a()}));
    // The only real way to the read has written the word; the return before it has not.
    EXPECT_TRUE(refused_at(
        4, {jeq(0, 0, 2), stmt(BPF_ST, 0), ja(1), ret_allow(), stmt(read_a, 0), ret_a()}));
}

TEST(Checker, SaysWhatIsWrong) {
    EXPECT_EQ(check(around(load(64)))->reason,
              "load at offset 64, beyond the 64 bytes of seccomp_data");
    EXPECT_EQ(check(around(stmt(BPF_ALU | BPF_MOD | BPF_K, 2)))->reason,
              "instruction code 0x0094 is not allowed in a seccomp filter");
}

} // namespace

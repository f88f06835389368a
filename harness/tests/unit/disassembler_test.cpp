// SPDX-License-Identifier: MIT
#include "cbpf/builder.h"
#include "cbpf/disassembler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>

#include <algorithm>

namespace {

using namespace cbpf;
using testing::HasSubstr;
using testing::Not;

std::string one(Instruction insn) { return disassemble(Program{insn}); }

TEST(Disassembler, ShowsAWholeFilter) {
    const Program program = {load_arch(),   jeq(AUDIT_ARCH_X86_64, 0, 4),
                             load_nr(),     jset(0x40000000, 2, 0),
                             jeq(39, 0, 1), ret_allow(),
                             ret_errno(38)};
    EXPECT_EQ(disassemble(program),
              "0000: A = arch\n"
              "0001: if (A == 0xc000003e) goto 0002 else goto 0006          ; x86_64\n"
              "0002: A = nr\n"
              "0003: if (A & 0x40000000) goto 0006 else goto 0004           ; x32 numbers\n"
              "0004: if (A == 0x27) goto 0005 else goto 0006                ; getpid\n"
              "0005: return ALLOW\n"
              "0006: return ERRNO(38)\n");
}

TEST(Disassembler, NamesFields) {
    EXPECT_EQ(one(load_ip_low()), "0000: A = instruction_pointer (low)\n");
    EXPECT_EQ(one(load_ip_high()), "0000: A = instruction_pointer (high)\n");
    EXPECT_EQ(one(load_arg_low(0)), "0000: A = args[0] (low)\n");
    EXPECT_EQ(one(load_arg_high(5)), "0000: A = args[5] (high)\n");
    EXPECT_EQ(one(load(64)), "0000: A = data[64]\n");
    EXPECT_EQ(one(load(6)), "0000: A = data[6]\n");
}

TEST(Disassembler, ShowsEveryOtherInstruction) {
    EXPECT_EQ(one(stmt(BPF_LD | BPF_W | BPF_LEN)), "0000: A = sizeof(data)\n");
    EXPECT_EQ(one(stmt(BPF_LDX | BPF_W | BPF_LEN)), "0000: X = sizeof(data)\n");
    EXPECT_EQ(one(stmt(BPF_LD | BPF_IMM, 16)), "0000: A = 0x10\n");
    EXPECT_EQ(one(stmt(BPF_LDX | BPF_IMM, 16)), "0000: X = 0x10\n");
    EXPECT_EQ(one(stmt(BPF_LD | BPF_MEM, 3)), "0000: A = M[3]\n");
    EXPECT_EQ(one(stmt(BPF_LDX | BPF_MEM, 3)), "0000: X = M[3]\n");
    EXPECT_EQ(one(stmt(BPF_ST, 3)), "0000: M[3] = A\n");
    EXPECT_EQ(one(stmt(BPF_STX, 3)), "0000: M[3] = X\n");
    EXPECT_EQ(one(stmt(BPF_MISC | BPF_TAX)), "0000: X = A\n");
    EXPECT_EQ(one(stmt(BPF_MISC | BPF_TXA)), "0000: A = X\n");
    EXPECT_EQ(one(stmt(BPF_ALU | BPF_NEG)), "0000: A = -A\n");
    EXPECT_EQ(one(stmt(BPF_ALU | BPF_ADD | BPF_K, 1)), "0000: A += 0x1\n");
    EXPECT_EQ(one(stmt(BPF_ALU | BPF_SUB | BPF_X, 1)), "0000: A -= X\n");
    EXPECT_EQ(one(stmt(BPF_ALU | BPF_MUL | BPF_X)), "0000: A *= X\n");
    EXPECT_EQ(one(stmt(BPF_ALU | BPF_DIV | BPF_X)), "0000: A /= X\n");
    EXPECT_EQ(one(alu_and(0xff)), "0000: A &= 0xff\n");
    EXPECT_EQ(one(stmt(BPF_ALU | BPF_OR | BPF_X)), "0000: A |= X\n");
    EXPECT_EQ(one(stmt(BPF_ALU | BPF_XOR | BPF_X)), "0000: A ^= X\n");
    EXPECT_EQ(one(stmt(BPF_ALU | BPF_LSH | BPF_K, 2)), "0000: A <<= 0x2\n");
    EXPECT_EQ(one(stmt(BPF_ALU | BPF_RSH | BPF_X)), "0000: A >>= X\n");
    EXPECT_EQ(one(ja(3)), "0000: goto 0004\n");
    EXPECT_EQ(one(jgt(9, 1, 2)), "0000: if (A > 0x9) goto 0002 else goto 0003\n");
    EXPECT_EQ(one(jge(9, 1, 2)), "0000: if (A >= 0x9) goto 0002 else goto 0003\n");
    EXPECT_EQ(one(jump(BPF_JMP | BPF_JEQ | BPF_X, 9, 1, 2)),
              "0000: if (A == X) goto 0002 else goto 0003\n");
    EXPECT_EQ(one(ret_a()), "0000: return A\n");
}

TEST(Disassembler, ShowsUnknownInstructionsAsNumbers) {
    EXPECT_EQ(one(jump(0xb5, 4, 5, 6)), "0000: unknown {0x00b5, 5, 6, 0x4}\n");
    EXPECT_EQ(one(stmt(0x0106, 4)), "0000: unknown {0x0106, 0, 0, 0x4}\n");
    EXPECT_EQ(one(stmt(BPF_LD | BPF_H | BPF_ABS, 4)), "0000: unknown {0x0028, 0, 0, 0x4}\n");
    EXPECT_EQ(disassemble(Program{}), "");
}

TEST(Disassembler, NamesSyscallsOfTheArchitectureAtHand) {
    const Program program = {
        load_arch(), jeq(AUDIT_ARCH_I386, 0, 2), load_nr(), jeq(20, 0, 0), load_nr(), jeq(20, 0, 0),
        ret_allow()};
    const std::string text = disassemble(program);
    EXPECT_THAT(text, HasSubstr("0001: if (A == 0x40000003) goto 0002 else goto 0004"
                                "          ; ia32\n"));
    EXPECT_THAT(text, HasSubstr("; getpid\n"));
    // Where two ways meet, one of which knows nothing of the architecture, nothing is claimed.
    EXPECT_THAT(text, HasSubstr("0005: if (A == 0x14) goto 0006 else goto 0006\n"));
}

TEST(Disassembler, ClaimsNothingWhereArchitecturesMeet) {
    const Program program = {load_arch(),
                             jeq(AUDIT_ARCH_I386, 1, 0),
                             jeq(AUDIT_ARCH_X86_64, 0, 2),
                             load_nr(),
                             jeq(20, 0, 0),
                             ret_allow()};
    EXPECT_THAT(disassemble(program), Not(HasSubstr("getpid")));
    EXPECT_THAT(disassemble(program), Not(HasSubstr("writev")));
}

TEST(Disassembler, ClaimsNothingOfAChangedAccumulator) {
    const Program program = {load_arch(),   jeq(AUDIT_ARCH_X86_64, 0, 3),
                             load_nr(),     alu_and(0xff),
                             jeq(39, 0, 0), ret_allow()};
    EXPECT_THAT(disassemble(program), Not(HasSubstr("getpid")));
}

TEST(Disassembler, TellsX32NumbersApart) {
    const Program program = {load_arch(), jeq(AUDIT_ARCH_X86_64, 0, 2), load_nr(),
                             jeq(0x40000000 + 39, 0, 0), ret_allow()};
    EXPECT_THAT(disassemble(program), HasSubstr("; getpid (x32)\n"));
}

} // namespace

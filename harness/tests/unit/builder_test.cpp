// SPDX-License-Identifier: MIT
#include "cbpf/builder.h"

#include <gtest/gtest.h>

namespace {

using namespace cbpf;

TEST(Builder, MakesTheKernelsOwnMacros) {
    const Program built = {load_nr(),       load_arch(),      load_ip_low(),   load_ip_high(),
                           load_arg_low(0), load_arg_high(0), load_arg_low(5), load_arg_high(5),
                           ja(300),         jeq(1, 2, 3),     jgt(1, 2, 3),    jge(1, 2, 3),
                           jset(1, 2, 3),   alu_and(0xff),    ret(7),          ret_a(),
                           ret_allow(),     ret_errno(38)};
    const Program expected = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 8),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 12),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 20),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 56),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 60),
        BPF_STMT(BPF_JMP | BPF_JA, 300),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 2, 3),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 1, 2, 3),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 1, 2, 3),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 2, 3),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff),
        BPF_STMT(BPF_RET | BPF_K, 7),
        BPF_STMT(BPF_RET | BPF_A, 0),
        BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),
        BPF_STMT(BPF_RET | BPF_K, 0x00050026),
    };
    EXPECT_TRUE(same_program(built, expected));
}

TEST(Builder, ProgramsDifferInAnyField) {
    const Program program = {jeq(1, 2, 3)};
    EXPECT_TRUE(same_program(program, {{jeq(1, 2, 3)}}));
    EXPECT_FALSE(same_program(program, Program{jgt(1, 2, 3)}));
    EXPECT_FALSE(same_program(program, Program{jeq(0, 2, 3)}));
    EXPECT_FALSE(same_program(program, Program{jeq(1, 0, 3)}));
    EXPECT_FALSE(same_program(program, Program{jeq(1, 2, 0)}));
    EXPECT_FALSE(same_program(program, Program{}));
}

} // namespace

// SPDX-License-Identifier: MIT
#include "tests/support/program_source.h"

#include "cbpf/builder.h"

#include <gtest/gtest.h>

namespace {

using namespace cbpf;
using support::program_source;

TEST(ProgramSource, SpeaksTheBuildersLanguage) {
    EXPECT_EQ(program_source({load_arch(), jeq(0xc000003e, 0, 2), load_nr(), jset(1, 1, 0),
                              ret(SECCOMP_RET_ERRNO | 1), ret_allow()}),
              "{load_arch(), jeq(0xc000003e, 0, 2), load_nr(), jset(0x1, 1, 0), "
              "ret(SECCOMP_RET_ERRNO | 0x1), ret_allow()}");
    EXPECT_EQ(program_source({load_arg_low(5), load_arg_high(0), load_ip_low(), load_ip_high(),
                              alu_and(0xff), ja(3), jgt(9, 1, 2), jge(8, 3, 4), ret_a()}),
              "{load_arg_low(5), load_arg_high(0), load_ip_low(), load_ip_high(), alu_and(0xff), "
              "ja(3), jgt(0x9, 1, 2), jge(0x8, 3, 4), ret_a()}");
}

TEST(ProgramSource, HasNumbersForTheRest) {
    EXPECT_EQ(program_source({stmt(BPF_LD | BPF_MEM, 3), jump(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 2),
                              ret(0x12340000)}),
              "{stmt(0x60, 0x3), jump(0x1d, 0x0, 1, 2), ret(0x12340000)}");
}

TEST(ProgramSource, ReturnsHaveTheNamesOfTheKernel) {
    EXPECT_EQ(support::return_source(SECCOMP_RET_KILL_PROCESS), "SECCOMP_RET_KILL_PROCESS");
    EXPECT_EQ(support::return_source(SECCOMP_RET_KILL_THREAD), "SECCOMP_RET_KILL_THREAD");
    EXPECT_EQ(support::return_source(SECCOMP_RET_TRACE | 7), "SECCOMP_RET_TRACE | 0x7");
    EXPECT_EQ(support::return_source(SECCOMP_RET_ALLOW | 1), "SECCOMP_RET_ALLOW | 0x1");
}

TEST(ChainSource, IsABracedList) {
    EXPECT_EQ(support::chain_source({{ret_allow()}, {load_nr(), ret_allow()}}),
              "{{ret_allow()},\n     {load_nr(), ret_allow()}}");
}

} // namespace

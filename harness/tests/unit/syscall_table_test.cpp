// SPDX-License-Identifier: MIT
#include "cbpf/syscall_table.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <stdexcept>

namespace {

using namespace cbpf;

constexpr const char *both = "x86_64:0xc000003e:441,ia32:0x40000003:440";

TEST(SyscallTable, ParsesWhatTheRunnerPasses) {
    const std::vector<SyscallTable> tables = parse_tables(both);
    const std::vector<SyscallTable> expected = {{"x86_64", AUDIT_ARCH_X86_64, 441},
                                                {"ia32", AUDIT_ARCH_I386, 440}};
    EXPECT_EQ(tables, expected);
    EXPECT_EQ(format_tables(tables), both);
    EXPECT_EQ(parse_tables("x86_64:0xc000003e:1").size(), 1u);
}

TEST(SyscallTable, RefusesAnythingElse) {
    for (const char *text :
         {"", ",", "x86_64", "x86_64:0xc000003e", "x86_64:0xc000003e:", "x86_64:0xc000003e:0",
          "x86_64:0xc000003e:65537", "x86_64:0xc000003e:-1", "x86_64:0xc000003e:441 ",
          "x86_64:0xc000003e:441:1", "x86_64:c000003e:441", "x86_64:0x1c000003e:441",
          ":0xc000003e:441", "a b:0xc000003e:441", "x86_64:0xc000003e:441,", "a:0x1:1,a:0x2:1",
          "a:0x1:1,b:0x1:1"})
        EXPECT_THROW(parse_tables(text), std::invalid_argument) << text;
}

TEST(SyscallTable, NamesArchitectures) {
    EXPECT_EQ(arch_name(AUDIT_ARCH_X86_64), "x86_64");
    EXPECT_EQ(arch_name(AUDIT_ARCH_I386), "ia32");
    EXPECT_EQ(arch_name(0), std::nullopt);
}

TEST(SyscallTable, NamesSyscalls) {
    EXPECT_EQ(syscall_name(AUDIT_ARCH_X86_64, 39), "getpid");
    EXPECT_EQ(syscall_name(AUDIT_ARCH_I386, 20), "getpid");
    EXPECT_EQ(syscall_name(AUDIT_ARCH_X86_64, 0x40000000 + 512), "rt_sigaction");
    EXPECT_EQ(syscall_name(AUDIT_ARCH_X86_64, 100000), std::nullopt);
    EXPECT_EQ(syscall_name(AUDIT_ARCH_X86_64, UINT32_MAX), std::nullopt);
    EXPECT_EQ(syscall_name(0, 1), std::nullopt);
}

TEST(SyscallTable, NumbersSyscalls) {
    EXPECT_EQ(syscall_number(AUDIT_ARCH_X86_64, "getpid"), 39u);
    EXPECT_EQ(syscall_number(AUDIT_ARCH_I386, "getpid"), 20u);
    EXPECT_EQ(syscall_number(AUDIT_ARCH_X86_64, "socketcall"), std::nullopt);
    EXPECT_EQ(syscall_number(AUDIT_ARCH_X86_64, "no such"), std::nullopt);
    EXPECT_EQ(syscall_number(0, "getpid"), std::nullopt);
}

} // namespace

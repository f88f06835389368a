// SPDX-License-Identifier: MIT
#include "vm/console.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace {

struct Sample {
    const char *line;
    const char *kind; // nullptr: not a splat
};

void PrintTo(const Sample &sample, std::ostream *stream) { *stream << sample.line; }

class Console : public testing::TestWithParam<Sample> {};

TEST_P(Console, TellsSplatsFromOtherMessages) {
    const std::string before = "[    0.000000] Linux version 5.10.262\r\n";
    const auto splat = vm::find_splat(before + GetParam().line + "\r\nmore\r\n");
    if (!GetParam().kind) {
        EXPECT_FALSE(splat) << splat->kind << ": " << splat->line;
    } else {
        ASSERT_TRUE(splat);
        EXPECT_EQ(splat->kind, GetParam().kind);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Splats, Console,
    testing::Values(
        Sample{"[    1.2] WARNING: CPU: 1 PID: 7 at kernel/seccomp.c:12 f+0x1/0x2",
               "kernel warning"},
        Sample{"[    1.2][   T12] WARNING: CPU: 1 PID: 7 at kernel/x.c:12 f+0x1/0x2",
               "kernel warning"},
        Sample{"WARNING: possible circular locking dependency detected", "lockdep"},
        Sample{"[   18.000001] WARNING: possible recursive locking detected", "lockdep"},
        Sample{"[   18.000001] WARNING: inconsistent lock state", "lockdep"},
        Sample{"[   18.000001] WARNING: bad unlock balance detected!", "lockdep"},
        Sample{"[   18.000001] INFO: trying to register non-static key.", "lockdep"},
        Sample{"[   18.000001] [ BUG: Invalid wait context ]", "lockdep"},
        Sample{"[   18.000001] WARNING: suspicious RCU usage", "RCU misuse"},
        Sample{"[    1.2] BUG: kernel NULL pointer dereference, address: 0000000000000008",
               "kernel bug"},
        Sample{"[    1.2] BUG: sleeping function called from invalid context at mm/slab.h:1",
               "kernel bug"},
        Sample{"[    1.2] kernel BUG at kernel/seccomp.c:99!", "kernel bug"},
        Sample{"[    1.2] Oops: 0000 [#1] SMP", "kernel oops"},
        Sample{"[    1.2] general protection fault, probably for non-canonical address 0x1: 0000 "
               "[#1] SMP",
               "kernel oops"},
        Sample{"[    1.2] invalid opcode: 0000 [#1] SMP", "kernel oops"},
        Sample{"[    1.2] unchecked MSR access error: RDMSR from 0x1 at rIP: 0x2", "kernel oops"},
        Sample{"[    1.2] BUG: KASAN: use-after-free in f+0x1/0x2", "KASAN"},
        Sample{"[    1.2] BUG: KCSAN: data-race in a / do_seccomp", "KCSAN"},
        Sample{"[    1.2] UBSAN: shift-out-of-bounds in kernel/x.c:1:2", "UBSAN"},
        Sample{"[    1.2] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
               "memory leak"},
        Sample{"[    1.2] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", "RCU stall"},
        Sample{"[    1.2] rcu: INFO: rcu_sched self-detected stall on CPU", "RCU stall"},
        Sample{"[    1.2] rcu: rcu_sched kthread starved for 5250 jiffies!", "RCU stall"},
        Sample{"[    1.2] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a:1]", "lockup"},
        Sample{"[    1.2] INFO: task sh:31 blocked for more than 120 seconds.", "hung task"},
        Sample{"[    1.2] Out of memory: Killed process 31 (sh)", "out of memory"},
        Sample{"[    1.2] sh invoked oom-killer: gfp_mask=0xcc0", "out of memory"},
        Sample{"[    1.2] sh: page allocation failure: order:5", "out of memory"},
        Sample{"[    1.2] Kernel panic - not syncing: Fatal exception", "kernel panic"},
        Sample{"[    1.2] sc-agent: cannot go on: pipe: Too many open files", "guest agent"}));

INSTANTIATE_TEST_SUITE_P(
    Harmless, Console,
    testing::Values(
        Sample{"[    1.2] seccomp: WARNING-free since 2020", nullptr},
        Sample{"[    1.2] DEBUG: nothing", nullptr},
        Sample{"[    1.2] Warning: unable to open an initial console.", nullptr},
        Sample{"[    1.2] traps: a.out[31] general protection fault ip:400000 sp:7f error:0 in a",
               nullptr},
        Sample{"[    1.2] a.out[31]: segfault at 0 ip 0 sp 0 error 4 in a.out", nullptr},
        Sample{"[    1.2] a.out[31] vsyscall read attempt denied -- look up the vsyscall kernel "
               "parameter if you need a workaround ip:ff",
               nullptr},
        Sample{"[    1.2] sc-agent: begin 7 /opt/BUG: test", nullptr},
        Sample{"[    1.2] kmemleak: Kernel memory leak detector initialized (mem pool available: "
               "15855)",
               nullptr},
        Sample{"[    1.2] rcu: Hierarchical RCU implementation.", nullptr},
        Sample{"[    1.2] rcu: RCU calculated value of scheduler-enlistment delay is 25 jiffies.",
               nullptr},
        Sample{"[    1.2] Lock dependency validator: Copyright (c) 2006 Red Hat, Inc.", nullptr},
        Sample{"[    1.2] FAULT_INJECTION: forcing a failure.", nullptr},
        Sample{"[    1.2] Call Trace:", nullptr},
        Sample{"[    1.2] clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc' as "
               "unstable because the skew is too large:",
               nullptr},
        Sample{"[    1.2] hrtimer: interrupt took 20381670 ns", nullptr},
        Sample{"[    1.2] Memory: 476844K/523768K available", nullptr},
        Sample{"[    1.2] kasan: KernelAddressSanitizer initialized", nullptr},
        Sample{"[    1.2] sysrq: Show Blocked State", nullptr},
        Sample{"[    1.2] audit: type=1326 audit(1.1:2): auid=4294967295 comm=\"BUG\" sig=31",
               nullptr}));

TEST(ConsoleText, TheFirstSplatIsTheOneThatCounts) {
    const auto splat =
        vm::find_splat("[ 1.0] BUG: first\r\n[ 1.1] Kernel panic - not syncing: x\r\n");
    ASSERT_TRUE(splat);
    EXPECT_EQ(splat->line, "BUG: first");
}

// As fault injection prints it, with what the kernel says of a failed vmalloc().
const std::string injected_failure =
    "[    8.1] FAULT_INJECTION: forcing a failure.\r\n"
    "[    8.1] name fail_page_alloc, interval 1, probability 0, space 0, times 0\r\n"
    "[    8.1] CPU: 0 PID: 71 Comm: fault_injection Not tainted 5.10.262 #1\r\n"
    "[    8.1] Call Trace:\r\n"
    "[    8.1]  dump_stack+0xbd/0x107\r\n"
    "[    8.1]  should_fail.cold+0x5/0xa\r\n"
    "[    8.1]  __vmalloc_node_range+0x1bc/0x4a0\r\n"
    "[    8.1]  do_seccomp+0x2a1/0x9d0\r\n"
    "[    8.1] RIP: 0033:0x4a2b6d\r\n"
    "[    8.2] fault_injection: vmalloc: allocation failure: 4096 bytes, mode:0xcc0(GFP_KERNEL)\r\n"
    "[    8.2] Call Trace:\r\n"
    "[    8.2]  warn_alloc.cold+0x70/0xd4\r\n"
    "[    8.2] Mem-Info:\r\n"
    "[    8.2] Node 0 DMA32 free:471704kB min:1404kB low:1872kB high:2340kB\r\n";

TEST(ConsoleText, AnInjectedFailureIsNoSplat) { EXPECT_FALSE(vm::find_splat(injected_failure)); }

TEST(ConsoleText, AnInjectedFailureHidesNoSplat) {
    const std::string warning = "[    8.3] WARNING: CPU: 0 PID: 71 at kernel/seccomp.c:560 f\r\n";
    EXPECT_TRUE(vm::find_splat(injected_failure + warning));
    EXPECT_TRUE(vm::find_splat(warning + injected_failure));
    // Between its lines, from another processor.
    const auto middle = injected_failure.find("[    8.1]  should_fail");
    EXPECT_TRUE(vm::find_splat(injected_failure.substr(0, middle) + warning +
                               injected_failure.substr(middle)));
    EXPECT_TRUE(
        vm::find_splat(injected_failure + "[    8.3] BUG: KASAN: use-after-free in f+0x1/0x2\r\n"));
}

TEST(ConsoleText, AnEscapeSequenceOfTheBiosDoesNotHideASplat) {
    EXPECT_TRUE(vm::find_splat("\x1b[2J\x1b[01;01H[    0.0] BUG: early\r\n"));
}

TEST(ConsoleText, StripsTimeStampAndLineEnd) {
    EXPECT_EQ(vm::message_of("[    1.234567] abc\r\n"), "abc");
    EXPECT_EQ(vm::message_of("[    1.234567][    T1] abc\r"), "abc");
    EXPECT_EQ(vm::message_of("[    1.234567][   C0] [ BUG: x ]"), "[ BUG: x ]");
    EXPECT_EQ(vm::message_of("[mem 0x0-0x1] abc"), "[mem 0x0-0x1] abc");
    EXPECT_EQ(vm::message_of(""), "");
}

TEST(ConsoleText, FindsAMessageOnlyAsAWholeLine) {
    const std::string mark = "sc-agent: end 1";
    EXPECT_FALSE(vm::find_message("[ 1.0] sc-agent: end 12\r\n", mark));
    EXPECT_FALSE(vm::find_message("[ 1.0] sc-agent: end 1", mark)) << "could go on with a 2";
    EXPECT_EQ(vm::find_message("a\n[ 1.0] sc-agent: end 1\r\nb\n", mark), 26U);
}

TEST(ConsoleText, LastLines) {
    EXPECT_EQ(vm::last_lines("a\r\nb\r\nc\r\n", 2), "b\nc\n");
    EXPECT_EQ(vm::last_lines("a\nb", 5), "a\nb\n");
    EXPECT_EQ(vm::last_lines("", 5), "");
}

TEST(ConsoleLog, ANewLogLeavesTheOldOneToItsReader) {
    const auto path = std::filesystem::path(testing::TempDir()) / "sc-console" / "a.console.log";
    vm::ConsoleLog first(path);
    std::ofstream(path) << "first";
    vm::ConsoleLog second(path);
    std::ofstream(path) << "second";
    EXPECT_EQ(first.read_from(0), "first");
    EXPECT_EQ(second.read_from(0), "second");
    EXPECT_EQ(second.read_from(3), "ond");
    EXPECT_EQ(second.read_from(100), "");
    std::filesystem::remove_all(path.parent_path());
}

} // namespace

// SPDX-License-Identifier: MIT
#include "vm/kcsan.h"

#include "vm/console.h"

#include <gtest/gtest.h>

#include <string>

namespace {

std::string access(const std::string &what, std::initializer_list<const char *> stack) {
    std::string text =
        "[    9.1] " + what + " to 0xffff888003a4c1c0 of 8 bytes by task 71 on cpu 1:\r\n";
    for (const char *function : stack)
        text += std::string("[    9.1]  ") + function + "+0x1d5/0x3c0\r\n";
    return text + "[    9.1] \r\n";
}

std::string report(const std::string &title, const std::string &accesses) {
    return "[    9.0] ==================================================================\r\n"
           "[    9.1] BUG: KCSAN: " +
           title + "\r\n[    9.1] \r\n" + accesses +
           "[    9.1] Reported by Kernel Concurrency Sanitizer on:\r\n"
           "[    9.1] CPU: 1 PID: 71 Comm: stress Not tainted 5.10.262 #1\r\n"
           "[    9.2] ==================================================================\r\n";
}

bool fails(const std::string &console) { return vm::find_splat(console).has_value(); }

TEST(Kcsan, TheStackOfAForeignRaceMayRunThroughSeccomp) {
    const auto text = report("data-race in mutex_spin_on_owner / mutex_spin_on_owner",
                             access("write", {"mutex_spin_on_owner", "do_seccomp"}) +
                                 access("read", {"mutex_spin_on_owner", "do_seccomp"}));
    EXPECT_FALSE(fails(text));
    EXPECT_EQ(vm::foreign_races(text),
              std::vector<std::string>{"data-race in mutex_spin_on_owner / mutex_spin_on_owner"});
}

TEST(Kcsan, OneAccessInSeccompIsEnough) {
    for (const char *function :
         {"proc_pid_seccomp_cache", "__seccomp_filter.isra.0", "__secure_computing",
          "seccomp_filter_release", "__put_seccomp_filter", "seccomp_emu_allowed", "emu_goto",
          "syscall_enter_from_user_mode"}) {
        const auto text =
            report(std::string("data-race in release_task / ") + function,
                   access("write", {"release_task"}) + access("read (marked)", {function}));
        const auto splat = vm::find_splat(text);
        ASSERT_TRUE(splat) << function;
        EXPECT_EQ(splat->kind, "KCSAN");
        EXPECT_TRUE(vm::foreign_races(text).empty());
    }
}

TEST(Kcsan, AHelperIsJudgedByItsCaller) {
    const auto text = [](const char *caller) {
        return report("data-race in _find_next_bit / update_rq_clock",
                      access("read", {"_find_next_bit", caller}) +
                          access("write", {"update_rq_clock", "do_seccomp"}));
    };
    EXPECT_FALSE(fails(text("cpumask_next")));
    EXPECT_TRUE(fails(text("seccomp_attach_filter")));
}

TEST(Kcsan, ARaceWithAnUnknownOriginHasOneAccess) {
    const std::string origin = "race at unknown origin, with read";
    EXPECT_FALSE(fails(
        report("data-race in tick_sched_timer+0x1/0x2", access(origin, {"tick_sched_timer"}))));
    EXPECT_TRUE(fails(
        report("data-race in __seccomp_filter+0x1/0x2", access(origin, {"__seccomp_filter"}))));
}

TEST(Kcsan, WhatCannotBeReadIsOurs) {
    const std::string title =
        "[ 1.0] BUG: KCSAN: data-race in _find_next_bit / update_rq_clock\r\n";
    EXPECT_TRUE(fails(title)) << "cut off where the stacks are needed";
    EXPECT_TRUE(fails(title + access("read", {"_find_next_bit"}))) << "helpers all the way";
    EXPECT_TRUE(fails("[ 1.0] BUG: KCSAN: something new\r\n"));
}

TEST(Kcsan, AForeignRaceHidesNothingBehindIt) {
    const auto foreign =
        report("data-race in a / b", access("read", {"a"}) + access("write", {"b"}));
    const auto splat =
        vm::find_splat(foreign + report("data-race in a / do_seccomp",
                                        access("read", {"a"}) + access("write", {"do_seccomp"})));
    ASSERT_TRUE(splat);
    EXPECT_EQ(splat->line, "BUG: KCSAN: data-race in a / do_seccomp");
    EXPECT_TRUE(fails(foreign + "[ 2.0] WARNING: CPU: 1 PID: 7 at kernel/seccomp.c:12 f\r\n"));
    // One that another processor prints between the lines of a report.
    const auto cut = foreign.find("Reported by");
    EXPECT_TRUE(fails(foreign.substr(0, cut) +
                      "BUG: sleeping function called from invalid context\r\n" +
                      foreign.substr(cut)));
}

} // namespace

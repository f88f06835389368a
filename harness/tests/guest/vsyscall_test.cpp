// SPDX-License-Identifier: MIT
//
// The vsyscall page calls seccomp from a page fault, not from the syscall entry: with
// vsyscall=emulate the page can be read as well, with vsyscall=xonly it cannot.

#include "attach.h"
#include "cache.h"
#include "filters.h"
#include "probe.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <unistd.h>

#include <csignal>

namespace guest {
namespace {

using namespace cbpf;

constexpr std::uint64_t numbers[] = {SYS_gettimeofday, SYS_time, SYS_getcpu};

Call call(std::uint64_t number) { return {Path::vsyscall, number, {}}; }

std::vector<Call> all_calls() {
    std::vector<Call> calls;
    for (const auto number : numbers)
        calls.push_back(call(number));
    return calls;
}

// Permissions of the page, as in "r-xp". The mode of the machine is what the suites go by: one
// that is not what its name says would test nothing.
std::string page_permissions() {
    const std::string maps = read_file("/proc/self/maps");
    const auto end = maps.find("[vsyscall]");
    if (end == std::string::npos)
        return "none";
    const auto begin = maps.rfind('\n', end) + 1;
    return maps.substr(maps.find(' ', begin) + 1, 4);
}

void expect_cached_calls_are_executed() {
    const Chain chain = {allow_all()};
    for (const auto number : numbers)
        ASSERT_TRUE(emulator_allows(chain, AUDIT_ARCH_X86_64, static_cast<unsigned>(number)));
    for (const auto &outcome : perform(chain, all_calls()))
        EXPECT_EQ(outcome, returned(0));
    expect_as_interpreted(chain, all_calls());
}

void expect_uncached_calls_are_executed() {
    for (const auto number : numbers) {
        const Chain chain = {look_at_argument(static_cast<std::uint32_t>(number))};
        ASSERT_FALSE(emulator_allows(chain, AUDIT_ARCH_X86_64, static_cast<unsigned>(number)));
        expect_as_interpreted(chain, all_calls());
    }
}

void expect_answer(std::uint32_t value) {
    for (const auto number : numbers)
        expect_as_interpreted({answer(static_cast<std::uint32_t>(number), value)}, all_calls());
}

void expect_the_instruction_pointer_is_in_the_page() {
    const Chain chain = {{load_ip_low(), jeq(0xff600400, 0, 3), load_ip_high(),
                          jeq(0xffffffff, 0, 1), ret_errno(61), ret_allow()}};
    const auto outcomes = perform(chain, all_calls());
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_EQ(outcomes[0], returned(0));
    EXPECT_EQ(outcomes[1], returned(-61));
    EXPECT_EQ(outcomes[2], returned(0));
    expect_as_interpreted(chain, all_calls());
}

void expect_arguments_are_seen() {
    // Registers that the functions of the page do not use may hold anything.
    const Chain chain = {{load_nr(), jeq(SYS_time, 0, 5), load_arg_low(5), jeq(7, 0, 3),
                          load_arg_high(4), jset(1, 0, 1), ret_errno(62), ret_allow()}};
    expect_as_interpreted(chain, {call(SYS_time),
                                  {Path::vsyscall, SYS_time, {0, 0, 0, 0, 0, 7}},
                                  {Path::vsyscall, SYS_time, {0, 0, 0, 0, 0x100000000, 7}},
                                  call(SYS_gettimeofday)});
}

// Under a tracer, which may only skip the call: changing the number is deadly.
enum class Tracer { leaves, skips, changes };

Outcome traced(std::uint64_t number, Tracer tracer) {
    Probe probe({answer(static_cast<std::uint32_t>(number), SECCOMP_RET_TRACE | 3)}, {call(number)},
                {.ptrace_options = PTRACE_O_TRACESECCOMP});
    EXPECT_EQ(probe.run(), Child::trace);
    user_regs_struct regs{};
    ptrace(PTRACE_GETREGS, probe.pid(), nullptr, &regs);
    EXPECT_EQ(regs.orig_rax, number);
    if (tracer == Tracer::skips) {
        regs.orig_rax = ~0ULL;
        regs.rax = 63;
    } else if (tracer == Tracer::changes) {
        regs.orig_rax = SYS_getpid;
    }
    ptrace(PTRACE_SETREGS, probe.pid(), nullptr, &regs);
    EXPECT_EQ(probe.run(), Child::ended);
    const auto outcomes = probe.outcomes();
    EXPECT_EQ(outcomes.size(), 1U);
    return outcomes.empty() ? returned(-1) : outcomes[0];
}

void expect_tracers_are_heard() {
    for (const auto number : numbers) {
        EXPECT_EQ(traced(number, Tracer::leaves), returned(0));
        EXPECT_EQ(traced(number, Tracer::skips), returned(63));
        EXPECT_EQ(traced(number, Tracer::changes), killed(SIGSYS));
    }
}

// Strict mode has no filter, and the page is no way around it.
void expect_strict_mode_kills() {
    for (const std::uint64_t offset : {0, 0x400, 0x800}) {
        Child child(
            [offset] {
                const auto function =
                    reinterpret_cast<long (*)(long, long, long)>(0xffffffffff600000 + offset);
                enter_strict_mode();
                function(0, 0, 0);
                syscall(SYS_exit, 0);
            },
            Child::Untraced{});
        child.run();
        EXPECT_TRUE(child.killed_by(SIGKILL)) << child.wait_status();
    }
}

// The same tests on two machines.
#define VSYSCALL_SUITE(suite, permissions)                                                         \
    TEST(suite, ThePageIsThere) { EXPECT_EQ(page_permissions(), permissions); }                    \
    TEST(suite, CachedCallsAreExecuted) { expect_cached_calls_are_executed(); }                    \
    TEST(suite, UncachedCallsAreExecuted) { expect_uncached_calls_are_executed(); }                \
    TEST(suite, Errno) {                                                                           \
        expect_answer(SECCOMP_RET_ERRNO | 64);                                                     \
        expect_answer(SECCOMP_RET_ERRNO);                                                          \
    }                                                                                              \
    TEST(suite, Trap) { expect_answer(SECCOMP_RET_TRAP | 65); }                                    \
    TEST(suite, KillProcess) { expect_answer(SECCOMP_RET_KILL_PROCESS); }                          \
    TEST(suite, KillThread) { expect_answer(SECCOMP_RET_KILL_THREAD); }                            \
    TEST(suite, Log) { expect_answer(SECCOMP_RET_LOG); }                                           \
    TEST(suite, TraceWithoutTracer) { expect_answer(SECCOMP_RET_TRACE); }                          \
    TEST(suite, Tracer) { expect_tracers_are_heard(); }                                            \
    TEST(suite, InstructionPointer) { expect_the_instruction_pointer_is_in_the_page(); }           \
    TEST(suite, Arguments) { expect_arguments_are_seen(); }                                        \
    TEST(suite, StrictMode) { expect_strict_mode_kills(); }

VSYSCALL_SUITE(VsyscallEmulate, "r-xp")
VSYSCALL_SUITE(VsyscallXonly, "--xp")

} // namespace
} // namespace guest

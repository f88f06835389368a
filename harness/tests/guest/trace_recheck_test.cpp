// SPDX-License-Identifier: MIT
//
// A tracer that is asked about a syscall (SECCOMP_RET_TRACE) may make another one of it. The
// filters are asked again then, and the cache must not be in the way.

#include "cache.h"
#include "filters.h"
#include "probe.h"

#include "cbpf/interpreter.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <tuple>

namespace guest {
namespace {

using namespace cbpf;

constexpr std::uint64_t traced_number = SYS_getuid;
constexpr std::uint64_t x32_bit = 0x40000000;

// getuid is traced, getppid refused, getgid goes by its argument, all x32 is refused; the rest is
// cached.
const Chain chain = {{load_nr(), jeq(traced_number, 0, 1), ret(SECCOMP_RET_TRACE | 9),
                      jeq(SYS_getppid, 0, 1), ret_errno(51), jeq(SYS_geteuid, 0, 1),
                      ret(SECCOMP_RET_TRAP | 52), jeq(SYS_getegid, 0, 1),
                      ret(SECCOMP_RET_KILL_PROCESS), jset(x32_bit, 0, 1), ret_errno(53),
                      jge(1000, 0, 1), ret_errno(54), jeq(SYS_getgid, 0, 3), load_arg_low(0),
                      jeq(1, 0, 1), ret_errno(55), ret_allow()}};

struct Change {
    std::uint64_t number = traced_number;
    std::optional<std::uint64_t> first_argument{};
    std::optional<std::uint64_t> result{};
};

// What becomes of getuid when the tracer changes it.
Outcome outcome_after(const Change &change) {
    Probe probe(chain, {{Path::syscall, traced_number, {}}},
                {.ptrace_options = PTRACE_O_TRACESECCOMP});
    EXPECT_EQ(probe.run(), Child::trace) << probe.child().message();
    unsigned long message = 0;
    ptrace(PTRACE_GETEVENTMSG, probe.pid(), nullptr, &message);
    EXPECT_EQ(message, 9U);

    user_regs_struct regs{};
    ptrace(PTRACE_GETREGS, probe.pid(), nullptr, &regs);
    EXPECT_EQ(regs.orig_rax, traced_number);
    regs.orig_rax = change.number;
    regs.rdi = change.first_argument.value_or(regs.rdi);
    regs.rax = change.result.value_or(regs.rax);
    ptrace(PTRACE_SETREGS, probe.pid(), nullptr, &regs);
    // No second question: the answer to the first one stands.
    EXPECT_EQ(probe.run(), Child::ended);
    const auto outcomes = probe.outcomes();
    EXPECT_EQ(outcomes.size(), 1U);
    return outcomes.empty() ? returned(-9999) : outcomes[0];
}

TEST(TraceRecheck, Unchanged) { EXPECT_EQ(outcome_after({}), returned(0)); }

TEST(TraceRecheck, ToACachedNumber) {
    ASSERT_TRUE(emulator_allows(chain, AUDIT_ARCH_X86_64, SYS_getpid));
    EXPECT_EQ(outcome_after({.number = SYS_getpid}), returned(own_pid));
}

TEST(TraceRecheck, ToARefusedNumber) {
    EXPECT_EQ(outcome_after({.number = SYS_getppid}), returned(-51));
}

TEST(TraceRecheck, ToATrappedNumber) {
    const auto outcome = outcome_after({.number = SYS_geteuid});
    EXPECT_EQ(outcome.kind, Outcome::Kind::signalled);
    EXPECT_EQ(outcome.error, 52);
    EXPECT_EQ(outcome.syscall, SYS_geteuid);
}

TEST(TraceRecheck, ToADeadlyNumber) {
    EXPECT_EQ(outcome_after({.number = SYS_getegid}), killed(SIGSYS));
}

TEST(TraceRecheck, ToANumberThatGoesByItsArgument) {
    ASSERT_FALSE(emulator_allows(chain, AUDIT_ARCH_X86_64, SYS_getgid));
    EXPECT_EQ(outcome_after({.number = SYS_getgid, .first_argument = 0}), returned(0));
    EXPECT_EQ(outcome_after({.number = SYS_getgid, .first_argument = 1}), returned(-55));
}

TEST(TraceRecheck, ToMinusOneSkips) {
    EXPECT_EQ(outcome_after({.number = ~0ULL}), returned(-ENOSYS));
    EXPECT_EQ(outcome_after({.number = ~0ULL, .result = 42}), returned(42));
    EXPECT_EQ(outcome_after({.number = 0xffffffff, .result = 43}), returned(43));
}

TEST(TraceRecheck, ToOtherNegativeNumbersSkips) {
    EXPECT_EQ(outcome_after({.number = 0x80000000, .result = 44}), returned(44));
    EXPECT_EQ(outcome_after({.number = ~0ULL - 1, .result = 45}), returned(45));
}

TEST(TraceRecheck, ToAnX32Number) {
    EXPECT_EQ(outcome_after({.number = x32_bit | SYS_getpid}), returned(-53));
}

TEST(TraceRecheck, BeyondTheTable) {
    const std::uint64_t size = native_table().size;
    EXPECT_EQ(outcome_after({.number = size}), returned(-ENOSYS));
    EXPECT_EQ(outcome_after({.number = size + 1}), returned(-ENOSYS));
    EXPECT_EQ(outcome_after({.number = 1000}), returned(-54));
    EXPECT_EQ(outcome_after({.number = 0x3fffffff}), returned(-54));
}

// The low half is what counts, also when it comes from a tracer.
TEST(TraceRecheck, ToANumberWithGarbageInTheUpperHalf) {
    EXPECT_EQ(outcome_after({.number = 0x1'0000'0000 | SYS_getppid}), returned(-51));
    EXPECT_EQ(outcome_after({.number = 0x1'0000'0000 | SYS_getpid}), returned(own_pid));
}

// A tracer at the syscall's entry comes before the filters.
TEST(TraceRecheck, ATracerAtTheEntryComesFirst) {
    const Chain filters = {answer(SYS_getppid, SECCOMP_RET_ERRNO | 56)};
    for (const auto &[from, to, expected] :
         {std::tuple{SYS_getpid, SYS_getppid, returned(-56)},
          std::tuple{SYS_getppid, SYS_getpid, returned(own_pid)}}) {
        Probe probe(filters, {{Path::syscall, static_cast<std::uint64_t>(from), {}}},
                    {.flags = PROBE_STOP_ATTACHED});
        ASSERT_EQ(probe.run(), Child::breakpoint);
        // By hand: the stop of a syscall's entry is a SIGTRAP like that of a breakpoint.
        int status = 0;
        ASSERT_EQ(ptrace(PTRACE_SYSCALL, probe.pid(), nullptr, 0), 0);
        ASSERT_EQ(waitpid(probe.pid(), &status, __WALL), probe.pid());
        user_regs_struct regs{};
        ptrace(PTRACE_GETREGS, probe.pid(), nullptr, &regs);
        ASSERT_EQ(regs.orig_rax, static_cast<std::uint64_t>(from));
        regs.orig_rax = static_cast<std::uint64_t>(to);
        ptrace(PTRACE_SETREGS, probe.pid(), nullptr, &regs);
        ASSERT_EQ(probe.run(), Child::ended);
        ASSERT_EQ(probe.outcomes().size(), 1U);
        EXPECT_EQ(probe.outcomes()[0], expected);
    }
}

} // namespace
} // namespace guest

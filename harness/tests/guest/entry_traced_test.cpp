// SPDX-License-Identifier: MIT
//
// Tracers at a syscall's entry come before the filters, and see every call: those that are served
// from the cache as well. What they make of a call is what the filters judge.

#include "cache.h"
#include "filters.h"
#include "harmless.h"
#include "probe.h"
#include "tracee.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

namespace guest {
namespace {

using namespace cbpf;

constexpr std::uint64_t garbage = 0x1'0000'0000;
constexpr unsigned long suspend_seccomp = 1UL << 21; // PTRACE_O_SUSPEND_SECCOMP

constexpr int refused = 51;
constexpr int x32_refused = 52;
constexpr int far_refused = 53;
constexpr int argument_refused = 54;
constexpr std::uint32_t far = 1000;
constexpr std::uint32_t traced_data = 9;

const SyscallTable &table(Path path) {
    return path_arch(path) == AUDIT_ARCH_X86_64 ? native_table() : compat_table();
}

// Getppid is refused, geteuid traced, getegid trapped, getgid goes by its argument, and neither x32
// nor numbers from 1000 on are allowed. The rest is cached.
Chain judging(Path path) {
    const auto &h = harmless(path);
    return {{load_nr(), jeq(h.getppid, 0, 1), ret_errno(refused), jeq(h.geteuid, 0, 1),
             ret(SECCOMP_RET_TRACE | traced_data), jeq(h.getegid, 0, 1), ret(SECCOMP_RET_TRAP),
             jset(x32_bit, 0, 1), ret_errno(x32_refused), jge(far, 0, 1), ret_errno(far_refused),
             jeq(h.getgid, 0, 3), load_arg_low(0), jeq(1, 0, 1), ret_errno(argument_refused),
             ret_allow()}};
}

struct Change {
    std::optional<std::uint64_t> number{};
    std::optional<std::uint64_t> first_argument{};
    std::optional<std::uint64_t> result{};
};

// Halted before the first of its calls, under the filters.
class HaltedProbe : public Probe {
public:
    HaltedProbe(const Chain &chain, const std::vector<Call> &calls, unsigned long options = 0)
        : Probe(chain, calls,
                {.bits = path_bits(calls.front().path),
                 .flags = PROBE_STOP_ATTACHED,
                 .ptrace_options = PTRACE_O_TRACESYSGOOD | options}) {
        EXPECT_EQ(run(), Child::breakpoint) << child().message();
    }
};

class EntryTraced : public testing::TestWithParam<Path> {
protected:
    void SetUp() override {
        const Chain chain = judging(path());
        const std::uint32_t arch = path_arch(path());
        ASSERT_TRUE(emulator_allows(chain, arch, number().getpid));
        ASSERT_TRUE(emulator_allows(chain, arch, number().getuid));
        for (const auto uncached :
             {number().getppid, number().geteuid, number().getegid, number().getgid})
            ASSERT_FALSE(emulator_allows(chain, arch, uncached));
    }

    Path path() const { return GetParam(); }
    const Harmless &number() const { return harmless(path()); }
    Call call(std::uint64_t nr) const { return {path(), nr, {}}; }

    HaltedProbe probe_of(const std::vector<Call> &calls, unsigned long options = 0) const {
        return HaltedProbe(judging(path()), calls, options);
    }

    static Outcome only_outcome(Probe &probe) {
        EXPECT_EQ(probe.run(), Child::ended);
        const auto outcomes = probe.outcomes();
        EXPECT_EQ(outcomes.size(), 1U);
        return outcomes.empty() ? returned(-9999) : outcomes[0];
    }

    void apply(const Change &change, const Tracee &tracee) const {
        if (change.number)
            tracee.set_number(*change.number);
        if (change.first_argument)
            tracee.set_first_argument(path(), *change.first_argument);
        if (change.result)
            tracee.set_result(*change.result);
    }

    // What becomes of `from` when the tracer changes it at its entry.
    Outcome changed_at_entry(std::uint64_t from, const Change &change) const {
        HaltedProbe probe = probe_of({call(from)});
        Tracee tracee(probe.pid());
        EXPECT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
        EXPECT_EQ(tracee.number(), from);
        apply(change, tracee);
        return only_outcome(probe);
    }

    // The same for a cached number and for one that the filters refuse.
    void expect_whatever_it_was(const Change &change, const Outcome &expected) const {
        EXPECT_EQ(changed_at_entry(number().getpid, change), expected);
        EXPECT_EQ(changed_at_entry(number().getppid, change), expected);
    }

    // What becomes of geteuid, at which the filters ask the tracer.
    Outcome changed_when_asked(const Change &change) const {
        HaltedProbe probe = probe_of({call(number().geteuid)}, PTRACE_O_TRACESECCOMP);
        EXPECT_EQ(probe.run(), Child::trace);
        apply(change, Tracee(probe.pid()));
        return only_outcome(probe);
    }

    void expect_stops_of(Tracee &tracee, std::uint32_t nr, std::int64_t result) const {
        ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
        EXPECT_EQ(tracee.number(), nr);
        EXPECT_EQ(static_cast<std::int32_t>(tracee.result()), -ENOSYS);
        ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
        EXPECT_EQ(tracee.number(), nr);
        EXPECT_EQ(static_cast<std::int32_t>(tracee.result()), result);
    }
};

TEST_P(EntryTraced, BothStopsOfEachCallAreSeen) {
    const auto &n = number();
    HaltedProbe probe = probe_of({call(n.getpid), call(n.getppid), call(n.getuid), call(n.getpid)});
    Tracee tracee(probe.pid());
    expect_stops_of(tracee, n.getpid, probe.pid());
    expect_stops_of(tracee, n.getppid, -refused);
    expect_stops_of(tracee, n.getuid, 0);
    expect_stops_of(tracee, n.getpid, probe.pid());
    ASSERT_EQ(probe.run(), Child::ended);
    EXPECT_EQ(probe.outcomes(),
              (std::vector{returned(own_pid), returned(-refused), returned(0), returned(own_pid)}));
}

// From one call to the next, tracing begins and ends.
TEST_P(EntryTraced, OneCallOfManyIsTraced) {
    const auto &n = number();
    HaltedProbe probe = probe_of({call(n.getpid), call(n.geteuid), call(n.getpid), call(n.getpid)},
                                 PTRACE_O_TRACESECCOMP);
    ASSERT_EQ(probe.run(), Child::trace);
    Tracee tracee(probe.pid());
    // The rest of geteuid, then all of a getpid.
    ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
    EXPECT_EQ(tracee.number(), n.geteuid);
    expect_stops_of(tracee, n.getpid, probe.pid());
    ASSERT_EQ(probe.run(), Child::ended);
    EXPECT_EQ(probe.outcomes(),
              (std::vector{returned(own_pid), returned(0), returned(own_pid), returned(own_pid)}));
}

TEST_P(EntryTraced, ATracerThatLeavesInTheMiddleOfACall) {
    const auto &n = number();
    HaltedProbe probe = probe_of({call(n.getuid), call(n.getpid), call(n.getppid), call(n.getpid)});
    Tracee tracee(probe.pid());
    ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
    // To a cached number, and off: nobody is there for the exit's stop.
    tracee.set_number(n.getpid);
    ASSERT_EQ(ptrace(PTRACE_DETACH, probe.pid(), nullptr, nullptr), 0);
    ASSERT_EQ(probe.run(), Child::ended);
    EXPECT_EQ(probe.job().state, static_cast<std::uint32_t>(PROBE_DONE));
    EXPECT_EQ(probe.outcomes(), (std::vector{returned(own_pid), returned(own_pid),
                                             returned(-refused), returned(own_pid)}));
}

TEST_P(EntryTraced, UnchangedAtTheEntry) {
    EXPECT_EQ(changed_at_entry(number().getpid, {}), returned(own_pid));
    EXPECT_EQ(changed_at_entry(number().getppid, {}), returned(-refused));
}

TEST_P(EntryTraced, ToARefusedNumber) {
    expect_whatever_it_was({.number = number().getppid}, returned(-refused));
}

TEST_P(EntryTraced, ToACachedNumber) {
    expect_whatever_it_was({.number = number().getpid}, returned(own_pid));
    expect_whatever_it_was({.number = number().getuid}, returned(0));
}

TEST_P(EntryTraced, ToATrappedNumber) {
    for (const auto from : {number().getpid, number().getppid}) {
        const auto outcome = changed_at_entry(from, {.number = number().getegid});
        EXPECT_EQ(outcome.kind, Outcome::Kind::signalled);
        EXPECT_EQ(outcome.syscall, static_cast<int>(number().getegid));
        EXPECT_EQ(outcome.arch, path_arch(path()));
    }
}

TEST_P(EntryTraced, ToANumberThatGoesByItsArgument) {
    expect_whatever_it_was({.number = number().getgid, .first_argument = 0}, returned(0));
    expect_whatever_it_was({.number = number().getgid, .first_argument = 1},
                           returned(-argument_refused));
}

TEST_P(EntryTraced, AnotherArgumentForTheSameNumber) {
    EXPECT_EQ(changed_at_entry(number().getgid, {.first_argument = 1}),
              returned(-argument_refused));
    EXPECT_EQ(changed_at_entry(number().getgid, {.first_argument = 2}), returned(0));
    EXPECT_EQ(changed_at_entry(number().getpid, {.first_argument = 1}), returned(own_pid));
}

// That is no number to the entry code, but the filters are asked about it all the same.
TEST_P(EntryTraced, ToMinusOne) {
    for (const std::uint64_t minus_one : {~0ULL, 0xffffffffULL})
        expect_whatever_it_was({.number = minus_one, .result = 42}, returned(-x32_refused));
}

TEST_P(EntryTraced, ToOtherNegativeNumbers) {
    expect_whatever_it_was({.number = 0x80000000, .result = 43}, returned(-far_refused));
    expect_whatever_it_was({.number = 0x80000000 | number().getpid}, returned(-far_refused));
    expect_whatever_it_was({.number = ~0ULL - 1, .result = 44}, returned(-x32_refused));
}

TEST_P(EntryTraced, BeyondTheTable) {
    const std::uint64_t size = table(path()).size;
    for (const std::uint64_t beyond : {size, size + 1, size + 63, size + 64})
        expect_whatever_it_was({.number = beyond}, returned(-ENOSYS));
    for (const std::uint64_t beyond : {std::uint64_t{far}, std::uint64_t{0x3fffffff}})
        expect_whatever_it_was({.number = beyond}, returned(-far_refused));
}

TEST_P(EntryTraced, ToAnX32Number) {
    expect_whatever_it_was({.number = x32_bit | number().getpid}, returned(-x32_refused));
}

// What counts is the low half.
TEST_P(EntryTraced, ToANumberWithGarbageInTheUpperHalf) {
    expect_whatever_it_was({.number = garbage | number().getppid}, returned(-refused));
    expect_whatever_it_was({.number = garbage | number().getpid}, returned(own_pid));
    expect_whatever_it_was({.number = ~0ULL << 32 | number().getpid}, returned(own_pid));
    expect_whatever_it_was({.number = garbage | far}, returned(-far_refused));
}

// The filters are asked again then.
TEST_P(EntryTraced, ChangedWhenTheFiltersAskTheTracer) {
    EXPECT_EQ(changed_when_asked({}), returned(0));
    EXPECT_EQ(changed_when_asked({.number = number().getpid}), returned(own_pid));
    EXPECT_EQ(changed_when_asked({.number = number().getppid}), returned(-refused));
    EXPECT_EQ(changed_when_asked({.number = garbage | number().getpid}), returned(own_pid));
    EXPECT_EQ(changed_when_asked({.number = garbage | number().getppid}), returned(-refused));
    EXPECT_EQ(changed_when_asked({.number = x32_bit | number().getpid}), returned(-x32_refused));
    EXPECT_EQ(changed_when_asked({.number = table(path()).size}), returned(-ENOSYS));
    EXPECT_EQ(changed_when_asked({.number = ~0ULL, .result = 45}), returned(45));
}

// The call is not made, whatever it is, and the filters are not asked.
TEST_P(EntryTraced, EmulatedCallsAreNotMade) {
    for (const auto nr : {number().getpid, number().getppid, number().getegid}) {
        HaltedProbe probe = probe_of({call(nr), call(number().getpid), call(number().getppid)});
        Tracee tracee(probe.pid());
        ASSERT_EQ(tracee.go_on(PTRACE_SYSEMU), Stop::syscall);
        EXPECT_EQ(tracee.number(), nr);
        tracee.set_result(77);
        // The second one: there is one stop for each.
        ASSERT_EQ(tracee.go_on(PTRACE_SYSEMU), Stop::syscall);
        EXPECT_EQ(tracee.number(), number().getpid);
        tracee.set_result(78);
        ASSERT_EQ(probe.run(), Child::ended);
        EXPECT_EQ(probe.outcomes(), (std::vector{returned(77), returned(78), returned(-refused)}));
    }
}

TEST_P(EntryTraced, EmulatedCallsInSingleSteps) {
    constexpr int patience = 2000;
    for (const auto nr : {number().getpid, number().getppid}) {
        HaltedProbe probe = probe_of({call(nr), call(number().getpid)});
        Tracee tracee(probe.pid());
        Stop stop = Stop::trap;
        for (int i = 0; stop == Stop::trap && i < patience; i++)
            stop = tracee.go_on(PTRACE_SYSEMU_SINGLESTEP);
        ASSERT_EQ(stop, Stop::syscall);
        EXPECT_EQ(tracee.number(), nr);
        tracee.set_result(79);
        EXPECT_EQ(tracee.go_on(PTRACE_SYSEMU_SINGLESTEP), Stop::trap);
        ASSERT_EQ(probe.run(), Child::ended);
        EXPECT_EQ(probe.outcomes(), (std::vector{returned(79), returned(own_pid)}));
    }
}

// Step by step through everything the probe does up to its end: what a tracer sees of a task with
// a cached call is what it sees of one without filters.
std::vector<std::uint64_t> steps(const Call &call, const Chain &chain) {
    constexpr std::size_t limit = 400;
    HaltedProbe probe(chain, {call, call});
    Tracee tracee(probe.pid());
    std::vector<std::uint64_t> offsets;
    // Up to behind the second call. The vdso moves, and is told from the program by its place.
    const std::uint64_t behind = probe.data(call).instruction_pointer;
    for (int calls = 0; calls < 2 && offsets.size() < limit;) {
        EXPECT_EQ(tracee.go_on(PTRACE_SINGLESTEP), Stop::trap);
        const std::uint64_t ip = tracee.instruction_pointer();
        calls += ip == behind ? 1 : 0;
        offsets.push_back(ip - behind < 4096 || behind - ip < 4096 ? ip - behind : ip);
    }
    EXPECT_EQ(probe.run(), Child::ended);
    EXPECT_EQ(probe.outcomes(), (std::vector{returned(own_pid), returned(own_pid)}));
    return offsets;
}

TEST_P(EntryTraced, SingleStepsOverACachedCall) {
    const auto under_filters = steps(call(number().getpid), judging(path()));
    EXPECT_GT(under_filters.size(), 20U);
    EXPECT_LT(under_filters.size(), 400U);
    EXPECT_EQ(under_filters, steps(call(number().getpid), {}));
    // One that the filters are run for.
    EXPECT_EQ(under_filters, steps(call(number().getpid), {look_at_argument(number().getpid)}));
}

TEST_P(EntryTraced, SyscallInfoOfBothStops) {
    const std::uint64_t high =
        path() == Path::int80_from_64 || path() == Path::syscall ? 0xdead'0000'0000 : 0;
    Call cached = call(number().getpid);
    Call not_allowed = call(number().getppid);
    cached.args = not_allowed.args = {high | 1, high | 2, high | 3, high | 4, high | 5, high | 6};
    HaltedProbe probe = probe_of({cached, not_allowed});
    Tracee tracee(probe.pid());
    for (const Call &made : {cached, not_allowed}) {
        const bool allowed = made == cached;
        const seccomp_data data = probe.data(made);
        __ptrace_syscall_info info{};
        ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
        ASSERT_GT(ptrace(PTRACE_GET_SYSCALL_INFO, probe.pid(), sizeof(info), &info), 0);
        EXPECT_EQ(info.op, PTRACE_SYSCALL_INFO_ENTRY);
        EXPECT_EQ(info.arch, data.arch);
        EXPECT_EQ(info.instruction_pointer, data.instruction_pointer);
        EXPECT_EQ(info.entry.nr, made.number);
        for (std::size_t i = 0; i < made.args.size(); i++)
            EXPECT_EQ(info.entry.args[i], made.args[i]) << i;

        ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
        info = {};
        ASSERT_GT(ptrace(PTRACE_GET_SYSCALL_INFO, probe.pid(), sizeof(info), &info), 0);
        EXPECT_EQ(info.op, PTRACE_SYSCALL_INFO_EXIT);
        EXPECT_EQ(info.arch, data.arch);
        EXPECT_EQ(info.exit.is_error, allowed ? 0 : 1);
        EXPECT_EQ(static_cast<std::int32_t>(info.exit.rval), allowed ? probe.pid() : -refused);
    }
    EXPECT_EQ(probe.run(), Child::ended);
}

TEST_P(EntryTraced, SyscallInfoOfACallThatTheFiltersAskAbout) {
    Call asked = call(number().geteuid);
    asked.args = {11, 12, 13, 14, 15, 16};
    HaltedProbe probe =
        probe_of({call(number().getpid), asked, call(number().getpid)}, PTRACE_O_TRACESECCOMP);
    ASSERT_EQ(probe.run(), Child::trace);
    __ptrace_syscall_info info{};
    ASSERT_GT(ptrace(PTRACE_GET_SYSCALL_INFO, probe.pid(), sizeof(info), &info), 0);
    EXPECT_EQ(info.op, PTRACE_SYSCALL_INFO_SECCOMP);
    EXPECT_EQ(info.arch, path_arch(path()));
    EXPECT_EQ(info.seccomp.nr, asked.number);
    EXPECT_EQ(info.seccomp.ret_data, traced_data);
    for (std::size_t i = 0; i < asked.args.size(); i++)
        EXPECT_EQ(info.seccomp.args[i], asked.args[i]) << i;
    ASSERT_EQ(probe.run(), Child::ended);
    EXPECT_EQ(probe.outcomes(), (std::vector{returned(own_pid), returned(0), returned(own_pid)}));
}

// A tracer and the filters' question to it at the same call: first the one, then the other.
TEST_P(EntryTraced, TheEntryStopComesBeforeTheFiltersQuestion) {
    HaltedProbe probe = probe_of({call(number().getpid)}, PTRACE_O_TRACESECCOMP);
    Tracee tracee(probe.pid());
    ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
    tracee.set_number(number().geteuid);
    ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::event);
    EXPECT_EQ(tracee.event(), PTRACE_EVENT_SECCOMP);
    tracee.set_number(number().getppid);
    ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
    EXPECT_EQ(static_cast<std::int32_t>(tracee.result()), -refused);
    EXPECT_EQ(only_outcome(probe), returned(-refused));
}

// PTRACE_O_SUSPEND_SECCOMP.
using EntrySuspended = EntryTraced;

TEST_P(EntrySuspended, FiltersAreOffAndOnAgainBetweenCalls) {
    const auto &n = number();
    HaltedProbe probe = probe_of({call(n.getppid), call(n.getpid), call(n.getppid), call(n.getppid),
                                  call(n.getpid), call(n.getppid), call(n.getpid)});
    Tracee tracee(probe.pid());
    expect_stops_of(tracee, n.getppid, -refused);
    expect_stops_of(tracee, n.getpid, probe.pid());
    tracee.set_options(PTRACE_O_TRACESYSGOOD | suspend_seccomp);
    expect_stops_of(tracee, n.getppid, getpid());
    // The last one that is not judged, and not stopped either.
    ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
    ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
    tracee.set_options(PTRACE_O_TRACESYSGOOD);
    ASSERT_EQ(probe.run(), Child::ended);
    EXPECT_EQ(
        probe.outcomes(),
        (std::vector{returned(-refused), returned(own_pid), returned(getpid()), returned(getpid()),
                     returned(own_pid), returned(-refused), returned(own_pid)}));
}

// Between the entry's stop and the filters.
TEST_P(EntrySuspended, WhatCountsIsTheMomentOfTheJudgement) {
    const auto &n = number();
    HaltedProbe probe = probe_of({call(n.getppid), call(n.getppid), call(n.getpid)});
    Tracee tracee(probe.pid());
    ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
    tracee.set_options(PTRACE_O_TRACESYSGOOD | suspend_seccomp);
    ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
    EXPECT_EQ(static_cast<std::int32_t>(tracee.result()), getpid());
    ASSERT_EQ(tracee.go_on(PTRACE_SYSCALL), Stop::syscall);
    tracee.set_options(PTRACE_O_TRACESYSGOOD);
    ASSERT_EQ(probe.run(), Child::ended);
    EXPECT_EQ(probe.outcomes(),
              (std::vector{returned(getpid()), returned(-refused), returned(own_pid)}));
}

TEST_P(EntrySuspended, NoTracerIsNeededAtTheEntry) {
    const auto &n = number();
    HaltedProbe probe = probe_of({call(n.getppid), call(n.getpid), call(n.getegid)});
    Tracee(probe.pid()).set_options(suspend_seccomp);
    ASSERT_EQ(probe.run(), Child::ended);
    EXPECT_EQ(probe.outcomes(), (std::vector{returned(getpid()), returned(own_pid), returned(0)}));
}

TEST_P(EntrySuspended, EndsWithTheTracer) {
    const auto &n = number();
    HaltedProbe probe = probe_of({call(n.getppid), call(n.getpid), call(n.getppid)});
    Tracee tracee(probe.pid());
    tracee.set_options(PTRACE_O_TRACESYSGOOD | suspend_seccomp);
    expect_stops_of(tracee, n.getppid, getpid());
    ASSERT_EQ(ptrace(PTRACE_DETACH, probe.pid(), nullptr, nullptr), 0);
    ASSERT_EQ(probe.run(), Child::ended);
    EXPECT_EQ(probe.outcomes(),
              (std::vector{returned(getpid()), returned(own_pid), returned(-refused)}));
}

std::string name_of(const testing::TestParamInfo<Path> &test) { return path_name(test.param); }

INSTANTIATE_TEST_SUITE_P(, EntryTraced, testing::ValuesIn(general_paths()), name_of);
// Where that is by SYSENTER: see sysenter_test.cpp.
INSTANTIATE_TEST_SUITE_P(Sysenter, EntryTraced, testing::Values(Path::vdso32), name_of);
INSTANTIATE_TEST_SUITE_P(, EntrySuspended, testing::ValuesIn(general_paths()), name_of);

} // namespace
} // namespace guest

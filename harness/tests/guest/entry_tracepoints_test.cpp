// SPDX-License-Identifier: MIT
//
// The tracepoints at a syscall's two ends see calls from the cache as they see all others.

#include "cache.h"
#include "filters.h"
#include "harmless.h"
#include "probe.h"
#include "trace_events.h"

#include "cbpf/builder.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>
#include <unistd.h>

namespace guest {
namespace {

using namespace cbpf;

constexpr int error = 117;

class EntryTracepoints : public testing::TestWithParam<Path> {
protected:
    Path path() const { return GetParam(); }
    const Harmless &number() const { return harmless(path()); }
    Call call(std::uint64_t nr) const { return {path(), nr, {1, 2, 3, 4, 5, 6}}; }

    // What the tracepoints see of a probe's calls, without its end.
    static std::vector<TraceEvent> traced(Probe &probe) {
        EXPECT_EQ(probe.run(), Child::breakpoint);
        TraceEvents events(probe.pid());
        EXPECT_EQ(probe.run(), Child::ended);
        auto seen = events.stop();
        EXPECT_FALSE(seen.empty());
        // exit_group() is entered and not left.
        if (!seen.empty()) {
            EXPECT_TRUE(seen.back().enter);
            seen.pop_back();
        }
        return seen;
    }

    // The three first calls are allowed, the last one is not: the filters come before the
    // tracepoint of the entry, which does not see it.
    void expect_all_seen(const Chain &chain, bool cached) const {
        const auto &n = number();
        ASSERT_EQ(emulator_allows(chain, path_arch(path()), n.getpid), cached);
        Probe probe(chain, {call(n.getpid), call(n.getuid), call(n.getpid), call(n.getppid)},
                    {.bits = path_bits(path()), .flags = PROBE_STOP_ATTACHED});
        const auto seen = traced(probe);
        const auto &arguments = call(0).args;
        const std::vector expected = {entered(n.getpid, arguments), left(n.getpid, probe.pid()),
                                      entered(n.getuid, arguments), left(n.getuid, 0),
                                      entered(n.getpid, arguments), left(n.getpid, probe.pid()),
                                      left(n.getppid, -error)};
        EXPECT_EQ(seen, expected);
    }
};

TEST_P(EntryTracepoints, CachedCallsAreSeen) {
    expect_all_seen({answer(number().getppid, SECCOMP_RET_ERRNO | error)}, true);
}

TEST_P(EntryTracepoints, CallsThatTheFiltersAllowAreSeen) {
    expect_all_seen(
        {answer(number().getppid, SECCOMP_RET_ERRNO | error), look_at_argument(number().getpid)},
        false);
}

// Switched on and off while the task is on its way: calls before and after are not in the trace,
// and are served all the same.
TEST_P(EntryTracepoints, OnlyWhileTheyAreOn) {
    const Chain chain = {answer(number().getppid, SECCOMP_RET_TRACE),
                         answer(number().geteuid, SECCOMP_RET_TRACE)};
    ASSERT_TRUE(emulator_allows(chain, path_arch(path()), number().getpid));
    const auto &n = number();
    Probe probe(chain,
                {call(n.getpid), call(n.getppid), call(n.getpid), call(n.geteuid), call(n.getpid)},
                {.bits = path_bits(path()), .ptrace_options = PTRACE_O_TRACESECCOMP});
    ASSERT_EQ(probe.run(), Child::trace);
    std::vector<TraceEvent> seen;
    {
        TraceEvents events(probe.pid());
        ASSERT_EQ(probe.run(), Child::trace);
        seen = events.stop();
    }
    ASSERT_EQ(probe.run(), Child::ended);
    const auto &arguments = call(0).args;
    // The question to the tracer comes from within the entry, before its tracepoint: of the first
    // call that asks there is only the exit, of the second one nothing yet.
    const std::vector expected = {left(n.getppid, getpid()), entered(n.getpid, arguments),
                                  left(n.getpid, probe.pid())};
    EXPECT_EQ(seen, expected);
    const auto outcomes = probe.outcomes();
    ASSERT_EQ(outcomes.size(), 5U);
    for (const std::size_t i : {0, 2, 4})
        EXPECT_EQ(outcomes[i], returned(own_pid));
}

INSTANTIATE_TEST_SUITE_P(, EntryTracepoints, testing::ValuesIn(general_paths()),
                         [](const auto &test) { return std::string(path_name(test.param)); });

TEST(TraceLines, AreRead) {
    const std::string text = "# tracer: nop\n"
                             "   probe-77    [001] ....    12.345678: sys_enter: NR 39 (1, ff, 3, "
                             "4, 5, deadbeef00000006)\n"
                             "   probe-77    [001] ....    12.345680: sys_exit: NR 39 = 77\n"
                             "   probe-77    [001] ....    12.345690: sys_exit: NR 110 = -117\n"
                             "   probe-77    [001] ....    12.345699: sys_enter: NR 1 (cut\n";
    EXPECT_EQ(parse_trace(text), (std::vector{entered(39, {1, 0xff, 3, 4, 5, 0xdeadbeef00000006}),
                                              left(39, 77), left(110, -117)}));
}

} // namespace
} // namespace guest

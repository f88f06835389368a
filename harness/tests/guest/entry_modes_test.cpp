// SPDX-License-Identifier: MIT
//
// Nothing but filters can be served from a cache: not strict mode, which has no filter to ask, and
// not a task that is dead already. And every action is what it was, between cached calls.

#include "attach.h"
#include "cache.h"
#include "child.h"
#include "direct_call.h"
#include "filters.h"
#include "harmless.h"
#include "probe.h"
#include "tracee.h"

#include "cbpf/builder.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <tuple>

namespace guest {
namespace {

using namespace cbpf;

// ---- strict mode

constexpr std::uint64_t upper_bit = 0x1'0000'0000;

struct StrictNumbers {
    std::uint32_t read, write, exit, getpid;
};

StrictNumbers strict_numbers(Path path) {
    return path == Path::syscall ? StrictNumbers{SYS_read, SYS_write, SYS_exit, SYS_getpid}
                                 : StrictNumbers{3, 4, 1, 20};
}

// By 64-bit code with both entries: strict mode knows the numbers of either.
class EntryStrict : public testing::TestWithParam<Path> {
protected:
    Path path() const { return GetParam(); }
    StrictNumbers number() const { return strict_numbers(path()); }

    // How a child ends that is in strict mode, makes the calls that it allows, and then this one.
    int ending_of(std::uint64_t last, std::uint64_t argument) const {
        Child child(
            [&] {
                require(enter_strict_mode() == 0, "strict mode");
                for (int i = 0; i < 100; i++) {
                    // Of a file descriptor that there is not.
                    if (direct_call(path(), number().read, {~0ULL}) != -EBADF ||
                        direct_call(path(), number().write, {~0ULL}) != -EBADF)
                        direct_call(path(), number().exit, {90});
                }
                direct_call(path(), last, {argument});
                direct_call(path(), number().exit, {91});
            },
            Child::Untraced{});
        EXPECT_EQ(child.run(), Child::ended);
        return child.wait_status();
    }
};

constexpr int exit_status(int code) { return code << 8; }

TEST_P(EntryStrict, ItsCallsAreMade) { EXPECT_EQ(ending_of(number().exit, 23), exit_status(23)); }

TEST_P(EntryStrict, OthersKill) {
    const std::uint64_t getpid_number = number().getpid;
    for (const std::uint64_t nr : {getpid_number, std::uint64_t{400}, std::uint64_t{5000},
                                   x32_bit | getpid_number, upper_bit | getpid_number})
        EXPECT_EQ(ending_of(nr, 0), SIGKILL) << nr;
}

// The upper half does not count here either.
TEST_P(EntryStrict, UpperBitsOfItsNumbers) {
    EXPECT_EQ(ending_of(upper_bit | number().exit, 24), exit_status(24));
}

INSTANTIATE_TEST_SUITE_P(, EntryStrict, testing::Values(Path::syscall, Path::int80_from_64),
                         [](const auto &test) { return std::string(path_name(test.param)); });

// The mode cannot be changed any more, so no task ever has a cache beside strict mode.
TEST(EntryModes, NoWayFromFiltersToStrictMode) {
    Child child(
        [] {
            require(attach(allow_all()) == 0, "attach");
            require(enter_strict_mode() == -EINVAL, "strict mode on top");
            require(direct_call(Path::syscall, SYS_getuid) == 0, "getuid");
        },
        Child::Untraced{});
    child.expect_success();
}

// ---- dead: what follows a kill, up to the end

// Of /proc/PID/status.
std::string seccomp_mode(pid_t pid) {
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
    const std::string key = "\nSeccomp:\t";
    const auto at = status.find(key);
    return at == std::string::npos ? "none" : status.substr(at + key.size(), 1);
}

class EntryDead : public testing::TestWithParam<std::tuple<Path, std::uint32_t>> {
protected:
    Path path() const { return std::get<0>(GetParam()); }
    std::uint32_t action() const { return std::get<1>(GetParam()); }
};

// Its tracer has it in hand once more before it is gone, and can neither have it return to user
// space nor make another call, by a cached number or otherwise.
TEST_P(EntryDead, IsNotBroughtBackByItsTracer) {
    const auto &n = harmless(path());
    const Chain chain = {answer(n.getppid, action())};
    ASSERT_TRUE(emulator_allows(chain, path_arch(path()), n.getpid));
    Probe probe(chain, {{path(), n.getpid, {}}, {path(), n.getppid, {}}, {path(), n.getpid, {}}},
                {.bits = path_bits(path()),
                 .flags = PROBE_STOP_ATTACHED,
                 .ptrace_options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXIT});
    ASSERT_EQ(probe.run(), Child::breakpoint);
    EXPECT_EQ(seccomp_mode(probe.pid()), "2");
    Tracee tracee(probe.pid());
    ASSERT_EQ(tracee.go_on(PTRACE_CONT), Stop::event);
    ASSERT_EQ(tracee.event(), PTRACE_EVENT_EXIT);
    EXPECT_EQ(tracee.number(), n.getppid);
    EXPECT_EQ(seccomp_mode(probe.pid()), "3");
    tracee.set_number(n.getpid);
    tracee.set_result(n.getpid);
    ASSERT_EQ(probe.run(), Child::ended);
    EXPECT_TRUE(probe.child().killed_by(SIGSYS)) << probe.child().wait_status();
    EXPECT_EQ(probe.outcomes(), (std::vector{returned(own_pid), killed(SIGSYS)}));
}

INSTANTIATE_TEST_SUITE_P(, EntryDead,
                         testing::Combine(testing::ValuesIn(general_paths()),
                                          testing::Values(SECCOMP_RET_KILL_THREAD,
                                                          SECCOMP_RET_KILL_PROCESS)),
                         [](const auto &test) {
                             return std::string(std::get<1>(test.param) == SECCOMP_RET_KILL_THREAD
                                                    ? "Thread"
                                                    : "Process") +
                                    path_name(std::get<0>(test.param));
                         });

// ---- every action, between calls from the cache

class EntryActions : public testing::TestWithParam<Path> {
protected:
    Path path() const { return GetParam(); }
    const Harmless &number() const { return harmless(path()); }

    // One call is answered in the way of `value` by the newest, the oldest or a filter in between.
    void expect_between_cached_calls(std::uint32_t value) const {
        const Call cached = {path(), number().getpid, {1, 2, 3}};
        const Call answered = {path(), number().getppid, {4, 5, 6}};
        for (const std::size_t place : {0, 1, 2}) {
            Chain chain(3, allow_all());
            chain[place] = answer(number().getppid, value);
            ASSERT_TRUE(emulator_allows(chain, path_arch(path()), number().getpid));
            ASSERT_FALSE(emulator_allows(chain, path_arch(path()), number().getppid));
            expect_as_interpreted(
                chain, {cached, cached, answered, cached, answered, answered, cached, cached});
        }
    }
};

TEST_P(EntryActions, KillProcess) { expect_between_cached_calls(SECCOMP_RET_KILL_PROCESS); }
TEST_P(EntryActions, KillThread) { expect_between_cached_calls(SECCOMP_RET_KILL_THREAD); }
TEST_P(EntryActions, Trap) { expect_between_cached_calls(SECCOMP_RET_TRAP | 21); }
TEST_P(EntryActions, Errno) { expect_between_cached_calls(SECCOMP_RET_ERRNO | 22); }
TEST_P(EntryActions, ErrnoOfZero) { expect_between_cached_calls(SECCOMP_RET_ERRNO); }
TEST_P(EntryActions, Notification) { expect_between_cached_calls(SECCOMP_RET_USER_NOTIF); }
TEST_P(EntryActions, Trace) { expect_between_cached_calls(SECCOMP_RET_TRACE | 23); }
TEST_P(EntryActions, Log) { expect_between_cached_calls(SECCOMP_RET_LOG); }

INSTANTIATE_TEST_SUITE_P(, EntryActions, testing::ValuesIn(general_paths()),
                         [](const auto &test) { return std::string(path_name(test.param)); });

} // namespace
} // namespace guest

// SPDX-License-Identifier: MIT
//
// Signals: calls that are interrupted, restarted and returned from enter the kernel by other
// numbers, or once more by the same. Each time the filters' word counts, cached or not.

#include "attach.h"
#include "cache.h"
#include "child.h"
#include "direct_call.h"
#include "filters.h"
#include "harmless.h"
#include "probe.h"

#include "cbpf/builder.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>

namespace guest {
namespace {

using namespace cbpf;

constexpr int error = 113;

// ---- restart_syscall: what a call that had waited for a time goes on as

struct Waiting {
    std::uint32_t poll, restart_syscall;
};

Waiting waiting(Path path) {
    return path_arch(path) == AUDIT_ARCH_X86_64 ? Waiting{SYS_poll, SYS_restart_syscall}
                                                : Waiting{168, 0};
}

// "S" sleeping, "T" stopped, ...
char state_of(pid_t pid) {
    const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    return stat.at(stat.rfind(')') + 2);
}

bool comes_to_state(pid_t pid, char state) {
    for (int i = 0; i < 10'000; i++) {
        if (state_of(pid) == state)
            return true;
        usleep(1000);
    }
    return false;
}

class EntryRestart : public testing::TestWithParam<Path> {
protected:
    Path path() const { return GetParam(); }
    Waiting number() const { return waiting(path()); }

    // The outcome of poll() for a time, stopped and continued in the middle of it, which makes it
    // go on as restart_syscall. A cached call comes before and after it.
    Outcome interrupted_poll(const Chain &chain) const {
        constexpr std::uint64_t milliseconds = 400;
        const Call getpid_call = {path(), harmless(path()).getpid, {}};
        Probe probe(chain,
                    {getpid_call, {path(), number().poll, {0, 0, milliseconds}}, getpid_call},
                    {.bits = path_bits(path()), .traced = false});
        while (probe.job().state < PROBE_ATTACHED)
            usleep(1000);
        EXPECT_TRUE(comes_to_state(probe.pid(), 'S'));
        kill(probe.pid(), SIGSTOP);
        EXPECT_TRUE(comes_to_state(probe.pid(), 'T'));
        kill(probe.pid(), SIGCONT);
        EXPECT_EQ(probe.run(), Child::ended);
        const auto outcomes = probe.outcomes();
        EXPECT_EQ(outcomes.size(), 3U);
        if (outcomes.size() != 3)
            return returned(-9999);
        EXPECT_EQ(outcomes[0], returned(own_pid));
        EXPECT_EQ(outcomes[2], returned(own_pid));
        return outcomes[1];
    }
};

TEST_P(EntryRestart, FromTheCache) {
    const Chain chain = {allow_all()};
    ASSERT_TRUE(emulator_allows(chain, path_arch(path()), number().poll));
    ASSERT_TRUE(emulator_allows(chain, path_arch(path()), number().restart_syscall));
    EXPECT_EQ(interrupted_poll(chain), returned(0));
}

TEST_P(EntryRestart, AllowedByTheFilter) {
    const Chain chain = {look_at_argument(number().restart_syscall)};
    ASSERT_TRUE(emulator_allows(chain, path_arch(path()), number().poll));
    ASSERT_FALSE(emulator_allows(chain, path_arch(path()), number().restart_syscall));
    EXPECT_EQ(interrupted_poll(chain), returned(0));
}

// The call itself is cached, what it goes on as is not allowed.
TEST_P(EntryRestart, Refused) {
    const Chain chain = {answer(number().restart_syscall, SECCOMP_RET_ERRNO | error)};
    ASSERT_TRUE(emulator_allows(chain, path_arch(path()), number().poll));
    EXPECT_EQ(interrupted_poll(chain), returned(-error));
}

TEST_P(EntryRestart, Trapped) {
    const auto outcome =
        interrupted_poll({answer(number().restart_syscall, SECCOMP_RET_TRAP | error)});
    EXPECT_EQ(outcome.kind, Outcome::Kind::signalled);
    EXPECT_EQ(outcome.error, error);
    EXPECT_EQ(outcome.arch, path_arch(path()));
    EXPECT_EQ(outcome.syscall, static_cast<int>(number().restart_syscall));
}

std::string name_of(const testing::TestParamInfo<Path> &test) { return path_name(test.param); }

INSTANTIATE_TEST_SUITE_P(, EntryRestart, testing::ValuesIn(general_paths()), name_of);
// Where that is by SYSENTER: see sysenter_test.cpp.
INSTANTIATE_TEST_SUITE_P(Sysenter, EntryRestart, testing::Values(Path::vdso32), name_of);

// ---- handlers

std::atomic<int> handled;
void count_signal(int) { handled++; }

void handle(int signal, void (*handler)(int), int flags) {
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    require(sigaction(signal, &action, nullptr) == 0, "sigaction");
}

void start_timer(long microseconds, bool again) {
    const timeval time = {microseconds / 1'000'000, microseconds % 1'000'000};
    const itimerval timer = {again ? time : timeval{}, time};
    require(setitimer(ITIMER_REAL, &timer, nullptr) == 0, "setitimer");
}

void expect_success(const std::function<void()> &body) {
    Child child(body, Child::Untraced{});
    child.expect_success();
}

TEST(EntrySignals, AHandlerInterruptsACachedNanosleep) {
    ASSERT_TRUE(emulator_allows({allow_all()}, AUDIT_ARCH_X86_64, SYS_nanosleep));
    expect_success([] {
        handle(SIGALRM, count_signal, 0);
        require(attach(allow_all()) == 0, "attach");
        start_timer(50'000, false);
        timespec time = {20, 0};
        timespec left = {};
        const long result = direct_call(
            Path::syscall, SYS_nanosleep,
            {reinterpret_cast<std::uint64_t>(&time), reinterpret_cast<std::uint64_t>(&left)});
        require(result == -EINTR && handled == 1, "interrupted");
        require(left.tv_sec > 0 && left.tv_sec < 20, "what is left");
    });
}

// ERESTARTSYS: the number goes back into the register and the call is made anew.
void read_from_interrupted_pipe(const Program &filter, long expected) {
    int ends[2];
    require(pipe(ends) == 0, "pipe");
    static int write_end;
    write_end = ends[1];
    // The first signal finds nothing to read yet, the second brings it.
    handle(
        SIGALRM,
        [](int) {
            handled++;
            if (handled == 2)
                require(write(write_end, "x", 1) == 1, "write");
        },
        SA_RESTART);
    require(attach(filter) == 0, "attach");
    start_timer(50'000, true);
    char byte = 0;
    const long result = direct_call(
        Path::syscall, SYS_read,
        {static_cast<std::uint64_t>(ends[0]), reinterpret_cast<std::uint64_t>(&byte), 1});
    start_timer(0, false);
    require(result == expected, "read");
    require(expected != 1 || (byte == 'x' && handled >= 2), "what was read, and when");
}

TEST(EntrySignals, ACachedCallIsRestarted) {
    ASSERT_TRUE(emulator_allows({allow_all()}, AUDIT_ARCH_X86_64, SYS_read));
    expect_success([] { read_from_interrupted_pipe(allow_all(), 1); });
}

TEST(EntrySignals, ACallThatTheFilterAllowsIsRestarted) {
    ASSERT_FALSE(emulator_allows({look_at_argument(SYS_read)}, AUDIT_ARCH_X86_64, SYS_read));
    expect_success([] { read_from_interrupted_pipe(look_at_argument(SYS_read), 1); });
}

// A call that has been let in by the cache is judged once more when it is restarted.
TEST(EntrySignals, AHandlerThatRefusesTheCallItInterrupts) {
    static const Program refuse_read = answer(SYS_read, SECCOMP_RET_ERRNO | error);
    ASSERT_TRUE(emulator_allows({allow_all()}, AUDIT_ARCH_X86_64, SYS_read));
    expect_success([] {
        int ends[2];
        char byte;
        require(pipe(ends) == 0 && attach(allow_all()) == 0, "attach");
        handle(
            SIGALRM,
            [](int) {
                handled++;
                require(attach(refuse_read) == 0, "attach in a handler");
            },
            SA_RESTART);
        start_timer(50'000, false);
        const long result = direct_call(
            Path::syscall, SYS_read,
            {static_cast<std::uint64_t>(ends[0]), reinterpret_cast<std::uint64_t>(&byte), 1});
        require(handled == 1 && result == -error, "the restarted read");
    });
}

// The same by the other entry, where the call is a wait for a child.
TEST(EntrySignals, AHandlerThatRefusesTheCallItInterruptsInt80From64) {
    constexpr std::uint32_t compat_waitpid = 7;
    static const Program refuse_waitpid = {load_arch(),      jeq(AUDIT_ARCH_I386, 0, 3),
                                           load_nr(),        jeq(compat_waitpid, 0, 1),
                                           ret_errno(error), ret_allow()};
    ASSERT_TRUE(emulator_allows({allow_all()}, AUDIT_ARCH_I386, compat_waitpid));
    expect_success([] {
        require(attach(allow_all()) == 0, "attach");
        const pid_t child = fork();
        if (child == 0)
            for (;;)
                pause();
        handle(
            SIGALRM,
            [](int) {
                handled++;
                require(attach(refuse_waitpid) == 0, "attach in a handler");
            },
            SA_RESTART);
        start_timer(50'000, false);
        const long result =
            direct_call(Path::int80_from_64, compat_waitpid, {static_cast<std::uint64_t>(child)});
        kill(child, SIGKILL);
        require(handled == 1 && result == -error, "the restarted waitpid");
        require(waitpid(child, nullptr, 0) == child, "by the other entry it is allowed");
    });
}

// ---- sigreturn: a call that puts other registers in place of its own

// Signals fall on cached and refused calls wherever they are, and each returns by rt_sigreturn.
void call_in_a_storm(const Program &filter) {
    constexpr int signals = 60;
    handle(SIGALRM, count_signal, 0);
    const auto pid = static_cast<long>(getpid());
    require(attach(filter) == 0, "attach");
    start_timer(2'000, true);
    unsigned long calls = 0;
    for (; handled < signals; calls++) {
        require(direct_call(Path::syscall, SYS_getpid) == pid, "getpid");
        require(direct_call(Path::syscall, SYS_getppid) == -error, "getppid");
        require(direct_call(Path::syscall, SYS_getuid) == 0, "getuid");
    }
    start_timer(0, false);
    require(calls > signals, "calls between the signals");
}

Program refuse_getppid_and(const Program &rest) {
    Program program = {load_nr(), jeq(SYS_getppid, 0, 1), ret_errno(error)};
    program.insert(program.end(), rest.begin(), rest.end());
    return program;
}

TEST(EntrySignals, AStormWithACachedSigreturn) {
    const Program filter = refuse_getppid_and({ret_allow()});
    ASSERT_TRUE(emulator_allows({filter}, AUDIT_ARCH_X86_64, SYS_rt_sigreturn));
    expect_success([&] { call_in_a_storm(filter); });
}

TEST(EntrySignals, AStormWithASigreturnThatTheFilterAllows) {
    const Program filter = refuse_getppid_and(look_at_argument(SYS_rt_sigreturn));
    ASSERT_FALSE(emulator_allows({filter}, AUDIT_ARCH_X86_64, SYS_rt_sigreturn));
    expect_success([&] { call_in_a_storm(filter); });
}

TEST(EntrySignals, AForbiddenSigreturnKills) {
    const Program filter = answer(SYS_rt_sigreturn, SECCOMP_RET_KILL_PROCESS);
    Child child(
        [&] {
            handle(SIGUSR1, count_signal, 0);
            require(attach(filter) == 0, "attach");
            for (int i = 0; i < 100; i++)
                direct_call(Path::syscall, SYS_getuid);
            kill(getpid(), SIGUSR1);
            require(false, "returned from the handler");
        },
        Child::Untraced{});
    ASSERT_EQ(child.run(), Child::ended);
    EXPECT_TRUE(child.killed_by(SIGSYS)) << child.wait_status() << " " << child.message();
}

// A frame whose saved accumulator is the number of a refused call is no way to make that call, and
// one that goes back in front of a syscall instruction makes it be judged.
TEST(EntrySignals, AHandlerThatChangesTheInterruptedCall) {
    expect_success([] {
        int ends[2];
        char byte;
        require(pipe(ends) == 0, "pipe");
        struct sigaction action = {};
        // Read is interrupted and about to be made anew: as getppid.
        action.sa_sigaction = [](int, siginfo_t *, void *context) {
            auto &registers = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
            handled = registers[REG_RAX] == SYS_read ? 1 : -1;
            registers[REG_RAX] = SYS_getppid;
        };
        action.sa_flags = SA_SIGINFO | SA_RESTART;
        require(sigaction(SIGALRM, &action, nullptr) == 0, "sigaction");
        require(attach(answer(SYS_getppid, SECCOMP_RET_ERRNO | error)) == 0, "attach");
        start_timer(50'000, false);
        const long result = direct_call(
            Path::syscall, SYS_read,
            {static_cast<std::uint64_t>(ends[0]), reinterpret_cast<std::uint64_t>(&byte), 1});
        require(handled == 1, "interrupted in front of its instruction");
        require(result == -error, "the other call's result");
    });
}

// SIGSYS, from a filter, in the middle of cached calls, and back by a cached sigreturn.
TEST(EntrySignals, ATrapThatReturns) {
    expect_success([] {
        struct sigaction action = {};
        action.sa_sigaction = [](int, siginfo_t *info, void *context) {
            auto &registers = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
            handled = info->si_syscall == SYS_getppid ? handled + 1 : -1000;
            registers[REG_RAX] = 4711;
        };
        action.sa_flags = SA_SIGINFO;
        require(sigaction(SIGSYS, &action, nullptr) == 0, "sigaction");
        const auto pid = static_cast<long>(getpid());
        require(attach(answer(SYS_getppid, SECCOMP_RET_TRAP)) == 0, "attach");
        for (int i = 1; i <= 50; i++) {
            require(direct_call(Path::syscall, SYS_getpid) == pid, "getpid");
            require(direct_call(Path::syscall, SYS_getppid) == 4711 && handled == i, "getppid");
        }
    });
}

} // namespace
} // namespace guest

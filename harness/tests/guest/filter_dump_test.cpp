// SPDX-License-Identifier: MIT
//
// kernel::dump_filters(), on the kernel it is made for: what comes out is what went in, the task
// does not notice, and every obstacle has its name.

#include "attach.h"
#include "cache.h"
#include "child.h"
#include "filters.h"
#include "kernel/filter_dump.h"
#include "kernel/task_list.h"

#include <gtest/gtest.h>

#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <new>
#include <optional>
#include <string>

namespace guest {
namespace {

using cbpf::Chain;
using kernel::dump_filters;
using kernel::DumpError;
using Reason = kernel::DumpError::Reason;

constexpr uid_t nobody = 65534;
constexpr int patience_steps = 5000; // of a millisecond

// One of each kind of instruction's fields at its limits, and the longest program there can be.
Chain telling_chain() {
    cbpf::Program longest(cbpf::max_instructions, cbpf::ret_allow());
    for (std::size_t i = 0; i + 1 < longest.size(); i++)
        longest[i] = cbpf::stmt(BPF_LD | BPF_IMM, static_cast<std::uint32_t>(i * 2654435761U));
    cbpf::Program far = {cbpf::load_nr(), cbpf::jeq(0xffffffff, 255, 0), cbpf::stmt(BPF_STX, 15),
                         cbpf::stmt(BPF_LDX | BPF_MEM, 15), cbpf::ret_allow()};
    far.resize(300, cbpf::ret_allow());
    return {answer(SYS_getuid, SECCOMP_RET_ERRNO | 1), far, longest, allow_all()};
}

bool same_chain(const Chain &a, const Chain &b) {
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); i++)
        if (!cbpf::same_program(a[i], b[i]))
            return false;
    return true;
}

void attach_all(const Chain &chain) {
    for (const auto &filter : chain)
        require(attach(filter) == 0, "attach");
}

unsigned filters_of(pid_t tid) {
    const auto status = kernel::read_task_status(tid);
    return status ? status->filters : 0;
}

template <typename Condition> bool comes_true(const Condition &condition) {
    for (int i = 0; i < patience_steps; i++) {
        if (condition())
            return true;
        usleep(1000);
    }
    return false;
}

bool status_has(pid_t pid, const char *text) {
    return read_file("/proc/" + std::to_string(pid) + "/status").find(text) != std::string::npos;
}

// A process that attaches a chain and then sleeps.
class Sleeper {
public:
    explicit Sleeper(const Chain &chain)
        : child_(
              [&] {
                  attach_all(chain);
                  for (;;)
                      pause();
              },
              Child::Untraced{}) {
        EXPECT_TRUE(comes_true([&] { return filters_of(pid()) == chain.size(); }))
            << child_.message();
    }
    pid_t pid() const { return child_.pid(); }
    Child &child() { return child_; }

private:
    Child child_;
};

std::optional<Reason> failure_of(pid_t tid,
                                 std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    try {
        dump_filters(tid, patience);
        return {};
    } catch (const DumpError &error) {
        EXPECT_NE(std::string(error.what()).find(std::to_string(tid)), std::string::npos)
            << error.what();
        return error.reason();
    }
}

bool is_free(pid_t tid) {
    const auto status = kernel::read_task_status(tid);
    return status && status->tracer == 0;
}

// ---- what comes out

TEST(FilterDump, IsWhatWasAttachedByteForByteOldestFirst) {
    const Sleeper sleeper(telling_chain());
    EXPECT_TRUE(same_chain(dump_filters(sleeper.pid()), telling_chain()));
    EXPECT_TRUE(is_free(sleeper.pid()));
}

TEST(FilterDump, OfADeepStackHasAllOfIt) {
    Chain deep;
    for (std::uint32_t i = 0; i < 40; i++)
        deep.push_back(answer(100000 + i, SECCOMP_RET_ERRNO | i));
    const Sleeper sleeper(deep);
    EXPECT_TRUE(same_chain(dump_filters(sleeper.pid()), deep));
}

TEST(FilterDump, WithoutFiltersIsEmpty) {
    const Sleeper sleeper({});
    EXPECT_TRUE(dump_filters(sleeper.pid()).empty());
}

TEST(FilterDump, InStrictModeIsEmpty) {
    Child child(
        [] {
            require(enter_strict_mode() == 0, "strict mode");
            for (;;) {
                // Not even pause() is allowed.
            }
        },
        Child::Untraced{});
    ASSERT_TRUE(comes_true([&] { return status_has(child.pid(), "Seccomp:\t1\n"); }));
    EXPECT_TRUE(dump_filters(child.pid()).empty());
}

void *attach_one_more(void *) {
    require(attach(answer(SYS_getgid, SECCOMP_RET_ERRNO | 2)) == 0, "attach in the thread");
    for (;;)
        pause();
}

TEST(FilterDump, OfAThreadIsThatThreadsOwn) {
    const cbpf::Program shared = answer(SYS_getuid, SECCOMP_RET_ERRNO | 1);
    Child child(
        [&] {
            pthread_t thread;
            require(attach(shared) == 0, "attach");
            require(pthread_create(&thread, nullptr, attach_one_more, nullptr) == 0, "thread");
            for (;;)
                pause();
        },
        Child::Untraced{});
    pid_t thread = 0;
    ASSERT_TRUE(comes_true([&] {
        for (const auto &task : kernel::filtered_tasks())
            if (task.pid == child.pid() && task.tid != task.pid && task.filters == 2)
                thread = task.tid;
        return thread != 0;
    })) << child.message();
    EXPECT_TRUE(same_chain(dump_filters(child.pid()), {shared}));
    EXPECT_TRUE(
        same_chain(dump_filters(thread), {shared, answer(SYS_getgid, SECCOMP_RET_ERRNO | 2)}));
    EXPECT_TRUE(is_free(thread));
}

TEST(FilterDump, ATaskListSaysWhichTasksThereAreToDump) {
    const Sleeper sleeper({allow_all(), allow_all()});
    bool found = false;
    for (const auto &task : kernel::filtered_tasks())
        found |= task.pid == sleeper.pid() && task.tid == sleeper.pid() && task.filters == 2;
    EXPECT_TRUE(found);
}

// ---- what the task notices

TEST(FilterDump, AStoppedTaskStaysStopped) {
    Sleeper sleeper({allow_all()});
    kill(sleeper.pid(), SIGSTOP);
    siginfo_t info;
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(sleeper.pid()), &info, WSTOPPED), 0);
    EXPECT_TRUE(same_chain(dump_filters(sleeper.pid()), {allow_all()}));
    EXPECT_TRUE(is_free(sleeper.pid()));
    EXPECT_TRUE(comes_true([&] { return status_has(sleeper.pid(), "T (stopped)"); }));
    kill(sleeper.pid(), SIGCONT);
    EXPECT_EQ(waitid(P_PID, static_cast<id_t>(sleeper.pid()), &info, WCONTINUED), 0);
}

struct Counters {
    std::atomic<int> ready;
    std::atomic<int> sent;
    std::atomic<int> signals;
};
Counters *counters = nullptr;

void count_signal(int) { counters->signals++; }

// A task that is on its way to a signal halts there, and the signal is then the tracer's to pass
// on.
TEST(FilterDump, NoSignalIsLost) {
    constexpr int enough = 10000;
    // On a slow machine fewer will do: whoever lives too long is killed by its own alarm.
    constexpr auto long_enough = std::chrono::seconds(5);
    counters = new (mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Counters{};
    {
        Child child(
            [] {
                struct sigaction action {};
                action.sa_handler = count_signal;
                require(sigaction(SIGRTMIN, &action, nullptr) == 0, "sigaction");
                require(attach(allow_all()) == 0, "attach");
                counters->ready = 1;
                for (;;)
                    pause();
            },
            Child::Untraced{});
        ASSERT_TRUE(comes_true([] { return counters->ready == 1; })) << child.message();
        Child sender(
            [&] {
                const auto end = std::chrono::steady_clock::now() + long_enough;
                while (counters->sent < enough && std::chrono::steady_clock::now() < end) {
                    if (sigqueue(child.pid(), SIGRTMIN, {}) == 0)
                        counters->sent++;
                    else
                        usleep(100); // the queue is full
                }
            },
            Child::Untraced{});
        // Up to some dumps after the last signal was sent.
        for (int i = 0; i < 20; i += kernel::read_task_status(sender.pid())->ended)
            EXPECT_EQ(dump_filters(child.pid()).size(), 1U);
        sender.expect_success();
        EXPECT_GT(counters->sent, 0);
        EXPECT_TRUE(comes_true([] { return counters->signals == counters->sent; }))
            << counters->signals << " of " << counters->sent;
    }
    munmap(counters, sizeof(Counters));
}

// ---- tasks that end

TEST(FilterDump, OfAReapedTaskIsAnErrorThatSaysSo) {
    pid_t pid = 0;
    {
        const Sleeper sleeper({allow_all()});
        pid = sleeper.pid();
    }
    EXPECT_EQ(failure_of(pid), Reason::gone);
}

TEST(FilterDump, OfAZombieIsAnErrorThatSaysSo) {
    Child child([] { require(attach(allow_all()) == 0, "attach"); }, Child::Untraced{});
    child.become_zombie();
    EXPECT_EQ(failure_of(child.pid()), Reason::gone);
    child.expect_success();
}

TEST(FilterDump, OfATaskThatEndsMeanwhileIsWholeOrSaysSo) {
    const Chain chain = {answer(100001, SECCOMP_RET_ERRNO | 1), answer(100002, SECCOMP_RET_TRAP)};
    constexpr int lives = 40;
    int whole = 0;
    int ended = 0;
    for (int i = 0; i < lives; i++) {
        Child child(
            [&] {
                attach_all(chain);
                usleep(static_cast<useconds_t>(i % 10) * 200);
            },
            Child::Untraced{});
        try {
            for (;;) {
                const Chain dumped = dump_filters(child.pid());
                ASSERT_LE(dumped.size(), chain.size());
                EXPECT_TRUE(same_chain(
                    dumped, Chain(chain.begin(),
                                  chain.begin() + static_cast<std::ptrdiff_t>(dumped.size()))));
                whole += dumped.size() == chain.size();
            }
        } catch (const DumpError &error) {
            EXPECT_EQ(error.reason(), Reason::gone) << error.what();
            ended++;
        }
        // Its status is still there for its parent, and it ended as it would have.
        child.expect_success();
    }
    EXPECT_EQ(ended, lives);
    EXPECT_GT(whole, 0);
}

// ---- who may

void become_nobody() {
    require(syscall(SYS_setresgid, nobody, nobody, nobody) == 0, "setresgid");
    require(syscall(SYS_setresuid, nobody, nobody, nobody) == 0, "setresuid");
    require(prctl(PR_SET_DUMPABLE, 1) == 0, "PR_SET_DUMPABLE");
}

// In a child: the dump must fail for the lack of a permission, with `word` in the message.
void require_not_permitted(pid_t tid, const char *word) {
    try {
        dump_filters(tid);
    } catch (const DumpError &error) {
        require(error.reason() == Reason::not_permitted, error.what());
        require(std::strstr(error.what(), word) != nullptr, error.what());
        return;
    }
    require(false, "the dump succeeded");
}

TEST(FilterDump, OfRootsTaskIsNotForNobody) {
    const Sleeper sleeper({allow_all()});
    Child child([&] {
        become_nobody();
        require_not_permitted(sleeper.pid(), "run as root");
    });
    child.expect_success();
}

TEST(FilterDump, OfOnesOwnTaskTakesTheCapability) {
    Child sleeper(
        [] {
            become_nobody();
            require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
            require(attach(allow_all()) == 0, "attach");
            for (;;)
                pause();
        },
        Child::Untraced{});
    ASSERT_TRUE(comes_true([&] { return filters_of(sleeper.pid()) == 1; })) << sleeper.message();
    Child child([&] {
        become_nobody();
        require_not_permitted(sleeper.pid(), "CAP_SYS_ADMIN");
    });
    child.expect_success();
    EXPECT_TRUE(is_free(sleeper.pid()));
}

TEST(FilterDump, IsNotForWhoIsFilteredHimself) {
    const Sleeper sleeper({allow_all()});
    Child child([&] {
        require(attach(allow_all()) == 0, "attach");
        require_not_permitted(sleeper.pid(), "not under seccomp");
    });
    child.expect_success();
}

TEST(FilterDump, OfATaskThatSomebodyTracesNamesTheTracer) {
    Child child([] {
        require(attach(allow_all()) == 0, "attach");
        breakpoint();
    });
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    try {
        dump_filters(child.pid());
        ADD_FAILURE() << "two tracers";
    } catch (const DumpError &error) {
        EXPECT_EQ(error.reason(), Reason::not_permitted);
        EXPECT_NE(std::string(error.what()).find("traced by process " + std::to_string(getpid())),
                  std::string::npos)
            << error.what();
    }
    child.expect_success();
}

// ---- tasks that do not halt

TEST(FilterDump, DoesNotWaitForeverAndLetsGo) {
    Child child(
        [] {
            require(attach(allow_all()) == 0, "attach");
            // Until its child execs or ends, the parent of a vfork() hears nothing but SIGKILL.
            if (vfork() == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (;;)
                    pause();
            }
        },
        Child::Untraced{});
    ASSERT_TRUE(comes_true([&] { return filters_of(child.pid()) == 1; })) << child.message();
    // The vfork() comes a moment after the filter.
    std::optional<Reason> reason;
    ASSERT_TRUE(comes_true([&] {
        reason = failure_of(child.pid(), std::chrono::milliseconds(200));
        return reason.has_value();
    }));
    EXPECT_EQ(reason, Reason::not_halting);
    EXPECT_TRUE(comes_true([&] { return is_free(child.pid()); }));
}

} // namespace
} // namespace guest

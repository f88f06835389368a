// SPDX-License-Identifier: MIT
//
// Threads: filters of one's own, TSYNC, and what dies when a filter kills.

#include "attach.h"
#include "cache.h"
#include "child.h"
#include "filters.h"

#include <gtest/gtest.h>

#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <new>

namespace guest {
namespace {

using cbpf::Chain;

const cbpf::Program refuse_getuid = answer(SYS_getuid, SECCOMP_RET_ERRNO | 31);
const cbpf::Program refuse_getgid = answer(SYS_getgid, SECCOMP_RET_ERRNO | 32);
const cbpf::Program refuse_getppid = answer(SYS_getppid, SECCOMP_RET_ERRNO | 33);

// A thread of a child and the test that watches, in shared memory.
struct Threads {
    std::atomic<pid_t> tid[4];
    std::atomic<int> ready;
    std::atomic<int> go; // threads wait until it is their number or more
    std::atomic<int> failed;
};

class Shared {
public:
    Shared()
        : threads_(new (mmap(nullptr, sizeof(Threads), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Threads{}) {}
    ~Shared() { munmap(threads_, sizeof(Threads)); }
    Threads *operator->() const { return threads_; }
    Threads *get() const { return threads_; }

private:
    Threads *threads_;
};

void wait_for(const std::atomic<int> &value, int at_least) {
    while (value < at_least)
        usleep(500);
}

bool refused(long number, int error) { return syscall(number) == -1 && errno == error; }

struct Start {
    Threads *shared;
    int index;
    void (*body)(Threads *, int);
};

void *run_thread(void *argument) {
    const Start *start = static_cast<Start *>(argument);
    start->shared->tid[start->index] = static_cast<pid_t>(syscall(SYS_gettid));
    start->body(start->shared, start->index);
    return nullptr;
}

// Starts threads of this process and waits until each has counted itself ready.
template <std::size_t count>
void start_threads(Threads *shared, void (*const (&bodies)[count])(Threads *, int)) {
    static Start starts[count];
    for (std::size_t i = 0; i < count; i++) {
        pthread_t thread;
        starts[i] = {shared, static_cast<int>(i), bodies[i]};
        require(pthread_create(&thread, nullptr, run_thread, &starts[i]) == 0, "pthread_create");
    }
    wait_for(shared->ready, static_cast<int>(count));
}

void sleep_forever(Threads *shared, int) {
    shared->ready++;
    for (;;)
        pause();
}

void attach_getuid_and_sleep(Threads *shared, int index) {
    if (attach(refuse_getuid) != 0)
        shared->failed++;
    sleep_forever(shared, index);
}

TEST(Threads, EachHasItsOwnFilters) {
    Shared shared;
    Child child([&] {
        start_threads(shared.get(), {attach_getuid_and_sleep, sleep_forever});
        breakpoint();
    });
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    EXPECT_EQ(shared->failed, 0);
    EXPECT_TRUE(
        shows_cache_of(read_file(cache_path(child.pid(), shared->tid[0])), {refuse_getuid}));
    EXPECT_EQ(read_file(cache_path(child.pid(), shared->tid[1])), "");
    EXPECT_EQ(read_file(cache_path(child.pid(), child.pid())), "");
    // Of a process, the main thread's.
    EXPECT_EQ(read_cache(child.pid()), "");
    child.expect_success();
}

void attach_getuid_and_call(Threads *shared, int) {
    // The leader's cache has the number, and has had it all the time.
    if (refused(SYS_getuid, 31))
        shared->failed++;
    if (attach(refuse_getuid) != 0 || !refused(SYS_getuid, 31))
        shared->failed++;
    shared->ready++;
}

TEST(Threads, EachObeysItsOwnFilters) {
    Shared shared;
    Child child([&] {
        require(attach(allow_all()) == 0, "attach");
        start_threads(shared.get(), {attach_getuid_and_call, attach_getuid_and_call});
        require(!refused(SYS_getuid, 31), "getuid in the main thread");
    });
    child.expect_success();
    EXPECT_EQ(shared->failed, 0);
}

// Two threads make the same call in turn. None makes another one while it waits: a cache that kept
// its last answer would give it to the other thread.
constexpr int turns = 200;

void call_in_turn(Threads *shared, int first, bool expect_refusal) {
    shared->ready++;
    for (int turn = first; turn < turns; turn += 2) {
        while (shared->go < turn) {
        }
        if (refused(SYS_getuid, 31) != expect_refusal)
            shared->failed++;
        shared->go = turn + 1;
    }
}

void call_allowed_getuid_in_turn(Threads *shared, int) { call_in_turn(shared, 0, false); }

void call_refused_getuid_in_turn(Threads *shared, int) {
    if (attach(refuse_getuid) != 0)
        shared->failed++;
    call_in_turn(shared, 1, true);
}

TEST(Threads, EachObeysItsOwnFiltersInTurn) {
    Shared shared;
    Child child([&] {
        require(attach(allow_all()) == 0, "attach");
        start_threads(shared.get(), {call_allowed_getuid_in_turn, call_refused_getuid_in_turn});
        wait_for(shared->go, turns);
    });
    child.expect_success();
    EXPECT_EQ(shared->failed, 0);
}

TEST(Threads, TsyncSharesTheCache) {
    Shared shared;
    const Chain chain = {refuse_getppid, refuse_getuid};
    Child child([&] {
        require(attach(refuse_getppid) == 0, "attach before the threads");
        start_threads(shared.get(), {sleep_forever, sleep_forever, sleep_forever});
        breakpoint();
        require(attach(refuse_getuid, SECCOMP_FILTER_FLAG_TSYNC) == 0, "attach to all");
        breakpoint();
    });
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    for (int i = 0; i < 3; i++)
        EXPECT_TRUE(
            shows_cache_of(read_file(cache_path(child.pid(), shared->tid[i])), {refuse_getppid}));
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    EXPECT_TRUE(shows_cache_of(read_cache(child.pid()), chain));
    for (int i = 0; i < 3; i++)
        EXPECT_TRUE(shows_cache_of(read_file(cache_path(child.pid(), shared->tid[i])), chain));
    child.expect_success();
}

void call_before_and_after(Threads *shared, int) {
    if (refused(SYS_getuid, 31))
        shared->failed++;
    shared->ready++;
    wait_for(shared->go, 1);
    if (!refused(SYS_getuid, 31))
        shared->failed++;
    shared->ready++;
}

// A thread that has been served from the old cache up to then.
TEST(Threads, TsyncIsObeyedByThreadsThatUsedTheOldCache) {
    Shared shared;
    Child child([&] {
        require(attach(allow_all()) == 0, "attach");
        start_threads(shared.get(), {call_before_and_after, call_before_and_after});
        require(attach(refuse_getuid, SECCOMP_FILTER_FLAG_TSYNC) == 0, "attach to all");
        shared->go = 1;
        wait_for(shared->ready, 4);
    });
    child.expect_success();
    EXPECT_EQ(shared->failed, 0);
}

// Threads that are in the middle of calls: each sees the number allowed up to some moment, and
// refused ever after.
void call_until_refused(Threads *shared, int) {
    shared->ready++;
    while (!refused(SYS_getuid, 31)) {
    }
    for (int i = 0; i < 1000; i++)
        if (!refused(SYS_getuid, 31))
            shared->failed++;
    shared->go++;
}

TEST(Threads, TsyncWhileThreadsCall) {
    for (int round = 0; round < 5; round++) {
        Shared shared;
        Child child([&] {
            require(attach(allow_all()) == 0, "attach");
            start_threads(shared.get(), {call_until_refused, call_until_refused});
            require(attach(refuse_getuid, SECCOMP_FILTER_FLAG_TSYNC) == 0, "attach to all");
            wait_for(shared->go, 2);
        });
        child.expect_success();
        ASSERT_EQ(shared->failed, 0);
    }
}

// From the cache, by filters that look, and refused, all through the same filters: nobody may write
// to what they share. The calls say whether the verdicts are right; KCSAN, where it is, whether
// somebody writes.
void call_at_the_same_time(Threads *shared, int) {
    constexpr int calls = 5000;
    shared->ready++;
    wait_for(shared->go, 1);
    const long pid = getpid();
    for (int i = 0; i < calls; i++)
        if (syscall(SYS_getpid) != pid || refused(SYS_getuid, 31) || !refused(SYS_getppid, 33))
            shared->failed++;
    shared->ready++;
}

TEST(Threads, ManyCallAtTheSameTime) {
    Shared shared;
    Child child([&] {
        require(attach(refuse_getppid) == 0, "attach");
        require(attach(look_at_argument(SYS_getuid)) == 0, "attach one that looks");
        start_threads(shared.get(), {call_at_the_same_time, call_at_the_same_time,
                                     call_at_the_same_time, call_at_the_same_time});
        shared->go = 1;
        wait_for(shared->ready, 8);
    });
    child.expect_success();
    EXPECT_EQ(shared->failed, 0);
}

// A thread with a filter of its own is in the way of TSYNC, which must then change nothing.
void expect_failed_tsync(unsigned flags, bool esrch) {
    Shared shared;
    Child child([&] {
        require(attach(refuse_getppid) == 0, "attach before the threads");
        start_threads(shared.get(), {attach_getuid_and_sleep, sleep_forever});
        const long result = attach(refuse_getgid, flags);
        require(result == (esrch ? -ESRCH : static_cast<long>(shared->tid[0])), "failing TSYNC");
        require(!refused(SYS_getgid, 32), "getgid after the failure");
        breakpoint();
    });
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    EXPECT_TRUE(shows_cache_of(read_cache(child.pid()), {refuse_getppid}));
    EXPECT_TRUE(shows_cache_of(read_file(cache_path(child.pid(), shared->tid[0])),
                               {refuse_getppid, refuse_getuid}));
    EXPECT_TRUE(
        shows_cache_of(read_file(cache_path(child.pid(), shared->tid[1])), {refuse_getppid}));
    child.expect_success();
}

TEST(Threads, FailingTsyncChangesNothing) { expect_failed_tsync(SECCOMP_FILTER_FLAG_TSYNC, false); }

TEST(Threads, FailingTsyncEsrchChangesNothing) {
    expect_failed_tsync(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH, true);
}

void attach_deadly_and_call(Threads *shared, int) {
    if (attach(answer(SYS_getuid, SECCOMP_RET_KILL_THREAD)) != 0)
        shared->failed++;
    shared->ready++;
    syscall(SYS_getuid);
    shared->failed++;
}

TEST(Threads, KillThreadKillsOneThread) {
    Shared shared;
    Child child([&] {
        start_threads(shared.get(), {attach_deadly_and_call, sleep_forever});
        // Gone when its entry is.
        while (syscall(SYS_tgkill, getpid(), shared->tid[0].load(), 0) == 0)
            usleep(500);
        require(errno == ESRCH, "tgkill");
        require(syscall(SYS_getuid) == 0, "getuid in the main thread");
    });
    child.expect_success();
    EXPECT_EQ(shared->failed, 0);
}

void call_getuid_twice(Threads *shared, int) {
    shared->ready++;
    wait_for(shared->go, 1);
    syscall(SYS_getuid);
    shared->failed++;
}

TEST(Threads, KillProcessKillsAllThreads) {
    Shared shared;
    Child child([&] {
        require(attach(answer(SYS_getuid, SECCOMP_RET_KILL_PROCESS)) == 0, "attach");
        start_threads(shared.get(), {call_getuid_twice, sleep_forever});
        shared->go = 1;
        for (;;)
            pause();
    });
    EXPECT_EQ(child.run(), Child::ended);
    EXPECT_TRUE(child.killed_by(SIGSYS)) << child.wait_status();
    EXPECT_EQ(shared->failed, 0);
}

} // namespace
} // namespace guest

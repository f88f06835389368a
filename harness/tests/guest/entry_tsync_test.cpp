// SPDX-License-Identifier: MIT
//
// TSYNC gives a filter to a thread that is in the middle of calls served from the cache. From when
// it has returned, not one more call may get through that the new filter refuses.

#include "attach.h"
#include "cache.h"
#include "child.h"
#include "direct_call.h"
#include "filters.h"

#include "cbpf/builder.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <new>

namespace guest {
namespace {

using namespace cbpf;

constexpr int error = 112;
// Numbers that belong to no call in either table: refused one after the other.
constexpr std::uint32_t first_number = 387;
constexpr std::uint32_t rounds = 6;
constexpr int max_threads = 3;
// Before TSYNC, so that the thread is in its loop, and after it, so that a late call would be seen.
constexpr std::uint64_t calls_before = 300;
constexpr std::uint64_t calls_after = 300;

// What the threads and the one that attaches tell each other.
struct Board {
    std::atomic<std::uint32_t> number; // the one to call
    std::atomic<bool> synced;          // TSYNC has returned
    std::atomic<bool> over;
    std::atomic<std::uint64_t> allowed[max_threads];
    std::atomic<std::uint64_t> refused[max_threads];
    std::atomic<std::uint64_t> too_late; // got through although refused
    std::atomic<std::uint64_t> strange;
};

class SharedBoard {
public:
    SharedBoard()
        : board_(new (mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Board{}) {}
    ~SharedBoard() { munmap(board_, sizeof(Board)); }
    SharedBoard(const SharedBoard &) = delete;
    SharedBoard &operator=(const SharedBoard &) = delete;
    Board *get() const { return board_; }

private:
    Board *board_;
};

struct Start {
    Board *board;
    Path path;
    int index;
};

// Calls, and nothing else: no lock, no call of another number.
void *call_in_a_loop(void *argument) {
    const Start start = *static_cast<Start *>(argument);
    Board &board = *start.board;
    bool seen_refused = false;
    std::uint32_t last = 0;
    while (!board.over) {
        const std::uint32_t number = board.number;
        if (number == 0)
            continue;
        seen_refused = seen_refused && number == last;
        last = number;
        const bool synced = board.synced;
        const long result = direct_call(start.path, number);
        // Another round may have begun meanwhile: `synced` was of which one?
        if (board.number != number)
            continue;
        if (result == -error) {
            board.refused[start.index]++;
            seen_refused = true;
        } else if (result != -ENOSYS) {
            board.strange++;
        } else if (synced || seen_refused) {
            board.too_late++;
        } else {
            board.allowed[start.index]++;
        }
    }
    return nullptr;
}

void wait_for_more(const std::atomic<std::uint64_t> (&counts)[max_threads], int threads,
                   std::uint64_t more) {
    std::uint64_t until[max_threads];
    for (int i = 0; i < threads; i++)
        until[i] = counts[i] + more;
    for (int i = 0; i < threads; i++)
        while (counts[i] < until[i])
            sched_yield();
}

// Who attaches, and what there is before.
enum class Before { a_filter, nothing };

void run_rounds(Board &board, const std::vector<Path> &paths, std::uint32_t count) {
    static Start starts[max_threads];
    pthread_t threads[max_threads];
    const int thread_count = static_cast<int>(paths.size());
    for (int i = 0; i < thread_count; i++) {
        starts[i] = {&board, paths[static_cast<std::size_t>(i)], i};
        require(pthread_create(&threads[i], nullptr, call_in_a_loop, &starts[i]) == 0,
                "pthread_create");
    }
    for (std::uint32_t round = 0; round < count; round++) {
        const Program filter = answer(first_number + round, SECCOMP_RET_ERRNO | error);
        // In this order: whoever reads `synced` after `number` has that of this round, or none.
        board.number = 0;
        board.synced = false;
        board.number = first_number + round;
        wait_for_more(board.allowed, thread_count, calls_before);
        require(attach(filter, SECCOMP_FILTER_FLAG_TSYNC) == 0, "TSYNC");
        board.synced = true;
        wait_for_more(board.refused, thread_count, calls_after);
    }
    board.over = true;
    for (int i = 0; i < thread_count; i++)
        pthread_join(threads[i], nullptr);
}

void expect_no_late_call(const std::vector<Path> &paths, Before before, std::uint32_t count) {
    for (const Path path : paths) {
        ASSERT_TRUE(emulator_allows({allow_all()}, path_arch(path), first_number));
        ASSERT_FALSE(emulator_allows({answer(first_number, SECCOMP_RET_ERRNO | error)},
                                     path_arch(path), first_number));
    }
    const SharedBoard shared;
    Child child(
        [&] {
            if (before == Before::a_filter)
                require(attach(allow_all()) == 0, "attach");
            run_rounds(*shared.get(), paths, count);
        },
        Child::Untraced{});
    child.expect_success();
    EXPECT_EQ(shared.get()->too_late, 0U);
    EXPECT_EQ(shared.get()->strange, 0U);
    for (std::size_t i = 0; i < paths.size(); i++) {
        EXPECT_GE(shared.get()->allowed[i], count * calls_before);
        EXPECT_GE(shared.get()->refused[i], count * calls_after);
    }
}

const std::vector<Path> native = {Path::syscall};
const std::vector<Path> compat = {Path::int80_from_64};
const std::vector<Path> both = {Path::syscall, Path::int80_from_64, Path::syscall};

TEST(EntryTsync, ManyRoundsSyscall64) {
    for (int i = 0; i < 4; i++)
        expect_no_late_call(native, Before::a_filter, rounds);
}

TEST(EntryTsync, ManyRoundsInt80From64) {
    for (int i = 0; i < 4; i++)
        expect_no_late_call(compat, Before::a_filter, rounds);
}

TEST(EntryTsync, ManyRoundsOfThreadsByBothEntriesInt80From64) {
    expect_no_late_call(both, Before::a_filter, rounds);
}

// Mode, filter and flag all change at once, under a thread that has been without any.
TEST(EntryTsync, TheFirstFilterSyscall64) {
    for (int i = 0; i < 20; i++)
        expect_no_late_call(native, Before::nothing, 1);
}

TEST(EntryTsync, TheFirstFilterInt80From64) {
    for (int i = 0; i < 20; i++)
        expect_no_late_call(compat, Before::nothing, 1);
}

TEST(EntryTsync, TheFirstFilterAndTheNextOnes) {
    expect_no_late_call(native, Before::nothing, rounds);
}

// The one that attaches makes the calls as well: its own next call obeys.
TEST(EntryTsync, TheCallerObeysAtOnceByBothEntriesInt80From64) {
    Child child(
        [] {
            require(attach(allow_all()) == 0, "attach");
            for (std::uint32_t round = 0; round < rounds; round++) {
                const Program filter = answer(first_number + round, SECCOMP_RET_ERRNO | error);
                for (const Path path : both)
                    for (int i = 0; i < 20; i++)
                        require(direct_call(path, first_number + round) == -ENOSYS, "before");
                require(attach(filter, SECCOMP_FILTER_FLAG_TSYNC) == 0, "TSYNC");
                for (const Path path : both)
                    require(direct_call(path, first_number + round) == -error, "after");
            }
        },
        Child::Untraced{});
    child.expect_success();
}

} // namespace
} // namespace guest

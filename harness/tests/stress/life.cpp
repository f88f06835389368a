// SPDX-License-Identifier: MIT
#include "tests/stress/life.h"

#include "tests/guest/attach.h"
#include "tests/stress/palette.h"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace stress {
namespace {

constexpr unsigned max_threads = 2;
constexpr unsigned max_steps = 12;

enum class Kind {
    leader, // of a process with threads
    thread,
    alone, // a forked child, or a program after exec
};

class Life {
public:
    Life(Board &board, Kind kind, std::uint64_t seed) : board_(board), kind_(kind), random_(seed) {
        board_.register_self();
    }

    // Returns when a thread has had enough; all else ends by dying.
    void live(unsigned steps) {
        for (unsigned i = 0; i < steps && !board_.stop; i++) {
            step();
            expect_refusal();
        }
        if (board_.stop)
            _exit(0);
        if (kind_ != Kind::thread || random_.once_in(3))
            die();
    }

    void attach_oldest() {
        if (const long result = guest::attach(program(oldest)); result != 0)
            board_.fail(fmt::format("attaching the first filter: {}", result));
        expect_refusal();
    }

    std::uint64_t seed() { return random_(); }

private:
    void step() {
        const auto choice = random_() % 100;
        if (choice < 60)
            attach();
        else if (choice < 78)
            synchronise();
        else if (choice < 86)
            listen();
        else if (kind_ != Kind::alone)
            fork_child();
    }

    std::size_t any_filter() { return random_() % harmless_filters; }

    void attach() {
        const long result = guest::attach(program(any_filter()));
        if (result != 0)
            board_.fail(fmt::format("attaching a filter: {}", result));
        board_.count[attaches]++;
    }

    // Fails if another thread has a filter that this one has not: then with its id, or ESRCH.
    void synchronise() {
        const bool esrch = random_.once_in(2);
        const unsigned flags =
            SECCOMP_FILTER_FLAG_TSYNC | (esrch ? SECCOMP_FILTER_FLAG_TSYNC_ESRCH : 0);
        const long result = guest::attach(program(any_filter()), flags);
        if (result == 0)
            board_.count[tsyncs]++;
        else if (esrch ? result == -ESRCH : result > 0)
            board_.count[failed_tsyncs]++;
        else
            board_.fail(fmt::format("TSYNC: {}", result));
    }

    // There may be one listener in a chain. Closing it at once has the next call, if it were to
    // notify anyone, fail; none of ours does.
    void listen() {
        const long result = guest::attach(program(any_filter()), SECCOMP_FILTER_FLAG_NEW_LISTENER);
        if (result >= 0) {
            board_.count[listeners]++;
            close(static_cast<int>(result));
        } else if (result != -EBUSY) {
            board_.fail(fmt::format("attaching a listener: {}", result));
        }
    }

    void expect_refusal() {
        const long native = syscall(refused_number);
        if (native != -1 || errno != refused_errno)
            board_.fail(fmt::format("number {} was executed: {}", refused_number, native));
        long compat = refused_number;
        asm volatile("int $0x80" : "+a"(compat) : "b"(0L) : "memory", "r8", "r9", "r10", "r11");
        if (static_cast<int>(compat) != -refused_errno)
            board_.fail(fmt::format("compat number {} was executed: {}", refused_number, compat));
        board_.count[refusals] += 2;
    }

    void fork_child() {
        const auto child_seed = random_();
        const pid_t pid = fork();
        if (pid == 0) {
            Life child(board_, Kind::alone, child_seed);
            child.live(1 + static_cast<unsigned>(child_seed % 3));
            _exit(0);
        }
        if (pid < 0)
            board_.fail(fmt::format("fork: errno {}", errno));
        board_.count[forks]++;
    }

    // In the main thread only: elsewhere exec changes to whom a thread's id belongs, and no
    // reader could tell what it reads.
    void execute() {
        const std::string number = std::to_string(random_());
        board_.count[execs]++;
        execl("/proc/self/exe", "stress", after_exec_option, number.c_str(), nullptr);
        // A fatal signal may have come first.
        board_.fail(fmt::format("exec: errno {}", errno));
    }

    void be_killed_by(std::size_t filter) {
        if (const long result = guest::attach(program(filter)); result != 0)
            board_.fail(fmt::format("attaching a deadly filter: {}", result));
        if (filter == kills_thread)
            board_.count[thread_kills]++;
        syscall(deadly_number(filter));
        board_.fail(fmt::format("filter {} did not kill", filter));
    }

    void die() {
        switch (random_() % (kind_ == Kind::thread ? 5 : 7)) {
        case 0:
            kill(getpid(), SIGKILL);
            break;
        case 1:
            kill(getpid(), SIGSEGV);
            break;
        case 2:
            be_killed_by(kills_process);
            break;
        case 3:
            be_killed_by(kills_thread);
            break;
        case 4:
            board_.count[exits]++;
            _exit(0);
        default:
            execute();
        }
        // Not every signal is there when kill() returns.
        for (;;)
            pause();
    }

    Board &board_;
    Kind kind_;
    Random random_;
};

struct ThreadStart {
    Board *board;
    std::uint64_t seed;
};

void *run_thread(void *argument) {
    const auto *start = static_cast<ThreadStart *>(argument);
    Life life(*start->board, Kind::thread, start->seed);
    life.live(2 + static_cast<unsigned>(start->seed % max_steps));
    return nullptr;
}

} // namespace

void live(Board &board, std::uint64_t seed) {
    static ThreadStart starts[max_threads];
    Life life(board, Kind::leader, seed);
    life.attach_oldest();
    for (auto &start : starts) {
        pthread_t thread;
        start = {&board, life.seed()};
        if (pthread_create(&thread, nullptr, run_thread, &start) != 0)
            board.fail("pthread_create");
    }
    life.live(2 + static_cast<unsigned>(seed % max_steps));
    _exit(0);
}

void live_after_exec(Board &board, std::uint64_t seed) {
    Life life(board, Kind::alone, seed);
    life.live(1 + static_cast<unsigned>(seed % 3));
    _exit(0);
}

} // namespace stress

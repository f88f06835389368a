// SPDX-License-Identifier: MIT
//
// stress: runs in the guest, as root. Processes attach filters, synchronise them between their
// threads, fork, exec and die, while others read their proc files and dump their filters. What must
// hold at any moment is checked all the while:
//
//  - a number that the oldest filter refuses is never executed, by either way in;
//  - a proc file shows what some chain of the filters in use has as its cache, whole;
//  - a task's cache never gains a bit, and its filters never vanish;
//  - the file of a halted task shows what the dump of its filters says it must.
//
// It goes on for the time it is given and, on a slow machine, a while longer until everything has
// happened at least once. In the end it prints how often, and fails if something never did.

#include "tests/stress/board.h"
#include "tests/stress/life.h"
#include "tests/stress/observers.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <set>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace stress;
using Clock = std::chrono::steady_clock;

constexpr unsigned lives_at_once = 4;
constexpr unsigned readers = 2;
constexpr auto patience = std::chrono::seconds(20); // with tasks that are to end
constexpr auto overtime = std::chrono::seconds(30);

struct Options {
    unsigned seconds = 3;
    std::uint64_t seed = static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
    bool stock = false;
    bool no_dumps = false;
};

Options parse_options(int argc, char **argv) {
    Options options;
    CLI::App app{"Stresses seccomp; see the head of main.cpp. To be run in the guest, as root.",
                 "stress"};
    app.add_option("--seconds", options.seconds, "how long")->capture_default_str();
    app.add_option("--seed", options.seed, "of what the tasks do; the scheduler has its own");
    app.add_flag("--stock", options.stock, "the kernel has no proc file to read");
    app.add_flag("--no-dumps", options.no_dumps, "the kernel has no CHECKPOINT_RESTORE");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        std::exit(app.exit(error));
    }
    return options;
}

std::vector<cbpf::SyscallTable> tables(const Options &options) {
    const char *text = std::getenv("SECCOMP_CACHE_TABLES");
    if (options.stock)
        return {};
    if (!text)
        throw std::runtime_error("SECCOMP_CACHE_TABLES is not set");
    return cbpf::parse_tables(text);
}

// The tasks under stress, in a process group of their own so that all can be ended at once.
class Population {
public:
    explicit Population(Board &board) : board_(board) {
        // Children of those that died are ours, then.
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    }

    void start(const std::function<void()> &body) {
        const pid_t pid = fork();
        if (pid == 0) {
            setpgid(0, group_);
            body();
            _exit(0);
        }
        if (pid < 0)
            throw std::runtime_error("fork failed");
        if (group_ == 0)
            group_ = pid;
        setpgid(pid, group_);
        living_.insert(pid);
    }

    std::size_t living() const { return living_.size(); }

    // Waits for who has ended by now. False once there is nobody left to wait for.
    bool reap() {
        int status = 0;
        pid_t pid;
        while ((pid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
            if (WIFSIGNALED(status))
                board_.count[WTERMSIG(status) == SIGSYS ? process_kills : signal_deaths]++;
            living_.erase(pid);
        }
        return pid == 0;
    }

    // Everybody has been asked to stop; most do so by themselves.
    void end() {
        const auto deadline = Clock::now() + patience;
        while (reap()) {
            if (Clock::now() >= deadline) {
                board_.fail("some tasks do not end");
                kill(-group_, SIGKILL);
                while (reap())
                    usleep(1000);
                return;
            }
            usleep(1000);
        }
    }

private:
    Board &board_;
    std::set<pid_t> living_;
    pid_t group_ = 0;
};

std::size_t start_observers(Population &population, Board &board, const Options &options) {
    const auto known = tables(options);
    Random random(options.seed);
    if (!options.stock)
        for (unsigned i = 0; i < readers; i++)
            population.start([&, seed = random()] { read_caches(board, known, seed); });
    if (!options.no_dumps)
        population.start([&, seed = random()] { dump_filters(board, known, seed); });
    return population.living();
}

bool expected(std::size_t count, const Options &options) {
    switch (count) {
    case reads:
    case reads_of_the_dead:
        return !options.stock;
    case dumps:
        return !options.no_dumps;
    case comparisons:
        return !options.stock && !options.no_dumps;
    default:
        return true;
    }
}

bool everything_happened(const Board &board, const Options &options) {
    for (std::size_t i = 0; i < counts; i++)
        if (expected(i, options) && board.count[i] == 0)
            return false;
    return true;
}

void run(Population &population, Board &board, const Options &options) {
    // The group's leader has to be there to the end.
    population.start([&] {
        while (!board.stop)
            usleep(10'000);
    });
    const std::size_t others = start_observers(population, board, options);
    Random random(options.seed + 1);
    const auto end = Clock::now() + std::chrono::seconds(options.seconds);
    const auto goes_on = [&] {
        const auto now = Clock::now();
        return now < end || (now < end + overtime && !everything_happened(board, options));
    };
    while (goes_on() && !board.stop) {
        while (population.living() < others + lives_at_once)
            population.start([&, seed = random()] { live(board, seed); });
        population.reap();
        usleep(1000);
    }
    board.stop = true;
    population.end();
}

int report(const Board &board, const Options &options) {
    int status = 0;
    for (std::size_t i = 0; i < counts; i++) {
        if (!expected(i, options))
            continue;
        const std::uint64_t number = board.count[i];
        fmt::print("{:>8} {}{}\n", number, name(static_cast<Count>(i)),
                   number == 0 ? ": FAILED: this never happened" : "");
        status |= number == 0;
    }
    if (board.failed())
        fmt::print("FAILED: {}\n", board.message());
    return board.failed() ? 1 : status;
}

} // namespace

int main(int argc, char **argv) {
    if (argc == 3 && std::string_view(argv[1]) == after_exec_option)
        live_after_exec(Board::find(), std::strtoull(argv[2], nullptr, 10));
    try {
        const Options options = parse_options(argc, argv);
        const rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        fmt::print("stress: {} seconds, seed {}\n", options.seconds, options.seed);
        std::fflush(stdout);
        Board &board = Board::make();
        Population population(board);
        run(population, board, options);
        return report(board, options);
    } catch (const std::exception &error) {
        fmt::print(stderr, "stress: {}\n", error.what());
        return 2;
    }
}

// SPDX-License-Identifier: MIT
#include "tests/stress/observers.h"

#include "tests/stress/life.h"
#include "tests/stress/palette.h"

#include "kernel/filter_dump.h"
#include "kernel/proc_file.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace stress {
namespace {

constexpr std::size_t max_open = 24;
constexpr unsigned reads_per_open = 3;
// Between looks: most of the time belongs to those who are looked at.
constexpr unsigned pause_us = 500;
constexpr auto patience = std::chrono::seconds(1); // with a task that is to halt

std::string process_path(const Task &task) {
    return fmt::format("/proc/{}/seccomp_cache", task.pid);
}
std::string thread_path(const Task &task) {
    return fmt::format("/proc/{}/task/{}/seccomp_cache", task.pid, task.tid);
}

// A proc file that stays open, and what it has shown so far.
class OpenCache {
public:
    OpenCache(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
    OpenCache(OpenCache &&other) noexcept
        : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), marks_(other.marks_) {}
    OpenCache &operator=(OpenCache &&other) noexcept {
        std::swap(path_, other.path_);
        std::swap(fd_, other.fd_);
        std::swap(marks_, other.marks_);
        return *this;
    }
    ~OpenCache() {
        if (fd_ >= 0)
            close(fd_);
    }

    static std::optional<OpenCache> open(const std::string &path) {
        const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return {};
        return OpenCache(path, fd);
    }

    // False once the task is gone. Throws IllegalText and kernel::ParseError.
    bool read(Board &board, const std::vector<cbpf::SyscallTable> &tables) {
        const ssize_t got = pread(fd_, buffer().data(), buffer().size(), 0);
        if (got < 0 && errno == ESRCH) {
            board.count[reads_of_the_dead]++;
            return false;
        }
        if (got < 0)
            throw IllegalText(fmt::format("errno {}", errno));
        board.count[reads]++;
        accept(kernel::parse({buffer().data(), static_cast<std::size_t>(got)}, tables));
        return true;
    }

    // As of the last read; nothing for a task that had no filter then.
    const std::optional<Marks> &marks() const { return marks_; }
    const std::string &path() const { return path_; }

private:
    static std::array<char, 65536> &buffer() {
        static std::array<char, 65536> one;
        return one;
    }

    void accept(const kernel::CacheListing &listing) {
        std::optional<Marks> now;
        if (listing.has_filter)
            now = marks_of(listing);
        if (marks_ && !now)
            throw IllegalText("the filters are gone");
        if (marks_ && (*marks_ & ~*now).any())
            throw IllegalText(
                fmt::format("bits came back: {} after {}", now->to_string(), marks_->to_string()));
        marks_ = now;
    }

    std::string path_;
    int fd_;
    std::optional<Marks> marks_;
};

// Calls `look`; what it throws fails the test.
template <typename Look> void watch(Board &board, const std::string &path, Look look) {
    try {
        look();
    } catch (const std::exception &error) {
        board.fail(fmt::format("{}: {}", path, error.what()));
    }
}

void compare_with_file(Board &board, const kernel::HaltedTask &task, const cbpf::Chain &chain,
                       OpenCache &cache, const std::vector<cbpf::SyscallTable> &tables) {
    const Marks expected = marks_of(chain);
    // Another thread may have synchronised its filters to this one meanwhile.
    if (!cache.read(board, tables) || task.filters().size() != chain.size())
        return;
    if (cache.marks() != expected)
        throw IllegalText(fmt::format("the cache shows {}, the filters are {}",
                                      cache.marks() ? cache.marks()->to_string() : "nothing",
                                      expected.to_string()));
    board.count[comparisons]++;
}

void look_at(Board &board, const kernel::HaltedTask &task, OpenCache *cache,
             const std::vector<cbpf::SyscallTable> &tables) {
    const cbpf::Chain chain = task.filters();
    // A task that has just begun has none.
    if (chain.empty())
        return;
    if (recognise(chain.front()) != oldest)
        throw IllegalText("the first filter of the chain is not the oldest one");
    board.count[dumps]++;
    if (cache != nullptr)
        compare_with_file(board, task, chain, *cache, tables);
}

void dump(Board &board, const Task &task, const std::vector<cbpf::SyscallTable> &tables) {
    using Reason = kernel::DumpError::Reason;
    std::optional<OpenCache> cache;
    if (!tables.empty() && !(cache = OpenCache::open(thread_path(task))))
        return;
    try {
        kernel::while_halted(task.tid, patience, [&](const kernel::HaltedTask &halted) {
            look_at(board, halted, cache ? &*cache : nullptr, tables);
        });
    } catch (const kernel::DumpError &error) {
        // Tasks are killed all the time, and a dead leader of living threads does not halt.
        if (error.reason() != Reason::gone && error.reason() != Reason::not_halting)
            throw;
    }
}

} // namespace

void read_caches(Board &board, const std::vector<cbpf::SyscallTable> &tables, std::uint64_t seed) {
    Random random(seed);
    std::vector<OpenCache> open;
    while (!board.stop) {
        const Task task = board.task(random());
        const std::string path = random.once_in(2) ? process_path(task) : thread_path(task);
        if (auto cache = OpenCache::open(path)) {
            if (open.size() < max_open)
                open.push_back(std::move(*cache));
            else
                open[random() % open.size()] = std::move(*cache);
        }
        for (unsigned i = 0; i < reads_per_open && !open.empty() && !board.stop; i++) {
            OpenCache &cache = open[random() % open.size()];
            bool there = true;
            watch(board, cache.path(), [&] { there = cache.read(board, tables); });
            if (!there) {
                std::swap(cache, open.back());
                open.pop_back();
            }
        }
        usleep(pause_us);
    }
}

void dump_filters(Board &board, const std::vector<cbpf::SyscallTable> &tables, std::uint64_t seed) {
    Random random(seed);
    while (!board.stop) {
        const Task task = board.task(random());
        if (task.tid == 0) {
            usleep(pause_us);
            continue;
        }
        watch(board, thread_path(task), [&] { dump(board, task, tables); });
        usleep(pause_us);
    }
}

} // namespace stress

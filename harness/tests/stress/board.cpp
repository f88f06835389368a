// SPDX-License-Identifier: MIT
#include "tests/stress/board.h"

#include <cerrno>
#include <cstdio>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace stress {
namespace {

// Where the shared memory is found after exec.
constexpr int board_fd = 100;

Board &map() {
    void *memory = mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, board_fd, 0);
    if (memory == MAP_FAILED)
        throw std::system_error(errno, std::generic_category(), "mmap the board");
    return *static_cast<Board *>(memory);
}

} // namespace

const char *name(Count count) {
    static constexpr const char *names[counts] = {
        "attaches",          "listeners",     "TSYNCs",       "failed TSYNCs",
        "refusals",          "forks",         "execs",        "exits",
        "signal deaths",     "process kills", "thread kills", "reads",
        "reads of the dead", "dumps",         "comparisons"};
    return names[count];
}

Board &Board::make() {
    const int fd = memfd_create("board", 0);
    // All zero is a board on which nothing is written.
    if (fd < 0 || ftruncate(fd, sizeof(Board)) != 0 || dup2(fd, board_fd) < 0)
        throw std::system_error(errno, std::generic_category(), "make the board");
    close(fd);
    return map();
}

Board &Board::find() { return map(); }

void Board::register_self() {
    const auto tid = static_cast<std::uint64_t>(syscall(SYS_gettid));
    tasks_[tid % places] = static_cast<std::uint64_t>(getpid()) << 32 | tid;
}

Task Board::task(std::uint64_t random) const {
    const std::uint64_t both = tasks_[random % places];
    return {static_cast<pid_t>(both >> 32), static_cast<pid_t>(both & 0xffffffff)};
}

void Board::fail(const std::string &message) {
    int none = 0;
    if (failed_.compare_exchange_strong(none, 1))
        std::snprintf(message_, sizeof(message_), "%s", message.c_str());
    stop = true;
}

} // namespace stress

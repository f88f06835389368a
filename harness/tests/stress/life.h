// SPDX-License-Identifier: MIT
//
// What the tasks of the stress test do with their time: attach filters, alone or to all threads,
// fork, exec, make sure that what is refused stays refused, and die in every way there is.

#pragma once

#include "tests/stress/board.h"

#include <cstdint>

namespace stress {

class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed * 2654435761U + 88172645463325252U) {}
    std::uint64_t operator()() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        return state_ ^= state_ << 17;
    }
    // Once in `n` times.
    bool once_in(unsigned n) { return (*this)() % n == 0; }

private:
    std::uint64_t state_;
};

// The whole life of a process that has no filter yet. Does not come back.
[[noreturn]] void live(Board &board, std::uint64_t seed);

// The same for a program that was just executed, and has inherited filters.
[[noreturn]] void live_after_exec(Board &board, std::uint64_t seed);

// The argument that makes this program call live_after_exec(); the seed follows.
constexpr const char *after_exec_option = "--after-exec";

} // namespace stress

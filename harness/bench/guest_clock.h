// SPDX-License-Identifier: MIT
//
// The clock of the benchmarks: with -icount, a nanosecond is an instruction.

#pragma once

#include <cstdint>
#include <ctime>

namespace bench {

inline std::int64_t now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time); // no system call: the vDSO reads the time stamp counter
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

// Sleeps until shortly after a timer tick, so that what follows has the same number of ticks in it
// each time. Whatever CONFIG_HZ is, a tick falls on every multiple of 20 ms.
void wait_for_tick();

// Until what the last process has left behind is freed: that is put off, and would be done in the
// middle of the next measurement.
void let_the_kernel_rest();

// What reading the clock twice takes: to be taken off every difference.
std::int64_t clock_cost();

} // namespace bench

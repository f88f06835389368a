// SPDX-License-Identifier: MIT
#include "bench/guest_clock.h"

#include "bench/statistics.h"

#include <array>

namespace bench {

void wait_for_tick() {
    constexpr std::int64_t period = 20'000'000;
    constexpr std::int64_t after = 200'000; // the tick's own work is done by then
    const std::int64_t wake = (now() / period + 1) * period + after;
    const timespec time{wake / 1'000'000'000, wake % 1'000'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

void let_the_kernel_rest() {
    const timespec time{0, 300'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

std::int64_t clock_cost() {
    std::array<std::int64_t, 11> costs;
    for (auto &cost : costs) {
        const auto start = now();
        cost = now() - start;
    }
    return median_of(costs);
}

} // namespace bench

// SPDX-License-Identifier: MIT
#include "bench/guest_calls.h"

#include "bench/guest_clock.h"
#include "bench/statistics.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <array>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

// Not by the C library: what it does around a call is not to be measured.
inline long call64(long number, long a = 0, long b = 0, long c = 0) {
    long result;
    asm volatile("syscall"
                 : "=a"(result)
                 : "0"(number), "D"(a), "S"(b), "d"(c)
                 : "memory", "rcx", "r11");
    return result;
}

inline long int80(long number) {
    long result;
    asm volatile("int $0x80" : "=a"(result) : "0"(number) : "memory", "r8", "r9", "r10", "r11");
    return result;
}

// Few enough for most batches to have no timer tick in them, many enough for the clock's rounding
// to vanish.
constexpr int calls_in_batch = 64;
constexpr std::size_t batches = 11;

template <typename F> CallCost measure(F call, std::int64_t clock_cost) {
    CallCost cost;
    for (int i = 1; i <= 100; i++) {
        const auto start = now();
        call();
        const auto took = static_cast<double>(now() - start - clock_cost);
        if (i == 1)
            cost.first = took;
        cost.hundredth = took;
    }
    std::array<std::int64_t, batches> took;
    for (auto &batch : took) {
        const auto start = now();
        for (int i = 0; i < calls_in_batch; i++)
            call();
        batch = now() - start - clock_cost;
    }
    cost.each = static_cast<double>(median_of(took)) / calls_in_batch;
    return cost;
}

template <auto function> CallCost measured(std::int64_t clock_cost) {
    return measure(
        []() __attribute__((always_inline)) { function(); }, clock_cost);
}

inline void getpid64() { call64(SYS_getpid); }
inline void getpid32() { int80(20); }
inline void personality_query() { call64(SYS_personality, 0xffffffff); }
inline void personality_query32() {
    long result;
    asm volatile("int $0x80"
                 : "=a"(result)
                 : "0"(136L), "b"(0xffffffffL)
                 : "memory", "r8", "r9", "r10", "r11");
}
inline void openat_nothing() { call64(SYS_openat, AT_FDCWD, reinterpret_cast<long>(""), O_RDONLY); }
inline void mprotect_nothing() { call64(SYS_mprotect, 1, 0, PROT_READ); }
inline void swapon_nothing() { call64(SYS_swapon, 0, -1); }

inline void open_read_close() {
    char buffer[64];
    const long fd = call64(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/etc/passwd"), O_RDONLY);
    call64(SYS_read, fd, reinterpret_cast<long>(buffer), sizeof(buffer));
    call64(SYS_close, fd);
}

} // namespace

const std::vector<Call> &calls() {
    static const std::vector<Call> all = {
        {"getpid", measured<getpid64>},
        {"getpid-compat", measured<getpid32>},
        {"personality", measured<personality_query>},
        {"personality-compat", measured<personality_query32>},
        {"openat", measured<openat_nothing>},
        {"mprotect", measured<mprotect_nothing>},
        {"swapon", measured<swapon_nothing>},
        {"open-read-close", measured<open_read_close>},
    };
    return all;
}

const Call &call_named(std::string_view name) {
    for (const Call &call : calls())
        if (call.name == name)
            return call;
    throw std::invalid_argument("no call is named '" + std::string(name) + "'");
}

} // namespace bench

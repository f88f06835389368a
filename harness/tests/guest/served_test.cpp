// SPDX-License-Identifier: MIT
//
// A call that is in the cache must not run the filters. What user space sees of it is the same
// either way, so this is about what it costs: these suites (Counting*) run on the machine whose
// clock counts instructions, under a filter that takes thousands of them.

#include "attach.h"
#include "cache.h"
#include "child.h"
#include "probe.h"

#include "cbpf/builder.h"

#include <gtest/gtest.h>

#include <sys/syscall.h>
#include <x86intrin.h>

#include <algorithm>
#include <cstdio>
#include <functional>

namespace guest {
namespace {

using namespace cbpf;

constexpr std::size_t filter_length = 4000;
// Between what a lookup costs and what that filter does.
constexpr std::uint64_t limit = filter_length / 2;
constexpr int repetitions = 5;

// Every number goes through all of it, to end at `last`.
Program slow(const Program &last) {
    Program program = {load_nr()};
    while (program.size() < filter_length)
        program.push_back(jeq(static_cast<std::uint32_t>(0x10000 + program.size()), 1, 0));
    program.push_back(jeq(0x20000, 0, 0));
    program.insert(program.end(), last.begin(), last.end());
    return program;
}

const Program always_allow = slow({ret_allow()});
const Program look_and_allow =
    slow({load_arg_low(5), jeq(0x5ec0ffee, 0, 1), ret_errno(1), ret_allow()});

long int80(std::uint32_t number) {
    // Arguments that no call accepts, in whole registers.
    long result;
    asm volatile("int $0x80"
                 : "=a"(result)
                 : "a"(static_cast<unsigned long>(number)), "b"(-1L), "c"(-1L), "d"(-1L), "S"(-1L),
                   "D"(-1L)
                 : "memory", "r8", "r9", "r10", "r11");
    return result;
}

void vsyscall(std::uint32_t number) {
    const std::uintptr_t offset = number == SYS_gettimeofday ? 0
                                  : number == SYS_time       ? 0x400
                                                             : 0x800;
    reinterpret_cast<long (*)(long, long, long)>(0xffffffffff600000 + offset)(0, 0, 0);
}

void make(Path path, std::uint32_t number) {
    if (path == Path::vsyscall)
        vsyscall(number);
    else if (path == Path::int80_from_64)
        int80(number);
    else
        syscall(static_cast<int>(number), -1L, -1L, -1L, -1L, -1L, -1L);
}

// In instructions, the least of some: an interrupt may come in between.
std::uint64_t cost(Path path, std::uint32_t number) {
    std::uint64_t least = ~std::uint64_t{0};
    for (int i = 0; i < repetitions; i++) {
        const std::uint64_t start = __rdtsc();
        make(path, number);
        least = std::min<std::uint64_t>(least, __rdtsc() - start);
    }
    return least;
}

constexpr std::size_t max_numbers = 16;

// What `filter` adds to each of the calls must be accepted by `judge`.
void expect_added(const Program &filter, Path path, const std::vector<std::uint32_t> &numbers,
                  const std::function<bool(std::uint64_t)> &judge) {
    ASSERT_LE(numbers.size(), max_numbers);
    Child child(
        [&] {
            std::uint64_t before[max_numbers];
            char text[200];
            for (std::size_t i = 0; i < numbers.size(); i++)
                before[i] = cost(path, numbers[i]);
            require(attach(filter) == 0, "attach");
            for (std::size_t i = 0; i < numbers.size(); i++) {
                const std::uint64_t after = cost(path, numbers[i]);
                std::snprintf(text, sizeof(text),
                              "number %u: %llu instructions, without the filter %llu", numbers[i],
                              static_cast<unsigned long long>(after),
                              static_cast<unsigned long long>(before[i]));
                require(judge(after - before[i]), text);
            }
        },
        Child::Untraced{});
    child.expect_success();
}

void expect_served(Path path, const std::vector<std::uint32_t> &numbers) {
    for (const auto number : numbers)
        ASSERT_TRUE(emulator_allows({always_allow}, path_arch(path), number)) << number;
    expect_added(always_allow, path, numbers, [](std::uint64_t added) { return added < limit; });
}

void expect_filtered(const Program &filter, Path path, const std::vector<std::uint32_t> &numbers) {
    for (const auto number : numbers)
        ASSERT_FALSE(emulator_allows({filter}, path_arch(path), number)) << number;
    expect_added(filter, path, numbers, [](std::uint64_t added) { return added > limit; });
}

// Numbers that do nothing, given such arguments: the first and the last of the table, some in
// between, both sides of a word's end in the bitmap. (0 is read(-1); most are not assigned.)
std::vector<std::uint32_t> native_numbers() {
    return {0, SYS_getpid, SYS_getuid, 335, 383, 384, 400, native_table().size - 1};
}

// (0 is restart_syscall(), which has nothing to restart.)
std::vector<std::uint32_t> compat_numbers() {
    return {0, 17, 20, 31, 32, 222, 223, 251, compat_table().size - 1};
}

const std::vector<std::uint32_t> vsyscall_numbers = {SYS_gettimeofday, SYS_time, SYS_getcpu};

TEST(CountingServed, NativeNumbers) { expect_served(Path::syscall, native_numbers()); }

TEST(CountingServed, CompatNumbers) { expect_served(Path::int80_from_64, compat_numbers()); }

TEST(CountingServed, Vsyscalls) { expect_served(Path::vsyscall, vsyscall_numbers); }

// Or else the above would say nothing.
TEST(CountingServed, AFilterThatIsRunIsSeen) {
    expect_filtered(look_and_allow, Path::syscall, native_numbers());
    expect_filtered(look_and_allow, Path::int80_from_64, compat_numbers());
    expect_filtered(look_and_allow, Path::vsyscall, vsyscall_numbers);
}

TEST(CountingServed, NoNumberBeyondTheTables) {
    constexpr std::uint32_t x32_bit = 0x40000000;
    const std::uint32_t native = native_table().size;
    const std::uint32_t compat = compat_table().size;
    expect_filtered(always_allow, Path::syscall,
                    {native, native + 1, 448, 512, 0x10000, x32_bit, x32_bit | SYS_getpid,
                     0x7fffffff, 0x80000000, 0x80000000 | SYS_getpid, 0xfffffffe});
    expect_filtered(always_allow, Path::int80_from_64,
                    {compat, compat + 1, 448, 512, 0x10000, x32_bit | 20, 0x80000000 | 20});
}

} // namespace
} // namespace guest

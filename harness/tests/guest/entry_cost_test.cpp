// SPDX-License-Identifier: MIT
//
// What entering the kernel costs, in instructions: on the machine whose clock counts them. Costs
// are constant, the first call after an attach has no extra, and one from the cache is cheap.

#include "attach.h"
#include "cache.h"
#include "child.h"
#include "direct_call.h"
#include "filters.h"
#include "probe.h"

#include "cbpf/builder.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <x86intrin.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <new>
#include <stdexcept>
#include <vector>

namespace guest {
namespace {

using namespace cbpf;

constexpr std::uint32_t compat_getpid = 20;
constexpr std::uint32_t compat_getppid = 64;
constexpr int error = 119;

using Make = void (*)();

void native_getpid() { direct_call(Path::syscall, SYS_getpid); }
void compat_getpid_call() { direct_call(Path::int80_from_64, compat_getpid); }
void native_getppid() { direct_call(Path::syscall, SYS_getppid); }
void compat_getppid_call() { direct_call(Path::int80_from_64, compat_getppid); }
void native_getuid() { direct_call(Path::syscall, SYS_getuid); }
void vsyscall_getcpu() {
    reinterpret_cast<long (*)(long, long, long)>(0xffffffffff600800)(0, 0, 0);
}

struct Kind {
    const char *name;
    Make make;
};

constexpr Kind all_kinds[] = {{"getpid", native_getpid},
                              {"getpid by int80", compat_getpid_call},
                              {"getcpu by vsyscall", vsyscall_getcpu},
                              {"getppid", native_getppid},
                              {"getppid by int80", compat_getppid_call},
                              {"getuid", native_getuid}};
constexpr std::size_t kinds = std::size(all_kinds);

// What reading the clock twice takes is in it, always the same.
std::uint64_t cost(Make make) {
    const std::uint64_t start = __rdtsc();
    make();
    return __rdtsc() - start;
}

struct Costs {
    std::uint64_t first[kinds];
    std::uint64_t hundredth[kinds]; // the least of some up to then: an interrupt may come
};

class SharedCosts {
public:
    SharedCosts()
        : costs_(new (mmap(nullptr, sizeof(Costs), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Costs{}) {}
    ~SharedCosts() { munmap(costs_, sizeof(Costs)); }
    SharedCosts(const SharedCosts &) = delete;
    SharedCosts &operator=(const SharedCosts &) = delete;
    Costs *operator->() const { return costs_; }

private:
    Costs *costs_;
};

// Measures in a process of its own, under `chain`.
void measure(const Chain &chain, const SharedCosts &costs) {
    Child child(
        [&] {
            // Pages that come into being at their first use are not what is measured here.
            for (std::size_t i = 0; i < kinds; i++) {
                costs->first[i] = cost(all_kinds[i].make);
                costs->hundredth[i] = 0;
            }
            for (const Program &filter : chain)
                require(attach(filter) == 0, "attach");
            for (std::size_t i = 0; i < kinds; i++)
                costs->first[i] = cost(all_kinds[i].make);
            for (std::size_t i = 0; i < kinds; i++) {
                std::uint64_t least = ~std::uint64_t{0};
                for (int repetition = 2; repetition <= 100; repetition++)
                    least = std::min(least, cost(all_kinds[i].make));
                costs->hundredth[i] = least;
            }
        },
        Child::Untraced{});
    child.expect_success();
}

// The least of some processes, as an interrupt may fall on a first call.
constexpr int processes = 5;

Costs measured(const Chain &chain) {
    Costs best;
    std::fill_n(best.first, kinds, ~std::uint64_t{0});
    std::fill_n(best.hundredth, kinds, ~std::uint64_t{0});
    for (int i = 0; i < processes; i++) {
        const SharedCosts costs;
        measure(chain, costs);
        for (std::size_t k = 0; k < kinds; k++) {
            best.first[k] = std::min(best.first[k], costs->first[k]);
            best.hundredth[k] = std::min(best.hundredth[k], costs->hundredth[k]);
        }
    }
    return best;
}

// Getpid, getcpu: cached. Getppid: refused. Getuid: by its argument.
Chain all_verdicts() {
    return {allow_all(),
            {load_nr(), jeq(SYS_getppid, 1, 0), jeq(compat_getppid, 0, 1), ret_errno(error),
             ret_allow()},
            look_at_argument(SYS_getuid)};
}

void expect_no_extra_for_the_first(const Chain &chain) {
    const Costs costs = measured(chain);
    for (std::size_t i = 0; i < kinds; i++) {
        std::printf("%s: first %llu, then %llu\n", all_kinds[i].name,
                    static_cast<unsigned long long>(costs.first[i]),
                    static_cast<unsigned long long>(costs.hundredth[i]));
        EXPECT_EQ(costs.first[i], costs.hundredth[i]) << all_kinds[i].name;
    }
}

TEST(EntryCost, TheFirstCallCostsWhatTheHundredthDoes) {
    const Chain chain = all_verdicts();
    ASSERT_TRUE(emulator_allows(chain, AUDIT_ARCH_X86_64, SYS_getpid));
    ASSERT_TRUE(emulator_allows(chain, AUDIT_ARCH_I386, compat_getpid));
    ASSERT_FALSE(emulator_allows(chain, AUDIT_ARCH_X86_64, SYS_getppid));
    ASSERT_FALSE(emulator_allows(chain, AUDIT_ARCH_X86_64, SYS_getuid));
    expect_no_extra_for_the_first(chain);
}

TEST(EntryCost, TheFirstCallUnderManyFilters) {
    expect_no_extra_for_the_first(Chain(20, answer(400, SECCOMP_RET_ERRNO | error)));
}

// A 32-bit program's, as its C library makes it: by the vdso. With what the probe takes, always the
// same; the least of many.
std::uint64_t vdso32_cost(const Chain &chain) {
    const std::vector<Call> calls(100, Call{Path::vdso32, compat_getpid});
    Probe probe(chain, calls, {.bits = Bits::b32, .traced = false});
    probe.run();
    std::uint64_t least = ~std::uint64_t{0};
    for (std::size_t i = 0; i < calls.size(); i++) {
        if (probe.job().results[i].kind != PROBE_RETURNED)
            throw std::runtime_error("a call by the vdso did not return");
        least = std::min(least, probe.job().results[i].ticks);
    }
    return least;
}

// By the entry's short way, and whatever the filters are.
TEST(EntryCost, WhatACachedCallAdds) {
    constexpr std::uint64_t native_limit = 20;
    constexpr std::uint64_t compat_limit = 30;
    const Costs without = measured({});
    const std::uint64_t vdso32_without = vdso32_cost({});
    for (const Chain &chain : {Chain{allow_all()}, all_verdicts(), Chain(20, allow_all())}) {
        const Costs with = measured(chain);
        const std::uint64_t native = with.hundredth[0] - without.hundredth[0];
        const std::uint64_t compat = with.hundredth[1] - without.hundredth[1];
        const std::uint64_t vdso32 = vdso32_cost(chain) - vdso32_without;
        std::printf(
            "a hit under %zu filters adds %llu instructions, by int80 %llu, by vdso32 %llu\n",
            chain.size(), static_cast<unsigned long long>(native),
            static_cast<unsigned long long>(compat), static_cast<unsigned long long>(vdso32));
        EXPECT_LE(native, native_limit);
        EXPECT_LE(compat, compat_limit);
        EXPECT_LE(vdso32, compat_limit);
    }
}

// Or else the two above would say nothing.
TEST(EntryCost, AFilterThatIsRunIsSeen) {
    Program long_filter = {load_nr()};
    for (std::uint32_t i = 0; i < 1000; i++)
        long_filter.push_back(jeq(0x10000 + i, 0, 0));
    const Program judge = look_at_argument(SYS_getuid);
    long_filter.insert(long_filter.end(), judge.begin(), judge.end());
    const Costs without = measured({});
    const Costs with = measured({long_filter});
    EXPECT_GT(with.hundredth[kinds - 1], without.hundredth[kinds - 1] + 500);
    EXPECT_GT(with.first[kinds - 1], without.first[kinds - 1] + 500);
}

// For the host, which compares them with those of the unpatched kernel.
TEST(EntryCostFigures, WithoutFilters) {
    const Costs costs = measured({});
    for (std::size_t i = 0; i < kinds; i++) {
        EXPECT_EQ(costs.first[i], costs.hundredth[i]) << all_kinds[i].name;
        std::printf("instructions of %s: %llu\n", all_kinds[i].name,
                    static_cast<unsigned long long>(costs.hundredth[i]));
    }
    std::printf("instructions of getpid by vdso32: %llu\n",
                static_cast<unsigned long long>(vdso32_cost({})));
}

} // namespace
} // namespace guest

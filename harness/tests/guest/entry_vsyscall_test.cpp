// SPDX-License-Identifier: MIT
//
// The functions of the vsyscall page are judged like calls by the same number, but from a page
// fault: what the syscall entry does for cached numbers must not make a difference between the two.

#include "cache.h"
#include "filters.h"
#include "probe.h"

#include "cbpf/builder.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

namespace guest {
namespace {

using namespace cbpf;

constexpr unsigned error = 116;

// Both do nothing, given no place to put their answer.
constexpr std::uint32_t numbers[] = {SYS_gettimeofday, SYS_getcpu};

// Each number by both ways, twice and in turn.
std::vector<Call> calls() {
    std::vector<Call> all;
    for (const std::uint32_t number : numbers)
        for (int i = 0; i < 2; i++)
            for (const Path path : {Path::syscall, Path::vsyscall, Path::vsyscall, Path::syscall})
                all.push_back({path, number, {}});
    return all;
}

TEST(EntryVsyscall, CachedByBothWays) {
    for (const std::uint32_t number : numbers)
        ASSERT_TRUE(emulator_allows({allow_all()}, AUDIT_ARCH_X86_64, number));
    EXPECT_EQ(perform({allow_all()}, calls()), std::vector(calls().size(), returned(0)));
}

TEST(EntryVsyscall, AnsweredByBothWays) {
    for (const std::uint32_t number : numbers)
        for (const std::uint32_t value :
             {SECCOMP_RET_ERRNO | error, SECCOMP_RET_TRAP | error, SECCOMP_RET_KILL_THREAD})
            expect_as_interpreted({answer(number, value)}, calls());
}

TEST(EntryVsyscall, LookedAtByBothWays) {
    for (const std::uint32_t number : numbers)
        expect_as_interpreted({look_at_argument(number)}, calls());
}

// A filter that tells the ways apart, by where the call comes from: that is never cached.
TEST(EntryVsyscall, OnlyOneOfTheWaysIsAllowed) {
    constexpr std::uint32_t high_half_of_page = 0xffffffff;
    for (const bool page_is_allowed : {true, false}) {
        Program filter = {load_nr()};
        for (const std::uint32_t number : numbers) {
            filter.push_back(jeq(number, 0, 4));
            filter.push_back(load_ip_high());
            filter.push_back(page_is_allowed ? jeq(high_half_of_page, 1, 0)
                                             : jeq(high_half_of_page, 0, 1));
            filter.push_back(ret_errno(error));
            filter.push_back(ret_allow());
        }
        filter.push_back(ret_allow());
        for (const std::uint32_t number : numbers)
            ASSERT_FALSE(emulator_allows({filter}, AUDIT_ARCH_X86_64, number));
        std::vector<Outcome> expected;
        for (const Call &call : calls())
            expected.push_back(returned(
                (call.path == Path::vsyscall) == page_is_allowed ? 0 : -static_cast<int>(error)));
        EXPECT_EQ(perform({filter}, calls()), expected);
    }
}

} // namespace
} // namespace guest

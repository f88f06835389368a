// SPDX-License-Identifier: MIT
//
// What is looked up at the entry is the whole number, in the table of the entry. A filter with a
// pattern that no neighbour shares tells one bit of the cache from another.

#include "attach.h"
#include "cache.h"
#include "child.h"
#include "direct_call.h"
#include "filters.h"
#include "harmless.h"
#include "probe.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace guest {
namespace {

using namespace cbpf;

constexpr std::uint32_t refused_here = 111;

// Numbers that belong to no call in 5.10.
std::vector<std::uint32_t> unassigned(Path path) {
    if (path_arch(path) == AUDIT_ARCH_I386)
        return {17,  31,  32,  35,  44,  53,  56,  58,  98,  127, 130, 137, 167,
                188, 189, 222, 223, 251, 285, 387, 388, 389, 390, 391, 392};
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t nr = 335; nr <= 423; nr++)
        numbers.push_back(nr);
    return numbers;
}

// Refuses those of `numbers` for which `refuses` is true, and no other.
template <class Predicate>
Program refuse_some(const std::vector<std::uint32_t> &numbers, std::uint32_t arch,
                    const Predicate &refuses) {
    Program program = {load_arch(), jeq(arch, 1, 0), ret_allow(), load_nr()};
    for (const auto nr : numbers) {
        if (!refuses(nr))
            continue;
        program.push_back(jeq(nr, 0, 1));
        program.push_back(ret_errno(refused_here));
    }
    program.push_back(ret_allow());
    return program;
}

class EntryNumbers : public testing::TestWithParam<Path> {
protected:
    Path path() const { return GetParam(); }
    std::uint32_t arch() const { return path_arch(path()); }
    const Harmless &number() const { return harmless(path()); }
    Call call(std::uint64_t nr, const std::array<std::uint64_t, 6> &arguments = {}) const {
        return {path(), nr, arguments};
    }

    // Each unassigned number is refused or unknown as the filter says of just that number.
    void expect_each_by_its_own_bit(const Program &filter) const {
        const auto numbers = unassigned(path());
        std::vector<Call> calls;
        std::size_t cached = 0;
        std::vector<Outcome> expected;
        for (const auto nr : numbers) {
            const bool allowed = emulator_allows({filter}, arch(), nr);
            cached += allowed ? 1 : 0;
            calls.push_back(call(nr, {1, 2, 3, 4, 5, 6}));
            expected.push_back(returned(allowed ? -ENOSYS : -static_cast<int>(refused_here)));
        }
        ASSERT_GT(cached, numbers.size() / 4);
        ASSERT_LT(cached, numbers.size() * 3 / 4);
        EXPECT_EQ(perform({filter}, calls), expected);
    }
};

TEST_P(EntryNumbers, EachNumberHasItsOwnBit) {
    const auto numbers = unassigned(path());
    for (const std::uint32_t odd : {0U, 1U}) {
        std::uint32_t index = 0;
        expect_each_by_its_own_bit(
            refuse_some(numbers, arch(), [&](std::uint32_t) { return index++ % 2 == odd; }));
    }
    // No period that a wrong word or a wrong base would keep.
    std::uint32_t state = 1;
    expect_each_by_its_own_bit(refuse_some(numbers, arch(), [&](std::uint32_t) {
        state = state * 1103515245 + 12345;
        return (state >> 16) % 2 == 0;
    }));
}

// The same number has another answer by the other table.
TEST_P(EntryNumbers, TheOtherTableHasItsOwnBits) {
    const std::uint32_t other =
        arch() == AUDIT_ARCH_I386 ? AUDIT_ARCH_X86_64 : std::uint32_t{AUDIT_ARCH_I386};
    const auto numbers = unassigned(path());
    const auto all = [](std::uint32_t) { return true; };
    std::vector<Call> calls;
    for (const auto nr : numbers)
        calls.push_back(call(nr));
    EXPECT_EQ(perform({refuse_some(numbers, other, all)}, calls),
              std::vector(numbers.size(), returned(-ENOSYS)));
    EXPECT_EQ(perform({refuse_some(numbers, arch(), all)}, calls),
              std::vector(numbers.size(), returned(-static_cast<int>(refused_here))));
}

// A cached number with one more bit in the register, each of the 64, right after that number.
TEST_P(EntryNumbers, EachBitOfTheRegister) {
    const Program refuse_geteuid = answer(number().geteuid, SECCOMP_RET_ERRNO | refused_here);
    std::vector<Call> calls;
    for (const std::uint32_t nr : {number().unassigned, number().geteuid}) {
        for (unsigned bit = 9; bit < 64; bit++) {
            calls.push_back(call(number().getpid));
            calls.push_back(call(std::uint64_t{1} << bit | nr));
        }
    }
    ASSERT_TRUE(emulator_allows({refuse_geteuid}, arch(), number().unassigned));
    expect_as_interpreted({refuse_geteuid}, calls);
    // Where the filter draws the line at the bit itself.
    for (const unsigned bit : {9U, 16U, 30U, 31U})
        expect_as_interpreted(
            {{load_nr(), jset(1U << bit, 0, 1), ret_errno(refused_here), ret_allow()}}, calls);
}

// The upper half does not reach the filters. What is executed then is what they have judged.
TEST_P(EntryNumbers, UpperBitsOfACachedNumberThatOnlyTheFilterAllows) {
    std::vector<Call> calls;
    for (const std::uint64_t garbage : {0x1'0000'0000ULL, 0x8000'0000'0000'0000ULL, ~0ULL << 32}) {
        calls.push_back(call(garbage | number().getpid));
        calls.push_back(call(number().getpid));
        calls.push_back(call(garbage | number().getppid));
        calls.push_back(call(number().getppid));
    }
    const Chain cached = {answer(number().getppid, SECCOMP_RET_ERRNO | refused_here)};
    const Chain run = {answer(number().getppid, SECCOMP_RET_ERRNO | refused_here),
                       look_at_argument(number().getpid)};
    ASSERT_TRUE(emulator_allows(cached, arch(), number().getpid));
    ASSERT_FALSE(emulator_allows(run, arch(), number().getpid));
    for (const Chain &chain : {cached, run}) {
        const auto outcomes = perform(chain, calls);
        ASSERT_EQ(outcomes.size(), calls.size());
        for (std::size_t i = 0; i < calls.size(); i++)
            EXPECT_EQ(outcomes[i], returned(calls[i].number % 0x1'0000'0000 == number().getpid
                                                ? own_pid
                                                : -static_cast<int>(refused_here)))
                << describe(calls[i]);
    }
}

TEST_P(EntryNumbers, X32NumbersBetweenCachedOnes) {
    std::vector<Call> calls;
    for (const std::uint64_t nr : {number().getpid, number().getuid, number().unassigned}) {
        calls.push_back(call(nr));
        calls.push_back(call(x32_bit | nr));
        calls.push_back(call(~0ULL << 32 | x32_bit | nr));
    }
    const Program refuse_x32 = {load_nr(), jset(x32_bit, 0, 1), ret_errno(refused_here),
                                ret_allow()};
    ASSERT_TRUE(emulator_allows({refuse_x32}, arch(), number().getpid));
    expect_as_interpreted({refuse_x32}, calls);
    expect_as_interpreted({allow_all()}, calls);
}

std::string name_of(const testing::TestParamInfo<Path> &test) { return path_name(test.param); }

INSTANTIATE_TEST_SUITE_P(, EntryNumbers, testing::ValuesIn(general_paths()), name_of);
// Where that is by SYSENTER: see sysenter_test.cpp.
INSTANTIATE_TEST_SUITE_P(Sysenter, EntryNumbers, testing::Values(Path::vdso32), name_of);

// What a call gets besides its number.

constexpr std::uint64_t far_offset = 0x1234'5678'9abc;

// A file that holds nothing but `text`, at an offset of more than 32 bits.
int file_with(const char *text) {
    const int fd = memfd_create("entry", 0);
    require(fd >= 0 && ftruncate(fd, far_offset + 4096) == 0 &&
                pwrite(fd, text, std::strlen(text), far_offset) > 0,
            "a file");
    return fd;
}

TEST(EntryArguments, SixWholeArgumentsArrive) {
    Child child(
        [] {
            const int fd = file_with("whole");
            char *const place = reinterpret_cast<char *>(0x5eed'0000'0000);
            require(attach(allow_all()) == 0, "attach");
            const long mapped =
                direct_call(Path::syscall, SYS_mmap,
                            {reinterpret_cast<std::uint64_t>(place), 8192, PROT_READ,
                             MAP_PRIVATE | MAP_FIXED_NOREPLACE, static_cast<std::uint64_t>(fd),
                             far_offset & ~std::uint64_t{4095}});
            require(mapped == reinterpret_cast<long>(place), "mmap");
            require(std::memcmp(place + far_offset % 4096, "whole", 5) == 0, "what is mapped");
            require(direct_call(Path::syscall, SYS_lseek,
                                {static_cast<std::uint64_t>(fd), far_offset, SEEK_SET}) ==
                        static_cast<long>(far_offset),
                    "lseek");
        },
        Child::Untraced{});
    child.expect_success();
}

// By the 32-bit entry a call gets the low halves, whatever stood above them.
TEST(EntryArguments, LowHalvesArriveInt80From64) {
    constexpr std::uint32_t compat_lseek = 19;
    constexpr std::uint64_t above = 0xdead'beef'0000'0000;
    ASSERT_TRUE(emulator_allows({allow_all()}, AUDIT_ARCH_I386, compat_lseek));
    Child child(
        [] {
            const int fd = file_with("half");
            require(attach(allow_all()) == 0, "attach");
            const std::uint64_t file = above | static_cast<std::uint64_t>(fd);
            require(direct_call(Path::int80_from_64, compat_lseek,
                                {file, above | 0x123456, above | SEEK_SET}) == 0x123456,
                    "lseek");
            require(lseek(fd, 0, SEEK_CUR) == 0x123456, "where it stands");
        },
        Child::Untraced{});
    child.expect_success();
}

// A result is not cut either, and an error is one.
TEST(EntryArguments, ResultsArriveWhole) {
    Child child(
        [] {
            const int fd = file_with("result");
            require(attach(allow_all()) == 0, "attach");
            require(direct_call(Path::syscall, SYS_lseek,
                                {static_cast<std::uint64_t>(fd), far_offset * 8, SEEK_SET}) ==
                        static_cast<long>(far_offset * 8),
                    "a large result");
            require(direct_call(Path::syscall, SYS_lseek,
                                {static_cast<std::uint64_t>(fd), ~0ULL, SEEK_SET}) == -EINVAL,
                    "an error");
            require(direct_call(Path::syscall, SYS_close, {~0ULL}) == -EBADF, "another error");
        },
        Child::Untraced{});
    child.expect_success();
}

} // namespace
} // namespace guest

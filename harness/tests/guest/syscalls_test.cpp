// SPDX-License-Identifier: MIT
//
// Real syscalls: whatever number in whatever register by whatever way, cached or not, user space
// sees what the interpreter says.

#include "cache.h"
#include "filters.h"
#include "harmless.h"
#include "probe.h"

#include "cbpf/builder.h"
#include "tests/support/random_program.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <sys/syscall.h>

namespace guest {
namespace {

using namespace cbpf;

const Harmless &compat = harmless(Path::int80_from_64);

const SyscallTable &table(Path path) {
    return path_arch(path) == AUDIT_ARCH_X86_64 ? native_table() : compat_table();
}

std::vector<std::uint32_t> numbers(Path path) {
    const auto &h = harmless(path);
    return {h.getpid, h.getppid, h.getuid, h.getgid, h.geteuid, h.getegid, h.unassigned};
}

using Arguments = std::array<std::uint64_t, 6>;

// None of them a valid pointer or anything else of meaning.
std::vector<Arguments> many_arguments() {
    constexpr std::uint64_t words[] = {0,
                                       1,
                                       2,
                                       0x7fffffff,
                                       0x80000000,
                                       0xffffffff,
                                       0x1'0000'0000,
                                       0x1'0000'0001,
                                       0xdeadbeef'00000001,
                                       0x5ec0ffee'5ec0ffee,
                                       0x8000'0000'0000'0000,
                                       0xffff'ffff'ffff'ffff};
    std::vector<Arguments> all = {{}};
    for (std::size_t i = 0; i < 6; i++) {
        for (const std::uint64_t word : words) {
            Arguments arguments = {};
            arguments[i] = word;
            all.push_back(arguments);
        }
    }
    for (const std::uint64_t word : words)
        all.push_back({word, word, word, word, word, word});
    return all;
}

// Refuses one number in the way of `value`, allows all others by their number alone.
Program refuse_one(std::uint32_t number, std::uint32_t value) {
    return {load_nr(), jeq(number, 0, 1), ret(value), ret_allow()};
}

class Syscalls : public testing::TestWithParam<Path> {
protected:
    Path path() const { return GetParam(); }
    const Harmless &number() const { return harmless(path()); }

    Call call(std::uint64_t nr, const Arguments &arguments = {}) const {
        return {path(), nr, arguments};
    }

    std::vector<Call> calls_with_many_arguments(std::uint64_t nr) const {
        std::vector<Call> calls;
        for (const auto &arguments : many_arguments())
            calls.push_back(call(nr, arguments));
        return calls;
    }

    // Getpid is answered in the way of `value`; other calls before and after it are not touched.
    void expect_action(std::uint32_t value) const {
        const Chain chain = {refuse_one(number().getpid, value)};
        ASSERT_FALSE(emulator_allows(chain, path_arch(path()), number().getpid));
        ASSERT_TRUE(emulator_allows(chain, path_arch(path()), number().getppid));
        expect_as_interpreted(chain, {call(number().getppid), call(number().getpid, {1, 2, 3}),
                                      call(number().getuid), call(number().getpid)});
    }
};

TEST_P(Syscalls, CachedNumbersAreExecutedWhateverTheArguments) {
    const Chain chain = {refuse_one(number().unassigned, SECCOMP_RET_ERRNO | 99)};
    ASSERT_TRUE(emulator_allows(chain, path_arch(path()), number().getpid));
    for (const auto &outcome : perform(chain, calls_with_many_arguments(number().getpid)))
        ASSERT_EQ(outcome, returned(own_pid));
    expect_as_interpreted(chain, calls_with_many_arguments(number().getpid));
}

TEST_P(Syscalls, AllHarmlessNumbersUnderAnAllowingFilter) {
    std::vector<Call> calls;
    for (const auto nr : numbers(path()))
        calls.push_back(call(nr, {1, 2, 3, 4, 5, 6}));
    expect_as_interpreted({{ret_allow()}}, calls);
    expect_as_interpreted({{load_arg_low(0), jeq(0x5ec0ffee, 0, 1), ret_errno(1), ret_allow()}},
                          calls);
}

// What the filters make of the probe's own exit, after its last call, is none of its results.
TEST_P(Syscalls, AProbeThatMayNotExitHasItsResultsAllTheSame) {
    const std::uint32_t exit_group = path_arch(path()) == AUDIT_ARCH_X86_64 ? SYS_exit_group : 252;
    for (const std::uint32_t value : {SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO | 1U})
        EXPECT_EQ(perform({refuse_one(exit_group, value)}, {call(number().getpid)}),
                  std::vector{returned(own_pid)});
}

TEST_P(Syscalls, EachHalfOfEachArgumentIsSeen) {
    for (unsigned i = 0; i < 6; i++) {
        for (const auto &load_half : {load_arg_low(i), load_arg_high(i)}) {
            const Chain chain = {{load_nr(), jeq(number().getpid, 0, 5), load_half, jeq(1, 1, 0),
                                  jset(0x80000000, 1, 2), ret(SECCOMP_RET_ERRNO | 71),
                                  ret(SECCOMP_RET_ERRNO | 72), ret_allow()}};
            ASSERT_FALSE(emulator_allows(chain, path_arch(path()), number().getpid));
            expect_as_interpreted(chain, calls_with_many_arguments(number().getpid));
        }
    }
}

TEST_P(Syscalls, EachHalfOfTheInstructionPointerIsSeen) {
    Probe probe({}, {call(number().getpid)}, {.bits = path_bits(path()), .traced = false});
    probe.run();
    const std::uint64_t ip = probe.data(call(number().getpid)).instruction_pointer;
    ASSERT_NE(ip, 0U);
    const auto low = static_cast<std::uint32_t>(ip);
    const auto high = static_cast<std::uint32_t>(ip >> 32);

    // The vdso moves from process to process: the interpreter is told where it was.
    for (const std::uint32_t value : {low, low + 1, high, high + 1}) {
        const Program by_low = {load_ip_low(), jeq(value, 0, 1), ret_errno(73), ret_allow()};
        const Program by_high = {load_ip_high(), jeq(value, 0, 1), ret_errno(74), ret_allow()};
        // Exiting is done from elsewhere.
        expect_as_interpreted({by_low}, {call(number().getpid)});
        expect_as_interpreted({{load_nr(), jeq(number().getpid, 0, 3), by_high[0], by_high[1],
                                by_high[2], by_high[3]}},
                              {call(number().getpid)});
    }
}

TEST_P(Syscalls, TheArchitectureIsThatOfTheEntry) {
    for (const std::uint32_t arch :
         std::initializer_list<std::uint32_t>{AUDIT_ARCH_X86_64, AUDIT_ARCH_I386}) {
        // Attaching and exiting are of the program's own architecture.
        const Chain chain = {{load_arch(), jeq(arch, 0, 3), load_nr(), jeq(number().getpid, 0, 1),
                              ret_errno(75), ret_allow()}};
        ASSERT_EQ(emulator_allows(chain, path_arch(path()), number().getpid),
                  arch != path_arch(path()));
        expect_as_interpreted(chain, calls_with_many_arguments(number().getpid));
    }
}

TEST_P(Syscalls, Errno) {
    for (const std::uint32_t data : {0U, 1U, 38U, 4094U, 4095U, 4096U, 0xffffU})
        expect_action(SECCOMP_RET_ERRNO | data);
}

TEST_P(Syscalls, TrapWithAllOfItsSiginfo) {
    for (const std::uint32_t data : {0U, 1U, 0x8000U, 0xffffU})
        expect_action(SECCOMP_RET_TRAP | data);
}

TEST_P(Syscalls, KillProcess) { expect_action(SECCOMP_RET_KILL_PROCESS); }
TEST_P(Syscalls, KillThread) { expect_action(SECCOMP_RET_KILL_THREAD); }
TEST_P(Syscalls, TraceWithoutTracer) { expect_action(SECCOMP_RET_TRACE | 5); }
TEST_P(Syscalls, UserNotifWithoutListener) { expect_action(SECCOMP_RET_USER_NOTIF); }
TEST_P(Syscalls, LogIsExecuted) { expect_action(SECCOMP_RET_LOG); }
TEST_P(Syscalls, AllowWithDataIsExecuted) { expect_action(SECCOMP_RET_ALLOW | 7); }

TEST_P(Syscalls, UnknownActionsKill) {
    for (const std::uint32_t value : {0x00010000U, 0x12340000U, 0x7ffe0000U, 0xffff0000U})
        expect_action(value);
}

// Two filters that say different things of the same call: the stronger one wins, in both orders.
// The first goes by argument 0, the second by argument 1.
TEST_P(Syscalls, TheStrongestOfTwoFiltersWins) {
    const std::uint32_t values[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
                                    SECCOMP_RET_TRAP | 3,     SECCOMP_RET_ERRNO | 76,
                                    SECCOMP_RET_ERRNO | 77,   SECCOMP_RET_LOG};
    const auto by_argument = [&](unsigned index) {
        Program program = {load_nr(), jeq(number().getpid, 1, 0), ret_allow(), load_arg_low(index)};
        for (std::uint32_t i = 0; i < std::size(values); i++) {
            program.push_back(jeq(i + 1, 0, 1));
            program.push_back(ret(values[i]));
        }
        program.push_back(ret_allow());
        return program;
    };
    std::vector<Call> calls;
    for (std::uint64_t first = 0; first <= std::size(values); first++)
        for (std::uint64_t second = 0; second <= std::size(values); second++)
            calls.push_back(call(number().getpid, {first, second}));
    expect_as_interpreted({by_argument(0), by_argument(1)}, calls);
}

// The first filter would let the number into the cache, the second one must keep it out, and the
// other way round.
TEST_P(Syscalls, OneOfManyFiltersRefuses) {
    const Chain harmless_filters(3, {ret_allow()});
    for (std::size_t position = 0; position <= harmless_filters.size(); position++) {
        Chain chain = harmless_filters;
        chain.insert(chain.begin() + static_cast<std::ptrdiff_t>(position),
                     refuse_one(number().getpid, SECCOMP_RET_ERRNO | 78));
        expect_as_interpreted(chain, {call(number().getpid), call(number().getppid)});
    }
}

std::vector<std::uint64_t> numbers_around_the_ends() {
    std::vector<std::uint64_t> around;
    for (const auto &t : tables())
        for (std::uint64_t distance = 0; distance < 8; distance++)
            around.push_back(t.size + distance);
    for (const std::uint64_t end : {448, 512, 1024, 4096, 65536, 0x3fffffff, 0x7fffffff})
        for (const std::uint64_t distance : {0, 1})
            around.push_back(end - distance + 1);
    return around;
}

TEST_P(Syscalls, NumbersAtAndBeyondTheTables) {
    std::vector<Call> calls;
    for (const auto nr : numbers_around_the_ends())
        calls.push_back(call(nr, {1, 2, 3}));
    // Everything below is as in the interpreter; the last number in the table is a real syscall.
    calls.push_back(call(table(path()).size - 1, {~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL}));
    const std::uint32_t size = table(path()).size;

    expect_as_interpreted({{ret_allow()}}, calls);
    // Refused from the end of the table on, from one before it, and from one behind it.
    for (const std::uint32_t from : {size - 1, size, size + 1})
        expect_as_interpreted({{load_nr(), jge(from, 0, 1), ret_errno(83), ret_allow()}}, calls);
    // By arithmetic on the number.
    expect_as_interpreted(
        {{load_nr(), jge(size, 0, 3), alu_and(3), jeq(1, 0, 1), ret_errno(84), ret_allow()}},
        calls);
    // A bitmap indexed modulo its size, or by too many bits, would answer for another number.
    expect_as_interpreted({{load_nr(), jgt(3000, 1, 0), ret_allow(), ret_errno(85)}}, calls);
}

TEST_P(Syscalls, NegativeNumbers) {
    std::vector<Call> calls;
    for (const std::uint64_t nr : {0xffffffffULL, 0xfffffffeULL, 0xfffffe47ULL, 0x80000000ULL,
                                   0x80000000ULL + number().getpid, 0xffffff00ULL})
        for (const Arguments &arguments : {Arguments{}, Arguments{1, 2, 3, 4, 5, 6}})
            calls.push_back(call(nr, arguments));

    expect_as_interpreted({{ret_allow()}}, calls);
    expect_as_interpreted({{load_nr(), jge(0x80000000, 0, 1), ret_errno(86), ret_allow()}}, calls);
    expect_as_interpreted({{load_nr(), jeq(0xffffffff, 0, 1), ret_errno(87), ret_allow()}}, calls);
    expect_as_interpreted(
        {{load_nr(), jeq(0xffffffff, 0, 1), ret(SECCOMP_RET_TRAP | 8), ret_allow()}}, calls);
}

// Never from the cache, whatever the number without the bit is allowed.
TEST_P(Syscalls, X32NumbersAreAlwaysFiltered) {
    std::vector<Call> calls;
    for (const std::uint64_t nr : {0U, number().getpid, number().getuid, 440U, 512U, 547U})
        calls.push_back(call(x32_bit | nr, {1, 2, 3}));
    calls.push_back(call(number().getpid));

    const Program refuse_x32 = {load_nr(), jset(x32_bit, 0, 1), ret_errno(88), ret_allow()};
    const Program only_x32 = {load_nr(), jset(x32_bit, 1, 0), ret_errno(89), ret_allow()};
    ASSERT_TRUE(emulator_allows({refuse_x32}, path_arch(path()), number().getpid));
    expect_as_interpreted({refuse_x32}, calls);
    expect_as_interpreted({{ret_allow()}}, calls);
    expect_as_interpreted(
        {{load_nr(), jeq(static_cast<std::uint32_t>(x32_bit | number().getpid), 0, 1),
          ret(SECCOMP_RET_TRAP | 9), ret_allow()}},
        calls);
    // exit() is refused as well, so that the probe ends by a trap: no concern of the calls.
    expect_as_interpreted({only_x32}, calls);
}

// The filter sees the low half, and under seccomp the low half is what is executed.
TEST_P(Syscalls, GarbageInTheUpperHalfOfTheNumber) {
    std::vector<Call> calls;
    for (const std::uint64_t garbage : {0x1'0000'0000ULL, 0x8000'0000'0000'0000ULL,
                                        0xffff'ffff'0000'0000ULL, 0xdead'beef'0000'0000ULL})
        for (const std::uint64_t nr :
             {static_cast<std::uint64_t>(number().getpid),
              static_cast<std::uint64_t>(number().getppid),
              static_cast<std::uint64_t>(number().unassigned),
              static_cast<std::uint64_t>(table(path()).size), x32_bit | number().getpid,
              std::uint64_t{0xffffffff}, std::uint64_t{0x80000000}})
            calls.push_back(call(garbage | nr, {1, 2, 3}));

    const Program refuse_getppid = refuse_one(number().getppid, SECCOMP_RET_ERRNO | 90);
    ASSERT_TRUE(emulator_allows({refuse_getppid}, path_arch(path()), number().getpid));
    expect_as_interpreted({refuse_getppid}, calls);
    expect_as_interpreted({{ret_allow()}}, calls);
    expect_as_interpreted({refuse_one(number().getpid, SECCOMP_RET_TRAP | 10)}, calls);
    // The same where the filter is run each time.
    expect_as_interpreted({{load_arg_low(0), jeq(1, 0, 4), load_nr(), jeq(number().getppid, 0, 1),
                            ret_errno(91), ret_allow(), ret_allow()}},
                          calls);
}

// Random chains, which must let the probe attach the next filter.
Program let_attach(const Program &program) {
    Program whole = {load_nr(), jeq(SYS_seccomp, 2, 0), jeq(354, 1, 0), ja(1), ret_allow(),
                     alu_and(0)};
    whole.insert(whole.end(), program.begin(), program.end());
    return whole;
}

void expect_random_chain_as_interpreted(Path path, std::uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    support::Random random(seed);
    Chain chain;

    const unsigned filters = 1 + support::pick(random, 3);
    for (unsigned i = 0; i < filters; i++) {
        const std::size_t length = 2 + support::pick(random, 40);
        chain.push_back(let_attach(support::pick(random, 2) == 0
                                       ? support::random_valid_program(random, length)
                                       : support::random_cacheable_program(random, length, true)));
    }
    std::vector<Call> calls;
    for (int i = 0; i < 12; i++) {
        const auto choices = numbers(path);
        const std::uint32_t nr =
            choices[support::pick(random, static_cast<std::uint32_t>(choices.size()))];
        const seccomp_data data = support::random_data(random, chain.back(), path_arch(path), nr);
        Call call = {path, nr, {}};
        for (std::size_t a = 0; a < 6; a++)
            call.args[a] = data.args[a];
        calls.push_back(call);
    }
    expect_as_interpreted(chain, calls);
}

TEST_P(Syscalls, RandomChains) {
    for (std::uint64_t seed = 1; seed <= 4; seed++)
        expect_random_chain_as_interpreted(path(), seed);
}

INSTANTIATE_TEST_SUITE_P(, Syscalls, testing::ValuesIn(general_paths()),
                         [](const auto &test) { return std::string(path_name(test.param)); });
// Where that is by SYSENTER: see sysenter_test.cpp.
INSTANTIATE_TEST_SUITE_P(Sysenter, Syscalls, testing::Values(Path::vdso32),
                         [](const auto &test) { return std::string(path_name(test.param)); });

// 64-bit programs that use the 32-bit entry: the filter is shown whole registers.
TEST(SyscallsMixed, Int80From64ShowsHighHalvesOfArguments) {
    const Chain chain = {{load_nr(), jeq(compat.getpid, 0, 3), load_arg_high(0),
                          jeq(0xdeadbeef, 0, 1), ret_errno(92), ret_allow()}};
    const auto outcomes =
        perform(chain, {{Path::int80_from_64, compat.getpid, {1}},
                        {Path::int80_from_64, compat.getpid, {0xdeadbeef'00000001}}});
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_EQ(outcomes[0], returned(own_pid));
    EXPECT_EQ(outcomes[1], returned(-92));
}

TEST(SyscallsMixed, UnderSeccompTheTruncatedNumberIsExecuted) {
    const std::uint64_t garbage = 0x1'0000'0000;
    EXPECT_EQ(perform({}, {{Path::syscall, garbage | SYS_getpid}}).at(0), returned(-ENOSYS));
    EXPECT_EQ(perform({{ret_allow()}}, {{Path::syscall, garbage | SYS_getpid}}).at(0),
              returned(own_pid));
    EXPECT_EQ(
        perform({look_at_argument(SYS_getpid)}, {{Path::syscall, garbage | SYS_getpid}}).at(0),
        returned(own_pid));
}

// The same number means different syscalls on the two paths; each has its own bit.
TEST(SyscallsMixed, BothEntriesInOneProcess) {
    const Chain chain = {{load_arch(), jeq(AUDIT_ARCH_I386, 0, 3), load_nr(),
                          jeq(compat.getpid, 0, 1), ret_errno(93), load_nr(), jeq(SYS_getpid, 0, 1),
                          ret_errno(94), ret_allow()}};
    std::vector<Call> calls;
    for (const Path path : {Path::syscall, Path::int80_from_64, Path::syscall})
        for (const auto nr : {SYS_getpid, SYS_getuid})
            calls.push_back({path,
                             path == Path::syscall ? static_cast<std::uint64_t>(nr)
                             : nr == SYS_getpid    ? compat.getpid
                                                   : compat.getuid,
                             {1, 2, 3, 4, 5, 6}});
    expect_as_interpreted(chain, calls);
}

// One number by both entries, without another call in between: what one was answered must not be
// the answer to the other.
TEST(SyscallsMixed, TheSameNumberByBothEntriesInTurn) {
    constexpr std::uint32_t unassigned_in_both = 390;
    for (const std::uint32_t refused :
         std::initializer_list<std::uint32_t>{AUDIT_ARCH_X86_64, AUDIT_ARCH_I386}) {
        const Chain chain = {{load_arch(), jeq(refused, 0, 3), load_nr(),
                              jeq(unassigned_in_both, 0, 1), ret_errno(97), ret_allow()}};
        std::vector<Call> calls;
        std::vector<Outcome> expected;
        for (const Path path : {Path::syscall, Path::int80_from_64, Path::int80_from_64,
                                Path::syscall, Path::syscall, Path::int80_from_64}) {
            ASSERT_EQ(emulator_allows(chain, path_arch(path), unassigned_in_both),
                      path_arch(path) != refused);
            calls.push_back({path, unassigned_in_both});
            expected.push_back(returned(path_arch(path) == refused ? -97 : -ENOSYS));
        }
        EXPECT_EQ(perform(chain, calls), expected);
    }
}

// Attached in 32-bit code, judged in 64-bit code, and the reverse.
TEST(SyscallsMixed, FiltersSurviveExecIntoTheOtherWordSize) {
    const Chain chain = {{load_nr(), jeq(SYS_getppid, 0, 1), ret_errno(95),
                          jeq(compat.getppid, 0, 1), ret_errno(96), ret_allow()}};
    for (const auto &[before, after] :
         {std::pair{Bits::b32, Bits::b64}, std::pair{Bits::b64, Bits::b32}}) {
        const Path path = after == Bits::b64 ? Path::syscall : Path::int80_from_32;
        Probe probe(chain, {{path, harmless(path).getpid}, {path, harmless(path).getppid}},
                    {.bits = before, .flags = PROBE_EXEC, .traced = false, .exec = after});
        probe.run();
        const auto outcomes = probe.outcomes();
        ASSERT_EQ(outcomes.size(), 2U);
        EXPECT_EQ(outcomes[0], returned(own_pid));
        EXPECT_EQ(outcomes[1], returned(after == Bits::b64 ? -95 : -96));
    }
}

} // namespace
} // namespace guest

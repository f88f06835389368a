// SPDX-License-Identifier: MIT
//
// A filter for every instruction and every boundary of it. What must be cached is said twice: by
// the reference emulator, and by a rule written beside the filter.

#include "cache.h"
#include "names.h"
#include "probe.h"

#include "cbpf/action.h"
#include "cbpf/builder.h"
#include "cbpf/checker.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <linux/audit.h>

#include <cstddef>
#include <set>

namespace guest {
namespace {

using namespace cbpf;

constexpr std::uint32_t x32_bit = 0x40000000;
constexpr std::uint32_t refuse = SECCOMP_RET_ERRNO | 1;
constexpr std::uint32_t table_end = 441;

struct Case {
    std::string name;
    Program program;
    AllowRule allow; // which (arch, number) must be cached
};

using Cases = std::vector<Case>;

bool everything(std::uint32_t, std::uint32_t) { return true; }
bool nothing(std::uint32_t, std::uint32_t) { return false; }

AllowRule all_but(std::uint32_t number) {
    return [number](std::uint32_t, std::uint32_t nr) { return nr != number; };
}

AllowRule where_number(std::function<bool(std::uint32_t)> rule) {
    return [rule](std::uint32_t, std::uint32_t nr) { return rule(nr); };
}

AllowRule where_arch(std::function<bool(std::uint32_t)> rule) {
    return [rule](std::uint32_t arch, std::uint32_t) { return rule(arch); };
}

std::string hex(std::uint32_t value) { return fmt::format("0x{:x}", value); }

// ---- jumps

struct Condition {
    Instruction (*instruction)(std::uint32_t k, unsigned jt, unsigned jf);
    bool (*holds)(std::uint32_t a, std::uint32_t k);
};

constexpr Condition equal = {jeq, [](std::uint32_t a, std::uint32_t k) { return a == k; }};
constexpr Condition greater_or_equal = {jge,
                                        [](std::uint32_t a, std::uint32_t k) { return a >= k; }};
constexpr Condition greater = {jgt, [](std::uint32_t a, std::uint32_t k) { return a > k; }};
constexpr Condition any_bit = {jset, [](std::uint32_t a, std::uint32_t k) { return (a & k) != 0; }};

// The filter sees all numbers of both tables, hence k-1, k and k+1 for each k in them. The other
// constants are where signed and unsigned differ, and where a carry or an off-by-one would show.
constexpr std::uint32_t constants[] = {0,
                                       1,
                                       2,
                                       3,
                                       0x27,
                                       0x80,
                                       0xff,
                                       0x100,
                                       0x155,
                                       0x1ff,
                                       table_end - 1,
                                       table_end,
                                       table_end + 1,
                                       0x40000000,
                                       0x7fffffff,
                                       0x80000000,
                                       0x80000001,
                                       0xfffffffe,
                                       0xffffffff};

template <const Condition &condition> Cases number_jumps() {
    Cases cases;
    for (const std::uint32_t k : constants) {
        const auto holds = condition.holds;
        cases.push_back({fmt::format("{} allows if true", k),
                         {load_nr(), condition.instruction(k, 0, 1), ret_allow(), ret(refuse)},
                         where_number([=](std::uint32_t nr) { return holds(nr, k); })});
        cases.push_back({fmt::format("{} allows if false", k),
                         {load_nr(), condition.instruction(k, 0, 1), ret(refuse), ret_allow()},
                         where_number([=](std::uint32_t nr) { return !holds(nr, k); })});
    }
    return cases;
}

constexpr std::uint32_t arch_constants[] = {AUDIT_ARCH_X86_64 - 1,
                                            AUDIT_ARCH_X86_64,
                                            AUDIT_ARCH_X86_64 + 1,
                                            AUDIT_ARCH_I386 - 1,
                                            AUDIT_ARCH_I386,
                                            AUDIT_ARCH_I386 + 1,
                                            AUDIT_ARCH_ARM,
                                            0,
                                            0x80000000,
                                            0xffffffff};

template <const Condition &condition> Cases arch_jumps() {
    Cases cases;
    for (const std::uint32_t k : arch_constants) {
        const auto holds = condition.holds;
        cases.push_back({hex(k),
                         {load_arch(), condition.instruction(k, 0, 1), ret_allow(), ret(refuse)},
                         where_arch([=](std::uint32_t arch) { return holds(arch, k); })});
    }
    return cases;
}

Program padded(Program head, std::size_t filling, Program tail) {
    head.insert(head.end(), filling, ret(refuse));
    head.insert(head.end(), tail.begin(), tail.end());
    return head;
}

Cases jump_distances() {
    const auto is_39 = where_number([](std::uint32_t nr) { return nr == 39; });
    return {
        {"JaByZero", {ja(0), ret_allow()}, everything},
        {"JaOverDeadCode", {ja(2), load_arg_low(0), ret(refuse), ret_allow()}, everything},
        {"JaOverDeadAllow", {ja(1), ret_allow(), ret(refuse)}, nothing},
        {"JaOverDeadUnknownInstruction",
         {ja(1), stmt(BPF_MISC | BPF_TAX), ret_allow()},
         everything},
        {"JaFar", padded({ja(4000)}, 4000, {ret_allow()}), everything},
        {"JaAfterJa", {ja(1), ret(refuse), ja(1), ret(refuse), ret_allow()}, everything},
        {"JeqFarthestIfTrue", padded({load_nr(), jeq(39, 255, 0)}, 255, {ret_allow()}), is_39},
        {"JeqFarthestIfFalse", padded({load_nr(), jeq(39, 0, 255)}, 255, {ret_allow()}),
         all_but(39)},
        {"JeqBothWaysToTheSame", {load_nr(), jeq(39, 0, 0), ret_allow()}, everything},
        {"JsetBothWaysOverDeadCode",
         {load_nr(), jset(1, 1, 1), ret(refuse), ret_allow()},
         everything},
        {"JeqToTheNextAndPastIt",
         {load_nr(), jeq(39, 1, 0), jeq(40, 0, 1), ret_allow(), ret(refuse)},
         where_number([](std::uint32_t nr) { return nr == 39 || nr == 40; })},
    };
}

// ---- AND

Cases masks() {
    Cases cases;
    for (const std::uint32_t mask :
         {0U, 1U, 0xfeU, 0xffU, 0x1ffU, 0x80000000U, 0xfffffff8U, 0xffffffffU}) {
        for (const std::uint32_t value : {0U, 1U, 0x26U, 0x27U, 0x100U}) {
            cases.push_back({fmt::format("AndNumber{}Is{}", hex(mask), hex(value)),
                             {load_nr(), alu_and(mask), jeq(value, 0, 1), ret_allow(), ret(refuse)},
                             where_number([=](std::uint32_t nr) { return (nr & mask) == value; })});
        }
    }
    return cases;
}

Cases mask_sequences() {
    const auto even = where_number([](std::uint32_t nr) { return (nr & 1) == 0; });
    return {
        {"AndTwice",
         {load_nr(), alu_and(0xff), alu_and(0xf1), jeq(0x21, 0, 1), ret_allow(), ret(refuse)},
         where_number([](std::uint32_t nr) { return (nr & 0xf1) == 0x21; })},
        {"AndDisjointMasks",
         {load_nr(), alu_and(0xf0), alu_and(0x0f), jeq(0, 0, 1), ret_allow(), ret(refuse)},
         everything},
        {"AndThenLoadAgain",
         {load_nr(), alu_and(0), load_nr(), jeq(39, 1, 0), ret_allow(), ret(refuse)},
         all_but(39)},
        {"AndThenCompareGreater",
         {load_nr(), alu_and(1), jgt(0, 1, 0), ret_allow(), ret(refuse)},
         even},
        {"AndThenTestBits", {load_nr(), alu_and(3), jset(1, 1, 0), ret_allow(), ret(refuse)}, even},
        {"AndOfArch",
         {load_arch(), alu_and(0xff), jeq(AUDIT_ARCH_X86_64 & 0xff, 0, 1), ret_allow(),
          ret(refuse)},
         where_arch([](std::uint32_t arch) { return arch == AUDIT_ARCH_X86_64; })},
        // On two ways to one place with two values there.
        {"AndOnOneOfTwoWays",
         {load_nr(), jge(100, 0, 1), alu_and(0xf), jeq(5, 0, 1), ret_allow(), ret(refuse)},
         where_number([](std::uint32_t nr) { return nr >= 100 ? (nr & 0xf) == 5 : nr == 5; })},
    };
}

// ---- what the accumulator holds

Cases accumulator() {
    const auto native = where_arch([](std::uint32_t arch) { return arch == AUDIT_ARCH_X86_64; });
    return {
        {"ZeroBeforeAnyLoad", {jeq(0, 0, 1), ret_allow(), ret(refuse)}, everything},
        {"NotTheNumberBeforeAnyLoad", {jeq(39, 0, 1), ret(refuse), ret_allow()}, everything},
        {"AndBeforeAnyLoad",
         {alu_and(0xffffffff), jgt(0, 1, 0), ret_allow(), ret(refuse)},
         everything},
        {"NumberReplacesArch",
         {load_arch(), load_nr(), jeq(39, 1, 0), ret_allow(), ret(refuse)},
         all_but(39)},
        {"ArchReplacesNumber",
         {load_nr(), load_arch(), jeq(AUDIT_ARCH_X86_64, 0, 1), ret_allow(), ret(refuse)},
         native},
        // The same instruction reached with the arch or the number.
        {"ArchOrNumber",
         {load_arch(), jeq(AUDIT_ARCH_X86_64, 0, 1), load_nr(), jgt(100, 1, 0), ret_allow(),
          ret(refuse)},
         [](std::uint32_t arch, std::uint32_t nr) {
             return arch == AUDIT_ARCH_X86_64 && nr <= 100;
         }},
        {"KeptAcrossJumps",
         {load_nr(), jeq(1, 0, 0), ja(0), jset(0x100, 0, 0), jeq(39, 1, 0), ret_allow(),
          ret(refuse)},
         all_but(39)},
        // Whatever the emulation of the number before has left.
        {"ZeroAnewForEachNumber", {jeq(0, 1, 0), ret(refuse), load_nr(), ret_allow()}, everything},
        {"ZeroAnewAfterAnArch", {jeq(0, 1, 0), ret(refuse), load_arch(), ret_allow()}, everything},
    };
}

// ---- whole filters

// Numbers 0 to count-1 are refused one by one.
Program refuse_one_by_one(std::uint32_t count) {
    Program program = {load_nr()};
    for (std::uint32_t nr = 0; nr < count; nr++) {
        program.push_back(jeq(nr, 0, 1));
        program.push_back(ret(refuse));
    }
    program.push_back(ret_allow());
    return program;
}

// As long as a filter may be, and every number has all of it to go through.
Program longest() {
    Program program = {load_nr()};
    while (program.size() < max_instructions - 3)
        program.push_back(jeq(static_cast<std::uint32_t>(0x10000 + program.size()), 0, 0));
    program.push_back(jeq(39, 0, 1));
    program.push_back(ret(refuse));
    program.push_back(ret_allow());
    return program;
}

Cases whole_filters() {
    const auto is_20 = where_number([](std::uint32_t nr) { return nr == 20; });
    return {
        {"OneInstructionAllow", {ret_allow()}, everything},
        {"OneInstructionRefuse", {ret(refuse)}, nothing},
        {"AsLongAsPossible", longest(), all_but(39)},
        {"EachNumberByItself", refuse_one_by_one(300),
         where_number([](std::uint32_t nr) { return nr >= 300; })},
        {"NoArchCheck", {load_nr(), jeq(20, 0, 1), ret_allow(), ret(refuse)}, is_20},
        {"NativeOnly",
         {load_arch(), jeq(AUDIT_ARCH_X86_64, 1, 0), ret(SECCOMP_RET_KILL_PROCESS), ret_allow()},
         where_arch([](std::uint32_t arch) { return arch == AUDIT_ARCH_X86_64; })},
        {"CompatOnly",
         {load_arch(), jeq(AUDIT_ARCH_I386, 1, 0), ret(SECCOMP_RET_KILL_PROCESS), ret_allow()},
         where_arch([](std::uint32_t arch) { return arch == AUDIT_ARCH_I386; })},
        {"AnotherArchOnly",
         {load_arch(), jeq(AUDIT_ARCH_AARCH64, 1, 0), ret(refuse), ret_allow()},
         nothing},
        {"OnlyX32ByRange", {load_nr(), jge(x32_bit, 0, 1), ret_allow(), ret(refuse)}, nothing},
        {"OnlyX32ByBit", {load_nr(), jset(x32_bit, 0, 1), ret_allow(), ret(refuse)}, nothing},
        {"OnlyX32Getpid", {load_nr(), jeq(x32_bit | 39, 0, 1), ret_allow(), ret(refuse)}, nothing},
        {"X32Refused", {load_nr(), jge(x32_bit, 0, 1), ret(refuse), ret_allow()}, everything},
        {"NegativeNumbersOnly",
         {load_nr(), jge(0x80000000, 0, 1), ret_allow(), ret(refuse)},
         nothing},
    };
}

// ---- returns

Cases returns() {
    Cases cases;
    const std::pair<const char *, std::uint32_t> values[] = {
        {"KillProcess", SECCOMP_RET_KILL_PROCESS},
        {"KillThread", SECCOMP_RET_KILL_THREAD},
        {"Trap", SECCOMP_RET_TRAP},
        {"Errno0", SECCOMP_RET_ERRNO},
        {"Errno1", SECCOMP_RET_ERRNO | 1},
        {"ErrnoMost", SECCOMP_RET_ERRNO | 0xffff},
        {"UserNotif", SECCOMP_RET_USER_NOTIF},
        {"Trace", SECCOMP_RET_TRACE},
        {"TraceWithData", SECCOMP_RET_TRACE | 0x1234},
        {"Log", SECCOMP_RET_LOG},
        {"LogWithData", SECCOMP_RET_LOG | 1},
        {"AllowWithData1", SECCOMP_RET_ALLOW | 1},
        {"AllowWithData0x8000", SECCOMP_RET_ALLOW | 0x8000},
        {"AllowWithData0xffff", SECCOMP_RET_ALLOW | 0xffff},
        {"Unknown0x00010000", 0x00010000},
        {"Unknown0x12340000", 0x12340000},
        {"Unknown0x7ffe0000", 0x7ffe0000},
        {"Unknown0xffff0000", 0xffff0000},
        {"Unknown0xffffffff", 0xffffffff},
        {"AllowWithHighestBit", SECCOMP_RET_ALLOW | 0x80000000},
        {"AllowByteSwapped", 0x0000ff7f},
        {"One", 1},
    };
    for (const auto &[name, value] : values) {
        cases.push_back({fmt::format("Return{}", name), {ret(value)}, nothing});
        cases.push_back({fmt::format("Return{}ForOneNumber", name),
                         {load_nr(), jeq(39, 0, 1), ret(value), ret_allow()},
                         all_but(39)});
    }
    cases.push_back({"ReturnAllow", {ret(SECCOMP_RET_ALLOW)}, everything});
    return cases;
}

// ---- arguments and instruction pointer

struct Word {
    std::string name;
    std::uint32_t offset;
};

std::vector<Word> unknown_words() {
    std::vector<Word> words = {
        {"IpLow", offsetof(seccomp_data, instruction_pointer)},
        {"IpHigh", offsetof(seccomp_data, instruction_pointer) + 4},
    };
    for (std::uint32_t i = 0; i < 6; i++) {
        const auto offset = static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8 * i);
        words.push_back({fmt::format("Arg{}Low", i), offset});
        words.push_back({fmt::format("Arg{}High", i), offset + 4});
    }
    return words;
}

Cases unknown_loads() {
    Cases cases;
    for (const auto &word : unknown_words()) {
        cases.push_back({fmt::format("{}DecidesForOneNumber", word.name),
                         {load_nr(), jeq(39, 0, 3), load(word.offset), jeq(0x5ec0ffee, 0, 1),
                          ret(refuse), ret_allow()},
                         all_but(39)});
        cases.push_back({fmt::format("{}DecidesForAll", word.name),
                         {load(word.offset), jeq(0x5ec0ffee, 0, 1), ret(refuse), ret_allow()},
                         nothing});
        cases.push_back({fmt::format("{}DecidesForCompatOnly", word.name),
                         {load_arch(), jeq(AUDIT_ARCH_I386, 0, 3), load(word.offset), jset(1, 0, 1),
                          ret(refuse), ret_allow()},
                         where_arch([](std::uint32_t arch) { return arch == AUDIT_ARCH_X86_64; })});
        // Makes no difference, yet is not one of the instructions the contract names.
        cases.push_back({fmt::format("{}LoadedAndOverwritten", word.name),
                         {load(word.offset), load_nr(), jeq(39, 0, 1), ret(refuse), ret_allow()},
                         nothing});
        cases.push_back(
            {fmt::format("{}LoadedAndMaskedAway", word.name),
             {load_nr(), jeq(39, 0, 3), load(word.offset), alu_and(0), jeq(0, 0, 0), ret_allow()},
             all_but(39)});
    }
    return cases;
}

// ---- instructions that are not understood

bool understood(unsigned code) {
    switch (code) {
    case BPF_LD | BPF_W | BPF_ABS:
    case BPF_JMP | BPF_JA:
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_RET | BPF_K:
        return true;
    default:
        return false;
    }
}

// What is not understood, with a constant the kernel accepts, by itself wherever it can be: a load
// from memory needs a store before it, which is not understood either and would hide all others.
struct Meeting {
    unsigned code;
    Program instructions;
};

Program then_allow(Program head, const Program &instructions) {
    head.insert(head.end(), instructions.begin(), instructions.end());
    head.push_back(ret_allow());
    return head;
}

std::optional<Meeting> meeting_of(unsigned code) {
    for (const Program &before : {Program{}, Program{stmt(BPF_ST, 0)}}) {
        for (const std::uint32_t k : {0U, 1U}) {
            Program instructions = before;
            instructions.push_back(stmt(code, k));
            if (!check(then_allow({}, instructions)))
                return Meeting{code, instructions};
        }
    }
    return std::nullopt;
}

std::vector<Meeting> all_unknown_instructions() {
    std::vector<Meeting> all;
    for (unsigned code = 0; code < 256; code++) {
        if (understood(code))
            continue;
        if (const auto meeting = meeting_of(code))
            all.push_back(*meeting);
    }
    return all;
}

// Number 39 meets it on its way to ALLOW, others do not.
Cases met_by_one_number() {
    Cases cases;
    for (const auto &[code, instructions] : all_unknown_instructions())
        cases.push_back({code_name(code),
                         then_allow({load_nr(), jeq(39, 1, 0), ret_allow()}, instructions),
                         all_but(39)});
    return cases;
}

Cases met_by_all_numbers() {
    Cases cases;
    for (const auto &[code, instructions] : all_unknown_instructions())
        cases.push_back({code_name(code), then_allow({}, instructions), nothing});
    return cases;
}

Cases met_by_none() {
    Cases cases;
    for (const auto &[code, instructions] : all_unknown_instructions())
        cases.push_back(
            {code_name(code),
             then_allow({ja(static_cast<std::uint32_t>(instructions.size()))}, instructions),
             everything});
    return cases;
}

// Hundreds of cases, a process each for the filter. One test per group, which names the case that
// fails.
struct Group {
    const char *name;
    Cases (*cases)();
};

void PrintTo(const Group &group, std::ostream *stream) { *stream << group.name; }

class Instructions : public testing::TestWithParam<Group> {};

TEST_P(Instructions, AreCachedAsTheReferenceAndTheContractSay) {
    const Cases cases = GetParam().cases();
    ASSERT_FALSE(cases.empty());
    for (const auto &c : cases) {
        const auto error = check(c.program);
        ASSERT_FALSE(error.has_value()) << c.name << ": " << error->reason;
        const std::string text = cache_under({c.program});
        EXPECT_TRUE(shows_cache_of(text, {c.program})) << c.name;
        EXPECT_TRUE(shows_exactly(text, c.allow)) << c.name;
    }
}

INSTANTIATE_TEST_SUITE_P(
    , Instructions,
    testing::Values(
        Group{"JeqOfNumber", number_jumps<equal>},
        Group{"JgeOfNumber", number_jumps<greater_or_equal>},
        Group{"JgtOfNumber", number_jumps<greater>}, Group{"JsetOfNumber", number_jumps<any_bit>},
        Group{"JeqOfArch", arch_jumps<equal>}, Group{"JgeOfArch", arch_jumps<greater_or_equal>},
        Group{"JgtOfArch", arch_jumps<greater>}, Group{"JsetOfArch", arch_jumps<any_bit>},
        Group{"JumpDistances", jump_distances}, Group{"AndThenJeq", masks},
        Group{"AndInSequence", mask_sequences}, Group{"Accumulator", accumulator},
        Group{"WholeFilters", whole_filters}, Group{"ReturnValues", returns},
        Group{"ArgumentsAndInstructionPointer", unknown_loads},
        Group{"NotUnderstoodByOneNumber", met_by_one_number},
        Group{"NotUnderstoodByAllNumbers", met_by_all_numbers},
        Group{"NotUnderstoodButDeadCode", met_by_none}),
    [](const auto &test) { return std::string(test.param.name); });

// Every code the checker accepts has been in one of the cases above: none is forgotten.
TEST(InstructionCoverage, EveryAcceptedInstructionHasItsCase) {
    std::set<unsigned> covered;
    for (const auto &met : all_unknown_instructions())
        covered.insert(met.code);
    for (unsigned code = 0; code < 0x10000; code++) {
        const Program program = {stmt(BPF_ST, 0), jump(code, 1, 0, 0), ret_allow(), ret_allow()};
        if (!understood(code) && !check(program)) {
            EXPECT_TRUE(covered.contains(code)) << hex(code);
        }
    }
    EXPECT_GE(covered.size(), 30U);
}

} // namespace
} // namespace guest

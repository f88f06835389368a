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
#include "cbpf/interpreter.h"

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
        {"JaOverDeadDivisionBy0",
         {ja(1), stmt(BPF_ALU | BPF_DIV | BPF_X), ret_allow()},
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
        program.push_back(jeq(static_cast<std::uint32_t>(0x10000 + program.size()), 1, 0));
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
        cases.push_back({fmt::format("{}LoadedAndOverwritten", word.name),
                         {load(word.offset), load_nr(), jeq(39, 0, 1), ret(refuse), ret_allow()},
                         all_but(39)});
        cases.push_back({fmt::format("{}LoadedAndReturned", word.name),
                         {load_nr(), jeq(39, 1, 0), ret_allow(), load(word.offset), ret_a()},
                         all_but(39)});
        cases.push_back({fmt::format("{}BothWaysAllow", word.name),
                         {load(word.offset), jgt(7, 0, 1), ret_allow(), ret_allow()},
                         everything});
        cases.push_back(
            {fmt::format("{}BothWaysRefuseForOneNumber", word.name),
             {load(word.offset), jgt(7, 0, 0), load_nr(), jeq(39, 0, 1), ret(refuse), ret_allow()},
             all_but(39)});
        // Makes no difference, but the contract does not ask to see that.
        cases.push_back({fmt::format("{}LoadedAndMaskedAway", word.name),
                         {load_nr(), jeq(39, 0, 3), load(word.offset), alu_and(0), jeq(0, 0, 1),
                          ret_allow(), ret(refuse)},
                         all_but(39)});
    }
    return cases;
}

// ---- the other instructions: registers, memory, arithmetic

// Those that nearly all filters consist of, and that are tested above.
bool usual(unsigned code) {
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

Program joined(std::initializer_list<Program> parts) {
    Program program;
    for (const auto &part : parts)
        program.insert(program.end(), part.begin(), part.end());
    return program;
}

// By the interpreter, for a filter that has no argument to look at.
AllowRule as_interpreted(const Program &program) {
    return [program](std::uint32_t arch, std::uint32_t number) {
        seccomp_data data{};
        data.nr = static_cast<int>(number);
        data.arch = arch;
        return run(program, data) == SECCOMP_RET_ALLOW;
    };
}

const Instruction tax = stmt(BPF_MISC | BPF_TAX);
const Instruction txa = stmt(BPF_MISC | BPF_TXA);
const Program to_return = {ret_allow(), ret(refuse)};

// The others are refused: what is computed with the number is found out for a few of them only.
constexpr std::uint32_t first_of_few = 36;
constexpr std::uint32_t last_of_few = 43;

Program for_few(const Program &rest) {
    return joined(
        {{load_nr(), jge(first_of_few, 0, 1), jgt(last_of_few, 0, 1), ret(refuse)}, rest});
}

// With a constant the kernel accepts; a load from memory needs a store before it.
struct Other {
    unsigned code;
    Program instructions;
};

std::optional<Other> other_of(unsigned code) {
    for (const Program &before : {Program{}, Program{stmt(BPF_ST, 3)}}) {
        for (const std::uint32_t k : {3U, 0U}) {
            const Program instructions = joined({before, {jump(code, k, 0, 0)}});
            if (!check(joined({instructions, {ret_allow()}})))
                return Other{code, instructions};
        }
    }
    return std::nullopt;
}

std::vector<Other> all_others() {
    std::vector<Other> all;
    for (unsigned code = 0; code < 256; code++) {
        if (usual(code))
            continue;
        if (const auto other = other_of(code))
            all.push_back(*other);
    }
    return all;
}

bool is_return(unsigned code) { return BPF_CLASS(code) == BPF_RET; }
bool is_jump(unsigned code) { return BPF_CLASS(code) == BPF_JMP; }

// Each of them with A = number, X = 5 and 77 in the memory it may load; then A is looked at, and X.
Cases results_of_each() {
    const Program setup = {stmt(BPF_LDX | BPF_IMM, 77), stmt(BPF_STX, 3),
                           stmt(BPF_LDX | BPF_IMM, 5)};
    Cases cases;
    for (const auto &[code, instructions] : all_others()) {
        if (is_return(code) || is_jump(code))
            continue;
        for (const std::uint32_t number : {first_of_few, 39U, 40U, last_of_few}) {
            const Program whole = joined({setup, {load_nr()}, {instructions.back()}});
            for (const bool of_x : {false, true}) {
                // What the register holds for this number is what others are compared with.
                seccomp_data data{};
                data.nr = static_cast<int>(number);
                const Program show = of_x ? Program{txa, ret_a()} : Program{ret_a()};
                const std::uint32_t value = run(joined({whole, show}), data);
                const Program compare =
                    joined({of_x ? Program{txa} : Program{}, {jeq(value, 0, 1)}, to_return});
                const Program program = for_few(joined({whole, compare}));
                cases.push_back(
                    {fmt::format("{}{}Is{}", code_name(code), of_x ? "X" : "", hex(value)), program,
                     as_interpreted(program)});
            }
        }
    }
    return cases;
}

// A = number, X = a number beside it or far away.
Cases jumps_by_x() {
    Cases cases;
    for (const unsigned op : {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET}) {
        for (const std::uint32_t x :
             {0U, 1U, 39U, 0x100U, table_end - 1, 0x80000000U, 0xffffffffU}) {
            const Program program = joined(
                {{stmt(BPF_LDX | BPF_IMM, x), load_nr(), jump(BPF_JMP | op | BPF_X, 7, 0, 1)},
                 to_return});
            cases.push_back(
                {fmt::format("Op{}X{}", hex(op), hex(x)), program, as_interpreted(program)});
        }
    }
    cases.push_back(
        {"WithItself",
         joined({{load_nr(), tax, jump(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1)}, to_return}),
         everything});
    cases.push_back({"WithX0BeforeAnyLoad",
                     joined({{load_nr(), jump(BPF_JMP | BPF_JEQ | BPF_X, 7, 0, 1)}, to_return}),
                     where_number([](std::uint32_t nr) { return nr == 0; })});
    cases.push_back(
        {"WithAnArgument",
         joined({{load_arg_low(1), tax, load_nr(), jump(BPF_JMP | BPF_JGE | BPF_X, 0, 0, 1)},
                 to_return}),
         nothing});
    return cases;
}

// Bits of the number can be cut out, set and flipped for all numbers at once.
Cases bits_of_the_number() {
    Cases cases;
    for (const unsigned op : {BPF_AND, BPF_OR, BPF_XOR}) {
        for (const std::uint32_t k : {0U, 1U, 0x1feU, 0x1ffU, 0x80000001U, 0xffffffffU}) {
            for (const unsigned source : {BPF_K, BPF_X}) {
                const Program program = joined({{stmt(BPF_LDX | BPF_IMM, k), load_nr(),
                                                 stmt(BPF_ALU | op | source, k), jset(0x26, 0, 1)},
                                                to_return});
                cases.push_back(
                    {fmt::format("Op{}{}{}", hex(op), source == BPF_X ? "X" : "", hex(k)), program,
                     as_interpreted(program)});
            }
        }
    }
    const Program twice = {load_nr(),
                           stmt(BPF_ALU | BPF_XOR | BPF_K, 0x55),
                           stmt(BPF_ALU | BPF_OR | BPF_K, 0x10),
                           stmt(BPF_ALU | BPF_AND | BPF_K, 0x7f),
                           jgt(0x40, 0, 1),
                           ret_allow(),
                           ret(refuse)};
    cases.push_back({"AllThree", twice, as_interpreted(twice)});
    // What is set already is not set by flipping it.
    const Program flipped = {load_nr(),
                             stmt(BPF_ALU | BPF_XOR | BPF_K, 0x55),
                             stmt(BPF_ALU | BPF_XOR | BPF_K, 0x1f),
                             jset(0x10, 0, 1),
                             ret_allow(),
                             ret(refuse)};
    cases.push_back({"FlippedTwice", flipped, as_interpreted(flipped)});
    return cases;
}

Cases divisions() {
    const Instruction divide = stmt(BPF_ALU | BPF_DIV | BPF_X);
    return {
        {"ByX0", {divide, ret_allow()}, nothing},
        {"ByX0OfOneNumber", {load_nr(), jeq(39, 0, 1), divide, ret_allow()}, all_but(39)},
        {"ByTheNumber", for_few({tax, divide, ret_allow()}),
         where_number([](std::uint32_t nr) { return nr >= first_of_few && nr <= last_of_few; })},
        {"ByTheNumber0",
         {load_nr(), jgt(3, 3, 0), tax, divide, ret_allow(), ret(refuse)},
         where_number([](std::uint32_t nr) { return nr > 0 && nr <= 3; })},
        {"ByAnArgument", {load_arg_low(0), tax, load_nr(), divide, ret_allow()}, nothing},
        {"OfAnArgument",
         {stmt(BPF_LDX | BPF_IMM, 3), load_arg_low(0), divide, ret_allow()},
         everything},
    };
}

// By more than 31 bits, what a JIT makes of it is its own business: taken for unknown.
Cases shifts() {
    const auto of_zero = [](unsigned op, std::uint32_t bits) -> Program {
        return {stmt(BPF_LDX | BPF_IMM, bits),
                stmt(BPF_LD | BPF_IMM, 0),
                stmt(BPF_ALU | op | BPF_X),
                jeq(0, 0, 1),
                ret_allow(),
                ret(refuse)};
    };
    const Program by_number = {load_nr(),
                               tax,
                               stmt(BPF_LD | BPF_IMM, 0),
                               stmt(BPF_ALU | BPF_LSH | BPF_X),
                               jeq(0, 0, 1),
                               ret_allow(),
                               ret(refuse)};
    return {
        {"LeftBy31", of_zero(BPF_LSH, 31), everything},
        {"LeftBy32", of_zero(BPF_LSH, 32), nothing},
        {"RightBy31", of_zero(BPF_RSH, 31), everything},
        {"RightBy33", of_zero(BPF_RSH, 33), nothing},
        {"RightByAll", of_zero(BPF_RSH, 0xffffffff), nothing},
        {"ByTheNumber", by_number, where_number([](std::uint32_t nr) { return nr < 32; })},
    };
}

Cases memory() {
    Cases cases;
    for (std::uint32_t word = 0; word < BPF_MEMWORDS; word++) {
        const std::uint32_t other = (word + 1) % BPF_MEMWORDS;
        const Program program = {load_nr(),
                                 stmt(BPF_ST, word),
                                 stmt(BPF_LD | BPF_IMM, 39),
                                 stmt(BPF_ST, other),
                                 stmt(BPF_LDX | BPF_MEM, other),
                                 stmt(BPF_LD | BPF_MEM, word),
                                 jump(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0),
                                 ret_allow(),
                                 ret(refuse)};
        cases.push_back({fmt::format("Word{}", word), program, all_but(39)});
    }
    cases.push_back({"StxStoresX",
                     {load_nr(), tax, stmt(BPF_LD | BPF_IMM, 0), stmt(BPF_STX, 0),
                      stmt(BPF_LD | BPF_MEM, 0), jeq(39, 1, 0), ret_allow(), ret(refuse)},
                     all_but(39)});
    // Two ways meet with different memory, and the same A.
    cases.push_back({"OfTwoWays",
                     {load_nr(), stmt(BPF_ST, 0), jge(100, 0, 2), stmt(BPF_LD | BPF_IMM, 39),
                      stmt(BPF_ST, 0), stmt(BPF_LD | BPF_IMM, 0), stmt(BPF_LD | BPF_MEM, 0),
                      jeq(39, 1, 0), ret_allow(), ret(refuse)},
                     where_number([](std::uint32_t nr) { return nr < 100 && nr != 39; })});
    return cases;
}

Cases computed_returns() {
    const auto sum = [](std::uint32_t k) {
        return for_few({stmt(BPF_ALU | BPF_ADD | BPF_K, k), ret_a()});
    };
    const auto is = [](std::uint32_t number) {
        return where_number([=](std::uint32_t nr) { return nr == number; });
    };
    return {
        {"A0", {ret_a()}, nothing},
        {"AConstantAllow", {stmt(BPF_LD | BPF_IMM, SECCOMP_RET_ALLOW), ret_a()}, everything},
        {"AConstantAllowWithData",
         {stmt(BPF_LD | BPF_IMM, SECCOMP_RET_ALLOW | 1), ret_a()},
         nothing},
        {"AllowForOneOfFew", sum(SECCOMP_RET_ALLOW - 40), is(40)},
        {"NumberIsTheData",
         {load_nr(), stmt(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ALLOW), ret_a()},
         is(0)},
        {"TheNumber", {load_nr(), ret_a()}, nothing},
    };
}

// Number 39 meets it, and all of them, on the way to ALLOW. By itself none refuses but the division
// by X, which is 0 then, and the return of A.
bool refuses(unsigned code) {
    return code == (BPF_ALU | BPF_DIV | BPF_X) || code == (BPF_RET | BPF_A);
}

Cases met_by_one_number() {
    Cases cases;
    for (const auto &[code, instructions] : all_others())
        cases.push_back(
            {code_name(code),
             joined({{load_nr(), jeq(39, 1, 0), ret_allow()}, instructions, {ret_allow()}}),
             refuses(code) ? all_but(39) : AllowRule(everything)});
    return cases;
}

Cases met_by_all_numbers() {
    Cases cases;
    for (const auto &[code, instructions] : all_others())
        cases.push_back({code_name(code), joined({instructions, {ret_allow()}}),
                         refuses(code) ? nothing : everything});
    return cases;
}

Cases met_by_none() {
    Cases cases;
    for (const auto &[code, instructions] : all_others())
        cases.push_back({code_name(code),
                         joined({{ja(static_cast<std::uint32_t>(instructions.size()))},
                                 instructions,
                                 {ret_allow()}}),
                         everything});
    return cases;
}

// ---- what is known of arguments on several ways

Cases ways() {
    const auto diamond = [](std::uint32_t k) {
        return Program{load_arg_low(0), jeq(k, 0, 1), load_nr(), load_nr()};
    };
    Program diamonds;
    for (std::uint32_t k = 0; k < 30; k++)
        diamonds = joined({diamonds, diamond(k)});
    return {
        {"ThirtyDiamonds", joined({diamonds, {jeq(39, 1, 0)}, to_return}), all_but(39)},
        {"OneOfManyRefuses",
         joined(
             {diamonds, {jeq(39, 0, 2), load_arg_low(5), jeq(1, 1, 0), ret_allow(), ret(refuse)}}),
         all_but(39)},
        // The second comparison stands right behind the first, and nothing leads to it.
        {"PastAComparisonThatIsDead",
         {load_nr(), jeq(39, 1, 2), jeq(40, 0, 1), ret_allow(), ret(refuse)},
         where_number([](std::uint32_t nr) { return nr == 39; })},
        {"TheFirstWayRefuses",
         {load_arg_low(0), jeq(1, 0, 1), ret(refuse), load_nr(), ret_allow()},
         nothing},
        {"TheLastWayRefuses", {load_arg_low(0), jeq(1, 1, 0), ret_allow(), ret(refuse)}, nothing},
        {"MeetWithDifferentA",
         {load_nr(), jgt(100, 2, 0), load_arg_low(0), jeq(3, 0, 1), load_nr(), jeq(39, 1, 0),
          ret_allow(), ret(refuse)},
         where_number([](std::uint32_t nr) { return nr > 100; })},
    };
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
        Group{"ArgumentsAndInstructionPointer", unknown_loads}, Group{"Ways", ways},
        Group{"OthersResults", results_of_each}, Group{"JumpsByX", jumps_by_x},
        Group{"BitsOfTheNumber", bits_of_the_number}, Group{"Divisions", divisions},
        Group{"Shifts", shifts}, Group{"Memory", memory},
        Group{"ComputedReturns", computed_returns}, Group{"OthersByOneNumber", met_by_one_number},
        Group{"OthersByAllNumbers", met_by_all_numbers}, Group{"OthersButDeadCode", met_by_none}),
    [](const auto &test) { return std::string(test.param.name); });

// Every code the checker accepts has been in one of the cases above: none is forgotten.
TEST(InstructionCoverage, EveryAcceptedInstructionHasItsCase) {
    std::set<unsigned> covered;
    for (const auto &other : all_others())
        covered.insert(other.code);
    for (unsigned code = 0; code < 0x10000; code++) {
        const Program program = {stmt(BPF_ST, 1), jump(code, 1, 0, 0), ret_allow(), ret_allow()};
        if (!usual(code) && !check(program)) {
            EXPECT_TRUE(covered.contains(code)) << hex(code);
        }
    }
    EXPECT_GE(covered.size(), 30U);
}

} // namespace
} // namespace guest

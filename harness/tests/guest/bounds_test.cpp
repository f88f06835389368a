// SPDX-License-Identifier: MIT
//
// Filters that ask too much of the kernel's emulator: more states than it keeps apart, more work
// than it does. What it gives up must be filtered; how much that is, its copy in user space says.

#include "cache.h"
#include "filters.h"
#include "probe.h"

#include "cbpf/builder.h"
#include "kernel/emulator/kernel_emulator.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <algorithm>
#include <initializer_list>

namespace guest {
namespace {

using namespace cbpf;

constexpr std::uint32_t refuse = SECCOMP_RET_ERRNO | 1;
const Instruction tax = stmt(BPF_MISC | BPF_TAX);

Program joined(std::initializer_list<Program> parts) {
    Program program;
    for (const auto &part : parts)
        program.insert(program.end(), part.begin(), part.end());
    return program;
}

// How many numbers the emulator finds, of both tables.
std::size_t found(const Program &program) {
    std::size_t count = 0;
    for (const auto &table : tables()) {
        const auto numbers = kernel::emulated_numbers({program}, table.arch, table.size);
        count += static_cast<std::size_t>(std::ranges::count(numbers, true));
    }
    return count;
}

std::size_t all_numbers() {
    std::size_t count = 0;
    for (const auto &table : tables())
        count += table.size;
    return count;
}

void expect_as_in_user_space(const Program &program) {
    EXPECT_TRUE(shows_cache_of(cache_under({program}), {program}));
}

// One of `ways` is taken by an argument, each to a place of its own; all but the last allow.
Program switch_of(std::uint32_t ways, std::uint32_t last) {
    Program program = {load_arg_low(0)};
    for (std::uint32_t way = 0; way < ways; way++)
        program.push_back(jeq(way, ways + way, 0));
    program.push_back(ret_allow());
    for (std::uint32_t way = 0; way < ways; way++)
        program = joined({program,
                          {stmt(BPF_LD | BPF_IMM, way + 1 < ways ? SECCOMP_RET_ALLOW : last),
                           stmt(BPF_RET | BPF_A)}});
    return program;
}

TEST(EmulatorBounds, AFewWaysAreFoundOut) {
    EXPECT_EQ(found(switch_of(8, SECCOMP_RET_ALLOW)), all_numbers());
    expect_as_in_user_space(switch_of(8, SECCOMP_RET_ALLOW));
    EXPECT_EQ(found(switch_of(8, refuse)), 0U);
    expect_as_in_user_space(switch_of(8, refuse));
}

// The way that refuses is one of those for which there is no room.
TEST(EmulatorBounds, TooManyWaysAreGivenUp) {
    EXPECT_EQ(found(switch_of(100, refuse)), 0U);
    expect_as_in_user_space(switch_of(100, refuse));
    expect_as_in_user_space(switch_of(100, SECCOMP_RET_ALLOW));
}

// Each of the first numbers goes to a place of its own, where it is refused: by A, as what returns
// a constant takes no room.
Program switch_by_number(std::uint32_t numbers) {
    Program program = {load_nr()};
    for (std::uint32_t number = 0; number < numbers; number++)
        program.push_back(jeq(number, static_cast<std::uint8_t>(numbers + number), 0));
    program.push_back(ret_allow());
    for (std::uint32_t number = 0; number < numbers; number++)
        program =
            joined({program, {stmt(BPF_LD | BPF_IMM, refuse + number), stmt(BPF_RET | BPF_A)}});
    return program;
}

// Those for which there is no room are refused like those that get to their return.
TEST(EmulatorBounds, NumbersWithoutRoomAreNotAllowed) {
    for (const std::uint32_t numbers : {10U, 40U, 100U}) {
        EXPECT_EQ(found(switch_by_number(numbers)), all_numbers() - tables().size() * numbers)
            << numbers;
        expect_as_in_user_space(switch_by_number(numbers));
    }
}

// Each way with other contents of the memory, then all of it is looked at.
Program memory_switch(std::uint32_t ways, std::uint32_t last) {
    Program program = {stmt(BPF_LD | BPF_IMM, SECCOMP_RET_ALLOW), stmt(BPF_ST, 0)};
    for (std::uint32_t way = 0; way < ways; way++)
        program = joined(
            {program,
             {load_arg_low(0), jeq(way, 0, 4), stmt(BPF_LD | BPF_IMM, way), stmt(BPF_ST, 1),
              stmt(BPF_LD | BPF_IMM, way + 1 < ways ? SECCOMP_RET_ALLOW : last), stmt(BPF_ST, 0)}});
    return joined({program, {stmt(BPF_LD | BPF_MEM, 0), stmt(BPF_RET | BPF_A)}});
}

TEST(EmulatorBounds, TooManyContentsOfTheMemoryAreGivenUp) {
    EXPECT_EQ(found(memory_switch(3, SECCOMP_RET_ALLOW)), all_numbers());
    for (const std::uint32_t ways : {3U, 12U, 16U, 40U})
        for (const std::uint32_t last : {SECCOMP_RET_ALLOW | 0U, refuse}) {
            if (last == refuse)
                EXPECT_EQ(found(memory_switch(ways, last)), 0U) << ways;
            expect_as_in_user_space(memory_switch(ways, last));
        }
}

// Each way with registers of its own until all of them meet: of the last one, X is looked at.
// Little work, so that the registers run out first.
Program register_switch(std::uint32_t ways, std::uint32_t last) {
    const std::uint32_t block = 4;
    Program program = {stmt(BPF_LDX | BPF_IMM, SECCOMP_RET_ALLOW), load_arg_low(0)};
    for (std::uint32_t way = 0; way < ways; way++)
        program.push_back(jeq(way, static_cast<std::uint8_t>(ways - 1 - way + 1 + block * way), 0));
    program.push_back(ja(block * ways));
    for (std::uint32_t way = 0; way < ways; way++)
        program = joined({program,
                          {stmt(BPF_LD | BPF_IMM, way), stmt(BPF_ST, 0),
                           stmt(BPF_LDX | BPF_IMM, way + 1 < ways ? SECCOMP_RET_ALLOW : last),
                           ja(block * (ways - 1 - way))}});
    return joined(
        {program,
         {stmt(BPF_MISC | BPF_TXA), jeq(SECCOMP_RET_ALLOW, 0, 1), ret_allow(), ret(refuse)}});
}

// A write for which there is no room must not leave what was there before.
TEST(EmulatorBounds, TooManyRegistersAreGivenUp) {
    EXPECT_EQ(found(register_switch(10, SECCOMP_RET_ALLOW)), all_numbers());
    EXPECT_EQ(found(register_switch(20, SECCOMP_RET_ALLOW)), 0U) << "there is room";
    for (const std::uint32_t ways : {10U, 14U, 15U, 16U, 20U, 25U}) {
        EXPECT_EQ(found(register_switch(ways, refuse)), 0U) << ways;
        expect_as_in_user_space(register_switch(ways, refuse));
        expect_as_in_user_space(register_switch(ways, SECCOMP_RET_ALLOW));
    }
}

// In each round something is to be found out for each number.
Program rounds(unsigned count) {
    Program program;
    for (unsigned round = 0; round < count; round++)
        program = joined({program, {load_nr(), alu_and(0xff), jset(1, 0, 1), ja(0)}});
    return joined({program, {ret_allow()}});
}

// That the work for one table is not taken from that for the other shows where both are just
// within what is done for one.
TEST(EmulatorBounds, TooMuchWorkIsGivenUp) {
    EXPECT_EQ(found(rounds(2)), all_numbers());
    for (const unsigned count : {2U, 6U, 9U, 12U, 15U, 30U})
        expect_as_in_user_space(rounds(count));
    EXPECT_EQ(found(rounds(1000)), 0U);
    expect_as_in_user_space(rounds(1000));
}

// The last numbers leave a list of comparisons one by one and meet behind it, to go through the
// next one; on three ways, by X.
constexpr std::uint32_t listed = 255;
std::uint32_t first_listed() { return tables().front().size - listed; }

Program lists(unsigned count) {
    Program program = {load_arg_low(0),
                       jeq(1, 0, 1),
                       stmt(BPF_LDX | BPF_IMM, 1),
                       jeq(2, 0, 1),
                       stmt(BPF_LDX | BPF_IMM, 2),
                       load_nr(),
                       jge(first_listed(), 1, 0),
                       ret_allow()};
    for (unsigned list = 0; list < count; list++)
        for (std::uint32_t i = 0; i < listed; i++)
            program.push_back(
                jeq(first_listed() + i, static_cast<std::uint8_t>(listed - 1 - i), 0));
    return joined({program, {ret_allow()}});
}

// Without that the longer one would be within the bounds.
TEST(EmulatorBounds, NumbersThatAreFoundAreWork) {
    EXPECT_EQ(found(lists(2)), all_numbers());
    expect_as_in_user_space(lists(2));
    EXPECT_EQ(found(lists(8)), tables().size() * first_listed());
    expect_as_in_user_space(lists(8));
}

// A is any sum of powers of two.
TEST(EmulatorBounds, TooManySumsAreGivenUp) {
    Program program = {load_arg_low(1), tax, stmt(BPF_LD | BPF_IMM, 0)};
    for (std::uint32_t bit = 0; bit < 20; bit++)
        program = joined({program,
                          {jump(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0),
                           stmt(BPF_ALU | BPF_ADD | BPF_K, 1U << bit)}});
    const Program whole = joined({program, {jeq(0xfffff, 0, 1), ret(refuse), ret_allow()}});
    EXPECT_EQ(found(whole), 0U);
    expect_as_in_user_space(whole);
}

// The results for all numbers are more than there is room for, those for a few are not.
TEST(EmulatorBounds, ArithmeticOnManyNumbers) {
    for (const unsigned op : {BPF_ADD, BPF_MUL, BPF_RSH, BPF_LSH, BPF_NEG, BPF_SUB}) {
        for (const std::uint32_t k : {1U, 5U, 8U}) {
            const Program program = {load_nr(), stmt(BPF_ALU | op | BPF_K, k), jgt(60, 0, 1),
                                     ret_allow(), ret(refuse)};
            expect_as_in_user_space(program);
        }
    }
}

// Both tables are done in the same memory, one after the other.
TEST(EmulatorBounds, NothingIsLeftOfTheOtherTable) {
    const Program registers = {
        stmt(BPF_MISC | BPF_TXA),   jeq(0, 1, 0), ret(refuse), stmt(BPF_LDX | BPF_IMM, 5),
        stmt(BPF_LDX | BPF_IMM, 7), ret_allow()};
    EXPECT_TRUE(shows_exactly(cache_under({registers}), [](auto, auto) { return true; }));
    for (const std::uint32_t arch :
         std::initializer_list<std::uint32_t>{AUDIT_ARCH_X86_64, AUDIT_ARCH_I386}) {
        const Program one = {load_arch(),    jeq(arch, 0, 2), load_nr(),
                             jgt(100, 1, 0), ret_allow(),     ret(refuse)};
        EXPECT_TRUE(shows_exactly(cache_under({one}), [=](std::uint32_t of, std::uint32_t number) {
            return of != arch || number <= 100;
        }));
    }
}

} // namespace
} // namespace guest

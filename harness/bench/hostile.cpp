// SPDX-License-Identifier: MIT
#include "bench/hostile.h"

#include "cbpf/builder.h"

#include <linux/audit.h>

#include <algorithm>
#include <cstdint>

namespace bench {
namespace {

using namespace cbpf;

// Numbers of the syscall tables, and the bits they have.
constexpr std::uint32_t numbers = 441;
constexpr std::uint32_t bits = 9;

// As many comparisons as a jump can pass over, with the last numbers that there are.
constexpr std::uint32_t block = 255;
constexpr std::uint32_t first_hit = numbers - block;

// In the order of the gadgets.
constexpr std::array<std::string_view, all_gadgets.size()> names = {
    "number-list", "number-hits",   "jset-ladder",  "ranges",   "masks",     "arithmetic",
    "divisions",   "scratch-joins", "scratch-sums", "diamonds", "registers", "architectures"};

std::uint32_t bit(std::uint32_t round) { return 1U << (round % bits); }

// What `round` is used for: no two rounds in a row are alike.
Program gadget_code(Gadget gadget, std::uint32_t round) {
    const std::uint32_t number = round * 7 % numbers;
    const std::uint32_t word = round % BPF_MEMWORDS;
    switch (gadget) {
    case Gadget::number_list:
        return {jeq(0x10000 + round, 0, 0)};
    case Gadget::number_hits:
        return {jeq(first_hit + round % block, static_cast<std::uint8_t>(block - 1 - round % block),
                    0)};
    case Gadget::jset_ladder:
        return {jset(bit(round), 0, 1), jset(bit(round * 5 + 3), 1, 0)};
    case Gadget::ranges:
        return {jge(number, 0, 1), jgt((number + 97) % numbers, 1, 0)};
    case Gadget::masks:
        return {load_nr(), alu_and(~(bit(round) | bit(round * 3))), jeq(number, 0, 0)};
    case Gadget::arithmetic:
        return {load_nr(), stmt(BPF_ALU | BPF_MUL | BPF_K, 2 * round + 3),
                stmt(BPF_ALU | BPF_ADD | BPF_K, round), jset(bit(round), 0, 0)};
    case Gadget::divisions:
        return {load_nr(), stmt(BPF_MISC | BPF_TAX), stmt(BPF_LD | BPF_IMM, 100000 + round),
                stmt(BPF_ALU | BPF_DIV | BPF_X), jgt(number, 0, 0)};
    case Gadget::scratch_joins:
        return {load_nr(),          jset(bit(round), 0, 2),       stmt(BPF_LD | BPF_IMM, round),
                stmt(BPF_ST, word), stmt(BPF_LD | BPF_MEM, word), jeq(round, 0, 0)};
    case Gadget::scratch_sums:
        return {stmt(BPF_LD | BPF_MEM, word), stmt(BPF_ALU | BPF_ADD | BPF_K, round + 1),
                stmt(BPF_ST, word), jeq(round + number, 0, 0)};
    case Gadget::diamonds:
        return {load_arg_low(round % 6), jgt(round, 0, 1), load_nr(), jge(number, 0, 0)};
    case Gadget::registers:
        return {stmt(BPF_LDX | BPF_IMM, number), jump(BPF_JMP | BPF_JGE | BPF_X, 0, 0, 1),
                stmt(BPF_MISC | BPF_TXA)};
    case Gadget::architectures:
        return {load_arch(), jeq(AUDIT_ARCH_X86_64, 0, 1), load_nr(), jge(number, 0, 0)};
    }
    return {};
}

bool has(std::span<const Gadget> pattern, Gadget gadget) {
    return std::find(pattern.begin(), pattern.end(), gadget) != pattern.end();
}

// Where the last gadgets may jump to.
std::size_t room_for_returns(std::span<const Gadget> pattern) {
    return has(pattern, Gadget::number_hits) ? block : 4;
}

bool uses_memory(Gadget gadget) {
    return gadget == Gadget::scratch_joins || gadget == Gadget::scratch_sums;
}

// A is the number at the end. Every word of memory is written where any is read, as none may be
// read before; elsewhere it is left alone, as the published design gives up at the first such
// instruction.
Program prologue(std::span<const Gadget> pattern) {
    Program program = {load_nr()};
    if (std::any_of(pattern.begin(), pattern.end(), uses_memory))
        for (std::uint32_t word = 0; word < BPF_MEMWORDS; word++)
            program.push_back(stmt(BPF_ST, word));
    if (has(pattern, Gadget::number_hits)) {
        const Program three_ways = {load_arg_low(0),
                                    jeq(1, 0, 1),
                                    stmt(BPF_LDX | BPF_IMM, 1),
                                    jeq(2, 0, 1),
                                    stmt(BPF_LDX | BPF_IMM, 2),
                                    load_nr(),
                                    jge(first_hit, 1, 0),
                                    ret_allow()};
        program.insert(program.end(), three_ways.begin(), three_ways.end());
    }
    return program;
}

} // namespace

std::string_view name(Gadget gadget) { return names.at(static_cast<std::size_t>(gadget)); }

Program hostile_program(std::span<const Gadget> pattern) {
    Program program = prologue(pattern);
    for (std::uint32_t round = 0;; round++) {
        const auto code = gadget_code(pattern[round % pattern.size()], round);
        if (program.size() + code.size() + room_for_returns(pattern) > max_instructions)
            break;
        program.insert(program.end(), code.begin(), code.end());
    }
    // All that is left returns, and makes it the longest there is.
    program.resize(max_instructions, ret_allow());
    return program;
}

Program short_hostile_program() {
    return {load_nr(), stmt(BPF_ALU | BPF_MUL | BPF_K, 3), load_nr(),
            stmt(BPF_ALU | BPF_MUL | BPF_K, 5), ret_allow()};
}

} // namespace bench

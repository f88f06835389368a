// SPDX-License-Identifier: MIT
#include "fuzz/mutator.h"

#include "fuzz/properties.h"
#include "fuzz/repair.h"
#include "tests/support/filter_shapes.h"

#include <linux/audit.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace fuzz {

namespace {

using cbpf::Chain;
using cbpf::Instruction;
using cbpf::Program;
using support::pick;
using support::Random;

template <typename Container> auto &any_of(Random &random, Container &all) {
    return all[pick(random, static_cast<std::uint32_t>(all.size()))];
}

std::uint32_t interesting(Random &random) {
    constexpr std::array<std::uint32_t, 14> words = {
        0,          1,          0x7fffffff,        0x80000000,
        0xffffffff, 0x40000000, AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,
        0x3e,       table_size, table_size - 1,    SECCOMP_RET_ALLOW,
        64,         0x7ffffffe};
    switch (pick(random, 3)) {
    case 0:
        return any_of(random, words);
    case 1:
        return 1u << pick(random, 32);
    default:
        return pick(random, pick(random, 2) == 0 ? table_size : small_table_size);
    }
}

std::uint32_t whole_return(Random &random) {
    constexpr std::array<std::uint32_t, 10> values = {
        SECCOMP_RET_ALLOW,       SECCOMP_RET_ALLOW,        SECCOMP_RET_ALLOW | 1,
        SECCOMP_RET_LOG,         SECCOMP_RET_ERRNO | 1,    SECCOMP_RET_TRAP,
        SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_USER_NOTIF,
        SECCOMP_RET_TRACE | 7};
    return any_of(random, values);
}

// Filters are made for a few numbers: a whole profile is a thousand instructions, and slow.
Program new_filter(Random &random) {
    support::Aim aim;
    for (std::uint32_t count = 1 + pick(random, 8); count > 0; count--)
        aim.numbers.push_back(pick(random, small_table_size));
    aim.only_understood = pick(random, 2) == 0;
    return support::shaped_program(random, any_of(random, support::all_shapes), aim);
}

void change_constant(Random &random, Program &program) {
    Instruction &insn = any_of(random, program);
    switch (pick(random, 4)) {
    case 0:
        insn.k++;
        return;
    case 1:
        insn.k--;
        return;
    case 2:
        insn.k = any_of(random, program).k;
        return;
    default:
        insn.k = interesting(random);
        return;
    }
}

void change_jump(Random &random, Program &program) {
    constexpr std::array<unsigned, 5> operations = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET, BPF_JA};
    Instruction &insn = any_of(random, program);
    switch (pick(random, 4)) {
    case 0:
        std::swap(insn.jt, insn.jf);
        return;
    case 1:
        insn.jt = static_cast<std::uint8_t>(pick(random, 8));
        return;
    case 2:
        insn.jf = static_cast<std::uint8_t>(pick(random, 256));
        return;
    default:
        insn.code = static_cast<std::uint16_t>(BPF_JMP | any_of(random, operations) | BPF_K);
        return;
    }
}

void change_load_or_return(Random &random, Program &program) {
    Instruction &insn = any_of(random, program);
    if (pick(random, 2) == 0)
        insn = {.code = BPF_LD | BPF_W | BPF_ABS, .jt = 0, .jf = 0, .k = 4 * pick(random, 4)};
    else
        insn = {.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = whole_return(random)};
}

// All that changes A, X or the memory, and what looks at them.
Instruction register_instruction(Random &random) {
    constexpr std::array<unsigned, 10> operations = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND,
                                                     BPF_OR,  BPF_XOR, BPF_LSH, BPF_RSH, BPF_NEG};
    constexpr std::array<unsigned, 4> conditions = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
    constexpr std::array<unsigned, 11> moves = {BPF_LD | BPF_IMM,
                                                BPF_LDX | BPF_IMM,
                                                BPF_LD | BPF_MEM,
                                                BPF_LDX | BPF_MEM,
                                                BPF_ST,
                                                BPF_STX,
                                                BPF_MISC | BPF_TAX,
                                                BPF_MISC | BPF_TXA,
                                                BPF_LDX | BPF_LEN,
                                                BPF_LD | BPF_LEN,
                                                BPF_RET | BPF_A};
    const unsigned source = pick(random, 2) == 0 ? BPF_K : BPF_X;
    const std::uint32_t k = pick(random, 2) == 0 ? pick(random, 4) : interesting(random);
    switch (pick(random, 4)) {
    case 0:
        return {.code = static_cast<std::uint16_t>(BPF_ALU | any_of(random, operations) | source),
                .jt = 0,
                .jf = 0,
                .k = k};
    case 1:
        return {.code = static_cast<std::uint16_t>(BPF_JMP | any_of(random, conditions) | BPF_X),
                .jt = static_cast<std::uint8_t>(pick(random, 4)),
                .jf = static_cast<std::uint8_t>(pick(random, 4)),
                .k = 0};
    default:
        return {
            .code = static_cast<std::uint16_t>(any_of(random, moves)), .jt = 0, .jf = 0, .k = k};
    }
}

void insert(Random &random, Program &program, const Instruction &insn) {
    const auto place =
        static_cast<std::ptrdiff_t>(pick(random, static_cast<std::uint32_t>(program.size())));
    program.insert(program.begin() + place, insn);
}

void copy_instruction(Random &random, Program &program) {
    const Instruction copy = any_of(random, program);
    insert(random, program, copy);
}

void drop_instruction(Random &random, Program &program) {
    const auto place =
        static_cast<std::ptrdiff_t>(pick(random, static_cast<std::uint32_t>(program.size())));
    program.erase(program.begin() + place);
}

void change_chain(Random &random, Chain &chain) {
    const auto place =
        static_cast<std::ptrdiff_t>(pick(random, static_cast<std::uint32_t>(chain.size())));
    switch (pick(random, 6)) {
    case 0:
        chain.push_back(new_filter(random));
        return;
    case 1:
    case 2:
        chain[static_cast<std::size_t>(place)] = new_filter(random);
        return;
    case 3:
        std::swap(chain.front(), chain[static_cast<std::size_t>(place)]);
        return;
    case 4:
        chain.assign(1, new_filter(random));
        return;
    default:
        chain.erase(chain.begin() + place);
        return;
    }
}

void change_program(Random &random, Program &program) {
    switch (pick(random, 10)) {
    case 0:
    case 1:
    case 2:
        return change_constant(random, program);
    case 3:
    case 4:
        return change_jump(random, program);
    case 5:
        return change_load_or_return(random, program);
    case 6:
        return copy_instruction(random, program);
    case 7:
        return insert(random, program, register_instruction(random));
    case 8: {
        const Instruction insn = register_instruction(random);
        any_of(random, program) = insn;
        return;
    }
    default:
        return drop_instruction(random, program);
    }
}

} // namespace

Chain mutated(Random &random, Chain chain) {
    chain = repaired(std::move(chain));
    if (chain.empty())
        chain.push_back(new_filter(random));
    else if (pick(random, 4) == 0)
        change_chain(random, chain);
    else
        change_program(random, any_of(random, chain));
    chain = repaired(std::move(chain));
    if (chain.empty())
        chain.push_back(new_filter(random));
    return chain;
}

} // namespace fuzz

// SPDX-License-Identifier: MIT
#include "tests/support/random_program.h"

#include "cbpf/builder.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace support {

namespace {

using cbpf::Instruction;
using cbpf::Program;

constexpr std::uint32_t fields = sizeof(seccomp_data) / 4;

constexpr std::array<std::uint32_t, 10> actions = {
    SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW,     SECCOMP_RET_ALLOW,        SECCOMP_RET_ALLOW | 1,
    SECCOMP_RET_LOG,   SECCOMP_RET_ERRNO | 1, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
    SECCOMP_RET_TRAP,  SECCOMP_RET_TRACE | 7,
};

// Constants at which 32-bit arithmetic has its edges, and some of anywhere.
std::uint32_t constant(Random &random) {
    constexpr std::array<std::uint32_t, 12> edges = {0,          1,          2,          31,
                                                     32,         0x7fffffff, 0x80000000, 0xffffffff,
                                                     0xc000003e, 0x40000003, 0x40000000, 63};
    switch (pick(random, 4)) {
    case 0:
        return one_of(random, edges);
    case 1:
        return 1u << pick(random, 32);
    case 2:
        return pick(random, 512);
    default:
        return static_cast<std::uint32_t>(random());
    }
}

// A distance that stays in the program, mostly a short one. `behind` instructions follow.
std::uint32_t distance(Random &random, std::size_t behind, std::uint32_t limit) {
    const auto most = static_cast<std::uint32_t>(std::min<std::size_t>(behind, limit));
    return pick(random, chance(random, 8) ? most : std::min(most, 6u));
}

Instruction random_jump(Random &random, std::size_t behind, std::uint32_t k, bool with_x) {
    constexpr std::array<unsigned, 4> conditions = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
    if (chance(random, 6))
        return cbpf::ja(distance(random, behind, 64));
    const unsigned source = with_x && chance(random, 3) ? BPF_X : BPF_K;
    return cbpf::jump(BPF_JMP | one_of(random, conditions) | source, k,
                      distance(random, behind, 256), distance(random, behind, 256));
}

Instruction random_alu(Random &random) {
    constexpr std::array<unsigned, 9> operations = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND,
                                                    BPF_OR,  BPF_XOR, BPF_LSH, BPF_RSH};
    if (chance(random, 10))
        return cbpf::stmt(BPF_ALU | BPF_NEG, constant(random));
    const unsigned operation = one_of(random, operations);
    if (chance(random, 2))
        return cbpf::stmt(BPF_ALU | operation | BPF_X, constant(random));
    std::uint32_t k = constant(random);
    if (operation == BPF_LSH || operation == BPF_RSH)
        k %= 32;
    if (operation == BPF_DIV && k == 0)
        k = 3;
    return cbpf::stmt(BPF_ALU | operation | BPF_K, k);
}

// Loads, stores and register moves. `stored` words were written before the first jump, so that
// every way to anywhere has written them.
Instruction random_move(Random &random, std::uint32_t &stored, bool straight) {
    const std::uint32_t word = pick(random, BPF_MEMWORDS);
    switch (pick(random, 10)) {
    case 0:
        return cbpf::stmt(BPF_LD | BPF_IMM, constant(random));
    case 1:
        return cbpf::stmt(BPF_LDX | BPF_IMM, constant(random));
    case 2:
        return cbpf::stmt(BPF_LD | BPF_W | BPF_LEN, constant(random));
    case 3:
        return cbpf::stmt(BPF_LDX | BPF_W | BPF_LEN, constant(random));
    case 4:
        return cbpf::stmt(BPF_MISC | BPF_TAX);
    case 5:
        return cbpf::stmt(BPF_MISC | BPF_TXA);
    case 6:
    case 7:
        if (straight)
            stored |= 1u << word;
        return cbpf::stmt(chance(random, 2) ? BPF_ST : BPF_STX, word);
    default:
        if ((stored & (1u << word)) == 0)
            return cbpf::load(4 * pick(random, fields));
        return cbpf::stmt(chance(random, 2) ? BPF_LD | BPF_MEM : BPF_LDX | BPF_MEM, word);
    }
}

Instruction random_return(Random &random, bool with_a) {
    if (with_a && chance(random, 3))
        return cbpf::ret_a();
    return cbpf::ret(one_of(random, actions));
}

} // namespace

Program random_valid_program(Random &random, std::size_t length) {
    Program program;
    std::uint32_t stored = 0;
    bool straight = true; // no jump so far
    while (program.size() + 1 < length) {
        const std::size_t behind = length - program.size() - 1;
        Instruction next;
        switch (pick(random, 12)) {
        case 0:
        case 1:
        case 2:
            next = random_jump(random, behind, constant(random), true);
            straight = false;
            break;
        case 3:
        case 4:
        case 5:
            next = random_alu(random);
            break;
        case 6:
            next = chance(random, 4) ? random_return(random, true)
                                     : cbpf::load(4 * pick(random, fields));
            break;
        case 7:
        case 8:
            next = cbpf::load(4 * pick(random, fields));
            break;
        default:
            next = random_move(random, stored, straight);
            break;
        }
        program.push_back(next);
    }
    program.push_back(random_return(random, true));
    return program;
}

Program random_cacheable_program(Random &random, std::size_t length, bool argument_loads) {
    Program program;
    while (program.size() + 1 < length) {
        const std::size_t behind = length - program.size() - 1;
        switch (pick(random, 8)) {
        case 0:
        case 1:
            program.push_back(chance(random, 4) ? cbpf::load_arch() : cbpf::load_nr());
            break;
        case 2:
            program.push_back(argument_loads && chance(random, 2)
                                  ? cbpf::load(4 * (2 + pick(random, fields - 2)))
                                  : cbpf::load_nr());
            break;
        case 3:
            program.push_back(chance(random, 2) ? cbpf::alu_and(constant(random))
                                                : random_return(random, false));
            break;
        default:
            program.push_back(random_jump(
                random, behind, chance(random, 3) ? constant(random) : pick(random, 450), false));
            break;
        }
    }
    program.push_back(random_return(random, false));
    return program;
}

Program mutate(Random &random, Program program) {
    for (std::uint32_t changes = 1 + pick(random, 3); changes > 0; changes--) {
        Instruction &victim = program[pick(random, static_cast<std::uint32_t>(program.size()))];
        switch (pick(random, 5)) {
        case 0:
            victim.code = static_cast<std::uint16_t>(pick(random, 256));
            break;
        case 1:
            victim.code = static_cast<std::uint16_t>(victim.code ^ (1u << pick(random, 16)));
            break;
        case 2:
            victim.k = chance(random, 2) ? pick(random, 70) : constant(random);
            break;
        case 3:
            victim.jt = static_cast<std::uint8_t>(pick(random, 256));
            break;
        default:
            victim.jf = static_cast<std::uint8_t>(pick(random, 256));
            break;
        }
    }
    return program;
}

seccomp_data random_data(Random &random, std::span<const Instruction> program, std::uint32_t arch,
                         std::uint32_t number) {
    const auto word = [&]() -> std::uint32_t {
        if (program.empty() || chance(random, 2))
            return constant(random);
        // One beside a constant of the program, where its comparisons turn.
        return one_of(random, program).k + pick(random, 3) - 1;
    };
    const auto wide = [&] { return (static_cast<std::uint64_t>(word()) << 32) | word(); };

    seccomp_data data{};
    data.nr = static_cast<int>(number);
    data.arch = arch;
    data.instruction_pointer = wide();
    for (auto &argument : data.args)
        argument = wide();
    return data;
}

} // namespace support

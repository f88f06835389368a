// SPDX-License-Identifier: MIT
#include "tests/support/edge_programs.h"

#include "cbpf/builder.h"
#include "cbpf/interpreter.h"
#include "tests/support/stacks.h"

#include <linux/audit.h>

#include <array>
#include <utility>

namespace support {

namespace {

using namespace cbpf;

constexpr std::uint32_t numbers = 441;

// Where 32-bit words, syscall numbers and architecture tokens have their edges.
std::uint32_t edge_constant(Random &random) {
    static constexpr std::uint32_t edges[] = {0,
                                              1,
                                              0xff,
                                              0x100,
                                              0x1ff,
                                              440,
                                              441,
                                              0xffff,
                                              0x7fffffff,
                                              0x80000000,
                                              0x80000001,
                                              0xffffffff,
                                              0xffffffff,
                                              0xffffffff,
                                              0x40000000,
                                              0xc0000000,
                                              0x003e0000,
                                              AUDIT_ARCH_I386,
                                              AUDIT_ARCH_X86_64};
    switch (pick(random, 4)) {
    case 0:
        return pick(random, 442);
    case 1:
        return 1U << pick(random, 32);
    case 2:
        return one_of(random, edges) - 1 + pick(random, 3);
    default:
        return one_of(random, edges);
    }
}

// A few steps out of the eight instructions, of which each conditional one may decide: real filters
// keep away from most edges, and seldom start without a load.
Program relations(Random &random) {
    static constexpr unsigned all[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
    Program program;
    for (std::uint32_t left = 1 + pick(random, 6); left > 0; left--) {
        const std::uint32_t die = pick(random, 8);
        const bool loaded = !program.empty() && program.back().code == (BPF_LD | BPF_W | BPF_ABS);
        if (left > 1 && !loaded && (program.empty() ? die != 0 : die < 3)) {
            program.push_back(chance(random, 2) ? load_arch() : load_nr());
        } else if (die == 3) {
            program.push_back(
                alu_and(chance(random, 2) ? edge_constant(random) : ~edge_constant(random)));
        } else {
            // Two different ways out of three: to what follows, or to a return at the end.
            const std::uint32_t ways[] = {0, left - 1, left};
            const std::uint32_t first = pick(random, 3);
            const std::uint32_t second = (first + 1 + pick(random, 2)) % 3;
            program.push_back(jump(BPF_JMP | one_of(random, all) | BPF_K, edge_constant(random),
                                   ways[first], ways[second]));
        }
    }
    program.push_back(ret_allow());
    program.push_back(ret(one_of(random, mild_returns)));
    if (chance(random, 2))
        std::swap(program[program.size() - 2], program.back());
    return program;
}

void append(Program &program, const Program &more) {
    program.insert(program.end(), more.begin(), more.end());
}

// Ends with the two returns of a condition, either of which may allow.
void decide(Random &random, Program &program, unsigned relation, std::uint32_t k) {
    append(program, {jump(BPF_JMP | relation | BPF_K, k, 0, 1), ret_allow(),
                     ret(one_of(random, mild_returns))});
    if (chance(random, 2))
        std::swap(program[program.size() - 2], program.back());
}

unsigned any_relation(Random &random) {
    static constexpr unsigned all[] = {BPF_JEQ, BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
    return one_of(random, all);
}

// What A is for some number, so that a comparison can find it.
std::uint32_t result_for_some_number(Random &random, Program program) {
    program.push_back(ret_a());
    seccomp_data data{};
    data.nr = static_cast<int>(pick(random, numbers));
    return run(program, data);
}

// By more than 31 bits only X can.
Program shift(Random &random, unsigned operation) {
    if (chance(random, 2))
        return {stmt(BPF_ALU | operation | BPF_K, pick(random, 32))};
    return {stmt(BPF_LDX | BPF_IMM, pick(random, 48)), stmt(BPF_ALU | operation | BPF_X)};
}

// Operations on the number, and a question about the result.
Program arithmetic(Random &random) {
    static constexpr std::array<unsigned, 10> operations = {
        BPF_AND, BPF_OR, BPF_XOR, BPF_OR, BPF_XOR, BPF_ADD, BPF_SUB, BPF_MUL, BPF_LSH, BPF_RSH};
    // The first three say the more the more there are of them.
    const std::uint32_t kinds = chance(random, 2) ? 3 : operations.size();
    Program program = {load_nr()};
    for (std::uint32_t left = 1 + pick(random, 3); left > 0; left--) {
        const unsigned operation = operations.at(pick(random, kinds));
        if (operation == BPF_LSH || operation == BPF_RSH)
            append(program, shift(random, operation));
        else
            program.push_back(stmt(BPF_ALU | operation | BPF_K,
                                   chance(random, 2) ? pick(random, 512) : edge_constant(random)));
    }
    const std::uint32_t k =
        chance(random, 4) ? edge_constant(random) : result_for_some_number(random, program);
    decide(random, program, any_relation(random), k);
    return program;
}

// Two ways with another X, or another word of memory, meet with the same A. What they differ in
// decides.
Program registers(Random &random) {
    const bool in_x = chance(random, 2);
    const std::uint32_t word = pick(random, BPF_MEMWORDS);
    const std::uint32_t first = pick(random, 4), second = pick(random, 4);
    const auto keep = [&](std::uint32_t k) -> Program {
        if (in_x)
            return {stmt(BPF_LDX | BPF_IMM, k)};
        return {stmt(BPF_LD | BPF_IMM, k), stmt(BPF_ST, word)};
    };
    const Program kept = keep(second);
    Program program;
    // X is 0 at first.
    if (chance(random, 4))
        program = {stmt(BPF_MISC | BPF_TXA), jeq(0, 1, 0), ret(one_of(random, mild_returns)),
                   stmt(BPF_LDX | BPF_IMM, 5)};
    append(program, keep(first));
    program.push_back(chance(random, 2) ? load_nr() : load_arg_low(pick(random, 6)));
    program.push_back(jump(BPF_JMP | any_relation(random) | BPF_K, edge_constant(random), 0,
                           static_cast<unsigned>(kept.size())));
    append(program, kept);
    program.push_back(stmt(BPF_LD | BPF_IMM, 0));
    program.push_back(in_x ? stmt(BPF_MISC | BPF_TXA) : stmt(BPF_LD | BPF_MEM, word));
    decide(random, program, BPF_JEQ, chance(random, 2) ? first : second);
    return program;
}

// More ways than an emulator may want to keep apart, each with a return of its own; one of them
// does not allow.
Program crowd(Random &random) {
    static constexpr std::uint32_t crowds[] = {8, 16, 31, 32, 33, 40, 100};
    const std::uint32_t ways = one_of(random, crowds);
    const std::uint32_t other = pick(random, ways);
    Program program = {chance(random, 2) ? load_nr() : load_arg_low(pick(random, 6))};
    for (std::uint32_t way = 0; way < ways; way++)
        program.push_back(jeq(way, ways + way, 0));
    program.push_back(ret_allow());
    for (std::uint32_t way = 0; way < ways; way++)
        append(program, {stmt(BPF_LD | BPF_IMM, way == other ? one_of(random, mild_returns)
                                                             : std::uint32_t{SECCOMP_RET_ALLOW}),
                         ret_a()});
    return program;
}

// More contents of X and the memory than an emulator may want to keep apart: they are written on
// each way, and all of them meet. X tells the one that does not allow.
Program crowd_of_registers(Random &random) {
    constexpr std::uint32_t block = 4;
    const std::uint32_t ways = 8 + pick(random, 20);
    const std::uint32_t other = pick(random, ways);
    const std::uint32_t refuse = one_of(random, mild_returns);
    Program program = {stmt(BPF_LDX | BPF_IMM, SECCOMP_RET_ALLOW), load_arg_low(pick(random, 6))};
    for (std::uint32_t way = 0; way < ways; way++)
        program.push_back(jeq(way, ways - way + block * way, 0));
    program.push_back(ja(block * ways));
    for (std::uint32_t way = 0; way < ways; way++)
        append(program,
               {stmt(BPF_LD | BPF_IMM, way), stmt(BPF_ST, 0),
                stmt(BPF_LDX | BPF_IMM, way == other ? refuse : std::uint32_t{SECCOMP_RET_ALLOW}),
                ja(block * (ways - 1 - way))});
    append(program,
           {stmt(BPF_MISC | BPF_TXA), jeq(SECCOMP_RET_ALLOW, 0, 1), ret_allow(), ret(refuse)});
    return program;
}

} // namespace

Program edge_program(Random &random) {
    switch (pick(random, 10)) {
    case 0:
    case 1:
        return arithmetic(random);
    case 2:
        return registers(random);
    case 3:
        return crowd(random);
    case 4:
        return crowd_of_registers(random);
    default:
        return relations(random);
    }
}

} // namespace support

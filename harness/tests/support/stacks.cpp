// SPDX-License-Identifier: MIT
#include "tests/support/stacks.h"

#include "cbpf/builder.h"
#include "tests/support/filter_shapes.h"

#include <linux/audit.h>

#include <utility>

namespace support {

namespace {

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
cbpf::Program edge_program(Random &random) {
    static constexpr unsigned relations[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
    cbpf::Program program;
    for (std::uint32_t left = 1 + pick(random, 6); left > 0; left--) {
        const std::uint32_t die = pick(random, 8);
        const bool loaded = !program.empty() && program.back().code == (BPF_LD | BPF_W | BPF_ABS);
        if (left > 1 && !loaded && (program.empty() ? die != 0 : die < 3)) {
            program.push_back(chance(random, 2) ? cbpf::load_arch() : cbpf::load_nr());
        } else if (die == 3) {
            program.push_back(
                cbpf::alu_and(chance(random, 2) ? edge_constant(random) : ~edge_constant(random)));
        } else {
            // Two different ways out of three: to what follows, or to a return at the end.
            const std::uint32_t ways[] = {0, left - 1, left};
            const std::uint32_t first = pick(random, 3);
            const std::uint32_t second = (first + 1 + pick(random, 2)) % 3;
            program.push_back(cbpf::jump(BPF_JMP | one_of(random, relations) | BPF_K,
                                         edge_constant(random), ways[first], ways[second]));
        }
    }
    program.push_back(cbpf::ret_allow());
    program.push_back(cbpf::ret(one_of(random, mild_returns)));
    if (chance(random, 2))
        std::swap(program[program.size() - 2], program.back());
    return program;
}

cbpf::Program &one_program_of(Random &random, cbpf::Chain &chain) {
    return chain[pick(random, static_cast<std::uint32_t>(chain.size()))];
}

} // namespace

void put_in_a_short_one(Random &random, cbpf::Chain &chain) {
    if (!chance(random, 8))
        return;
    cbpf::Program &program = one_program_of(random, chain);
    const std::uint32_t value =
        chance(random, 2) ? std::uint32_t{SECCOMP_RET_ALLOW} : one_of(random, mild_returns);
    if (chance(random, 2))
        program = {cbpf::ret(value)};
    else
        program = {cbpf::load_nr(), cbpf::jgt(pick(random, 441), 0, 1), cbpf::ret(value),
                   cbpf::ret_allow()};
}

void put_in_all_instructions(Random &random, cbpf::Chain &chain) {
    if (chance(random, 16))
        one_program_of(random, chain) = random_valid_program(random, chance(random, 2) ? 60 : 260);
}

std::size_t random_depth(Random &random) {
    // One filter of a deep stack says less than one that stands alone, and costs as much.
    const std::uint32_t die = pick(random, 16);
    if (die < 10)
        return 1;
    if (die < 14)
        return 2 + pick(random, 3);
    if (die < 15)
        return 5 + pick(random, 8);
    return chance(random, 4) ? 32 : 13 + pick(random, 20);
}

cbpf::Chain random_stack(Random &random) {
    const std::size_t depth = random_depth(random);
    Aim aim;
    aim.only_understood = chance(random, 2);
    cbpf::Chain chain = shaped_chain(random, depth, aim);
    if (depth <= 4)
        for (auto &program : chain)
            if (chance(random, 2))
                program = edge_program(random);
    put_in_a_short_one(random, chain);
    put_in_all_instructions(random, chain);
    return chain;
}

} // namespace support

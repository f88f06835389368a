// SPDX-License-Identifier: MIT
#include "tests/support/stacks.h"

#include "cbpf/builder.h"
#include "tests/support/edge_programs.h"
#include "tests/support/filter_shapes.h"

namespace support {

namespace {

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

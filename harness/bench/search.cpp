// SPDX-License-Identifier: MIT
#include "bench/search.h"

#include "cbpf/checker.h"
#include "tests/support/random.h"

#include <linux/audit.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace bench {
namespace {

using support::one_of;
using support::pick;
using support::Random;

constexpr std::uint32_t most_steps = 24;
constexpr std::uint32_t most_phases = 3;
constexpr std::uint32_t most_rounds = 400;
constexpr std::uint32_t farthest_jump = 12;
constexpr unsigned first_ones = 64;

// --- a step ---

// Those that change what the emulator knows, or ask for it. Without the modulo, which seccomp
// refuses.
constexpr std::uint16_t moves[] = {BPF_LD | BPF_IMM,
                                   BPF_LD | BPF_MEM,
                                   BPF_LDX | BPF_IMM,
                                   BPF_LDX | BPF_MEM,
                                   BPF_ST,
                                   BPF_STX,
                                   BPF_MISC | BPF_TAX,
                                   BPF_MISC | BPF_TXA,
                                   BPF_LD | BPF_W | BPF_LEN,
                                   BPF_LDX | BPF_W | BPF_LEN};
constexpr std::uint16_t operations[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND,
                                        BPF_OR,  BPF_XOR, BPF_LSH, BPF_RSH, BPF_NEG};
constexpr std::uint16_t conditions[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
constexpr std::uint16_t sources[] = {BPF_K, BPF_K, BPF_K, BPF_X};

std::uint32_t field(Random &random) {
    constexpr std::uint32_t first_argument = offsetof(seccomp_data, args);
    switch (pick(random, 4)) {
    case 0:
        return offsetof(seccomp_data, arch);
    case 1:
        return first_argument + 4 * pick(random, 12);
    default:
        return offsetof(seccomp_data, nr);
    }
}

std::uint32_t interesting(Random &random) {
    switch (pick(random, 4)) {
    case 0:
        return pick(random, 8);
    case 1:
        return pick(random, 512);
    case 2:
        return 1U << pick(random, 32);
    default:
        return static_cast<std::uint32_t>(random());
    }
}

std::uint8_t distance(Random &random) {
    return static_cast<std::uint8_t>(pick(random, 2) == 0 ? pick(random, 3)
                                                          : pick(random, farthest_jump));
}

Step random_jump(Random &random) {
    Step step;
    step.code =
        static_cast<std::uint16_t>(BPF_JMP | one_of(random, conditions) | one_of(random, sources));
    step.jt = distance(random);
    step.jf = distance(random);
    step.meets = pick(random, 4) == 0;
    return step;
}

Step random_step(Random &random) {
    Step step;
    switch (pick(random, 5)) {
    case 0:
        return {BPF_LD | BPF_W | BPF_ABS, 0, 0, Constant::plain, field(random), 0};
    case 1:
        step.code = one_of(random, moves);
        break;
    case 2:
        step.code = static_cast<std::uint16_t>(BPF_ALU | one_of(random, operations) |
                                               one_of(random, sources));
        break;
    default:
        step = random_jump(random);
    }
    step.constant = one_of(random, all_constants);
    step.k = interesting(random);
    step.stride = interesting(random);
    return step;
}

// --- a recipe ---

Phase random_phase(Random &random) {
    Phase phase;
    phase.rounds = 1 + pick(random, most_rounds);
    for (auto left = 1 + pick(random, most_steps / 2); left > 0; left--)
        phase.steps.push_back(random_step(random));
    return phase;
}

Recipe random_recipe(Random &random) {
    Recipe recipe;
    for (auto left = 1 + pick(random, most_phases); left > 0; left--)
        recipe.phases.push_back(random_phase(random));
    return recipe;
}

auto place(Random &random, std::vector<Step> &steps) {
    return steps.begin() + pick(random, static_cast<std::uint32_t>(steps.size()));
}

void change_step(Random &random, Step &step) {
    const bool load = step.code == (BPF_LD | BPF_W | BPF_ABS);
    switch (pick(random, 7)) {
    case 0:
        step.jt = BPF_CLASS(step.code) == BPF_JMP ? distance(random) : 0;
        break;
    case 1:
        step.jf = BPF_CLASS(step.code) == BPF_JMP ? distance(random) : 0;
        break;
    case 2:
        step.k = load ? field(random) : interesting(random);
        break;
    case 3:
        step.stride = load ? 0 : interesting(random);
        break;
    case 4:
        if (!load)
            step.constant = one_of(random, all_constants);
        break;
    case 5:
        step.meets = BPF_CLASS(step.code) == BPF_JMP && !step.meets;
        break;
    default:
        step = random_step(random);
    }
}

void change_phases(Random &random, Recipe &recipe) {
    auto &phases = recipe.phases;
    const auto at = phases.begin() + pick(random, static_cast<std::uint32_t>(phases.size()));
    switch (pick(random, 4)) {
    case 0:
        at->rounds = 1 + pick(random, most_rounds);
        break;
    case 1:
        if (phases.size() < most_phases)
            phases.insert(at, random_phase(random));
        break;
    case 2:
        if (phases.size() > 1)
            phases.erase(at);
        break;
    default:
        std::iter_swap(at, phases.begin());
    }
}

void change_steps(Random &random, std::vector<Step> &steps) {
    switch (pick(random, 8)) {
    case 0:
        if (steps.size() < most_steps)
            steps.insert(place(random, steps), random_step(random));
        break;
    case 1:
        if (steps.size() < most_steps)
            steps.insert(place(random, steps), Step(*place(random, steps)));
        break;
    case 2:
        if (steps.size() > 1)
            steps.erase(place(random, steps));
        break;
    case 3:
        std::iter_swap(place(random, steps), place(random, steps));
        break;
    default:
        change_step(random, *place(random, steps));
    }
}

void change(Random &random, Recipe &recipe) {
    for (auto left = 1 + pick(random, 3); left > 0; left--) {
        if (pick(random, 6) == 0)
            change_phases(random, recipe);
        else
            change_steps(
                random,
                recipe.phases[pick(random, static_cast<std::uint32_t>(recipe.phases.size()))]
                    .steps);
    }
}

std::uint64_t cost_of(const Recipe &recipe, const Cost &cost) {
    const auto program = cook(recipe);
    return program.empty() || cbpf::check(program) ? 0 : cost(program);
}

} // namespace

Found find_expensive(std::uint64_t seed, unsigned steps, const Cost &cost) {
    Random random(seed);
    Found best;
    const auto consider = [&](const Recipe &recipe) {
        // What costs the same is taken as well: it may lead on.
        if (const auto found = cost_of(recipe, cost); found >= best.cost)
            best = {recipe, found};
    };
    for (unsigned i = 0; i < first_ones; i++)
        consider(random_recipe(random));
    for (unsigned i = 0; i < steps; i++) {
        Recipe recipe = best.recipe;
        change(random, recipe);
        consider(recipe);
    }
    return best;
}

} // namespace bench

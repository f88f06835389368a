// SPDX-License-Identifier: MIT
#include "bench/recipe.h"

#include "cbpf/builder.h"

#include <fmt/format.h>

#include <algorithm>

namespace bench {
namespace {

using cbpf::Program;

// Numbers of the syscall tables, and the bits they have.
constexpr std::uint32_t numbers = 441;
constexpr std::uint32_t bits = 9;
constexpr std::size_t longest_jump = 255;

bool reads_memory(const Step &step) {
    return step.code == (BPF_LD | BPF_MEM) || step.code == (BPF_LDX | BPF_MEM);
}

bool uses_memory(const Step &step) {
    return reads_memory(step) || step.code == BPF_ST || step.code == BPF_STX;
}

std::uint32_t constant(const Step &step, std::uint32_t round) {
    const std::uint32_t n = step.k + round * step.stride;
    if (uses_memory(step))
        return n % BPF_MEMWORDS;
    switch (step.constant) {
    case Constant::plain:
        return n;
    case Constant::number:
        return n % numbers;
    case Constant::bit:
        return 1U << (n % bits);
    case Constant::other_bits:
        return ~(1U << (n % bits));
    }
    return n;
}

bool any_reads_memory(const Recipe &recipe) {
    return std::any_of(recipe.phases.begin(), recipe.phases.end(), [](const Phase &phase) {
        return std::any_of(phase.steps.begin(), phase.steps.end(), reads_memory);
    });
}

Program prologue(const Recipe &recipe) {
    Program program = {cbpf::load_nr()};
    if (any_reads_memory(recipe))
        for (std::uint32_t word = 0; word < BPF_MEMWORDS; word++)
            program.push_back(cbpf::stmt(BPF_ST, word));
    return program;
}

// Where the last steps may jump to.
std::size_t room_for_returns(const Recipe &recipe) {
    std::size_t farthest = 0;
    for (const Phase &phase : recipe.phases)
        for (const Step &step : phase.steps)
            farthest = std::max(
                {farthest, step.meets ? longest_jump : std::size_t{step.jt}, std::size_t{step.jf}});
    return farthest + 1;
}

std::uint8_t taken(const Step &step, std::uint32_t round, std::size_t round_length) {
    if (!step.meets)
        return step.jt;
    const std::size_t rounds = (longest_jump - step.jt) / round_length + 1;
    return static_cast<std::uint8_t>(step.jt + round_length * (rounds - 1 - round % rounds));
}

// Only whole rounds.
void add_rounds(Program &program, const Phase &phase, std::size_t rounds, std::size_t room) {
    for (std::uint32_t round = 0; round < rounds && program.size() + phase.steps.size() <= room;
         round++)
        for (const Step &step : phase.steps)
            program.push_back(cbpf::jump(step.code, constant(step, round),
                                         taken(step, round, phase.steps.size()), step.jf));
}

std::string_view source(Constant constant) {
    switch (constant) {
    case Constant::plain:
        return "plain";
    case Constant::number:
        return "number";
    case Constant::bit:
        return "bit";
    case Constant::other_bits:
        return "other_bits";
    }
    return "?";
}

std::string source(const Step &step) {
    return fmt::format("{{{:#04x}, {}, {}, Constant::{}, {}, {}{}}}", step.code, step.jt, step.jf,
                       source(step.constant), step.k, step.stride, step.meets ? ", true" : "");
}

} // namespace

Program cook(const Recipe &recipe) {
    for (const Phase &phase : recipe.phases)
        if (phase.steps.empty())
            return {};
    Program program = prologue(recipe);
    const std::size_t room = cbpf::max_instructions - room_for_returns(recipe);
    for (const Phase &phase : recipe.phases)
        add_rounds(program, phase,
                   &phase == &recipe.phases.back() ? cbpf::max_instructions : phase.rounds, room);
    program.resize(cbpf::max_instructions, cbpf::ret_allow());
    return program;
}

std::string source(const Recipe &recipe) {
    std::string text = "{{";
    for (const Phase &phase : recipe.phases) {
        text +=
            fmt::format("{}{{{}, {{", &phase == &recipe.phases.front() ? "" : ", ", phase.rounds);
        for (const Step &step : phase.steps)
            text += (&step == &phase.steps.front() ? "" : ", ") + source(step);
        text += "}}";
    }
    return text + "}}";
}

} // namespace bench

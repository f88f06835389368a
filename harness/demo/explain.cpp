// SPDX-License-Identifier: MIT
#include "demo/explain.h"

#include "analysis/reference_state.h"
#include "cbpf/action.h"
#include "cbpf/checker.h"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace demo {
namespace {

namespace reference = analysis::reference;

using Value = std::optional<std::uint32_t>; // nothing: could be anything

struct State {
    Value a, x;
    auto operator<=>(const State &) const = default;
};

// More states than this at one instruction are taken together: A and X can be anything there.
constexpr std::size_t max_states = 64;

// All jumps go forward, so one pass in program order sees every path.
class Walk {
public:
    Walk(const cbpf::Program &program, std::uint32_t arch, std::uint32_t number)
        : program_(program), arch_(arch), number_(number), states_(program.size()) {}

    Verdicts run() {
        // The kernel clears A and X before a filter.
        states_[0].insert({0U, 0U});
        for (std::size_t pc = 0; pc < program_.size(); pc++)
            for (const State &state : std::exchange(states_[pc], {}))
                step(pc, state);
        return std::move(verdicts_);
    }

private:
    void step(std::size_t pc, State state) {
        const cbpf::Instruction &instruction = program_[pc];
        switch (BPF_CLASS(instruction.code)) {
        case BPF_LD:
            state.a = load(instruction);
            return go(pc + 1, state);
        case BPF_LDX:
            state.x = BPF_MODE(instruction.code) == BPF_IMM   ? Value(instruction.k)
                      : BPF_MODE(instruction.code) == BPF_LEN ? Value(sizeof(seccomp_data))
                                                              : Value();
            return go(pc + 1, state);
        case BPF_ALU:
            state.a = compute(instruction, state);
            return go(pc + 1, state);
        case BPF_MISC:
            if (BPF_MISCOP(instruction.code) == BPF_TAX)
                state.x = state.a;
            else
                state.a = state.x;
            return go(pc + 1, state);
        case BPF_JMP:
            return jump(pc, state);
        case BPF_RET:
            return give(BPF_RVAL(instruction.code) == BPF_A ? state.a : Value(instruction.k));
        default: // ST and STX: the scratch memory is not followed
            return go(pc + 1, state);
        }
    }

    Value load(const cbpf::Instruction &instruction) const {
        switch (BPF_MODE(instruction.code)) {
        case BPF_ABS:
            if (instruction.k == offsetof(seccomp_data, nr))
                return number_;
            if (instruction.k == offsetof(seccomp_data, arch))
                return arch_;
            return {};
        case BPF_IMM:
            return instruction.k;
        case BPF_LEN:
            return sizeof(seccomp_data);
        default:
            return {};
        }
    }

    Value compute(const cbpf::Instruction &instruction, const State &state) {
        const bool by_x = BPF_SRC(instruction.code) == BPF_X;
        const Value operand = by_x ? state.x : Value(instruction.k);
        const auto operation = BPF_OP(instruction.code);
        // Division by an X of zero ends the program with 0, which kills.
        if (by_x && operation == BPF_DIV && operand.value_or(0) == 0) {
            give(0U);
            return {};
        }
        return reference::computed(operation, known(state.a), known(operand)).bits;
    }

    static reference::Value known(const Value &value) {
        return value ? reference::Value::constant(*value) : reference::Value::unknown();
    }

    void jump(std::size_t pc, const State &state) {
        const cbpf::Instruction &instruction = program_[pc];
        if (BPF_OP(instruction.code) == BPF_JA)
            return go(pc + 1 + instruction.k, state);
        const Value operand = BPF_SRC(instruction.code) == BPF_X ? state.x : Value(instruction.k);
        const auto taken = decide(instruction, state.a, operand);
        if (taken.value_or(true))
            go(pc + 1 + instruction.jt, state);
        if (!taken.value_or(false))
            go(pc + 1 + instruction.jf, state);
    }

    static std::optional<bool> decide(const cbpf::Instruction &instruction, Value a, Value b) {
        if (!a || !b)
            return {};
        switch (BPF_OP(instruction.code)) {
        case BPF_JEQ:
            return *a == *b;
        case BPF_JGT:
            return *a > *b;
        case BPF_JGE:
            return *a >= *b;
        case BPF_JSET:
            return (*a & *b) != 0;
        default:
            return {};
        }
    }

    void go(std::size_t pc, const State &state) {
        auto &there = states_.at(pc);
        if (there.size() >= max_states)
            there = {State{}};
        // Once there is a state that can be anything, others add nothing.
        if (!there.contains(State{}))
            there.insert(state);
    }

    void give(Value value) {
        if (value)
            verdicts_.values.insert(*value);
        else
            verdicts_.complete = false;
    }

    const cbpf::Program &program_;
    std::uint32_t arch_, number_;
    std::vector<std::set<State>> states_;
    Verdicts verdicts_;
};

} // namespace

Verdicts possible_verdicts(const cbpf::Program &program, std::uint32_t arch, std::uint32_t number) {
    if (const auto error = cbpf::check(program))
        throw std::invalid_argument(fmt::format("instruction {}: {}", error->pc, error->reason));
    return Walk(program, arch, number).run();
}

std::string describe(const Verdicts &verdicts) {
    if (!verdicts.complete || verdicts.values.size() > 1)
        return "checks arguments";
    return "always " + cbpf::action_name(*verdicts.values.begin());
}

} // namespace demo

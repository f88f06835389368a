// SPDX-License-Identifier: MIT
#include "analysis/symbolic_run.h"

#include <algorithm>
#include <stdexcept>

namespace analysis {

namespace {

using cbpf::Instruction;

Op operation(unsigned code) {
    switch (BPF_OP(code)) {
    case BPF_ADD:
        return Op::add;
    case BPF_SUB:
        return Op::sub;
    case BPF_MUL:
        return Op::mul;
    case BPF_DIV:
        return Op::divide;
    case BPF_MOD:
        return Op::remainder;
    case BPF_AND:
        return Op::bit_and;
    case BPF_OR:
        return Op::bit_or;
    case BPF_XOR:
        return Op::bit_xor;
    case BPF_LSH:
        return Op::shift_left;
    case BPF_RSH:
        return Op::shift_right;
    default:
        throw std::logic_error("oracle: unknown arithmetic");
    }
}

} // namespace

void add_outcome(Outcomes &outcomes, Terms &terms, const Outcome &outcome) {
    if (outcome.when == Terms::no)
        return;
    const auto same = std::ranges::find(outcomes, outcome.value, &Outcome::value);
    if (same == outcomes.end())
        outcomes.push_back(outcome);
    else
        same->when = terms.either(same->when, outcome.when);
}

SymbolicRun::SymbolicRun(const cbpf::Program &program, Terms &terms)
    : program_(program), terms_(terms), states_(program.size()), waiting_(program.size()),
      steps_(program.size()) {}

const Outcomes &SymbolicRun::run(std::uint32_t arch, std::uint32_t number) {
    arch_ = arch;
    number_ = number;
    outcomes_.clear();
    const TermId zero = terms_.constant(0);
    // Only A and X start as 0. Scratch memory starts as nothing, and the checker takes care that
    // nobody reads it before it was written: what stands here does not matter.
    State start{.path = Terms::yes, .a = zero, .x = zero, .memory = {}};
    start.memory.fill(zero);
    go(0, start);
    for (std::size_t pc = 0; pc < program_.size(); pc++) {
        if (!waiting_[pc])
            continue;
        waiting_[pc] = false;
        execute(pc, states_[pc]);
    }
    return outcomes_;
}

void SymbolicRun::execute(std::size_t pc, State state) {
    const Instruction &insn = program_[pc];
    steps_[pc] = {.if_false = pc + 1};
    switch (BPF_CLASS(insn.code)) {
    case BPF_LD:
    case BPF_LDX:
        load(state, insn);
        break;
    case BPF_ST:
        state.memory.at(insn.k) = state.a;
        break;
    case BPF_STX:
        state.memory.at(insn.k) = state.x;
        break;
    case BPF_ALU:
        alu(pc, state, insn);
        break;
    case BPF_JMP:
        return jump(pc, state, insn);
    case BPF_RET:
        steps_[pc].if_false = end;
        return end_with(state, insn.code == (BPF_RET | BPF_A) ? state.a : terms_.constant(insn.k));
    default:
        if (BPF_MISCOP(insn.code) == BPF_TAX)
            state.x = state.a;
        else
            state.a = state.x;
        break;
    }
    go(pc + 1, state);
}

void SymbolicRun::load(State &state, const Instruction &insn) {
    TermId value;
    switch (BPF_MODE(insn.code)) {
    case BPF_ABS:
        value = field(insn.k);
        break;
    case BPF_IMM:
        value = terms_.constant(insn.k);
        break;
    case BPF_LEN:
        value = terms_.constant(sizeof(seccomp_data));
        break;
    case BPF_MEM:
        value = state.memory.at(insn.k);
        break;
    default:
        throw std::logic_error("oracle: unknown load");
    }
    (BPF_CLASS(insn.code) == BPF_LD ? state.a : state.x) = value;
}

TermId SymbolicRun::field(std::uint32_t offset) {
    if (offset == offsetof(seccomp_data, nr))
        return terms_.constant(number_);
    if (offset == offsetof(seccomp_data, arch))
        return terms_.constant(arch_);
    return terms_.word(offset / 4);
}

TermId SymbolicRun::operand(const State &state, const Instruction &insn) {
    return BPF_SRC(insn.code) == BPF_X ? state.x : terms_.constant(insn.k);
}

void SymbolicRun::alu(std::size_t pc, State &state, const Instruction &insn) {
    if (BPF_OP(insn.code) == BPF_NEG) {
        state.a = terms_.binary(Op::sub, terms_.constant(0), state.a);
        return;
    }
    TermId right = operand(state, insn);
    const Op op = operation(insn.code);
    if (op == Op::divide || op == Op::remainder) {
        // Division by an X of zero ends the program with 0.
        const TermId by_zero = terms_.equal(right, terms_.constant(0));
        steps_[pc] = {.condition = by_zero, .if_true = end, .if_false = pc + 1};
        end_with({.path = terms_.both(state.path, by_zero), .a = {}, .x = {}, .memory = {}},
                 terms_.constant(0));
        state.path = terms_.both(state.path, terms_.negate(by_zero));
    }
    if (op == Op::shift_left || op == Op::shift_right)
        right = terms_.binary(Op::bit_and, right, terms_.constant(31));
    state.a = terms_.binary(op, state.a, right);
}

void SymbolicRun::jump(std::size_t pc, State &state, const Instruction &insn) {
    if (BPF_OP(insn.code) == BPF_JA) {
        steps_[pc].if_false = pc + 1 + insn.k;
        return go(pc + 1 + insn.k, state);
    }
    const TermId condition = holds(state, insn);
    const TermId path = state.path;
    steps_[pc] = {
        .condition = condition, .if_true = pc + 1 + insn.jt, .if_false = pc + 1 + insn.jf};
    state.path = terms_.both(path, condition);
    go(steps_[pc].if_true, state);
    state.path = terms_.both(path, terms_.negate(condition));
    go(steps_[pc].if_false, state);
}

TermId SymbolicRun::holds(const State &state, const Instruction &insn) {
    const TermId right = operand(state, insn);
    switch (BPF_OP(insn.code)) {
    case BPF_JEQ:
        return terms_.equal(state.a, right);
    case BPF_JGT:
        return terms_.less(right, state.a);
    case BPF_JGE:
        return terms_.negate(terms_.less(state.a, right));
    case BPF_JSET:
        return terms_.negate(
            terms_.equal(terms_.binary(Op::bit_and, state.a, right), terms_.constant(0)));
    default:
        throw std::logic_error("oracle: unknown jump");
    }
}

void SymbolicRun::go(std::size_t pc, const State &state) {
    if (state.path == Terms::no)
        return;
    if (waiting_.at(pc)) {
        merge(states_[pc], state);
    } else {
        states_[pc] = state;
        waiting_[pc] = true;
    }
}

// The paths exclude each other, so that one condition tells which of two values it is.
void SymbolicRun::merge(State &there, const State &state) {
    const auto merged = [&](TermId &old_value, TermId new_value) {
        old_value = terms_.choose(state.path, new_value, old_value);
    };
    merged(there.a, state.a);
    merged(there.x, state.x);
    for (std::size_t word = 0; word < there.memory.size(); word++)
        merged(there.memory[word], state.memory[word]);
    there.path = terms_.either(there.path, state.path);
}

void SymbolicRun::end_with(const State &state, TermId value) {
    add_outcome(outcomes_, terms_, {.when = state.path, .value = value});
}

std::vector<SymbolicRun::Decision> SymbolicRun::decisions(Evaluation &values) const {
    std::vector<Decision> made;
    for (std::size_t pc = 0; pc != end;) {
        const Step &step = steps_.at(pc);
        const bool taken = values(step.condition) != 0;
        if (step.condition != Terms::no && step.condition != Terms::yes)
            made.push_back({step.condition, taken});
        pc = taken ? step.if_true : step.if_false;
    }
    return made;
}

} // namespace analysis

// SPDX-License-Identifier: MIT
#include "analysis/reference_emulator.h"

#include "analysis/reference_size.h"
#include "analysis/reference_state.h"
#include "cbpf/checker.h"

#include <algorithm>
#include <cstddef>
#include <span>

namespace analysis {

namespace {

using cbpf::Instruction;
using reference::State;
using reference::Value;

// How many steps beyond one way through the program all numbers of a table have together. Real
// filters need a few hundred; filters can be written that need more than there are atoms.
constexpr std::size_t extra_steps = 30'000;
// And how many states one number may be in at once: each is compared with all others.
constexpr std::size_t most_states = 64;

bool condition(unsigned op, std::uint32_t a, std::uint32_t b) {
    switch (op) {
    case BPF_JEQ:
        return a == b;
    case BPF_JGT:
        return a > b;
    case BPF_JGE:
        return a >= b;
    default: // BPF_JSET
        return (a & b) != 0;
    }
}

// All ways of one number at a time.
class Walker {
public:
    Walker(std::span<const Instruction> program, std::uint32_t arch)
        : program_(program), arch_(arch), meter_(program) {}

    enum class Answer { allowed, refused, undecided };

    Answer walk(std::uint32_t number) {
        number_ = number;
        refused_ = false;
        // Lowest first: states that are going to meet do so before either goes on.
        on_their_way_.assign(1, start_);
        meter_.arrival(on_their_way_.front(), 0);
        for (std::size_t steps = 0; !on_their_way_.empty(); steps++) {
            if (steps > program_.size() && extra_++ > extra_steps)
                return Answer::undecided;
            if (on_their_way_.size() > most_states)
                return Answer::undecided;
            step(lowest());
        }
        return refused_ ? Answer::refused : Answer::allowed;
    }

    Size size() const { return meter_.size(); }
    void note_undecided() { meter_.give_up(); }

private:
    std::size_t lowest() const {
        if (on_their_way_.size() == 1)
            return 0;
        const auto first = std::ranges::min_element(on_their_way_, {}, &State::pc);
        return static_cast<std::size_t>(first - on_their_way_.begin());
    }

    void drop(std::size_t index) {
        if (index + 1 < on_their_way_.size())
            on_their_way_[index] = on_their_way_.back();
        on_their_way_.pop_back();
    }

    void finish(std::size_t index, bool allowed) {
        refused_ |= !allowed;
        drop(index);
    }

    void go_on(std::size_t index, std::size_t pc) {
        State &state = on_their_way_[index];
        meter_.step(state, pc);
        state.pc = pc;
        for (std::size_t other = 0; other < on_their_way_.size(); other++)
            if (other != index && on_their_way_[other] == state)
                return drop(index);
    }

    void step(std::size_t index) {
        State &state = on_their_way_[index];
        const Instruction &insn = program_[state.pc];
        const std::size_t next = state.pc + 1;
        switch (BPF_CLASS(insn.code)) {
        case BPF_LD:
            state.a = loaded(state, insn);
            return go_on(index, next);
        case BPF_LDX:
            state.set_x(loaded(state, insn));
            return go_on(index, next);
        case BPF_ST:
            state.set_memory(insn.k, state.a);
            return go_on(index, next);
        case BPF_STX:
            state.set_memory(insn.k, state.x());
            return go_on(index, next);
        case BPF_ALU:
            return compute(index, insn);
        case BPF_JMP:
            return jump(index, insn);
        case BPF_RET:
            if (BPF_RVAL(insn.code) == BPF_A)
                meter_.number();
            return finish(index, returned(state, insn) == SECCOMP_RET_ALLOW);
        default:
            if (BPF_MISCOP(insn.code) == BPF_TAX)
                state.set_x(state.a);
            else
                state.a = state.x();
            return go_on(index, next);
        }
    }

    Value loaded(const State &state, const Instruction &insn) const {
        switch (BPF_MODE(insn.code)) {
        case BPF_ABS:
            if (insn.k == offsetof(seccomp_data, nr))
                return Value::number(number_);
            return insn.k == offsetof(seccomp_data, arch) ? Value::constant(arch_)
                                                          : Value::unknown();
        case BPF_LEN:
            return Value::constant(sizeof(seccomp_data));
        case BPF_MEM:
            return state.memory(insn.k);
        default: // BPF_IMM
            return Value::constant(insn.k);
        }
    }

    static std::optional<std::uint32_t> returned(const State &state, const Instruction &insn) {
        if (BPF_RVAL(insn.code) == BPF_K)
            return insn.k;
        return state.a.bits;
    }

    static Value operand(const State &state, const Instruction &insn) {
        return BPF_SRC(insn.code) == BPF_X ? state.x() : Value::constant(insn.k);
    }

    void compute(std::size_t index, const Instruction &insn) {
        State &state = on_their_way_[index];
        const Value b = operand(state, insn);
        const unsigned op = BPF_OP(insn.code);
        if (op == BPF_DIV && !state.a.bits && b.depends_on_number)
            meter_.hard_division();
        if (op == BPF_DIV && b.bits.value_or(0) == 0)
            return finish(index, false);
        if (reference::needs_number(op, state.a, b))
            meter_.result();
        state.a = reference::computed(op, state.a, b);
        go_on(index, state.pc + 1);
    }

    void jump(std::size_t index, const Instruction &insn) {
        State &state = on_their_way_[index];
        const std::size_t next = state.pc + 1;
        const unsigned op = BPF_OP(insn.code);
        if (op == BPF_JA)
            return go_on(index, next + insn.k);

        const Value b = operand(state, insn);
        if (!state.a.bits || !b.bits)
            return fork(index, next + insn.jt, next + insn.jf);
        // The number itself against a constant is what filters are made of, and done for all at
        // once.
        const bool plain = state.a.is_number() && !b.depends_on_number && op != BPF_JSET;
        if (!plain && (state.a.depends_on_number || b.depends_on_number))
            meter_.number();
        go_on(index, next + (condition(op, *state.a.bits, *b.bits) ? insn.jt : insn.jf));
    }

    void fork(std::size_t index, std::size_t jt, std::size_t jf) {
        if (jt != jf) {
            on_their_way_.push_back(on_their_way_[index]);
            // May be dropped, being the last, and then changes nobody else's index.
            go_on(on_their_way_.size() - 1, jt);
        }
        go_on(index, jf);
    }

    std::span<const Instruction> program_;
    std::uint32_t arch_;
    reference::Meter meter_;
    const State start_;
    std::uint32_t number_ = 0;
    bool refused_ = false;
    std::vector<State> on_their_way_;
    std::size_t extra_ = 0;
};

void look_at(std::span<const Instruction> program, std::uint32_t arch, Provable &provable) {
    Walker walker(program, arch);
    for (std::uint32_t number = 0; number < provable.allowed.size(); number++) {
        // Also a number that an older filter refuses: the kernel looks at each filter by itself.
        switch (walker.walk(number)) {
        case Walker::Answer::allowed:
            break;
        case Walker::Answer::refused:
            provable.allowed[number] = provable.undecided[number] = false;
            break;
        case Walker::Answer::undecided:
            provable.undecided[number] = provable.allowed[number] || provable.undecided[number];
            provable.allowed[number] = false;
            walker.note_undecided();
            break;
        }
    }
    provable.size += walker.size();
}

} // namespace

bool Provable::refutes(unsigned number, bool allow) const {
    if (allow)
        return !allowed.at(number) && !undecided.at(number);
    return allowed.at(number) && is_demanded();
}

std::optional<unsigned> Provable::first_refuted(const std::vector<bool> &allow) const {
    for (unsigned number = 0; number < allowed.size(); number++)
        if (refutes(number, allow.at(number)))
            return number;
    return std::nullopt;
}

Provable provable_numbers(const cbpf::Chain &chain, std::uint32_t arch, unsigned size) {
    cbpf::require_acceptable(chain);
    Provable provable{std::vector<bool>(size, !chain.empty()), std::vector<bool>(size, false), {}};
    for (const cbpf::Program &program : chain)
        look_at(program, arch, provable);
    return provable;
}

std::vector<bool> allowed_numbers(const cbpf::Chain &chain, std::uint32_t arch, unsigned size) {
    return provable_numbers(chain, arch, size).allowed;
}

} // namespace analysis

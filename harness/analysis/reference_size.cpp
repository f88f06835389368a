// SPDX-License-Identifier: MIT
#include "analysis/reference_size.h"

#include <algorithm>
#include <map>

namespace analysis {

// What real filters take at the most is in docs/verification/kernel-emulator.md.
bool Size::is_small() const {
    return states <= 12 && banks <= 6 && steps <= 1500 && !hard_division;
}

Size &Size::operator+=(const Size &other) {
    states = std::max(states, other.states);
    banks = std::max(banks, other.banks);
    steps = std::max(steps, other.steps);
    hard_division |= other.hard_division;
    return *this;
}

namespace reference {

namespace {

using cbpf::Instruction;

// States at one instruction beyond which nobody calls a program small.
constexpr std::size_t most_arrivals = 64;
// Copying the registers and finding out whether there are such already.
constexpr std::size_t steps_of_a_store = 6;

bool writes_registers(const Instruction &insn) {
    const unsigned instruction_class = BPF_CLASS(insn.code);
    return instruction_class == BPF_LDX || instruction_class == BPF_ST ||
           instruction_class == BPF_STX || insn.code == (BPF_MISC | BPF_TAX);
}

} // namespace

Meter::Meter(std::span<const Instruction> program) : program_(program), first_(program.size()) {
    arrivals_.reserve(program.size());
}

void Meter::arrive(const State &state, std::size_t from, std::size_t pc) {
    // Where nothing is left to be done nobody waits.
    if (too_large_ || program_[pc].code == (BPF_RET | BPF_K))
        return;
    const std::uint64_t origin = state.origin();
    std::size_t here = 1;
    for (std::size_t i = first_[pc]; i != 0; i = arrivals_[i - 1].next, here++) {
        Arrival &other = arrivals_[i - 1];
        if (other.state == origin) {
            other.from = std::min(other.from, from);
            return;
        }
    }
    arrivals_.push_back({origin, state.bank_origin(), from, pc, first_[pc]});
    first_[pc] = arrivals_.size();
    too_large_ = here > most_arrivals;
}

Size Meter::size() const {
    if (too_large_)
        return {.states = SIZE_MAX, .banks = SIZE_MAX, .steps = SIZE_MAX};

    Size size{.steps = numbers_, .hard_division = hard_division_};
    std::vector<Arrival> starting = arrivals_;
    std::ranges::sort(starting, {}, &Arrival::from);
    auto start = starting.begin();
    std::size_t waiting = 0;
    std::map<std::uint64_t, std::size_t> banks;
    for (std::size_t pc = 0; pc < program_.size(); pc++) {
        for (; start != starting.end() && start->from == pc; ++start) {
            waiting++;
            banks[start->bank]++;
        }
        size.states = std::max(size.states, waiting);
        size.banks = std::max(size.banks, banks.size());
        std::size_t here = 0;
        for (std::size_t i = first_[pc]; i != 0; i = arrivals_[i - 1].next, here++) {
            waiting--;
            if (--banks[arrivals_[i - 1].bank] == 0)
                banks.erase(arrivals_[i - 1].bank);
        }
        // Each state is compared with those that are there already.
        size.steps += here * (here + (writes_registers(program_[pc]) ? steps_of_a_store : 0));
    }
    return size;
}

} // namespace reference

} // namespace analysis

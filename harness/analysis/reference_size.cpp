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

Meter::Meter(std::span<const Instruction> program) : program_(program), arrivals_(program.size()) {}

void Meter::arrive(const State &state, std::size_t from, std::size_t pc) {
    // Where nothing is left to be done nobody waits.
    if (too_large_ || program_[pc].code == (BPF_RET | BPF_K))
        return;
    auto &arrivals = arrivals_[pc];
    const std::uint64_t origin = state.origin();
    for (Arrival &other : arrivals) {
        if (other.state == origin) {
            other.from = std::min(other.from, from);
            return;
        }
    }
    arrivals.push_back({origin, state.bank_origin(), from});
    too_large_ = arrivals.size() > most_arrivals;
}

Size Meter::size() const {
    if (too_large_)
        return {.states = SIZE_MAX, .banks = SIZE_MAX, .steps = SIZE_MAX};

    Size size{.steps = numbers_, .hard_division = hard_division_};
    // What starts or stops to wait at each instruction.
    std::vector<std::vector<const Arrival *>> starting(program_.size()), stopping(program_.size());
    for (std::size_t pc = 0; pc < program_.size(); pc++) {
        for (const Arrival &arrival : arrivals_[pc]) {
            starting[arrival.from].push_back(&arrival);
            stopping[pc].push_back(&arrival);
        }
        // Each state is compared with those that are there already.
        const std::size_t here = arrivals_[pc].size();
        size.steps += here * (here + (writes_registers(program_[pc]) ? steps_of_a_store : 0));
    }
    std::size_t waiting = 0;
    std::map<std::uint64_t, std::size_t> banks;
    for (std::size_t pc = 0; pc < program_.size(); pc++) {
        for (const Arrival *arrival : starting[pc]) {
            waiting++;
            banks[arrival->bank]++;
        }
        size.states = std::max(size.states, waiting);
        size.banks = std::max(size.banks, banks.size());
        for (const Arrival *arrival : stopping[pc]) {
            waiting--;
            if (--banks[arrival->bank] == 0)
                banks.erase(arrival->bank);
        }
    }
    return size;
}

} // namespace reference

} // namespace analysis

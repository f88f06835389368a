// SPDX-License-Identifier: MIT
//
// Counts what analysis::Size says, while the reference emulator walks.

#pragma once

#include "analysis/reference_emulator.h"
#include "analysis/reference_state.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace analysis::reference {

class Meter {
public:
    explicit Meter(std::span<const cbpf::Instruction> program);

    // A state has come to where it starts, or goes from where it is to `pc`.
    void arrival(const State &state, std::size_t pc) { arrive(state, pc, pc); }
    void step(const State &state, std::size_t pc) { arrive(state, state.pc, pc); }
    // Something had to be done for one number alone: a condition or a return, or arithmetic whose
    // result has to be put somewhere.
    void number() { numbers_++; }
    void result() { numbers_ += 2; }
    void hard_division() { hard_division_ = true; }
    // Somebody else has: nothing is known of the rest.
    void give_up() { too_large_ = true; }

    Size size() const;

private:
    struct Arrival {
        std::uint64_t state, bank; // where they come from
        std::size_t from;          // the earliest that it waits
        std::size_t pc;            // where it goes on
        std::size_t next;          // 1 + index of another that does so there, or 0
    };

    void arrive(const State &state, std::size_t from, std::size_t pc);

    std::span<const cbpf::Instruction> program_;
    std::vector<Arrival> arrivals_;
    std::vector<std::size_t> first_; // by instruction: 1 + index of an arrival there, or 0
    std::size_t numbers_ = 0;
    bool hard_division_ = false;
    bool too_large_ = false;
};

} // namespace analysis::reference

// SPDX-License-Identifier: MIT
//
// Runs a filter for one architecture and syscall number with everything else unknown, in a single
// pass. Jumps only go forward, so what comes to an instruction over several ways is merged there,
// and each instruction is executed once at most, however many ways there are.

#pragma once

#include "analysis/term.h"
#include "cbpf/program.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace analysis {

// One way to end: what the filter returns, and when. Of the outcomes of a run exactly one is due
// for each input, and no two have the same value term.
struct Outcome {
    TermId when;
    TermId value;

    auto operator<=>(const Outcome &) const = default;
};
using Outcomes = std::vector<Outcome>;

// Adds one; an outcome with that value is widened instead.
void add_outcome(Outcomes &outcomes, Terms &terms, const Outcome &outcome);

class SymbolicRun {
public:
    // The program must be one that cbpf::check() accepts, and outlive this object.
    SymbolicRun(const cbpf::Program &program, Terms &terms);

    const Outcomes &run(std::uint32_t arch, std::uint32_t number);

    // The decisions of the last run that depended on the input, as they fall for this one.
    struct Decision {
        TermId condition;
        bool holds;
    };
    std::vector<Decision> decisions(Evaluation &values) const;

private:
    struct State {
        TermId path; // the input leads here
        TermId a, x;
        std::array<TermId, BPF_MEMWORDS> memory;
    };
    // Where the last run went from an instruction.
    struct Step {
        TermId condition = Terms::no;
        std::size_t if_true = 0, if_false = 0; // `end`: the filter ends there
    };
    static constexpr std::size_t end = SIZE_MAX;

    void execute(std::size_t pc, State state);
    void load(State &state, const cbpf::Instruction &insn);
    TermId field(std::uint32_t offset);
    void alu(std::size_t pc, State &state, const cbpf::Instruction &insn);
    void jump(std::size_t pc, State &state, const cbpf::Instruction &insn);
    TermId holds(const State &state, const cbpf::Instruction &insn);
    TermId operand(const State &state, const cbpf::Instruction &insn);
    void go(std::size_t pc, const State &state);
    void merge(State &there, const State &state);
    void end_with(const State &state, TermId value);

    const cbpf::Program &program_;
    Terms &terms_;
    std::uint32_t arch_ = 0, number_ = 0;
    Outcomes outcomes_;
    std::vector<State> states_; // per instruction, where `waiting_` says so
    std::vector<bool> waiting_;
    std::vector<Step> steps_;
};

} // namespace analysis

// SPDX-License-Identifier: MIT
//
// The exact answer: is the verdict of a filter, or of a chain, the same for every value of the
// six arguments and of the instruction pointer (64 bits each)? Programs have no loops, so that
// this can be decided; all of classic BPF that seccomp knows is understood.
//
//     analysis::Oracle oracle(chain);
//     const auto verdict = oracle.verdict(AUDIT_ARCH_X86_64, 39);
//     if (const auto *constant = std::get_if<analysis::Constant>(&verdict)) ... constant->value
//
// Three steps, each for what the ones before leave open: a pass over the program with unknown
// arguments (symbolic_run.h) that settles nearly everything; a search for an input that makes the
// difference (input_search.h); a question to z3 (solver.h). Every input found by the last two is
// run through the interpreter before it is believed, and every claim that there is none is at
// least tried with some inputs: a contradiction is an OracleError, never an answer.

#pragma once

#include "analysis/solver.h"
#include "analysis/symbolic_run.h"
#include "analysis/term.h"
#include "cbpf/interpreter.h"
#include "cbpf/program.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace analysis {

// The oracle contradicts the interpreter: a mistake in one of them.
struct OracleError : std::logic_error {
    using std::logic_error::logic_error;
};

struct Constant {
    std::uint32_t value;
};
// Two syscalls that differ in arguments or instruction pointer alone, and in their verdict.
struct Varies {
    seccomp_data one, other;
    std::uint32_t one_value, other_value;
};
// A limit of the solver was reached. Neither yes nor no, and never to be taken for either.
struct Unknown {
    std::string reason;
};
using Verdict = std::variant<Constant, Varies, Unknown>;

// For "does every filter return exactly SECCOMP_RET_ALLOW, data bits zero, for every input?",
// which is what a bit in the cache says.
struct Allowed {};
struct Refused {
    std::size_t filter;  // an index into the chain: this one ...
    seccomp_data data;   // ... for this syscall ...
    std::uint32_t value; // ... returns this
};
using Permission = std::variant<Allowed, Refused, Unknown>;

// How questions were decided, each counted once.
struct OracleWork {
    std::size_t by_folding = 0;
    std::size_t by_memory = 0; // another number of the same filters came down to the same
    std::size_t by_search = 0;
    std::size_t by_solver = 0;
    std::size_t given_up = 0;

    OracleWork &operator+=(const OracleWork &other);
};

// What answers are tried with. Another one than this is for the test of the oracle's distrust.
struct Interpreter {
    std::function<std::uint32_t(const cbpf::Program &, const seccomp_data &)> run =
        [](const auto &program, const auto &data) { return cbpf::run(program, data); };
    std::function<std::uint32_t(const cbpf::Chain &, const seccomp_data &)> run_chain =
        [](const auto &chain, const auto &data) { return cbpf::run_chain(chain, data).value; };
};

// Not for use by several threads at a time.
class Oracle {
public:
    // Throws std::invalid_argument for a program that cbpf::check() refuses.
    explicit Oracle(cbpf::Chain chain, SolverLimits limits = {}, Interpreter interpreter = {});
    ~Oracle();
    Oracle(const Oracle &) = delete;
    Oracle &operator=(const Oracle &) = delete;

    // What all filters together come to, as cbpf::run_chain() has it.
    Verdict verdict(std::uint32_t arch, std::uint32_t number);
    // What one of them returns, all 32 bits of it, as cbpf::run() has it.
    Verdict filter_verdict(std::size_t index, std::uint32_t arch, std::uint32_t number);
    Permission always_allowed(std::uint32_t arch, std::uint32_t number);

    const cbpf::Chain &chain() const { return chain_; }
    const OracleWork &work() const { return work_; }

private:
    using Run = std::function<std::uint32_t(const seccomp_data &)>;
    // "Which input gives anything but `value`?"
    struct Question {
        const Outcomes &outcomes;
        std::vector<const SymbolicRun *> runs;
        Run run; // the interpreter's view of the same
        std::uint32_t value;
        Words start; // nr, arch, and zeros
    };

    const Outcomes &run_filter(std::size_t index, std::uint32_t arch, std::uint32_t number);
    Outcomes combine(const Outcomes &newer, const Outcomes &older);
    TermId rank(TermId value);
    Verdict decide_verdict(const Outcomes &outcomes, std::vector<const SymbolicRun *> runs,
                           const Run &run, const Words &start);
    SolverAnswer other_input(const Question &question);
    SolverAnswer find_other_input(const Question &question);
    TermId gives_other(const Question &question);
    void distrust(const Question &question, const SolverAnswer &answer) const;
    std::vector<Words> starts(const Words &start) const;
    void forget_if_large();

    cbpf::Chain chain_;
    SolverLimits limits_;
    Interpreter interpreter_;
    OracleWork work_;
    std::unique_ptr<Terms> terms_;
    std::vector<std::unique_ptr<SymbolicRun>> runs_; // one for each filter
    std::map<std::pair<Outcomes, std::uint32_t>, SolverAnswer> memory_;
    // The last that the solver had to find: what it takes for one number often does for others.
    std::deque<Words> hints_;
};

} // namespace analysis

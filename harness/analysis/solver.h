// SPDX-License-Identifier: MIT
//
// Asks z3 for an input under which a condition holds.

#pragma once

#include "analysis/term.h"

#include <string>
#include <variant>

namespace analysis {

// Where to give up. In units of work, not of time, so that the answer is the same on any machine.
struct SolverLimits {
    unsigned resources = 20'000'000; // z3's own unit ("rlimit"): some seconds
    unsigned operations = 200;       // multiplications and divisions in the condition
    unsigned terms = 200'000;        // in the condition
};

struct NoInput {}; // there is none: proved
struct GaveUp {
    std::string reason;
};
using SolverAnswer = std::variant<Words, NoInput, GaveUp>;

// Words that the condition leaves open are 0 in the answer, those of nr and arch as well. Throws
// std::logic_error when z3 refuses the question, which would be an error of ours.
SolverAnswer solve(const Terms &terms, TermId condition, const SolverLimits &limits);

} // namespace analysis

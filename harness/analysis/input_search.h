// SPDX-License-Identifier: MIT
//
// Looks for an input by trying: follows filters with an input at hand, and changes that so that
// one decision on the way falls differently. Most branches of real filters compare a field with a
// constant, and are turned at the first attempt. Whatever it does not find may exist all the same.

#pragma once

#include "analysis/symbolic_run.h"
#include "analysis/term.h"

#include <functional>
#include <optional>
#include <span>

namespace analysis {

// An input that satisfies `goal`. `runs` are those of the filters concerned, all run for the
// number and architecture that the inputs in `starts` have, and that are left as they are.
std::optional<Words> search_input(const Terms &terms, std::span<const SymbolicRun *const> runs,
                                  std::span<const Words> starts,
                                  const std::function<bool(const Words &)> &goal);

// Changes `input` so that a condition holds, or does not. False if it does not know how, and the
// input may have been changed then. True is a hope: where a field occurs twice in a condition it
// can be wrong.
bool make_hold(const Terms &terms, TermId condition, bool wanted, Words &input);

} // namespace analysis

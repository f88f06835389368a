// SPDX-License-Identifier: MIT
//
// Changes to chains that keep them chains of acceptable filters, and make them look like real
// ones: what flipping bits of the input alone would need ages to find.

#pragma once

#include "cbpf/program.h"
#include "tests/support/random_program.h"

namespace fuzz {

// A chain with one thing changed: a constant, a jump, an instruction more or less, a filter of a
// realistic shape more or in place of another, an order. Never empty; all filters acceptable.
cbpf::Chain mutated(support::Random &random, cbpf::Chain chain);

} // namespace fuzz

// SPDX-License-Identifier: MIT
//
// The guest's GoogleTest cases as cases of the host, under the same names.

#pragma once

#include "tests/vm/options.h"
#include "vm/machine.h"

#include <string>
#include <vector>

namespace tests {

// Asks the guest's programs, on the host, for their lists. Throws std::runtime_error where there is
// none. Boots nothing. Returns the full names of the tests.
std::vector<std::string> register_guest_tests(const Options &options);

// What a person wants to see of a run that failed: the reason, the output, the console.
std::string explain(const vm::Outcome &outcome);

} // namespace tests

// SPDX-License-Identifier: MIT
//
// Names for parametrised tests.

#pragma once

#include "cbpf/program.h"

#include <string>

namespace guest {

// "AluAddK", "JmpJeqX", "LdxMem": an instruction's code in letters and digits.
std::string code_name(unsigned code);

} // namespace guest

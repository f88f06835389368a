// SPDX-License-Identifier: MIT
//
// Our own KTAP programs (suite Selftests), and the kernel tree's (suite Kselftest).

#pragma once

#include "tests/vm/options.h"

namespace tests {

void register_kselftests(const Options &options);

} // namespace tests

// SPDX-License-Identifier: MIT
//
// The suite Configuration: is the kernel what its config's name says (expectation.h), and does
// the cache do there what it has to? It needs nothing in the guest but small C programs, so that
// it runs on every kernel that boots, 32-bit ones as well.

#pragma once

#include "tests/vm/options.h"

namespace tests {

// The tests depend on the kernel, which must be there. Throws vm::KernelBuildError.
void register_configuration_tests(const Options &options);

} // namespace tests

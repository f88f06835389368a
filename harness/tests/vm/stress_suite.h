// SPDX-License-Identifier: MIT
//
// The guest's stress program as a test of the host.

#pragma once

namespace tests {

// Stress.Patched, and Stress.Stock: the same load on the kernel without the patches, which is what
// the data races that KCSAN reports are to be compared with.
void register_stress_tests();

} // namespace tests

// SPDX-License-Identifier: MIT
//
// The guest's fault injection program as tests of the host.

#pragma once

namespace tests {

// FaultInjection.AsStock: every failing allocation has the result it has on the kernel without the
// patches. FaultInjection.LeaksNothing: the same walk in a machine that has kmemleak, which is
// asked when the machine is powered off. Neither applies where the kernel has no fault injection
// (applicability.h).
void register_fault_tests();

} // namespace tests

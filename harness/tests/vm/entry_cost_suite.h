// SPDX-License-Identifier: MIT
//
// What tasks without filters pay for the patches: nothing. A guest's program measures, the host
// compares the patched kernel with the unpatched one.

#pragma once

namespace tests {

void register_entry_cost_tests();

} // namespace tests

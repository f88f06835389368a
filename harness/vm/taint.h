// SPDX-License-Identifier: MIT
//
// The kernel's taint flags (Documentation/admin-guide/tainted-kernels.rst).

#pragma once

#include <cstdint>
#include <string>

namespace vm {

// "512 (W: a warning)"; several flags are separated by commas; 0 is "0".
std::string describe_taint(std::uint64_t taint);

} // namespace vm

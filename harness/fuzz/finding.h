// SPDX-License-Identifier: MIT
//
// An input that breaks something, made readable.

#pragma once

#include "cbpf/program.h"

#include <string>
#include <string_view>

namespace fuzz {

// The filters, disassembled, oldest first.
std::string disassembled(const cbpf::Chain &chain);

// A test case to paste into harness/fuzz/findings_unittest.cpp. `what` is a line of what was wrong.
std::string regression_test(const cbpf::Chain &chain, std::string_view name, std::string_view what);

} // namespace fuzz

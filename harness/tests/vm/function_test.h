// SPDX-License-Identifier: MIT
//
// Tests that are registered at run time, each a function.

#pragma once

#include <functional>
#include <string>

namespace tests {

void register_test(const char *suite, const std::string &name, std::function<void()> body);

} // namespace tests

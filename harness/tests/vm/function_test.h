// SPDX-License-Identifier: MIT
//
// Tests whose number or names are known only at run time.

#pragma once

#include <functional>
#include <string>

namespace tests {

// `body` makes GoogleTest's assertions, as the body of a TEST() does.
void register_test(const char *suite, const std::string &name, std::function<void()> body);

} // namespace tests

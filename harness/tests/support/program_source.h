// SPDX-License-Identifier: MIT
//
// Programs as the C++ that makes them, with the functions of cbpf/builder.h: for a failure that is
// to become a regression test.

#pragma once

#include "cbpf/program.h"

#include <string>

namespace support {

// "{load_nr(), jeq(0x27, 0, 1), ret(SECCOMP_RET_ERRNO | 1), ret_allow()}"
std::string program_source(const cbpf::Program &program);
// The same of each filter, oldest first, in braces.
std::string chain_source(const cbpf::Chain &chain);
// "SECCOMP_RET_ERRNO | 0x1"; a number where the action has no name.
std::string return_source(std::uint32_t value);

} // namespace support

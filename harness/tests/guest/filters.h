// SPDX-License-Identifier: MIT
//
// Filters that several suites use.

#pragma once

#include "cbpf/builder.h"
#include "cbpf/program.h"

namespace guest {

// Answers one number (of either architecture) by `value`, allows all others by their number alone.
inline cbpf::Program answer(std::uint32_t number, std::uint32_t value) {
    return {cbpf::load_nr(), cbpf::jeq(number, 0, 1), cbpf::ret(value), cbpf::ret_allow()};
}

// Allows all, but has to look at the argument of one number to know.
inline cbpf::Program look_at_argument(std::uint32_t number) {
    return {cbpf::load_nr(),       cbpf::jeq(number, 0, 3),
            cbpf::load_arg_low(5), cbpf::jeq(0x5ec0ffee, 0, 1),
            cbpf::ret_errno(1),    cbpf::ret_allow()};
}

inline cbpf::Program allow_all() { return {cbpf::ret_allow()}; }

} // namespace guest

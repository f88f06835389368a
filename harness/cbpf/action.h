// SPDX-License-Identifier: MIT
//
// Names for what a filter returns. A return value is an action in the upper 16 bits
// (SECCOMP_RET_ACTION_FULL) and data in the lower 16 (SECCOMP_RET_DATA), linux/seccomp.h.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cbpf {

// "ALLOW", "ERRNO(1)", "TRACE(7)", "KILL_PROCESS", ... Data is shown when it is not zero, and
// always for ERRNO. A value whose action the kernel does not know (it kills the process) is
// printed in hexadecimal: "0x12340000".
std::string action_name(std::uint32_t value);

// The inverse of action_name(): parse_action(action_name(v)) == v for every v. Data may be
// decimal or 0x-hexadecimal. Nothing for what is not such a name.
std::optional<std::uint32_t> parse_action(std::string_view text);

// The action alone, as the *signed* number by which the kernel orders them (ACTION_ONLY in
// kernel/seccomp.c): the lowest wins, and KILL_PROCESS (0x80000000) is the lowest of all.
std::int32_t action_rank(std::uint32_t value);

} // namespace cbpf

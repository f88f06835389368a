// SPDX-License-Identifier: MIT
//
// Would the kernel take this program as a seccomp filter? The rules are those of Linux 5.10:
// bpf_check_classic() and check_load_and_stores() in net/core/filter.c, and
// seccomp_check_filter() in kernel/seccomp.c. What is refused here is EINVAL there.
//
//     if (auto error = check(program))
//         fmt::print("{}: instruction {}: {}\n", name, error->pc, error->reason);
//
// Not judged here, because it depends on more than the program: privileges, memory, and the limit
// on the sum of all filters of a task.

#pragma once

#include "cbpf/program.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace cbpf {

struct CheckError {
    std::size_t pc;     // index of the offending instruction; 0 where the length itself is wrong
    std::string reason; // a clause in English without full stop
};

// Nothing when the kernel accepts the program.
std::optional<CheckError> check(std::span<const Instruction> program);

// For whoever can do nothing with a chain that no kernel would have let in: throws
// std::invalid_argument, which says which filter, which instruction and why.
void require_acceptable(const Chain &chain);

} // namespace cbpf

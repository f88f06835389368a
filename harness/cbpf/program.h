// SPDX-License-Identifier: MIT
//
// What a seccomp filter is: a list of classic BPF instructions, and a stack of such lists.

#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <span>
#include <vector>

namespace cbpf {

// One classic BPF instruction: {code, jt, jf, k}, the kernel's own ABI struct (8 bytes).
using Instruction = sock_filter;

// One filter, as passed to seccomp(2). Nothing is implied about its being acceptable: see
// checker.h.
using Program = std::vector<Instruction>;

// All filters of a task, ALWAYS oldest first, which is the order of PTRACE_SECCOMP_GET_FILTER's
// index. (The kernel runs them newest first.)
using Chain = std::vector<Program>;

// The longest program the kernel takes (BPF_MAXINSNS, linux/bpf_common.h), in instructions.
inline constexpr std::size_t max_instructions = BPF_MAXINSNS;

// Instructions have no operator== of their own, being a C struct of the kernel's.
bool same_program(std::span<const Instruction> a, std::span<const Instruction> b);

} // namespace cbpf

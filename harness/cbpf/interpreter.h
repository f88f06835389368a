// SPDX-License-Identifier: MIT
//
// Runs filters as the kernel does: all of classic BPF that seccomp knows, in unsigned 32-bit
// arithmetic. Sources: bpf_convert_filter() in net/core/filter.c for the instructions (A and X
// start as 0; division by an X of 0 ends the program with 0), seccomp_run_filters() in
// kernel/seccomp.c for chains.

#pragma once

#include "cbpf/program.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cbpf {

// The value the program returns for `data`. The program must be one that check() accepts; the
// interpreter notices when it is not and throws std::logic_error rather than read out of bounds.
std::uint32_t run(std::span<const Instruction> program, const seccomp_data &data);

struct ChainVerdict {
    // What the kernel acts upon: the return value, data bits included, of the filter that won, or
    // plain SECCOMP_RET_ALLOW when no filter asks for anything else.
    std::uint32_t value;
    // The filter that won, as an index into the chain; nothing when none did. Among filters with
    // the same action that is the newest.
    std::optional<std::size_t> match;
};

// The verdict of all filters of a task together. An empty chain allows.
ChainVerdict run_chain(const Chain &chain, const seccomp_data &data);

} // namespace cbpf

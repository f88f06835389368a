// SPDX-License-Identifier: MIT
//
// Which syscall numbers must the patched kernel cache as ALLOW? Written from the feature's
// contract, not from the kernel's code, and by another algorithm, so that the two do not share a
// mistake: the kernel walks the program once per (architecture, number); this pushes the whole
// set of numbers through the program in a single pass over it.
//
// The contract: a number is ALLOW if the path it takes from the first instruction on reaches a
// return of exactly SECCOMP_RET_ALLOW by way of nothing but these eight instructions,
//     LD|W|ABS of nr or arch, JMP|JA, JMP|{JEQ,JGE,JGT,JSET}|K, ALU|AND|K, RET|K,
// in this filter and in every older one. Anything else on its path, also a load that makes no
// difference in the end, means that the filter is run: not cached.

#pragma once

#include "cbpf/program.h"

#include <cstdint>
#include <vector>

namespace analysis {

// result[nr] for nr in 0..size-1; true: the kernel must cache ALLOW. An empty chain is a task
// without filter, which has no cache: all false. Throws std::invalid_argument when a program of
// the chain is not one that cbpf::check() accepts.
std::vector<bool> allowed_numbers(const cbpf::Chain &chain, std::uint32_t arch, unsigned size);

} // namespace analysis

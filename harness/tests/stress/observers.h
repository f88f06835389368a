// SPDX-License-Identifier: MIT
//
// Processes of the stress test that look at the others, from outside.

#pragma once

#include "tests/stress/board.h"

#include "cbpf/syscall_table.h"

#include <cstdint>
#include <vector>

namespace stress {

// Reads proc files of tasks and threads, through descriptors it keeps beyond their death, until the
// board says stop. Every text has to be a legal one, and a task's marks must not become fewer.
void read_caches(Board &board, const std::vector<cbpf::SyscallTable> &tables, std::uint64_t seed);

// Halts tasks and dumps their filters, likewise. The chain has to begin with the oldest filter, and
// to be what the proc file shows. Without `tables` (a kernel without the cache) it dumps only.
void dump_filters(Board &board, const std::vector<cbpf::SyscallTable> &tables, std::uint64_t seed);

} // namespace stress

// SPDX-License-Identifier: MIT
//
// What a filter costs the kernel's emulator, without a kernel: how many basic blocks of it are
// executed for both syscall tables of x86. It is compiled once more for that, with the compiler's
// -fsanitize-coverage=trace-pc, and so cannot be in one program with kernel/emulator.
//
// A block is some four instructions, so this is good for comparing filters, and no measurement.

#pragma once

#include "cbpf/program.h"

#include <cstdint>

namespace bench {

// The program must be one that cbpf::check() accepts. The same each time. Not for threads.
std::uint64_t emulation_cost(const cbpf::Program &program);

} // namespace bench

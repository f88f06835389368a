// SPDX-License-Identifier: MIT
//
// The emulator of the patched kernel itself (kernel/seccomp_emu.c), compiled for user space
// without a change, and asked the same question as the reference emulator. So it can be fuzzed,
// model-checked and compared without a kernel.
//
// What this does not show: how kernel/seccomp.c calls it. The few lines there that fill the
// bitmaps are written anew in adapter.c; the tests in the guest are for the real ones.

#pragma once

#include "cbpf/program.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kernel {

// As analysis::allowed_numbers(): result[nr] for nr in 0..size-1; true: the kernel caches ALLOW.
// An empty chain has no cache: all false. Throws std::invalid_argument when a program of the chain
// is not one that cbpf::check() accepts: the kernel never emulates such.
std::vector<bool> emulated_numbers(const cbpf::Chain &chain, std::uint32_t arch, unsigned size);

// The return value of a program for one syscall, where the emulator knows it: any number and any
// arch, also such as no table has. Throws std::invalid_argument likewise.
std::optional<std::uint32_t> emulated_verdict(std::span<const cbpf::Instruction> program,
                                              std::uint32_t arch, std::uint32_t number);

} // namespace kernel

// SPDX-License-Identifier: MIT
//
// The emulator of the patched kernel itself (kernel/seccomp_emu.c), compiled for user space
// without a change, and asked the same question as the reference emulator. So it can be fuzzed,
// model-checked and compared without a kernel.
//
// What this does not show: how kernel/seccomp.c calls it. The few lines there that fill the
// bitmaps are written anew in adapter.c and kernel_emulator.cpp; the tests in the guest are for
// the real ones.

#pragma once

#include "cbpf/program.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct seccomp_emu;

namespace kernel {

// One filter's emulation, which can be asked about one architecture after the other. The program
// and the emulation's memory are on the heap in exactly the size that the kernel takes for them,
// so that AddressSanitizer sees a step past an end. Before its use the memory is full of `garbage`:
// if anything depends on what was there, other garbage gives another result.
class Emulation {
public:
    // Throws std::invalid_argument for a program that cbpf::check() refuses: the kernel never
    // emulates such.
    explicit Emulation(std::span<const cbpf::Instruction> program, std::uint8_t garbage = 0xa5);

    // result[nr] for nr in 0..size-1; true: the filter by itself was shown to allow it. Throws
    // std::invalid_argument for a larger table than the kernel's emulator knows, and
    // std::logic_error if it sets bits beyond `size`.
    std::vector<bool> allowed(std::uint32_t arch, unsigned size);

    // Of the memory, in bytes.
    std::size_t size() const { return memory_.size(); }

private:
    std::uint8_t garbage_;
    std::span<cbpf::Instruction> program_;
    std::span<std::byte> memory_;
    std::unique_ptr<cbpf::Instruction[]> program_owner_;
    std::unique_ptr<std::byte[]> memory_owner_;
};

// As analysis::allowed_numbers(): result[nr] for nr in 0..size-1; true: the kernel caches ALLOW,
// which is that each filter by itself was shown to allow it. An empty chain has no cache: all
// false. Throws std::invalid_argument likewise.
std::vector<bool> emulated_numbers(const cbpf::Chain &chain, std::uint32_t arch, unsigned size);

} // namespace kernel

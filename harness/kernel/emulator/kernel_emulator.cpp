// SPDX-License-Identifier: MIT
#include "kernel/emulator/kernel_emulator.h"

#include "cbpf/checker.h"
#include "kernel/emulator/adapter.h"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <stdexcept>

namespace kernel {

namespace {

unsigned length_of(std::span<const cbpf::Instruction> program) {
    if (const auto error = cbpf::check(program))
        throw std::invalid_argument(
            fmt::format("instruction {}: {}: no kernel emulates this", error->pc, error->reason));
    return static_cast<unsigned>(program.size());
}

} // namespace

Emulation::Emulation(std::span<const cbpf::Instruction> program, std::uint8_t garbage)
    : garbage_(garbage) {
    const unsigned length = length_of(program);
    const std::size_t bytes = emulator_size(length);
    program_owner_ = std::make_unique<cbpf::Instruction[]>(length);
    memory_owner_ = std::make_unique<std::byte[]>(bytes);
    program_ = {program_owner_.get(), length};
    memory_ = {memory_owner_.get(), bytes};
    std::ranges::copy(program, program_.begin());
    std::memset(memory_.data(), garbage, bytes);
    emulator_init(reinterpret_cast<seccomp_emu *>(memory_.data()), program_.data(), length);
}

std::vector<bool> Emulation::allowed(std::uint32_t arch, unsigned size) {
    if (size > emulator_largest_table())
        throw std::invalid_argument(fmt::format("a table of {} numbers: no kernel has it", size));
    const std::size_t words = emulator_bitmap_words(size);
    const auto bitmap = std::make_unique<unsigned long[]>(words);
    std::memset(bitmap.get(), garbage_, words * sizeof(unsigned long));
    emulator_allowed(reinterpret_cast<seccomp_emu *>(memory_.data()), arch, size, bitmap.get());

    std::vector<bool> bits(size);
    for (unsigned number = 0; number < size; number++)
        bits[number] = emulator_bit(bitmap.get(), number);
    for (unsigned bit = size; bit < words * sizeof(unsigned long) * CHAR_BIT; bit++)
        if (emulator_bit(bitmap.get(), bit))
            throw std::logic_error(fmt::format("bit {} of a table of {} is set", bit, size));
    return bits;
}

std::vector<bool> emulated_numbers(const cbpf::Chain &chain, std::uint32_t arch, unsigned size) {
    std::vector<bool> all(size, !chain.empty());
    for (const cbpf::Program &program : chain) {
        const auto own = Emulation(program).allowed(arch, size);
        for (unsigned number = 0; number < size; number++)
            all[number] = all[number] && own[number];
    }
    return all;
}

} // namespace kernel

// SPDX-License-Identifier: MIT
#include "kernel/emulator/kernel_emulator.h"

#include "cbpf/checker.h"
#include "kernel/emulator/adapter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <stdexcept>

namespace kernel {

namespace {

// A program in memory of exactly its size, so that AddressSanitizer sees a step past its end.
class ExactCopy {
public:
    explicit ExactCopy(std::span<const cbpf::Instruction> program)
        : length_(program.size()), copy_(std::make_unique<cbpf::Instruction[]>(length_)) {
        if (const auto error = cbpf::check(program))
            throw std::invalid_argument(fmt::format("instruction {}: {}: no kernel emulates this",
                                                    error->pc, error->reason));
        std::copy(program.begin(), program.end(), copy_.get());
    }

    const cbpf::Instruction *filter() const { return copy_.get(); }
    unsigned length() const { return static_cast<unsigned>(length_); }

private:
    std::size_t length_;
    std::unique_ptr<cbpf::Instruction[]> copy_;
};

} // namespace

std::vector<bool> emulated_numbers(const cbpf::Chain &chain, std::uint32_t arch, unsigned size) {
    // std::vector<bool> has no bools that a C function could write to.
    std::unique_ptr<bool[]> allow;
    for (const cbpf::Program &program : chain) {
        const ExactCopy copy(program);
        auto next = std::make_unique<bool[]>(size);
        emulator_fill(next.get(), allow.get(), size, arch, copy.filter(), copy.length());
        allow = std::move(next);
    }
    if (!allow)
        return std::vector<bool>(size, false);
    return std::vector<bool>(allow.get(), allow.get() + size);
}

std::optional<std::uint32_t> emulated_verdict(std::span<const cbpf::Instruction> program,
                                              std::uint32_t arch, std::uint32_t number) {
    const ExactCopy copy(program);
    std::uint32_t verdict = 0;
    if (!emulator_constant(copy.filter(), copy.length(), arch, number, &verdict))
        return std::nullopt;
    return verdict;
}

} // namespace kernel

// SPDX-License-Identifier: MIT
#include "fuzz/properties.h"

#include "analysis/reference_emulator.h"
#include "cbpf/action.h"
#include "cbpf/interpreter.h"
#include "cbpf/syscall_table.h"
#include "kernel/emulator/kernel_emulator.h"
#include "tests/support/random_program.h"

#include <fmt/format.h>
#include <linux/audit.h>

#include <array>
#include <cstdint>
#include <vector>

namespace fuzz {

namespace {

using Violation = std::optional<std::string>;

constexpr std::array<std::uint32_t, 2> arches = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386};

// The interpreter is the slow part of an execution: how often it is asked.
constexpr unsigned numbers_run = 4;   // allowed numbers of each table
constexpr unsigned data_for_each = 2; // syscalls with such a number

std::string call_name(std::uint32_t arch, std::uint32_t number) {
    return fmt::format("{} {}", cbpf::arch_name(arch).value_or(fmt::format("{:#x}", arch)), number);
}

// FNV-1a: the same chain is tried with the same data on every machine.
std::uint64_t seed_of(const cbpf::Chain &chain) {
    std::uint64_t hash = 0xcbf29ce484222325;
    const auto mix = [&hash](std::uint64_t word) { hash = (hash ^ word) * 0x100000001b3; };
    for (const cbpf::Program &program : chain) {
        mix(program.size());
        for (const cbpf::Instruction &insn : program)
            mix((std::uint64_t{insn.k} << 32) | (std::uint64_t{insn.code} << 16) |
                (std::uint64_t{insn.jt} << 8) | insn.jf);
    }
    return hash;
}

// Of any size, an end within a word of the bitmap as well as at one.
unsigned size_of_table(support::Random &random) {
    const std::uint32_t kind = support::pick(random, 64);
    if (kind == 0)
        return table_size;
    return 1 + support::pick(random, kind < 12 ? medium_table_size : small_table_size);
}

class Trial {
public:
    explicit Trial(const cbpf::Chain &chain)
        : chain_(chain), random_(seed_of(chain)), size_(size_of_table(random_)) {}

    Violation run() {
        const auto both = emulated();
        for (std::size_t i = 0; i < arches.size(); i++) {
            const std::uint32_t arch = arches[i];
            if (both[i] != kernel::emulated_numbers(chain_, arch, size_))
                return fmt::format("{}: what was in memory makes a difference",
                                   cbpf::arch_name(arch).value_or("?"));
            if (auto found = compare_with_reference(arch, both[i]))
                return found;
            if (auto found = run_allowed(arch, both[i]))
                return found;
        }
        return std::nullopt;
    }

private:
    // As the kernel does it: one emulation of each filter for both tables. In what order, and what
    // is in its memory, is to make no difference.
    std::array<std::vector<bool>, arches.size()> emulated() {
        std::array<std::vector<bool>, arches.size()> both;
        both.fill(std::vector<bool>(size_, true));
        for (const cbpf::Program &program : chain_) {
            kernel::Emulation emulation(program, static_cast<std::uint8_t>(random_()));
            const std::size_t first = support::pick(random_, arches.size());
            for (std::size_t i = 0; i < arches.size(); i++) {
                const std::size_t now = (first + i) % arches.size();
                const auto own = emulation.allowed(arches[now], size_);
                for (unsigned number = 0; number < size_; number++)
                    both[now][number] = both[now][number] && own[number];
            }
        }
        return both;
    }

    Violation compare_with_reference(std::uint32_t arch, const std::vector<bool> &allowed) {
        const auto reference = analysis::provable_numbers(chain_, arch, size_);
        const auto number = reference.first_refuted(allowed);
        if (!number)
            return std::nullopt;
        return fmt::format("{}: the kernel's emulator says {}, the reference {}",
                           call_name(arch, *number), allowed[*number] ? "ALLOW" : "FILTER",
                           reference.allowed[*number] ? "ALLOW" : "FILTER");
    }

    Violation run_allowed(std::uint32_t arch, const std::vector<bool> &allowed) {
        for (unsigned i = 0; i < numbers_run; i++) {
            // The next allowed one from somewhere on: no list of them is needed.
            std::uint32_t number = support::pick(random_, size_);
            while (number < size_ && !allowed[number])
                number++;
            if (number == size_)
                continue;
            for (unsigned j = 0; j < data_for_each; j++)
                if (auto found = run_allowed_call(arch, number))
                    return found;
        }
        return std::nullopt;
    }

    Violation run_allowed_call(std::uint32_t arch, std::uint32_t number) {
        const auto &aim = chain_[support::pick(random_, static_cast<std::uint32_t>(chain_.size()))];
        const seccomp_data data = support::random_data(random_, aim, arch, number);
        for (const cbpf::Program &program : chain_)
            if (const std::uint32_t value = cbpf::run(program, data); value != SECCOMP_RET_ALLOW)
                return fmt::format("{} is cached as ALLOW, and a filter returns {}",
                                   call_name(arch, number), cbpf::action_name(value));
        if (const auto verdict = cbpf::run_chain(chain_, data); verdict.value != SECCOMP_RET_ALLOW)
            return fmt::format("{} is cached as ALLOW, and the chain returns {}",
                               call_name(arch, number), cbpf::action_name(verdict.value));
        return std::nullopt;
    }

    const cbpf::Chain &chain_;
    support::Random random_;
    unsigned size_;
};

} // namespace

unsigned table_size_for(const cbpf::Chain &chain) {
    support::Random random(seed_of(chain));
    return size_of_table(random);
}

Violation violation(const cbpf::Chain &chain) { return Trial(chain).run(); }

} // namespace fuzz

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
constexpr unsigned verdicts_run = 4;  // (arch, number) of each filter, from anywhere

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

class Trial {
public:
    explicit Trial(const cbpf::Chain &chain) : chain_(chain), random_(seed_of(chain)) {}

    Violation run() {
        for (const std::uint32_t arch : arches) {
            const auto allowed = kernel::emulated_numbers(chain_, arch, table_size);
            if (auto found = compare_with_reference(arch, allowed))
                return found;
            if (auto found = run_allowed(arch, allowed))
                return found;
        }
        for (const cbpf::Program &program : chain_)
            if (auto found = run_known_verdicts(program))
                return found;
        return std::nullopt;
    }

private:
    Violation compare_with_reference(std::uint32_t arch, const std::vector<bool> &allowed) {
        const auto reference = analysis::allowed_numbers(chain_, arch, table_size);
        for (std::uint32_t number = 0; number < table_size; number++)
            if (allowed[number] != reference[number])
                return fmt::format("{}: the kernel's emulator says {}, the reference {}",
                                   call_name(arch, number), allowed[number] ? "ALLOW" : "FILTER",
                                   reference[number] ? "ALLOW" : "FILTER");
        return std::nullopt;
    }

    Violation run_allowed(std::uint32_t arch, const std::vector<bool> &allowed) {
        for (unsigned i = 0; i < numbers_run; i++) {
            // The next allowed one from somewhere on: no list of them is needed.
            std::uint32_t number = support::pick(random_, table_size);
            while (number < table_size && !allowed[number])
                number++;
            if (number == table_size)
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

    Violation run_known_verdicts(const cbpf::Program &program) {
        for (unsigned i = 0; i < verdicts_run; i++) {
            const std::uint32_t arch = any_word(program, arches[i % arches.size()]);
            const std::uint32_t number = any_word(program, support::pick(random_, table_size));
            const auto claimed = kernel::emulated_verdict(program, arch, number);
            if (!claimed)
                continue;
            const auto data = support::random_data(random_, program, arch, number);
            if (const std::uint32_t value = cbpf::run(program, data); value != *claimed)
                return fmt::format(
                    "{}: the kernel's emulator claims {:#x}, the filter returns {:#x}",
                    call_name(arch, number), *claimed, value);
        }
        return std::nullopt;
    }

    // `usual`, or one beside a constant of the program, or anything.
    std::uint32_t any_word(const cbpf::Program &program, std::uint32_t usual) {
        switch (support::pick(random_, 4)) {
        case 0:
            return static_cast<std::uint32_t>(random_());
        case 1:
            return program[support::pick(random_, static_cast<std::uint32_t>(program.size()))].k +
                   support::pick(random_, 3) - 1;
        default:
            return usual;
        }
    }

    const cbpf::Chain &chain_;
    support::Random random_;
};

} // namespace

Violation violation(const cbpf::Chain &chain) { return Trial(chain).run(); }

} // namespace fuzz

// SPDX-License-Identifier: MIT
#include "analysis/reference_emulator.h"

#include "cbpf/checker.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

namespace analysis {

namespace {

using cbpf::Instruction;
using Numbers = std::vector<std::uint32_t>; // a set: no number twice

// What register A holds. For one syscall number that is a plain value; for many at once it is a
// function of the number, and with only AND to change it, one of two kinds: `nr & bits`, or the
// constant `bits`. Both are closed under AND.
struct Register {
    bool of_number;
    std::uint32_t bits;

    std::uint32_t value_for(std::uint32_t number) const { return of_number ? number & bits : bits; }
    bool operator==(const Register &) const = default;
};

constexpr Register zero{.of_number = false, .bits = 0};

// Numbers that stand at the same instruction with the same A. A number is in one group at most:
// the eight instructions leave it no choice of path.
struct Group {
    Register a;
    Numbers numbers;
};

class Pass {
public:
    Pass(std::span<const Instruction> program, std::uint32_t arch)
        : program_(program), arch_(arch), waiting_(program.size()) {}

    // Those of `numbers` that are proved ALLOW. Nothing is taken as allowed that does not arrive
    // at a return of it, so a group dropped anywhere on the way is one not cached.
    Numbers run(Numbers numbers) {
        arrive(0, {zero, std::move(numbers)});
        for (std::size_t pc = 0; pc < program_.size(); pc++) {
            for (Group &group : std::exchange(waiting_[pc], {}))
                step(pc, std::move(group));
        }
        return std::move(allowed_);
    }

private:
    void arrive(std::size_t pc, Group group) {
        if (group.numbers.empty())
            return;
        for (Group &other : waiting_[pc]) {
            if (other.a == group.a) {
                other.numbers.insert(other.numbers.end(), group.numbers.begin(),
                                     group.numbers.end());
                return;
            }
        }
        waiting_[pc].push_back(std::move(group));
    }

    void step(std::size_t pc, Group group) {
        const Instruction &insn = program_[pc];
        const std::uint32_t k = insn.k;

        switch (insn.code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (k == offsetof(seccomp_data, nr))
                group.a = {.of_number = true, .bits = UINT32_MAX};
            else if (k == offsetof(seccomp_data, arch))
                group.a = {.of_number = false, .bits = arch_};
            else
                return;
            return arrive(pc + 1, std::move(group));
        case BPF_ALU | BPF_AND | BPF_K:
            group.a.bits &= k;
            return arrive(pc + 1, std::move(group));
        case BPF_JMP | BPF_JA:
            return arrive(pc + 1 + k, std::move(group));
        case BPF_JMP | BPF_JEQ | BPF_K:
            return split(pc, std::move(group), [k](std::uint32_t a) { return a == k; });
        case BPF_JMP | BPF_JGE | BPF_K:
            return split(pc, std::move(group), [k](std::uint32_t a) { return a >= k; });
        case BPF_JMP | BPF_JGT | BPF_K:
            return split(pc, std::move(group), [k](std::uint32_t a) { return a > k; });
        case BPF_JMP | BPF_JSET | BPF_K:
            return split(pc, std::move(group), [k](std::uint32_t a) { return (a & k) != 0; });
        case BPF_RET | BPF_K:
            if (k == SECCOMP_RET_ALLOW)
                allowed_.insert(allowed_.end(), group.numbers.begin(), group.numbers.end());
            return;
        default:
            return;
        }
    }

    template <typename Condition> void split(std::size_t pc, Group group, Condition holds) {
        const auto otherwise =
            std::partition(group.numbers.begin(), group.numbers.end(),
                           [&](std::uint32_t number) { return holds(group.a.value_for(number)); });
        Group rest{group.a, Numbers(otherwise, group.numbers.end())};
        group.numbers.erase(otherwise, group.numbers.end());
        arrive(pc + 1 + program_[pc].jt, std::move(group));
        arrive(pc + 1 + program_[pc].jf, std::move(rest));
    }

    std::span<const Instruction> program_;
    std::uint32_t arch_;
    std::vector<std::vector<Group>> waiting_; // per instruction
    Numbers allowed_;
};

} // namespace

std::vector<bool> allowed_numbers(const cbpf::Chain &chain, std::uint32_t arch, unsigned size) {
    cbpf::require_acceptable(chain);
    std::vector<bool> allowed(size, false);
    if (chain.empty())
        return allowed;

    Numbers numbers(size);
    std::iota(numbers.begin(), numbers.end(), 0u);
    for (const cbpf::Program &program : chain)
        numbers = Pass(program, arch).run(std::move(numbers));
    for (const std::uint32_t number : numbers)
        allowed[number] = true;
    return allowed;
}

} // namespace analysis

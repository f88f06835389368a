// SPDX-License-Identifier: MIT
#include "cbpf/checker.h"

#include <fmt/format.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

namespace cbpf {

namespace {

constexpr unsigned memory_words = BPF_MEMWORDS;
constexpr std::uint16_t all_words = 0xffff;
static_assert(memory_words == 16);

// The instructions named in seccomp_check_filter(). It is a subset of what bpf_check_classic()
// knows: no packet loads, no BPF_MOD. Codes are compared whole: BPF_RET|BPF_X, or a bit that means
// nothing, make an unknown instruction.
bool known_to_seccomp(std::uint16_t code) {
    switch (code) {
    case BPF_LD | BPF_W | BPF_ABS:
    case BPF_LD | BPF_W | BPF_LEN:
    case BPF_LDX | BPF_W | BPF_LEN:
    case BPF_RET | BPF_K:
    case BPF_RET | BPF_A:
    case BPF_ALU | BPF_ADD | BPF_K:
    case BPF_ALU | BPF_ADD | BPF_X:
    case BPF_ALU | BPF_SUB | BPF_K:
    case BPF_ALU | BPF_SUB | BPF_X:
    case BPF_ALU | BPF_MUL | BPF_K:
    case BPF_ALU | BPF_MUL | BPF_X:
    case BPF_ALU | BPF_DIV | BPF_K:
    case BPF_ALU | BPF_DIV | BPF_X:
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_ALU | BPF_AND | BPF_X:
    case BPF_ALU | BPF_OR | BPF_K:
    case BPF_ALU | BPF_OR | BPF_X:
    case BPF_ALU | BPF_XOR | BPF_K:
    case BPF_ALU | BPF_XOR | BPF_X:
    case BPF_ALU | BPF_LSH | BPF_K:
    case BPF_ALU | BPF_LSH | BPF_X:
    case BPF_ALU | BPF_RSH | BPF_K:
    case BPF_ALU | BPF_RSH | BPF_X:
    case BPF_ALU | BPF_NEG:
    case BPF_LD | BPF_IMM:
    case BPF_LDX | BPF_IMM:
    case BPF_MISC | BPF_TAX:
    case BPF_MISC | BPF_TXA:
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
    case BPF_ST:
    case BPF_STX:
    case BPF_JMP | BPF_JA:
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JEQ | BPF_X:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_X:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_X:
    case BPF_JMP | BPF_JSET | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_X:
        return true;
    default:
        return false;
    }
}

bool is_conditional_jump(const Instruction &insn) {
    return BPF_CLASS(insn.code) == BPF_JMP && BPF_OP(insn.code) != BPF_JA;
}

std::optional<std::string> check_memory_index(const Instruction &insn) {
    if (insn.k < memory_words)
        return std::nullopt;
    return fmt::format("memory word {} does not exist (0 to {} do)", insn.k, memory_words - 1);
}

std::optional<std::string> check_jumps(const Instruction &insn, std::size_t pc,
                                       std::size_t length) {
    const std::size_t behind = length - pc - 1; // instructions after this one, never negative
    const auto outside = [&](std::size_t distance) { return distance >= behind; };

    if (!is_conditional_jump(insn)) {
        if (outside(insn.k))
            return fmt::format("jump by {} leaves the program", insn.k);
    } else if (outside(insn.jt)) {
        return fmt::format("jump by {} (if true) leaves the program", insn.jt);
    } else if (outside(insn.jf)) {
        return fmt::format("jump by {} (if false) leaves the program", insn.jf);
    }
    return std::nullopt;
}

// Rules about one instruction and its constant.
std::optional<std::string> check_one(const Instruction &insn, std::size_t pc, std::size_t length) {
    if (!known_to_seccomp(insn.code))
        return fmt::format("instruction code {:#06x} is not allowed in a seccomp filter",
                           insn.code);

    switch (insn.code) {
    case BPF_ALU | BPF_DIV | BPF_K:
        if (insn.k == 0)
            return "division by the constant 0";
        return std::nullopt;
    case BPF_ALU | BPF_LSH | BPF_K:
    case BPF_ALU | BPF_RSH | BPF_K:
        if (insn.k >= 32)
            return fmt::format("shift of a 32-bit word by {}", insn.k);
        return std::nullopt;
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
    case BPF_ST:
    case BPF_STX:
        return check_memory_index(insn);
    case BPF_LD | BPF_W | BPF_ABS:
        if (insn.k >= sizeof(seccomp_data))
            return fmt::format("load at offset {}, beyond the {} bytes of seccomp_data", insn.k,
                               sizeof(seccomp_data));
        if (insn.k % 4 != 0)
            return fmt::format("load at offset {}, which is not a multiple of 4", insn.k);
        return std::nullopt;
    default:
        if (BPF_CLASS(insn.code) == BPF_JMP)
            return check_jumps(insn, pc, length);
        return std::nullopt;
    }
}

std::uint16_t both(std::uint16_t a, std::uint16_t b) { return static_cast<std::uint16_t>(a & b); }

// check_load_and_stores(): no memory word is read that has not been written on every way there.
// The kernel's approximation is kept to the letter. One forward pass, in which code after an
// unconditional jump counts as reached by its jumps alone, but code after a *return* counts as
// reached from that return as well.
std::optional<CheckError> check_memory_reads(std::span<const Instruction> program) {
    std::vector<std::uint16_t> written_at(program.size(), all_words);
    std::uint16_t written = 0; // one bit per memory word

    for (std::size_t pc = 0; pc < program.size(); pc++) {
        const Instruction &insn = program[pc];
        const auto jump_to = [&](std::size_t distance) {
            written_at[pc + 1 + distance] = both(written_at[pc + 1 + distance], written);
        };

        written = both(written, written_at[pc]);
        switch (BPF_CLASS(insn.code)) {
        case BPF_ST:
        case BPF_STX:
            written = static_cast<std::uint16_t>(written | (1u << insn.k));
            break;
        case BPF_LD:
        case BPF_LDX:
            if (BPF_MODE(insn.code) == BPF_MEM && (written & (1u << insn.k)) == 0)
                return CheckError{
                    pc, fmt::format("memory word {} may be read before it is written", insn.k)};
            break;
        case BPF_JMP:
            if (is_conditional_jump(insn)) {
                jump_to(insn.jt);
                jump_to(insn.jf);
            } else {
                jump_to(insn.k);
            }
            written = all_words;
            break;
        default:
            break;
        }
    }
    return std::nullopt;
}

} // namespace

std::optional<CheckError> check(std::span<const Instruction> program) {
    if (program.empty())
        return CheckError{0, "the program has no instructions"};
    if (program.size() > max_instructions)
        return CheckError{0, fmt::format("the program has {} instructions, more than {}",
                                         program.size(), max_instructions)};

    for (std::size_t pc = 0; pc < program.size(); pc++)
        if (auto reason = check_one(program[pc], pc, program.size()))
            return CheckError{pc, *reason};

    if (BPF_CLASS(program.back().code) != BPF_RET)
        return CheckError{program.size() - 1, "the last instruction is not a return"};

    return check_memory_reads(program);
}

void require_acceptable(const Chain &chain) {
    for (std::size_t index = 0; index < chain.size(); index++)
        if (const auto error = check(chain[index]))
            throw std::invalid_argument(
                fmt::format("filter {}, instruction {}: {}: the kernel would refuse this filter",
                            index, error->pc, error->reason));
}

} // namespace cbpf

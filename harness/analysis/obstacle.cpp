// SPDX-License-Identifier: MIT
#include "analysis/obstacle.h"

#include <cstddef>
#include <stdexcept>

namespace analysis {

namespace {

using cbpf::Instruction;

bool is_known_load(const Instruction &insn) {
    return insn.code == (BPF_LD | BPF_W | BPF_ABS) &&
           (insn.k == offsetof(seccomp_data, nr) || insn.k == offsetof(seccomp_data, arch));
}

std::optional<Obstacle> obstacle_of_load(const Instruction &insn) {
    if (is_known_load(insn))
        return std::nullopt;
    switch (BPF_MODE(insn.code)) {
    case BPF_ABS:
        return insn.k < offsetof(seccomp_data, args) ? Obstacle::instruction_pointer
                                                     : Obstacle::argument;
    case BPF_MEM:
        return Obstacle::scratch_memory;
    default:
        return Obstacle::constant;
    }
}

std::optional<Obstacle> obstacle_of(const Instruction &insn) {
    switch (BPF_CLASS(insn.code)) {
    case BPF_LD:
    case BPF_LDX:
        return obstacle_of_load(insn);
    case BPF_ST:
    case BPF_STX:
        return Obstacle::scratch_memory;
    case BPF_ALU:
        return insn.code == (BPF_ALU | BPF_AND | BPF_K) ? std::nullopt
                                                        : std::optional(Obstacle::arithmetic);
    case BPF_JMP:
        return BPF_OP(insn.code) != BPF_JA && BPF_SRC(insn.code) == BPF_X
                   ? std::optional(Obstacle::register_x)
                   : std::nullopt;
    case BPF_RET:
        return insn.code == (BPF_RET | BPF_A) ? std::optional(Obstacle::computed_return)
                                              : std::nullopt;
    default:
        return Obstacle::register_x;
    }
}

std::uint32_t jump_distance(const Instruction &insn, std::uint32_t a) {
    bool taken = false;
    switch (BPF_OP(insn.code)) {
    case BPF_JA:
        return insn.k;
    case BPF_JEQ:
        taken = a == insn.k;
        break;
    case BPF_JGT:
        taken = a > insn.k;
        break;
    case BPF_JGE:
        taken = a >= insn.k;
        break;
    default:
        taken = (a & insn.k) != 0;
        break;
    }
    return taken ? insn.jt : insn.jf;
}

} // namespace

std::string_view obstacle_name(Obstacle obstacle) {
    switch (obstacle) {
    case Obstacle::argument:
        return "load of an argument";
    case Obstacle::instruction_pointer:
        return "load of the instruction pointer";
    case Obstacle::constant:
        return "load of a constant or of the length";
    case Obstacle::scratch_memory:
        return "scratch memory";
    case Obstacle::arithmetic:
        return "arithmetic other than AND with a constant";
    case Obstacle::register_x:
        return "register X";
    case Obstacle::computed_return:
        return "return of A";
    }
    throw std::logic_error("no such obstacle");
}

std::optional<Obstacle> first_obstacle(std::span<const Instruction> program, std::uint32_t arch,
                                       std::uint32_t number) {
    std::uint32_t a = 0;
    for (std::size_t pc = 0; pc < program.size(); pc++) {
        const Instruction &insn = program[pc];
        if (const auto obstacle = obstacle_of(insn))
            return obstacle;
        switch (BPF_CLASS(insn.code)) {
        case BPF_LD:
            a = insn.k == offsetof(seccomp_data, nr) ? number : arch;
            break;
        case BPF_ALU:
            a &= insn.k;
            break;
        case BPF_JMP:
            pc += jump_distance(insn, a);
            break;
        default: // a return
            return std::nullopt;
        }
    }
    throw std::logic_error("a filter without return");
}

} // namespace analysis

// SPDX-License-Identifier: MIT
#include "fuzz/repair.h"

#include "cbpf/builder.h"
#include "cbpf/checker.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

namespace fuzz {

namespace {

using cbpf::Instruction;
using cbpf::Program;

// The instruction codes that seccomp knows, from the checker itself: each is tried in a program in
// which the constant 4 suits all of them.
std::vector<std::uint16_t> ask_checker_for_codes() {
    std::vector<std::uint16_t> codes;
    for (unsigned code = 0; code < 0x100; code++) {
        Program program(8, cbpf::ret(0));
        program[0] = cbpf::stmt(BPF_ST, 4);
        program[1] = cbpf::jump(code, 4, 0, 0);
        if (!cbpf::check(program))
            codes.push_back(static_cast<std::uint16_t>(code));
    }
    return codes;
}

const std::vector<std::uint16_t> &known_codes() {
    static const std::vector<std::uint16_t> codes = ask_checker_for_codes();
    return codes;
}

void repair_code(Instruction &insn) {
    const auto &codes = known_codes();
    if (!std::binary_search(codes.begin(), codes.end(), insn.code))
        insn.code = codes[insn.code % codes.size()];
}

// `behind`: how many instructions follow, at least one.
void repair_jump(Instruction &insn, std::size_t behind) {
    const auto within = [behind](auto &distance) {
        if (distance >= behind)
            distance = static_cast<std::remove_reference_t<decltype(distance)>>(distance % behind);
    };
    if (BPF_OP(insn.code) == BPF_JA) {
        within(insn.k);
    } else {
        within(insn.jt);
        within(insn.jf);
    }
}

void repair_constant(Instruction &insn) {
    switch (insn.code) {
    case BPF_ALU | BPF_DIV | BPF_K:
        insn.k = std::max(insn.k, 1u);
        return;
    case BPF_ALU | BPF_LSH | BPF_K:
    case BPF_ALU | BPF_RSH | BPF_K:
        insn.k %= 32;
        return;
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
    case BPF_ST:
    case BPF_STX:
        insn.k %= BPF_MEMWORDS;
        return;
    case BPF_LD | BPF_W | BPF_ABS:
        insn.k = (insn.k % sizeof(seccomp_data)) & ~3u;
        return;
    default:
        return;
    }
}

void repair_one(Instruction &insn, std::size_t behind) {
    repair_code(insn);
    if (behind == 0 && BPF_CLASS(insn.code) != BPF_RET)
        insn.code = BPF_RET | BPF_K;
    if (BPF_CLASS(insn.code) == BPF_JMP)
        repair_jump(insn, behind);
    else
        repair_constant(insn);
}

// What is left to complain about is reads of memory that may not have been written: they become
// loads of their constant, one each time.
void repair_memory_reads(Program &program) {
    while (const auto error = cbpf::check(program)) {
        Instruction &insn = program[error->pc];
        insn.code = static_cast<std::uint16_t>(BPF_CLASS(insn.code) | BPF_IMM);
    }
}

} // namespace

Program repaired(Program program) {
    if (program.empty())
        return program;
    program.resize(std::min(program.size(), cbpf::max_instructions));
    for (std::size_t pc = 0; pc < program.size(); pc++)
        repair_one(program[pc], program.size() - pc - 1);
    repair_memory_reads(program);
    return program;
}

cbpf::Chain repaired(cbpf::Chain chain) {
    std::erase_if(chain, [](const Program &program) { return program.empty(); });
    for (Program &program : chain)
        program = repaired(std::move(program));
    return chain;
}

} // namespace fuzz

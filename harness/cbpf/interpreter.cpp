// SPDX-License-Identifier: MIT
#include "cbpf/interpreter.h"

#include "cbpf/action.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <stdexcept>

namespace cbpf {

namespace {

struct State {
    const seccomp_data &data;
    std::uint32_t a = 0;
    std::uint32_t x = 0;
    std::array<std::uint32_t, BPF_MEMWORDS> memory{};
    std::size_t pc = 0; // of the instruction to execute next
    std::optional<std::uint32_t> result;
};

[[noreturn]] void refuse(std::size_t pc, const char *what) {
    throw std::logic_error(
        fmt::format("instruction {}: {}: not a program the kernel accepts", pc, what));
}

std::uint32_t field(const State &state, std::uint32_t offset) {
    if (offset >= sizeof(seccomp_data) || offset % sizeof(std::uint32_t) != 0)
        refuse(state.pc, "load outside of seccomp_data");
    std::uint32_t value;
    std::memcpy(&value, reinterpret_cast<const char *>(&state.data) + offset, sizeof(value));
    return value;
}

std::uint32_t &memory(State &state, std::uint32_t index) {
    if (index >= state.memory.size())
        refuse(state.pc, "no such memory word");
    return state.memory[index];
}

void execute_load(State &state, const Instruction &insn) {
    switch (insn.code) {
    case BPF_LD | BPF_W | BPF_ABS:
        state.a = field(state, insn.k);
        return;
    case BPF_LD | BPF_W | BPF_LEN:
        state.a = sizeof(seccomp_data);
        return;
    case BPF_LDX | BPF_W | BPF_LEN:
        state.x = sizeof(seccomp_data);
        return;
    case BPF_LD | BPF_IMM:
        state.a = insn.k;
        return;
    case BPF_LDX | BPF_IMM:
        state.x = insn.k;
        return;
    case BPF_LD | BPF_MEM:
        state.a = memory(state, insn.k);
        return;
    case BPF_LDX | BPF_MEM:
        state.x = memory(state, insn.k);
        return;
    default:
        refuse(state.pc, "unknown load");
    }
}

void execute_store(State &state, const Instruction &insn) {
    if (insn.code != BPF_ST && insn.code != BPF_STX)
        refuse(state.pc, "unknown store");
    memory(state, insn.k) = insn.code == BPF_ST ? state.a : state.x;
}

void execute_alu(State &state, const Instruction &insn) {
    const std::uint32_t operand = BPF_SRC(insn.code) == BPF_X ? state.x : insn.k;
    const unsigned op = BPF_OP(insn.code);

    // bpf_convert_filter() puts "if X is 0, return 0" before these two. A constant 0 is refused
    // at attach time; it need not be told apart.
    if ((op == BPF_DIV || op == BPF_MOD) && operand == 0) {
        state.result = 0;
        return;
    }
    switch (op) {
    case BPF_ADD:
        state.a += operand;
        return;
    case BPF_SUB:
        state.a -= operand;
        return;
    case BPF_MUL:
        state.a *= operand;
        return;
    case BPF_DIV:
        state.a /= operand;
        return;
    case BPF_MOD:
        state.a %= operand;
        return;
    case BPF_AND:
        state.a &= operand;
        return;
    case BPF_OR:
        state.a |= operand;
        return;
    case BPF_XOR:
        state.a ^= operand;
        return;
    case BPF_LSH:
        state.a <<= operand & 31;
        return;
    case BPF_RSH:
        state.a >>= operand & 31;
        return;
    case BPF_NEG:
        state.a = 0u - state.a;
        return;
    default:
        refuse(state.pc, "unknown arithmetic");
    }
}

bool condition(const State &state, const Instruction &insn) {
    const std::uint32_t operand = BPF_SRC(insn.code) == BPF_X ? state.x : insn.k;
    switch (BPF_OP(insn.code)) {
    case BPF_JEQ:
        return state.a == operand;
    case BPF_JGT:
        return state.a > operand;
    case BPF_JGE:
        return state.a >= operand;
    case BPF_JSET:
        return (state.a & operand) != 0;
    default:
        refuse(state.pc, "unknown jump");
    }
}

void execute_jump(State &state, const Instruction &insn) {
    // The pc is advanced by one after every instruction.
    if (BPF_OP(insn.code) == BPF_JA)
        state.pc += insn.k;
    else
        state.pc += condition(state, insn) ? insn.jt : insn.jf;
}

void execute_return(State &state, const Instruction &insn) {
    if (insn.code == (BPF_RET | BPF_K))
        state.result = insn.k;
    else if (insn.code == (BPF_RET | BPF_A))
        state.result = state.a;
    else
        refuse(state.pc, "unknown return");
}

void execute_misc(State &state, const Instruction &insn) {
    if (insn.code == (BPF_MISC | BPF_TAX))
        state.x = state.a;
    else if (insn.code == (BPF_MISC | BPF_TXA))
        state.a = state.x;
    else
        refuse(state.pc, "unknown register transfer");
}

void execute(State &state, const Instruction &insn) {
    switch (BPF_CLASS(insn.code)) {
    case BPF_LD:
    case BPF_LDX:
        return execute_load(state, insn);
    case BPF_ST:
    case BPF_STX:
        return execute_store(state, insn);
    case BPF_ALU:
        return execute_alu(state, insn);
    case BPF_JMP:
        return execute_jump(state, insn);
    case BPF_RET:
        return execute_return(state, insn);
    default: // BPF_MISC, the last of the eight classes
        return execute_misc(state, insn);
    }
}

} // namespace

std::uint32_t run(std::span<const Instruction> program, const seccomp_data &data) {
    State state{.data = data, .result = std::nullopt};
    while (!state.result) {
        if (state.pc >= program.size())
            refuse(state.pc, "behind the end");
        execute(state, program[state.pc]);
        state.pc++;
    }
    return *state.result;
}

ChainVerdict run_chain(const Chain &chain, const seccomp_data &data) {
    ChainVerdict verdict{SECCOMP_RET_ALLOW, std::nullopt};
    // Newest first and strictly less: of equal actions the newest filter's stays, and with it its
    // data. No early end at any action; KILL_PROCESS could still follow.
    for (std::size_t index = chain.size(); index-- > 0;) {
        const std::uint32_t value = run(chain[index], data);
        if (action_rank(value) < action_rank(verdict.value))
            verdict = {value, index};
    }
    return verdict;
}

} // namespace cbpf

// SPDX-License-Identifier: MIT
#include "names.h"

#include <array>

namespace guest {

namespace {

std::string load_name(unsigned code) {
    static constexpr std::array modes = {"Imm", "Abs", "Ind", "Mem", "Len", "Msh", "", ""};
    return modes[BPF_MODE(code) >> 5];
}

std::string alu_name(unsigned code) {
    static constexpr std::array operations = {"Add", "Sub", "Mul", "Div", "Or", "And", "Lsh", "Rsh",
                                              "Neg", "Mod", "Xor", "",    "",   "",    "",    ""};
    const unsigned operation = BPF_OP(code);
    if (operation == BPF_NEG)
        return "Neg";
    return std::string(operations[operation >> 4]) + (BPF_SRC(code) == BPF_X ? "X" : "K");
}

std::string jump_name(unsigned code) {
    static constexpr std::array operations = {"Ja", "Jeq", "Jgt", "Jge", "Jset"};
    const unsigned operation = BPF_OP(code) >> 4;
    return std::string(operation < operations.size() ? operations[operation] : "") +
           (BPF_SRC(code) == BPF_X ? "X" : "K");
}

} // namespace

std::string code_name(unsigned code) {
    switch (BPF_CLASS(code)) {
    case BPF_LD:
        return "Ld" + load_name(code);
    case BPF_LDX:
        return "Ldx" + load_name(code);
    case BPF_ST:
        return "St";
    case BPF_STX:
        return "Stx";
    case BPF_ALU:
        return "Alu" + alu_name(code);
    case BPF_JMP:
        return "Jmp" + jump_name(code);
    case BPF_RET:
        return BPF_RVAL(code) == BPF_A ? "RetA" : "RetK";
    default:
        return BPF_MISCOP(code) == BPF_TXA ? "Txa" : "Tax";
    }
}

} // namespace guest

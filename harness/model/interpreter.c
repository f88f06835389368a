/* SPDX-License-Identifier: MIT */
#include "interpreter.h"

static bool is_seccomp_instruction(uint16_t code)
{
    switch (code) {
    case BPF_LD | BPF_W | BPF_ABS:
    case BPF_LD | BPF_W | BPF_LEN:
    case BPF_LDX | BPF_W | BPF_LEN:
    case BPF_LD | BPF_IMM:
    case BPF_LDX | BPF_IMM:
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
    case BPF_ST:
    case BPF_STX:
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
    case BPF_JMP | BPF_JA:
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JEQ | BPF_X:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_X:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_X:
    case BPF_JMP | BPF_JSET | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_X:
    case BPF_RET | BPF_K:
    case BPF_RET | BPF_A:
    case BPF_MISC | BPF_TAX:
    case BPF_MISC | BPF_TXA:
        return true;
    default:
        return false;
    }
}

/* `behind`: how many instructions follow. */
static bool is_acceptable(const struct sock_filter *insn, unsigned int behind)
{
    if (!is_seccomp_instruction(insn->code))
        return false;

    switch (BPF_CLASS(insn->code)) {
    case BPF_LD:
    case BPF_LDX:
        if (BPF_MODE(insn->code) == BPF_MEM)
            return insn->k < BPF_MEMWORDS;
        if (BPF_MODE(insn->code) == BPF_ABS)
            return insn->k < sizeof(struct seccomp_data) && insn->k % 4 == 0;
        return true;
    case BPF_ST:
    case BPF_STX:
        return insn->k < BPF_MEMWORDS;
    case BPF_ALU:
        if (insn->code == (BPF_ALU | BPF_DIV | BPF_K))
            return insn->k != 0;
        if (insn->code == (BPF_ALU | BPF_LSH | BPF_K) || insn->code == (BPF_ALU | BPF_RSH | BPF_K))
            return insn->k < 32;
        return true;
    case BPF_JMP:
        if (BPF_OP(insn->code) == BPF_JA)
            return insn->k < behind;
        return insn->jt < behind && insn->jf < behind;
    default:
        return true;
    }
}

bool model_accepts(const struct sock_filter *program, unsigned int length)
{
    if (length == 0 || length > BPF_MAXINSNS)
        return false;
    for (unsigned int pc = 0; pc < length; pc++)
        if (!is_acceptable(&program[pc], length - pc - 1))
            return false;
    return BPF_CLASS(program[length - 1].code) == BPF_RET;
}

/* struct seccomp_data as the words that filters load, on a little-endian machine. */
static uint32_t load(const struct seccomp_data *data, uint32_t offset)
{
    unsigned int argument;

    switch (offset) {
    case 0:
        return (uint32_t)data->nr;
    case 4:
        return data->arch;
    case 8:
        return (uint32_t)data->instruction_pointer;
    case 12:
        return (uint32_t)(data->instruction_pointer >> 32);
    default:
        argument = (offset - 16) / 8;
        return offset % 8 ? (uint32_t)(data->args[argument] >> 32) : (uint32_t)data->args[argument];
    }
}

/*
 * In 64 bits, of which the lower half counts: nothing overflows here, so that the checker can be
 * told to look for overflows everywhere. `ended` is set where the arithmetic ends the program
 * (with 0).
 */
static uint32_t arithmetic(uint16_t code, uint64_t a, uint64_t operand, bool *ended)
{
    const uint64_t borrowed = UINT64_C(1) << 32;

    switch (BPF_OP(code)) {
    case BPF_ADD:
        return (uint32_t)(a + operand);
    case BPF_SUB:
        return (uint32_t)(borrowed + a - operand);
    case BPF_MUL:
        return (uint32_t)(a * operand);
    case BPF_DIV:
        if (operand == 0) {
            *ended = true;
            return 0;
        }
        return (uint32_t)a / (uint32_t)operand;
    case BPF_AND:
        return (uint32_t)(a & operand);
    case BPF_OR:
        return (uint32_t)(a | operand);
    case BPF_XOR:
        return (uint32_t)(a ^ operand);
    case BPF_LSH:
        return (uint32_t)(a << (operand & 31));
    case BPF_RSH:
        return (uint32_t)(a >> (operand & 31));
    default: /* BPF_NEG */
        return (uint32_t)(borrowed - a);
    }
}

static bool condition(uint16_t code, uint32_t a, uint32_t operand)
{
    switch (BPF_OP(code)) {
    case BPF_JEQ:
        return a == operand;
    case BPF_JGT:
        return a > operand;
    case BPF_JGE:
        return a >= operand;
    default: /* BPF_JSET */
        return (a & operand) != 0;
    }
}

uint32_t model_run(const struct sock_filter *program, unsigned int length,
                   const struct seccomp_data *data, uint32_t memory[BPF_MEMWORDS])
{
    uint32_t a = 0, x = 0, value;
    unsigned int pc = 0;
    bool ended = false;

    while (pc < length) {
        const struct sock_filter *insn = &program[pc++];
        const uint32_t operand = BPF_SRC(insn->code) == BPF_X ? x : insn->k;

        switch (BPF_CLASS(insn->code)) {
        case BPF_LD:
        case BPF_LDX:
            if (BPF_MODE(insn->code) == BPF_ABS)
                value = load(data, insn->k);
            else if (BPF_MODE(insn->code) == BPF_LEN)
                value = sizeof(*data);
            else if (BPF_MODE(insn->code) == BPF_MEM)
                value = memory[insn->k];
            else
                value = insn->k;
            if (BPF_CLASS(insn->code) == BPF_LD)
                a = value;
            else
                x = value;
            break;
        case BPF_ST:
            memory[insn->k] = a;
            break;
        case BPF_STX:
            memory[insn->k] = x;
            break;
        case BPF_ALU:
            a = arithmetic(insn->code, a, operand, &ended);
            if (ended)
                return 0;
            break;
        case BPF_JMP:
            if (BPF_OP(insn->code) == BPF_JA)
                pc += insn->k;
            else
                pc += condition(insn->code, a, operand) ? insn->jt : insn->jf;
            break;
        case BPF_RET:
            return insn->code == (BPF_RET | BPF_A) ? a : insn->k;
        default:
            if (insn->code == (BPF_MISC | BPF_TAX))
                x = a;
            else
                a = x;
            break;
        }
    }
    return 0; /* not reached by a program that ends in a return */
}

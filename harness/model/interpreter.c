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

bool model_accepts_instruction(const struct sock_filter *insn, unsigned int behind)
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
        if (!model_accepts_instruction(&program[pc], length - pc - 1))
            return false;
    return BPF_CLASS(program[length - 1].code) == BPF_RET;
}

/* struct seccomp_data as the words that filters load, on a little-endian machine. */
uint32_t model_load(const struct seccomp_data *data, uint32_t offset)
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

uint32_t model_arithmetic(uint16_t code, uint32_t a, uint32_t operand, bool *ended)
{
    switch (BPF_OP(code)) {
    case BPF_ADD:
        return a + operand;
    case BPF_SUB:
        return a - operand;
    case BPF_MUL:
        return a * operand;
    case BPF_DIV:
        if (operand == 0) {
            *ended = true;
            return 0;
        }
        return a / operand;
    case BPF_AND:
        return a & operand;
    case BPF_OR:
        return a | operand;
    case BPF_XOR:
        return a ^ operand;
    case BPF_LSH:
        return a << (operand & 31);
    case BPF_RSH:
        return a >> (operand & 31);
    default: /* BPF_NEG */
        return 0 - a;
    }
}

bool model_condition(uint16_t code, uint32_t a, uint32_t operand)
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

static uint32_t value_of_load(const struct sock_filter *insn, const struct seccomp_data *data,
                              const struct model_machine *machine)
{
    switch (BPF_MODE(insn->code)) {
    case BPF_ABS:
        return model_load(data, insn->k);
    case BPF_LEN:
        return sizeof(*data);
    case BPF_MEM:
        return machine->memory[insn->k];
    default: /* BPF_IMM */
        return insn->k;
    }
}

bool model_step(const struct sock_filter *program, const struct seccomp_data *data,
                struct model_machine *machine)
{
    const struct sock_filter *insn = &program[machine->pc++];
    const uint32_t operand = BPF_SRC(insn->code) == BPF_X ? machine->x : insn->k;
    bool ended = false;

    switch (BPF_CLASS(insn->code)) {
    case BPF_LD:
        machine->a = value_of_load(insn, data, machine);
        break;
    case BPF_LDX:
        machine->x = value_of_load(insn, data, machine);
        break;
    case BPF_ST:
        machine->memory[insn->k] = machine->a;
        break;
    case BPF_STX:
        machine->memory[insn->k] = machine->x;
        break;
    case BPF_ALU:
        machine->a = model_arithmetic(insn->code, machine->a, operand, &ended);
        machine->returned = 0;
        return !ended;
    case BPF_JMP:
        if (BPF_OP(insn->code) == BPF_JA)
            machine->pc += insn->k;
        else
            machine->pc += model_condition(insn->code, machine->a, operand) ? insn->jt : insn->jf;
        break;
    case BPF_RET:
        machine->returned = insn->code == (BPF_RET | BPF_A) ? machine->a : insn->k;
        return false;
    default:
        if (insn->code == (BPF_MISC | BPF_TAX))
            machine->x = machine->a;
        else
            machine->a = machine->x;
        break;
    }
    return true;
}

uint32_t model_run(const struct sock_filter *program, const struct seccomp_data *data,
                   uint32_t memory)
{
    struct model_machine machine = {.pc = 0, .a = 0, .x = 0};

    for (unsigned int word = 0; word < BPF_MEMWORDS; word++)
        machine.memory[word] = memory;
    while (model_step(program, data, &machine))
        ;
    return machine.returned;
}

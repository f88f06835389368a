/* SPDX-License-Identifier: MIT */
#include "ways.h"

#include "interpreter.h"

#include <linux/seccomp.h>

#include <stddef.h>

/* Of no use if it is not known. */
struct word {
    uint32_t bits;
    bool known;
};

struct machine {
    unsigned int pc;
    struct word a, x, memory[BPF_MEMWORDS];
};

struct walk {
    const struct sock_filter *program;
    uint32_t arch, number;
    struct ways result;
};

static struct word known(uint32_t bits) { return (struct word){bits, true}; }

static const struct word unknown;

static struct word loaded(const struct walk *walk, const struct machine *machine,
                          const struct sock_filter *insn)
{
    switch (BPF_MODE(insn->code)) {
    case BPF_ABS:
        if (insn->k == offsetof(struct seccomp_data, nr))
            return known(walk->number);
        return insn->k == offsetof(struct seccomp_data, arch) ? known(walk->arch) : unknown;
    case BPF_LEN:
        return known(sizeof(struct seccomp_data));
    case BPF_MEM:
        return machine->memory[insn->k];
    default: /* BPF_IMM */
        return known(insn->k);
    }
}

/* The interpreter and the kernel's JITs do not agree on what that gives. */
static bool shifts_too_far(uint16_t code, struct word operand)
{
    return (BPF_OP(code) == BPF_LSH || BPF_OP(code) == BPF_RSH) && operand.bits > 31;
}

/* Returns false if the program may end here. */
static bool compute(struct walk *walk, struct machine *machine, uint16_t code, struct word operand)
{
    struct word *const a = &machine->a;
    bool ended = false;

    if (BPF_OP(code) == BPF_DIV && !operand.known)
        return false;
    if (a->known && operand.known && !shifts_too_far(code, operand)) {
        *a = known(model_arithmetic(code, a->bits, operand.bits, &ended));
        return !ended;
    }
    if (BPF_OP(code) == BPF_DIV) {
        walk->result.hard_division |= BPF_SRC(code) == BPF_X;
        if (operand.bits == 0)
            return false;
    }
    *a = unknown;
    return true;
}

/* To the end, unless it is known already that not all ways are allowed. */
static void follow(struct walk *walk, struct machine machine)
{
    while (walk->result.allowed) {
        const struct sock_filter *insn = &walk->program[machine.pc++];
        const struct word operand =
            BPF_SRC(insn->code) == BPF_X ? machine.x : known(insn->k);
        struct machine other;

        switch (BPF_CLASS(insn->code)) {
        case BPF_LD:
            machine.a = loaded(walk, &machine, insn);
            break;
        case BPF_LDX:
            machine.x = loaded(walk, &machine, insn);
            break;
        case BPF_ST:
            machine.memory[insn->k] = machine.a;
            break;
        case BPF_STX:
            machine.memory[insn->k] = machine.x;
            break;
        case BPF_ALU:
            if (!compute(walk, &machine, insn->code, operand))
                walk->result.allowed = false;
            break;
        case BPF_JMP:
            if (BPF_OP(insn->code) == BPF_JA) {
                machine.pc += insn->k;
            } else if (machine.a.known && operand.known) {
                machine.pc += model_condition(insn->code, machine.a.bits, operand.bits) ? insn->jt
                                                                                        : insn->jf;
            } else {
                other = machine;
                other.pc += insn->jt;
                machine.pc += insn->jf;
                if (insn->jt != insn->jf)
                    follow(walk, other);
            }
            break;
        case BPF_RET:
            if (insn->code == (BPF_RET | BPF_K))
                walk->result.allowed = insn->k == SECCOMP_RET_ALLOW;
            else
                walk->result.allowed = machine.a.known && machine.a.bits == SECCOMP_RET_ALLOW;
            return;
        default:
            if (insn->code == (BPF_MISC | BPF_TAX))
                machine.x = machine.a;
            else
                machine.a = machine.x;
            break;
        }
    }
}

struct ways model_ways(const struct sock_filter *program, uint32_t arch, uint32_t number)
{
    struct walk walk = {
        .program = program, .arch = arch, .number = number, .result = {.allowed = true}};
    const struct machine start = {.a = known(0), .x = known(0)};

    follow(&walk, start);
    return walk.result;
}

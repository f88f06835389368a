/* SPDX-License-Identifier: MIT */
/*
 * What cbmc proves (see scripts/model-check): for every program of exactly LENGTH instructions that
 * the kernel takes, every syscall table of up to SECCOMP_EMU_NRS numbers, every content of the
 * scratch memory and of the memory that the emulation is given: a number that the kernel's emulator
 * calls allowed gets SECCOMP_RET_ALLOW from the program, whatever the arguments. That holds for
 * every amount of work after which it gives up (any_work(), which scripts/model-check puts where
 * EMU_WORK was), and a second time, when the same memory is used for another table.
 *
 * By cbmc's own checks, for the emulator: no access outside of the program and of its memory, no
 * signed overflow, no division by zero, and an end after LENGTH steps of no more flows than there
 * are.
 *
 * EIGHT leaves out of "every program" those with other instructions than the eight that nearly all
 * filters consist of.
 */
#include "adapter.h"
#include "emulation.h"
#include "interpreter.h"

#include "seccomp_emu.h"

#ifndef LENGTH
#error "LENGTH is how many instructions a program has"
#endif

/* Functions without a body return anything. */
struct program {
    struct sock_filter instructions[LENGTH];
} any_program(void);
struct memory {
    uint32_t words[BPF_MEMWORDS];
} any_memory(void);
struct seccomp_data any_syscall(void);
unsigned int any_size(void);
uint32_t any_arch(void);
unsigned long any_word(void);

static bool is_in_question(const struct sock_filter *insn)
{
    switch (insn->code) {
#ifdef EIGHT
    case BPF_LD | BPF_W | BPF_ABS:
    case BPF_JMP | BPF_JA:
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_RET | BPF_K:
        return true;
    default:
        return false;
#else
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
    case BPF_ST:
    case BPF_STX:
        return insn->k < MEMORY_WORDS;
    default:
        return true;
#endif
    }
}

static void ask(struct seccomp_emu *emulation, const struct sock_filter *program,
                const struct seccomp_data *syscall)
{
    const unsigned int size = any_size();
    struct memory memory = any_memory();
    unsigned long bitmap = any_word();
    uint32_t returned;

    __CPROVER_assume(size > 0 && size <= SECCOMP_EMU_NRS);
    emulator_allowed(emulation, syscall->arch, size, &bitmap);

    if (syscall->nr < 0 || syscall->nr >= 64 || !(bitmap >> syscall->nr & 1))
        return;
    __CPROVER_assert((unsigned int)syscall->nr < size, "no bit beyond the table is set");
#ifdef IMPOSSIBLE
    /* Is the proof about anything? This must be found wrong. */
    __CPROVER_assert(false, "no program allows anything");
#else
    returned = model_run(program, LENGTH, syscall, memory.words);
    __CPROVER_assert(returned == SECCOMP_RET_ALLOW, "what is allowed is what is returned");
#endif
}

int main(void)
{
    const struct program program = any_program();
    const struct seccomp_data syscall = any_syscall();
    struct seccomp_emu *const emulation = any_emulation();
    unsigned long bitmap;

    __CPROVER_assume(model_accepts(program.instructions, LENGTH));
    for (unsigned int pc = 0; pc < LENGTH; pc++)
        __CPROVER_assume(is_in_question(&program.instructions[pc]));

    emulator_init(emulation, program.instructions, LENGTH);
#ifdef TWICE
    emulator_allowed(emulation, any_arch(), SECCOMP_EMU_NRS, &bitmap);
#endif
    ask(emulation, program.instructions, &syscall);
    return 0;
}

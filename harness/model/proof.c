/* SPDX-License-Identifier: MIT */
/*
 * What cbmc proves (see scripts/model-check): for every program of exactly LENGTH instructions that
 * the kernel takes, every syscall and every content of the scratch memory, a return value that the
 * kernel's emulator claims to know is what the program returns.
 *
 * By cbmc's own checks, for the emulator: no access outside of the program, no overflow (no
 * program counter that wraps, either), and an end after LENGTH steps at most.
 */
#include "adapter.h"
#include "interpreter.h"

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

int main(void)
{
    const struct program program = any_program();
    const struct seccomp_data syscall = any_syscall();
    struct memory memory = any_memory();
    uint32_t claimed;

    __CPROVER_assume(model_accepts(program.instructions, LENGTH));

    if (emulator_constant(program.instructions, LENGTH, syscall.arch, (uint32_t)syscall.nr,
                          &claimed)) {
#ifdef IMPOSSIBLE
        /* Is the proof about anything? This must be found wrong. */
        __CPROVER_assert(claimed != IMPOSSIBLE, "no program is said to return that");
#else
        const uint32_t returned =
            model_run(program.instructions, LENGTH, &syscall, memory.words);

        __CPROVER_assert(claimed == returned, "what the emulator claims is what is returned");
#endif
    }
    return 0;
}

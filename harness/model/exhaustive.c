/* SPDX-License-Identifier: MIT */
/*
 * Tries every program of so many instructions out of an alphabet (alphabet.h): for each number of
 * the table the kernel's emulator has to say what all ways of the number say (ways.h), and where it
 * says that a number is allowed the program has to return SECCOMP_RET_ALLOW, whatever the arguments
 * and the memory (interpreter.h).
 *
 * Programs with instructions that no way leads to are left out: neither the kernel nor the emulator
 * looks at these, so that they are like a shorter program.
 */
#include "adapter.h"
#include "alphabet.h"
#include "interpreter.h"
#include "ways.h"

#include <linux/seccomp.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EXIT_WRONG = 1,
    EXIT_USAGE = 2,
};

/* What arguments, instruction pointer and memory may be. */
static const uint32_t unknowns[] = {0, 1, 2, 3, UINT32_MAX, SECCOMP_RET_ALLOW};

#define UNKNOWNS (sizeof(unknowns) / sizeof(*unknowns))

struct search {
    unsigned int length;
    struct letters letters[MODEL_MAX_LENGTH]; /* for each instruction */
    struct sock_filter program[MODEL_MAX_LENGTH];
    struct seccomp_emu *emulation;
    uint64_t programs; /* tried */
    uint64_t mixed;    /* of these, with numbers that are allowed and others that are not */
};

static void print_program(const struct search *search)
{
    for (unsigned int pc = 0; pc < search->length; pc++) {
        const struct sock_filter *insn = &search->program[pc];

        printf("instruction %u: {0x%02x, %u, %u, 0x%x}\n", pc, insn->code, insn->jt, insn->jf,
               insn->k);
    }
}

static void wrong(const struct search *search, unsigned int number, const char *what)
{
    print_program(search);
    printf("number %u: %s\n", number, what);
    exit(EXIT_WRONG);
}

/* Is this loaded anywhere? If not, there is no need to try what it may be. */
static bool reads(const struct search *search, uint16_t mode)
{
    for (unsigned int pc = 0; pc < search->length; pc++) {
        const struct sock_filter *insn = &search->program[pc];

        if ((BPF_CLASS(insn->code) == BPF_LD || BPF_CLASS(insn->code) == BPF_LDX) &&
            BPF_MODE(insn->code) == mode &&
            (mode != BPF_ABS || insn->k >= offsetof(struct seccomp_data, instruction_pointer)))
            return true;
    }
    return false;
}

static void run_all(const struct search *search, unsigned int number)
{
    const size_t data_values = reads(search, BPF_ABS) ? UNKNOWNS : 1;
    const size_t memory_values = reads(search, BPF_MEM) ? UNKNOWNS : 1;

    for (size_t i = 0; i < data_values; i++) {
        for (size_t j = 0; j < memory_values; j++) {
            /* Other words of the data are to be other values. */
            const struct seccomp_data data = {
                .nr = (int)number,
                .arch = MODEL_ARCH,
                .instruction_pointer = unknowns[(i + 1) % UNKNOWNS],
                .args = {unknowns[i]},
            };

            if (model_run(search->program, &data, unknowns[j]) != SECCOMP_RET_ALLOW)
                wrong(search, number, "said to be allowed, and is not");
        }
    }
}

static void try_program(struct search *search)
{
    unsigned long bitmap;
    unsigned int allowed = 0;

    emulator_init(search->emulation, search->program, search->length);
    emulator_allowed(search->emulation, MODEL_ARCH, MODEL_NUMBERS, &bitmap);
    for (unsigned int number = 0; number < MODEL_NUMBERS; number++) {
        const struct ways ways = model_ways(search->program, MODEL_ARCH, number);

        if (emulator_bit(&bitmap, number)) {
            if (!ways.allowed)
                wrong(search, number, "said to be allowed, although some way is not");
            run_all(search, number);
            allowed++;
        } else if (ways.allowed && !ways.hard_division) {
            wrong(search, number, "not said to be allowed, although all ways are");
        }
    }
    if (bitmap >> MODEL_NUMBERS)
        wrong(search, MODEL_NUMBERS, "there is no such number");
    search->programs++;
    search->mixed += allowed > 0 && allowed < MODEL_NUMBERS;
}

/* Where an instruction at `pc` may lead: a bit for each. */
static unsigned int successors(const struct sock_filter *insn, unsigned int pc)
{
    if (BPF_CLASS(insn->code) == BPF_RET)
        return 0;
    if (insn->code == (BPF_JMP | BPF_JA))
        return 2U << (pc + insn->k);
    if (BPF_CLASS(insn->code) == BPF_JMP)
        return 2U << (pc + insn->jt) | 2U << (pc + insn->jf);
    return 2U << pc;
}

/* All that may stand at `pc` and behind. `reached` has a bit for each instruction a way leads to. */
static void try_all(struct search *search, unsigned int pc, unsigned int reached)
{
    const struct letters *letters = &search->letters[pc];

    if (!(reached >> pc & 1))
        return;
    for (unsigned int i = 0; i < letters->count; i++) {
        search->program[pc] = letters->all[i];
        if (pc + 1 == search->length)
            try_program(search);
        else
            try_all(search, pc + 1, reached | successors(&letters->all[i], pc));
    }
}

static bool is(const char *argument, const char *word) { return strcmp(argument, word) == 0; }

/* Returns false if the arguments make no sense. */
static bool prepare(struct search *search, int argc, char **argv)
{
    const bool only_loads = argc == 4 && is(argv[3], "load-first");
    const long length = argc > 2 ? strtol(argv[2], NULL, 10) : 0;

    if (argc < 3 || argc > 4 || (argc == 4 && !only_loads) || length < 1 ||
        length > MODEL_MAX_LENGTH || (!is(argv[1], "eight") && !is(argv[1], "all")))
        return false;
    search->length = (unsigned int)length;
    for (unsigned int pc = 0; pc < search->length; pc++)
        letters_at(is(argv[1], "all") ? ALPHABET_ALL : ALPHABET_EIGHT, search->length - pc - 1,
                   pc == 0 && only_loads, &search->letters[pc]);
    return true;
}

int main(int argc, char **argv)
{
    static struct search search;

    if (!prepare(&search, argc, argv)) {
        fprintf(stderr, "Usage: exhaustive eight|all LENGTH [load-first] (LENGTH: 1 to %d)\n",
                MODEL_MAX_LENGTH);
        return EXIT_USAGE;
    }
    search.emulation = malloc(emulator_size(search.length));
    if (!search.emulation) {
        fprintf(stderr, "exhaustive: no memory\n");
        return EXIT_USAGE;
    }
    try_all(&search, 0, 1);
    printf("%llu programs, %llu of them allow some numbers and not others\n",
           (unsigned long long)search.programs, (unsigned long long)search.mixed);
    free(search.emulation);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * What cbmc proves (see scripts/model-check) of what the kernel's emulator knows of values, for
 * all that the exhaustive check has to choose from: every constant, number and argument.
 *
 * A value covers the content of a register if it is unknown, or if for the number in question it is
 * that content. What is computed from values that cover covers the result; then, by induction,
 * nothing is taken for known that is not so, however long the program is.
 *
 * That is about values alone. Which numbers go where with them is for the exhaustive check and the
 * fuzzer.
 *
 * All in one file with the emulator, whose functions are known there only.
 */
#include "seccomp_emu.c"

#include "interpreter.h"

/* Functions without a body return anything. */
struct emu_value any_value(void);
struct seccomp_data any_syscall(void);
u32 any_word(void);
u16 any_code(void);

/* The mask has no bits beyond those of numbers, or nobody knows. */
static bool is_sound(struct emu_value value)
{
    return emu_is_unknown(value) || !(value.mask & ~EMU_NR_MASK);
}

static bool covers(struct emu_value value, unsigned int nr, u32 content)
{
    return is_sound(value) && (emu_is_unknown(value) || emu_value_for(value, nr) == content);
}

/* AND, OR and XOR of what is known, without looking at each number. */
void prove_bitwise(void)
{
    const struct emu_value a = any_value(), b = any_value();
    const u16 code = any_code();
    const unsigned int nr = any_word();
    struct emu_value result;
    bool ended = false;
    u32 expected;

    __CPROVER_assume(is_sound(a) && is_sound(b) && !emu_is_unknown(a) && !emu_is_unknown(b));
    __CPROVER_assume(BPF_CLASS(code) == BPF_ALU && nr < SECCOMP_EMU_NRS);
    if (!emu_bitwise(BPF_OP(code), a, b, &result))
        return;
    expected = model_arithmetic(code, emu_value_for(a, nr), emu_value_for(b, nr), &ended);
    __CPROVER_assert(!emu_is_unknown(result), "what is known stays known");
    __CPROVER_assert(covers(result, nr, expected), "the result covers that of the interpreter");
#ifdef IMPOSSIBLE
    /* Is the proof about anything? This must be found wrong. */
    __CPROVER_assert(false, "no operation is bitwise");
#endif
}

static bool is_shift(u16 op) { return op == BPF_LSH || op == BPF_RSH; }

/*
 * The arithmetic on two known words. MUL and DIV are the same expression in both, and to compare
 * two multipliers takes a solver too long.
 */
void prove_arithmetic(void)
{
    const u16 code = any_code();
    const u32 a = any_word(), b = any_word();
    struct emu_value result;
    bool ended = false;

    __CPROVER_assume(BPF_CLASS(code) == BPF_ALU && BPF_OP(code) <= BPF_XOR);
    __CPROVER_assume(BPF_OP(code) != BPF_MUL && BPF_OP(code) != BPF_DIV && BPF_OP(code) != BPF_MOD);
    result = emu_result(BPF_OP(code), a, b);
    __CPROVER_assert(covers(result, 0, model_arithmetic(code, a, b, &ended)),
                     "arithmetic: as the interpreter has it");
    __CPROVER_assert(emu_is_unknown(result) == (is_shift(BPF_OP(code)) && b > 31),
                     "unknown is what the JITs may do otherwise, and nothing else");
    __CPROVER_assert(!ended, "nothing but a division ends a program");
#ifdef IMPOSSIBLE
    __CPROVER_assert(false, "there is no arithmetic");
#endif
}

/* Does the emulator see all divisions, of which it asks whether they are by zero? */
void prove_division(void)
{
    const u16 code = any_code();
    const u32 a = any_word(), b = any_word();
    bool ended = false;

    __CPROVER_assume(BPF_CLASS(code) == BPF_ALU && BPF_OP(code) != BPF_MUL);
    __CPROVER_assume(!emu_divides(BPF_OP(code)) || b == 0);
    model_arithmetic(code, a, b, &ended);
    __CPROVER_assert(!ended || emu_divides(BPF_OP(code)), "what ends a program is a division");
#ifdef IMPOSSIBLE
    __CPROVER_assert(!ended, "no division is by zero");
#endif
}

void prove_condition(void)
{
    const u16 code = any_code();
    const u32 a = any_word(), b = any_word();

    __CPROVER_assume(BPF_CLASS(code) == BPF_JMP && BPF_OP(code) != BPF_JA &&
                     BPF_OP(code) <= BPF_JSET);
    __CPROVER_assert(emu_condition(BPF_OP(code), a, b) == model_condition(code, a, b),
                     "condition: as the interpreter has it");
#ifdef IMPOSSIBLE
    __CPROVER_assert(false, "there is no condition");
#endif
}

/* What a field of struct seccomp_data holds, with any arguments and instruction pointer. */
void prove_load(void)
{
    struct seccomp_emu emu;
    const struct seccomp_data data = any_syscall();
    const u32 offset = any_word();

    __CPROVER_assume(data.nr >= 0 && data.nr < SECCOMP_EMU_NRS);
    __CPROVER_assume(offset < sizeof(data) && offset % 4 == 0);
    emu.arch = data.arch;
    __CPROVER_assert(covers(emu_load(&emu, offset), data.nr, model_load(&data, offset)),
                     "what is loaded covers what the interpreter loads");
#ifdef IMPOSSIBLE
    __CPROVER_assert(emu_is_unknown(emu_load(&emu, offset)), "nothing is known");
#endif
}

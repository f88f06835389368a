/* SPDX-License-Identifier: MIT */
#include "alphabet.h"

#include <linux/seccomp.h>

#include <stddef.h>
#include <stdint.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

/* ALLOW with a data bit is not ALLOW. */
static const struct sock_filter returns[] = {
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW | 1),
};

static const struct sock_filter eight[] = {
    LOAD(nr),
    LOAD(arch),
    LOAD(args[0]),
    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1),
};

static const struct sock_filter more[] = {
    BPF_STMT(BPF_RET | BPF_A, 0),
    LOAD(instruction_pointer),
    BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
    BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0),
    BPF_STMT(BPF_LD | BPF_IMM, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_LDX | BPF_IMM, 2),
    BPF_STMT(BPF_LD | BPF_MEM, 0),
    BPF_STMT(BPF_LDX | BPF_MEM, 0),
    BPF_STMT(BPF_ST, 0),
    BPF_STMT(BPF_STX, 0),
    BPF_STMT(BPF_MISC | BPF_TAX, 0),
    BPF_STMT(BPF_MISC | BPF_TXA, 0),
    BPF_STMT(BPF_ALU | BPF_NEG, 0),
    BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 1),
    BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 3),
    BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 2),
    BPF_STMT(BPF_ALU | BPF_OR | BPF_K, 1),
    BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, SECCOMP_RET_ALLOW | 1),
    BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 1),
    BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 1),
    BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
    BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0),
    BPF_STMT(BPF_ALU | BPF_MUL | BPF_X, 0),
    BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
    BPF_STMT(BPF_ALU | BPF_AND | BPF_X, 0),
    BPF_STMT(BPF_ALU | BPF_OR | BPF_X, 0),
    BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
    BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0),
    BPF_STMT(BPF_ALU | BPF_RSH | BPF_X, 0),
};

/* Conditions, without their targets. */
static const struct sock_filter conditions_of_eight[] = {
    BPF_STMT(BPF_JMP | BPF_JEQ | BPF_K, 1),
    BPF_STMT(BPF_JMP | BPF_JGT | BPF_K, 1),
    BPF_STMT(BPF_JMP | BPF_JGE | BPF_K, 1),
    BPF_STMT(BPF_JMP | BPF_JSET | BPF_K, 1),
};

static const struct sock_filter more_conditions[] = {
    BPF_STMT(BPF_JMP | BPF_JGT | BPF_K, UINT32_MAX),
    BPF_STMT(BPF_JMP | BPF_JEQ | BPF_X, 0),
    BPF_STMT(BPF_JMP | BPF_JGT | BPF_X, 0),
    BPF_STMT(BPF_JMP | BPF_JGE | BPF_X, 0),
    BPF_STMT(BPF_JMP | BPF_JSET | BPF_X, 0),
};

static void add(struct letters *letters, struct sock_filter insn)
{
    letters->all[letters->count++] = insn;
}

static void add_all(struct letters *letters, const struct sock_filter *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(letters, from[i]);
}

static void add_conditions(struct letters *letters, const struct sock_filter *from, size_t count,
                           unsigned int behind)
{
    for (size_t i = 0; i < count; i++) {
        for (unsigned int jt = 0; jt < behind; jt++) {
            for (unsigned int jf = 0; jf < behind; jf++) {
                struct sock_filter insn = from[i];

                insn.jt = (uint8_t)jt;
                insn.jf = (uint8_t)jf;
                add(letters, insn);
            }
        }
    }
}

static void keep_loads(struct letters *letters)
{
    unsigned int kept = 0;

    for (unsigned int i = 0; i < letters->count; i++)
        if (letters->all[i].code == (BPF_LD | BPF_W | BPF_ABS))
            letters->all[kept++] = letters->all[i];
    letters->count = kept;
}

void letters_at(enum alphabet alphabet, unsigned int behind, bool only_loads,
                struct letters *letters)
{
    letters->count = 0;
    add_all(letters, returns, COUNT(returns));
    /* Of the others only the first is a return. */
    if (alphabet == ALPHABET_ALL)
        add_all(letters, more, behind ? COUNT(more) : 1);
    if (behind) {
        add_all(letters, eight, COUNT(eight));
        for (uint32_t distance = 0; distance < behind; distance++)
            add(letters, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance));
        add_conditions(letters, conditions_of_eight, COUNT(conditions_of_eight), behind);
        if (alphabet == ALPHABET_ALL)
            add_conditions(letters, more_conditions, COUNT(more_conditions), behind);
    }
    if (only_loads)
        keep_loads(letters);
}

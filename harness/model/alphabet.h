/* SPDX-License-Identifier: MIT */
/*
 * The instructions that the programs of the exhaustive check consist of: all operations, each with
 * few constants. The constants are such that comparisons with the numbers of a table of
 * MODEL_NUMBERS go either way, and that arithmetic gets to SECCOMP_RET_ALLOW and past both ends.
 */
#ifndef MODEL_ALPHABET_H
#define MODEL_ALPHABET_H

#include <linux/filter.h>

#include <stdbool.h>

#define MODEL_NUMBERS 3
/* A token like any other, which is to be the value of some number and constant as well. */
#define MODEL_ARCH 1
#define MODEL_MAX_LENGTH 8

enum alphabet {
    ALPHABET_EIGHT, /* the eight instructions that nearly all filters consist of */
    ALPHABET_ALL,   /* all 41 that seccomp knows */
};

struct letters {
    unsigned int count;
    struct sock_filter all[1024];
};

/*
 * All that may be written where `behind` instructions follow: a return if none does. With
 * `only_loads`, of these those that load a field of struct seccomp_data.
 */
void letters_at(enum alphabet alphabet, unsigned int behind, bool only_loads,
                struct letters *letters);

#endif

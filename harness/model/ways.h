/* SPDX-License-Identifier: MIT */
/*
 * What becomes of one syscall number on all ways that it may take, if arguments, instruction
 * pointer and unwritten memory are anything, and so is what is computed from them. Follows each way
 * to its end: for short programs only.
 */
#ifndef MODEL_WAYS_H
#define MODEL_WAYS_H

#include <linux/filter.h>

#include <stdbool.h>
#include <stdint.h>

struct ways {
    /* All of them return SECCOMP_RET_ALLOW. */
    bool allowed;
    /*
     * Something unknown was divided by X. The kernel's emulator may give up there, although no
     * way ends in anything else.
     */
    bool hard_division;
};

/* `program` must be one that model_accepts(). */
struct ways model_ways(const struct sock_filter *program, uint32_t arch, uint32_t number);

#endif

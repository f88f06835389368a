/* SPDX-License-Identifier: MIT */
/*
 * Classic BPF as seccomp runs it, once more: small, in C, and written for the model check, so that
 * it leans neither on the emulator nor on the interpreter of harness/cbpf. Source of the rules:
 * bpf_convert_filter() in net/core/filter.c of Linux 5.10, seccomp_check_filter() in
 * kernel/seccomp.c, and bpf_check_classic().
 */
#ifndef MODEL_INTERPRETER_H
#define MODEL_INTERPRETER_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <stdbool.h>
#include <stdint.h>

/* Does the kernel take this instruction, with `behind` others after it? */
bool model_accepts_instruction(const struct sock_filter *insn, unsigned int behind);

/*
 * Does the kernel take this program? One rule is left out: that memory words are written before
 * they are read. So what is proved here is proved of more programs than the kernel takes.
 */
bool model_accepts(const struct sock_filter *program, unsigned int length);

/* One operation of class BPF_ALU. `ended` is set where it ends the program (with 0). */
uint32_t model_arithmetic(uint16_t code, uint32_t a, uint32_t operand, bool *ended);

/* One conditional jump: is it taken? */
bool model_condition(uint16_t code, uint32_t a, uint32_t operand);

/* The word at `offset` of struct seccomp_data, as BPF_LD | BPF_W | BPF_ABS gets it. */
uint32_t model_load(const struct seccomp_data *data, uint32_t offset);

struct model_machine {
    unsigned int pc;
    uint32_t a, x, memory[BPF_MEMWORDS];
    uint32_t returned; /* once the program has ended */
};

/* Executes the instruction at `pc`. Returns false if it ends the program. */
bool model_step(const struct sock_filter *program, const struct seccomp_data *data,
                struct model_machine *machine);

/* What the program returns, started with scratch memory that holds `memory` in each word. */
uint32_t model_run(const struct sock_filter *program, const struct seccomp_data *data,
                   uint32_t memory);

#endif

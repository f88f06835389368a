/* SPDX-License-Identifier: MIT */
/*
 * Classic BPF as seccomp runs it, once more: small, in C, and written for a model checker, so that
 * the proof leans neither on the emulator nor on the interpreter of harness/cbpf. Source of the
 * rules: bpf_convert_filter() in net/core/filter.c of Linux 5.10, seccomp_check_filter() in
 * kernel/seccomp.c, and bpf_check_classic().
 */
#ifndef MODEL_INTERPRETER_H
#define MODEL_INTERPRETER_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Does the kernel take this program? One rule is left out: that memory words are written before
 * they are read. So what is proved here is proved of more programs than the kernel takes.
 */
bool model_accepts(const struct sock_filter *program, unsigned int length);

/*
 * What the program returns. `memory` is what the scratch memory holds at the start: anything. It
 * and the registers are changed.
 */
uint32_t model_run(const struct sock_filter *program, unsigned int length,
                   const struct seccomp_data *data, uint32_t memory[BPF_MEMWORDS]);

#endif

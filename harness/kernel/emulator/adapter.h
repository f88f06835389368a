/* SPDX-License-Identifier: MIT */
/*
 * The one place that knows how the kernel's emulator is called. Everything else in user space
 * (kernel_emulator.h for C++, harness/model for the model checker) comes through here, so that
 * another interface in the kernel changes adapter.c alone.
 *
 * Programs must be such as the kernel accepts: nothing is checked.
 */
#ifndef KERNEL_EMULATOR_ADAPTER_H
#define KERNEL_EMULATOR_ADAPTER_H

#include <linux/filter.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct seccomp_emu;

/* The largest syscall table that can be asked for. */
unsigned int emulator_largest_table(void);

/* How much memory an emulation of so many instructions takes, in bytes. */
size_t emulator_size(unsigned int length);

/* Makes an emulation out of emulator_size() bytes, whatever they contain. */
void emulator_init(struct seccomp_emu *emulation, const struct sock_filter *filter,
                   unsigned int length);

/* How many words of a bitmap `size` bits take. */
size_t emulator_bitmap_words(unsigned int size);

/*
 * What one filter allows by itself, as seccomp_cache_prepare() in kernel/seccomp.c asks for it:
 * writes emulator_bitmap_words() words of `bitmap`, whatever they contain. May be called again,
 * for another architecture.
 */
void emulator_allowed(struct seccomp_emu *emulation, uint32_t arch, unsigned int size,
                      unsigned long *bitmap);

/* Bit `number` of a bitmap. */
bool emulator_bit(const unsigned long *bitmap, unsigned int number);

#ifdef __cplusplus
}
#endif

#endif

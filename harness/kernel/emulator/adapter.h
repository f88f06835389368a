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
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Does the emulator know what the filter returns for this syscall? If so, stores it. */
bool emulator_constant(const struct sock_filter *filter, unsigned int length, uint32_t arch,
                       uint32_t number, uint32_t *verdict);

/*
 * What seccomp_cache_fill() in kernel/seccomp.c does when a filter is attached, on bools in place
 * of bits: sets those of allow[0] to allow[size - 1] that are proved, and leaves the others
 * alone. `previous` is the result for the filters before this one, or NULL for the first.
 */
void emulator_fill(bool *allow, const bool *previous, unsigned int size, uint32_t arch,
                   const struct sock_filter *filter, unsigned int length);

#ifdef __cplusplus
}
#endif

#endif

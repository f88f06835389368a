/* SPDX-License-Identifier: MIT */
#include "adapter.h"

#include <linux/seccomp.h>
#include <linux/types.h>

#include "seccomp_emu.h"

bool emulator_constant(const struct sock_filter *filter, unsigned int length, uint32_t arch,
                       uint32_t number, uint32_t *verdict)
{
    return seccomp_emu_constant(filter, length, arch, number, verdict);
}

void emulator_fill(bool *allow, const bool *previous, unsigned int size, uint32_t arch,
                   const struct sock_filter *filter, unsigned int length)
{
    for (unsigned int number = 0; number < size; number++) {
        uint32_t verdict;

        if (previous && !previous[number])
            continue;
        if (emulator_constant(filter, length, arch, number, &verdict) &&
            verdict == SECCOMP_RET_ALLOW)
            allow[number] = true;
    }
}

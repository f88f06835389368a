/* SPDX-License-Identifier: MIT */
#include "adapter.h"

#include <linux/bitmap.h>

#include "seccomp_emu.h"

unsigned int emulator_largest_table(void)
{
    return SECCOMP_EMU_NRS;
}

size_t emulator_size(unsigned int length)
{
    return seccomp_emu_size(length);
}

void emulator_init(struct seccomp_emu *emulation, const struct sock_filter *filter,
                   unsigned int length)
{
    seccomp_emu_init(emulation, filter, length);
}

size_t emulator_bitmap_words(unsigned int size)
{
    return BITS_TO_LONGS(size);
}

void emulator_allowed(struct seccomp_emu *emulation, uint32_t arch, unsigned int size,
                      unsigned long *bitmap)
{
    seccomp_emu_allowed(emulation, arch, size, bitmap);
}

bool emulator_bit(const unsigned long *bitmap, unsigned int number)
{
    return bitmap[number / BITS_PER_LONG] >> (number % BITS_PER_LONG) & 1;
}

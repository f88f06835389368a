/* SPDX-License-Identifier: MIT */
/*
 * Bitmaps. As in the kernel, whole words are read and written, bits behind the last one included;
 * those of a result are cleared by bitmap_andnot(), and by no other.
 */
#ifndef SHIM_LINUX_BITMAP_H
#define SHIM_LINUX_BITMAP_H

#include <linux/bitops.h>
#include <linux/string.h>
#include <linux/types.h>

#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]
#define BITMAP_FIRST_WORD_MASK(start) (~0UL << ((start) & (BITS_PER_LONG - 1)))
#define BITMAP_LAST_WORD_MASK(bits) (~0UL >> (-(bits) & (BITS_PER_LONG - 1)))

static inline void bitmap_zero(unsigned long *bitmap, unsigned int bits) {
    memset(bitmap, 0, BITS_TO_LONGS(bits) * sizeof(unsigned long));
}

static inline void bitmap_copy(unsigned long *to, const unsigned long *from, unsigned int bits) {
    memcpy(to, from, BITS_TO_LONGS(bits) * sizeof(unsigned long));
}

static inline void bitmap_set(unsigned long *bitmap, unsigned int start, unsigned int count) {
    for (unsigned int i = 0; i < count; i++)
        __set_bit(start + i, bitmap);
}

static inline void bitmap_clear(unsigned long *bitmap, unsigned int start, unsigned int count) {
    for (unsigned int i = 0; i < count; i++)
        __clear_bit(start + i, bitmap);
}

static inline void bitmap_or(unsigned long *to, const unsigned long *a, const unsigned long *b,
                             unsigned int bits) {
    for (unsigned int i = 0; i < BITS_TO_LONGS(bits); i++)
        to[i] = a[i] | b[i];
}

/* Is anything left? */
static inline bool bitmap_andnot(unsigned long *to, const unsigned long *a, const unsigned long *b,
                                 unsigned int bits) {
    unsigned long any = 0;

    for (unsigned int i = 0; i < BITS_TO_LONGS(bits); i++) {
        to[i] = a[i] & ~b[i];
        if (i == bits / BITS_PER_LONG)
            to[i] &= BITMAP_LAST_WORD_MASK(bits);
        any |= to[i];
    }
    return any;
}

static inline bool bitmap_empty(const unsigned long *bitmap, unsigned int bits) {
    return find_next_bit(bitmap, bits, 0) >= bits;
}

#endif

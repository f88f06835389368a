/* SPDX-License-Identifier: MIT */
/* Single bits of words and of bitmaps. */
#ifndef SHIM_LINUX_BITOPS_H
#define SHIM_LINUX_BITOPS_H

#include <linux/types.h>

#define BITS_PER_LONG (8 * sizeof(unsigned long))
#define BITS_TO_LONGS(bits) (((bits) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define BIT(number) (1UL << (number))
#define BIT_WORD(number) ((number) / BITS_PER_LONG)
#define GENMASK(high, low) ((~0UL >> (BITS_PER_LONG - 1 - (high))) & (~0UL << (low)))

static inline unsigned long __ffs(unsigned long word) {
    return (unsigned long)__builtin_ctzl(word);
}

/* The C library's ffs() is the kernel's. */
#include <strings.h>

static inline unsigned int hweight32(u32 word) { return (unsigned int)__builtin_popcount(word); }

static inline bool test_bit(unsigned long number, const unsigned long *bitmap) {
    return bitmap[number / BITS_PER_LONG] & BIT(number % BITS_PER_LONG);
}

static inline void __set_bit(unsigned long number, unsigned long *bitmap) {
    bitmap[number / BITS_PER_LONG] |= BIT(number % BITS_PER_LONG);
}

static inline void __clear_bit(unsigned long number, unsigned long *bitmap) {
    bitmap[number / BITS_PER_LONG] &= ~BIT(number % BITS_PER_LONG);
}

static inline bool __test_and_clear_bit(unsigned long number, unsigned long *bitmap) {
    const bool was_set = test_bit(number, bitmap);

    __clear_bit(number, bitmap);
    return was_set;
}

static inline unsigned long find_next_bit(const unsigned long *bitmap, unsigned long size,
                                          unsigned long from) {
    unsigned long number, word;

    for (number = from; number < size; number = (number / BITS_PER_LONG + 1) * BITS_PER_LONG) {
        word = bitmap[number / BITS_PER_LONG] >> (number % BITS_PER_LONG);
        if (word) {
            number += __ffs(word);
            return number < size ? number : size;
        }
    }
    return size;
}

static inline unsigned long find_first_bit(const unsigned long *bitmap, unsigned long size) {
    return find_next_bit(bitmap, size, 0);
}

#define for_each_set_bit(number, bitmap, size)                                                     \
    for ((number) = find_next_bit((bitmap), (size), 0); (number) < (size);                         \
         (number) = find_next_bit((bitmap), (size), (number) + 1))

#endif

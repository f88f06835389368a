/* SPDX-License-Identifier: MIT */
#ifndef SHIM_LINUX_KERNEL_H
#define SHIM_LINUX_KERNEL_H

#define U32_MAX UINT32_MAX

#define unlikely(condition) __builtin_expect(!!(condition), 0)

#define min_t(type, a, b)                                                                          \
    ({                                                                                             \
        type a_ = (a);                                                                             \
        type b_ = (b);                                                                             \
        a_ < b_ ? a_ : b_;                                                                         \
    })

#define swap(a, b)                                                                                 \
    do {                                                                                           \
        __typeof__(a) old_ = (a);                                                                  \
        (a) = (b);                                                                                 \
        (b) = old_;                                                                                \
    } while (0)

#endif

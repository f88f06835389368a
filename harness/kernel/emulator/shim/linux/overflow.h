/* SPDX-License-Identifier: MIT */
/* The size of a structure with its flexible array member; the kernel's saturates. */
#ifndef SHIM_LINUX_OVERFLOW_H
#define SHIM_LINUX_OVERFLOW_H

#define struct_size(pointer, member, count)                                                        \
    (sizeof(*(pointer)) + sizeof(*(pointer)->member) * (size_t)(count))

#endif

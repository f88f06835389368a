/* SPDX-License-Identifier: MIT */
/* What array_index_nospec() gives, without what it does to speculation. */
#ifndef SHIM_LINUX_NOSPEC_H
#define SHIM_LINUX_NOSPEC_H

#define array_index_nospec(index, size)                                                            \
    ({                                                                                             \
        __typeof__(index) index_ = (index);                                                        \
        __typeof__(size) size_ = (size);                                                           \
        index_ < size_ ? index_ : 0;                                                               \
    })

#endif

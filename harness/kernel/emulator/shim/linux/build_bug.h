/* SPDX-License-Identifier: MIT */
#ifndef SHIM_LINUX_BUILD_BUG_H
#define SHIM_LINUX_BUILD_BUG_H

#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define BUILD_BUG_ON_NOT_POWER_OF_2(number)                                                        \
    BUILD_BUG_ON((number) == 0 || ((number) & ((number)-1)) != 0)

#endif

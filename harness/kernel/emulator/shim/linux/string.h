/* SPDX-License-Identifier: MIT */
/* What the C library has of it does the same. */
#ifndef SHIM_LINUX_STRING_H
#define SHIM_LINUX_STRING_H

#include <string.h>

#endif

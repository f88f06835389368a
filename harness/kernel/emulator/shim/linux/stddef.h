/* SPDX-License-Identifier: MIT */
/* offsetof(), which the kernel has here. */
#ifndef SHIM_LINUX_STDDEF_H
#define SHIM_LINUX_STDDEF_H

#include <stddef.h>

#include_next <linux/stddef.h>

#endif

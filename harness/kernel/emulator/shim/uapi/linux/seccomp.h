/* SPDX-License-Identifier: MIT */
/* The interface to user space has the same text on both sides. */
#include <linux/seccomp.h>

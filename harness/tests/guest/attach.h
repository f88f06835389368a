// SPDX-License-Identifier: MIT
//
// Attaching filters in this process. All of these take privileges for granted or the caller to
// have set no_new_privs; none allocates memory, so that they work under filters already attached.

#pragma once

#include "cbpf/program.h"

namespace guest {

// seccomp(2): 0, the listener's file descriptor, a thread's id (failed TSYNC), or -errno.
long attach(const cbpf::Program &program, unsigned flags = 0);
// prctl(2): 0 or -errno.
long attach_by_prctl(const cbpf::Program &program);
// Strict mode: 0 or -errno.
long enter_strict_mode();

} // namespace guest

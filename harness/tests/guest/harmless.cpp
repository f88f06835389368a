// SPDX-License-Identifier: MIT
#include "harmless.h"

#include <linux/audit.h>
#include <sys/syscall.h>

namespace guest {

namespace {

constexpr Harmless native = {SYS_getpid,  SYS_getppid, SYS_getuid, SYS_getgid,
                             SYS_geteuid, SYS_getegid, 400};
constexpr Harmless compat = {20, 64, 199, 200, 201, 202, 223};

} // namespace

const Harmless &harmless(Path path) {
    return path_arch(path) == AUDIT_ARCH_X86_64 ? native : compat;
}

} // namespace guest

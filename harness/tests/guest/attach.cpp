// SPDX-License-Identifier: MIT
#include "attach.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace guest {

namespace {

long result_or_errno(long result) { return result < 0 ? -errno : result; }

sock_fprog as_fprog(const cbpf::Program &program) {
    return {static_cast<unsigned short>(program.size()), const_cast<sock_filter *>(program.data())};
}

} // namespace

long attach(const cbpf::Program &program, unsigned flags) {
    const sock_fprog fprog = as_fprog(program);
    return result_or_errno(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &fprog));
}

long attach_by_prctl(const cbpf::Program &program) {
    const sock_fprog fprog = as_fprog(program);
    return result_or_errno(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog));
}

long enter_strict_mode() { return result_or_errno(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)); }

} // namespace guest

// SPDX-License-Identifier: MIT
//
// PTRACE_O_SUSPEND_SECCOMP: checkpointing programs turn a task's seccomp off for a while.

#include "attach.h"
#include "child.h"
#include "filters.h"

#include <gtest/gtest.h>

#include <linux/seccomp.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace guest {
namespace {

constexpr unsigned long suspend_seccomp = 1ul << 21; // PTRACE_O_SUSPEND_SECCOMP

bool getppid_is_refused() { return syscall(SYS_getppid) == -1 && errno == 57; }
bool getpid_works() { return syscall(SYS_getpid) > 0; }

TEST(SuspendSeccomp, FiltersAreOffAndOnAgain) {
    Child child([] {
        require(attach(answer(SYS_getppid, SECCOMP_RET_ERRNO | 57)) == 0, "attach");
        require(getppid_is_refused() && getpid_works(), "refused before");
        breakpoint();
        require(!getppid_is_refused() && getpid_works(), "allowed while suspended");
        breakpoint();
        require(getppid_is_refused() && getpid_works(), "refused after");
    });
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    ASSERT_EQ(ptrace(PTRACE_SETOPTIONS, child.pid(), nullptr, suspend_seccomp), 0);
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    ASSERT_EQ(ptrace(PTRACE_SETOPTIONS, child.pid(), nullptr, 0), 0);
    child.expect_success();
}

} // namespace
} // namespace guest

// SPDX-License-Identifier: MIT
//
// Who may read /proc/PID/seccomp_cache: who had CAP_SYS_ADMIN in the initial user namespace when
// opening it.

#include "attach.h"
#include "cache.h"
#include "child.h"
#include "filters.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace guest {
namespace {

constexpr uid_t nobody = 65534;
constexpr const char *own_file = "/proc/self/seccomp_cache";

const cbpf::Chain chain = {answer(SYS_getuid, SECCOMP_RET_ERRNO | 1)};

void set_effective(unsigned capability, bool on) {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};

    require(syscall(SYS_capget, &header, data) == 0, "capget");
    const __u32 bit = 1u << (capability % 32);
    auto &effective = data[capability / 32].effective;
    effective = on ? effective | bit : effective & ~bit;
    require(syscall(SYS_capset, &header, data) == 0, "capset");
}

void become_nobody() {
    require(syscall(SYS_setresgid, nobody, nobody, nobody) == 0, "setresgid");
    require(syscall(SYS_setresuid, nobody, nobody, nobody) == 0, "setresuid");
    // Or else its own files in /proc would belong to root.
    require(prctl(PR_SET_DUMPABLE, 1) == 0, "PR_SET_DUMPABLE");
}

int open_own_file() {
    const int fd = open(own_file, O_RDONLY);
    require(fd >= 0, "open /proc/self/seccomp_cache");
    return fd;
}

void require_refused(int fd) {
    char byte;
    require(read(fd, &byte, 1) == -1 && errno == EACCES, "reading is refused with EACCES");
}

void require_readable(int fd) {
    std::string text;
    char buffer[4096];
    ssize_t length;
    while ((length = read(fd, buffer, sizeof(buffer))) > 0)
        text.append(buffer, static_cast<std::size_t>(length));
    require(length == 0, "reading works");
    require(static_cast<bool>(shows_cache_of(text, chain)), "the file shows the cache");
}

void in_child(void (*body)()) {
    Child child(
        [body] {
            require(attach(chain[0]) == 0, "attach");
            body();
        },
        Child::Untraced{});
    child.expect_success();
}

TEST(Privileges, RootReads) {
    in_child([] { require_readable(open_own_file()); });
}

TEST(Privileges, CapabilityIsNeeded) {
    in_child([] {
        set_effective(CAP_SYS_ADMIN, false);
        require_refused(open_own_file());
        set_effective(CAP_SYS_ADMIN, true);
        require_readable(open_own_file());
    });
}

TEST(Privileges, NoOtherCapabilityIsNeeded) {
    in_child([] {
        for (unsigned capability = 0; capability < 40; capability++)
            if (capability != CAP_SYS_ADMIN)
                set_effective(capability, false);
        require_readable(open_own_file());
    });
}

TEST(Privileges, NobodyIsRefusedItsOwnFile) {
    in_child([] {
        become_nobody();
        require_refused(open_own_file());
    });
}

TEST(Privileges, NobodyCannotOpenTheFilesOfRoot) {
    in_child([] {
        become_nobody();
        require(access("/proc/1/stat", R_OK) == 0, "get as far as that file");
        require(open("/proc/1/seccomp_cache", O_RDONLY) == -1 && errno == EACCES,
                "opening is refused with EACCES");
    });
}

TEST(Privileges, TheEmptyFileIsRefusedAsWell) {
    Child child(
        [] {
            set_effective(CAP_SYS_ADMIN, false);
            require_refused(open_own_file());
        },
        Child::Untraced{});
    child.expect_success();
}

TEST(Privileges, OpenedByThePrivilegedReadByNobody) {
    in_child([] {
        const int fd = open_own_file();
        become_nobody();
        require_readable(fd);
    });
}

TEST(Privileges, OpenedByThePrivilegedReadWithoutCapability) {
    in_child([] {
        const int fd = open_own_file();
        set_effective(CAP_SYS_ADMIN, false);
        require_readable(fd);
    });
}

TEST(Privileges, OpenedWithoutCapabilityReadByThePrivileged) {
    in_child([] {
        set_effective(CAP_SYS_ADMIN, false);
        const int fd = open_own_file();
        set_effective(CAP_SYS_ADMIN, true);
        require_refused(fd);
    });
}

void write_file(const char *path, const char *text) {
    const int fd = open(path, O_WRONLY);
    require(fd >= 0, path);
    const auto length = static_cast<ssize_t>(std::strlen(text));
    require(write(fd, text, static_cast<std::size_t>(length)) == length, path);
    close(fd);
}

void become_root_of_a_namespace() {
    require(unshare(CLONE_NEWUSER) == 0, "unshare");
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", "0 0 1");
    write_file("/proc/self/gid_map", "0 0 1");
    require(geteuid() == 0, "be root");
    // All capabilities, but in that namespace.
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    require(syscall(SYS_capget, &header, data) == 0, "capget");
    require((data[0].effective & (1u << CAP_SYS_ADMIN)) != 0, "have CAP_SYS_ADMIN");
}

TEST(Privileges, RootOfAUserNamespaceIsRefused) {
    in_child([] {
        become_root_of_a_namespace();
        prctl(PR_SET_DUMPABLE, 1);
        require_refused(open_own_file());
    });
}

TEST(Privileges, OpenedBeforeEnteringAUserNamespace) {
    in_child([] {
        const int fd = open_own_file();
        become_root_of_a_namespace();
        require_readable(fd);
    });
}

// Attaching needs no privilege where no_new_privs is set, and fills the cache all the same.
TEST(Privileges, TheUnprivilegedHaveACacheToo) {
    Child child([] {
        become_nobody();
        require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
        require(attach(chain[0]) == 0, "attach");
        breakpoint();
    });
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    EXPECT_TRUE(shows_cache_of(read_cache(child.pid()), chain));
    child.expect_success();
}

TEST(Privileges, AttachingNeedsPrivilegeOrNoNewPrivs) {
    Child child(
        [] {
            become_nobody();
            require(attach(chain[0]) == -EACCES, "attach");
        },
        Child::Untraced{});
    child.expect_success();
}

} // namespace
} // namespace guest

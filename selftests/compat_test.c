// SPDX-License-Identifier: GPL-2.0-only
/*
 * The action cache of seccomp and 32-bit programs on a 64-bit kernel: this is
 * one. Its filters are attached through the compat entry, and it makes its
 * system calls in both ways that 32-bit programs have, by `int $0x80` and
 * through the vdso.
 *
 * Needs CONFIG_SECCOMP_CACHE_DEBUG and root.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"

_Static_assert(sizeof(void *) == 4, "compile with -m32");

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define JEQ(k, jt, jf)		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, jt, jf)
#define RET(value)		BPF_STMT(BPF_RET | BPF_K, value)
#define ALLOW			RET(SECCOMP_RET_ALLOW)
#define REFUSE(error)		RET(SECCOMP_RET_ERRNO | (error))

static char text[128 * 1024];

static int attach(struct sock_filter *filter, unsigned short len)
{
	struct sock_fprog prog = { .len = len, .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

static int read_cache(pid_t pid)
{
	char path[64];
	size_t len = 0;
	ssize_t ret;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/seccomp_cache", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	while ((ret = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += ret;
	close(fd);
	text[len] = '\0';
	return ret < 0 ? -1 : (int)len;
}

static bool has_line(const char *arch, unsigned int nr, const char *verdict)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %u %s\n", arch, nr, verdict);
	return strstr(text, line);
}

static long by_int80(long nr, long arg)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "a" (nr), "b" (arg), "c" (0), "d" (0), "S" (0), "D" (0)
		     : "memory");
	return ret;
}

static long by_vdso(long nr, long arg)
{
	unsigned long entry = getauxval(AT_SYSINFO);
	long ret;

	asm volatile("call *%[entry]"
		     : "=a" (ret)
		     : "a" (nr), "b" (arg), "c" (0), "d" (0), "S" (0), "D" (0),
		       [entry] "m" (entry)
		     : "memory");
	return ret;
}

/* Why there is nothing to test here, if so. */
static const char *obstacle(void)
{
	if (access("/proc/self/seccomp_cache", F_OK))
		return "no /proc/PID/seccomp_cache: set CONFIG_SECCOMP_CACHE_DEBUG";
	if (geteuid())
		return "only root may read /proc/PID/seccomp_cache";
	return NULL;
}

FIXTURE(call)
{
};

FIXTURE_VARIANT(call)
{
	long (*make)(long nr, long arg);
};

FIXTURE_VARIANT_ADD(call, int80)
{
	.make = by_int80,
};

FIXTURE_VARIANT_ADD(call, vdso)
{
	.make = by_vdso,
};

FIXTURE_SETUP(call)
{
}

FIXTURE_TEARDOWN(call)
{
}

TEST_F(call, is_judged_as_the_filter_says)
{
	struct sock_filter filter[] = {
		LOAD(arch), JEQ(AUDIT_ARCH_I386, 1, 0), RET(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
		JEQ(__NR_getuid32, 0, 1), REFUSE(61),
		JEQ(__NR_getgid32, 0, 3),
		LOAD(args[0]), JEQ(1, 0, 1), REFUSE(62),
		ALLOW,
	};
	long arg;

	ASSERT_NE(0, getauxval(AT_SYSINFO));
	ASSERT_EQ(0, attach(filter, ARRAY_SIZE(filter)));
	for (arg = -3; arg <= 3; arg++) {
		EXPECT_EQ(getpid(), variant->make(__NR_getpid, arg));
		EXPECT_EQ(getppid(), variant->make(__NR_getppid, arg));
		EXPECT_EQ(-61, variant->make(__NR_getuid32, arg));
		EXPECT_EQ(arg == 1 ? -62 : (long)getegid(),
			  variant->make(__NR_getgid32, arg));
		EXPECT_EQ(-ENOSYS, variant->make(100000, arg));
		EXPECT_EQ(-ENOSYS, variant->make(-1, arg));
	}
}

TEST_F(call, beyond_the_table_is_filtered)
{
	struct sock_filter filter[] = {
		LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 1000, 0, 1),
		REFUSE(63), ALLOW,
	};

	ASSERT_EQ(0, attach(filter, ARRAY_SIZE(filter)));
	EXPECT_EQ(-ENOSYS, variant->make(999, 0));
	EXPECT_EQ(-63, variant->make(1000, 0));
	EXPECT_EQ(-63, variant->make(0x40000000 | __NR_getpid, 0));
	EXPECT_EQ(-63, variant->make(-1, 0));
	EXPECT_EQ(getpid(), variant->make(__NR_getpid, 0));
}

static siginfo_t seen;

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	seen = *info;
}

TEST_F(call, traps)
{
	struct sigaction action = {
		.sa_sigaction = on_sigsys,
		.sa_flags = SA_SIGINFO,
	};
	struct sock_filter filter[] = {
		LOAD(nr), JEQ(__NR_getuid32, 0, 1), RET(SECCOMP_RET_TRAP | 64), ALLOW,
	};

	ASSERT_EQ(0, sigaction(SIGSYS, &action, NULL));
	ASSERT_EQ(0, attach(filter, ARRAY_SIZE(filter)));
	variant->make(__NR_getuid32, 0);
	EXPECT_EQ(SIGSYS, seen.si_signo);
	EXPECT_EQ(64, seen.si_errno);
	EXPECT_EQ(__NR_getuid32, seen.si_syscall);
	EXPECT_EQ(AUDIT_ARCH_I386, seen.si_arch);
}

static pid_t zombie_with(struct sock_filter *filter, unsigned short len)
{
	pid_t pid = fork();

	if (!pid)
		_exit(!!attach(filter, len));
	if (pid > 0)
		waitid(P_PID, pid, NULL, WEXITED | WNOWAIT);
	return pid;
}

/* A filter of a 32-bit process is for both system call tables. */
TEST(both_tables_are_filled)
{
	struct sock_filter filter[] = {
		LOAD(arch), JEQ(AUDIT_ARCH_I386, 0, 3),
		LOAD(nr), JEQ(__NR_getuid32, 1, 0), ALLOW,
		REFUSE(EPERM),
	};
	unsigned int nr;
	int status;
	pid_t pid;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	pid = zombie_with(filter, ARRAY_SIZE(filter));
	ASSERT_LT(0, pid);
	ASSERT_LT(0, read_cache(pid));
	for (nr = 0; nr < 430; nr++) {
		EXPECT_TRUE(has_line("x86_64", nr, "FILTER"));
		EXPECT_TRUE(has_line("ia32", nr, nr == __NR_getuid32 ?
				     "FILTER" : "ALLOW"));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST(no_filter_is_empty)
{
	if (obstacle())
		SKIP(return, "%s", obstacle());

	EXPECT_EQ(0, read_cache(getpid()));
}

TEST_HARNESS_MAIN

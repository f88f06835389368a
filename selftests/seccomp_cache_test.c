// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the action cache of seccomp: what /proc/PID/seccomp_cache says about
 * filters and stacks of them, who may read it, and that system calls meet the
 * same fate whether they are remembered or not.
 *
 * Needs CONFIG_SECCOMP_CACHE_DEBUG and root.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"

#define X32_BIT		0x40000000
#define NOBODY		65534
#define INIT_USER_NS	0xeffffffd	/* inode number, PROC_USER_INIT_INO */
#define TEXT_MAX	(128 * 1024)

/* Numbers that are in all system call tables, but not needed here. */
#define NR_A	250
#define NR_B	251

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define JUMP(op, k, jt, jf)	BPF_JUMP(BPF_JMP | (op) | BPF_K, k, jt, jf)
#define RET(value)		BPF_STMT(BPF_RET | BPF_K, value)
#define ALLOW			RET(SECCOMP_RET_ALLOW)
#define REFUSE			RET(SECCOMP_RET_ERRNO | EPERM)

static int attach(struct sock_filter *filter, unsigned short len,
		  unsigned int flags)
{
	struct sock_fprog prog = { .len = len, .filter = filter };

	return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

/* Refuses one number, allows all others. */
static int attach_refusing(unsigned int nr, unsigned int flags)
{
	struct sock_filter filter[] = {
		LOAD(nr), JUMP(BPF_JEQ, nr, 0, 1), REFUSE, ALLOW,
	};

	return attach(filter, ARRAY_SIZE(filter), flags);
}

static char text[TEXT_MAX];
static char other[TEXT_MAX];

/*
 * Reads a file in pieces of at most @piece bytes into @buf, which has room for
 * TEXT_MAX. Returns its length or -1.
 */
static ssize_t read_all(int fd, char *buf, size_t piece)
{
	size_t len = 0, room;
	ssize_t ret;

	do {
		room = TEXT_MAX - 1 - len;
		if (!room) {
			errno = EFBIG;
			return -1;
		}
		ret = read(fd, buf + len, piece < room ? piece : room);
		if (ret < 0)
			return -1;
		len += ret;
	} while (ret);
	buf[len] = '\0';
	return len;
}

static ssize_t read_path(const char *path, char *buf)
{
	int fd = open(path, O_RDONLY);
	ssize_t len;
	int err;

	if (fd < 0)
		return -1;
	len = read_all(fd, buf, TEXT_MAX);
	err = errno;
	close(fd);
	errno = err;
	return len;
}

static ssize_t read_self(char *buf)
{
	return read_path("/proc/thread-self/seccomp_cache", buf);
}

static ssize_t read_cache(pid_t pid, char *buf)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/seccomp_cache", pid);
	return read_path(path, buf);
}

/* Does @number of the native table (0) or the compat table (1) have ALLOW? */
static bool allowed(const char *from, int table, unsigned int number)
{
	char name[32], first[32] = "", verdict[32];
	unsigned int nr;
	int length;

	while (sscanf(from, "%31s %u %31s%n", name, &nr, verdict, &length) == 3) {
		if (!first[0])
			strcpy(first, name);
		if ((strcmp(name, first) != 0) == table && nr == number)
			return !strcmp(verdict, "ALLOW");
		from += length;
	}
	return false;
}

static unsigned int count(const char *from, const char *word)
{
	unsigned int found = 0;

	while ((from = strstr(from, word))) {
		found++;
		from += strlen(word);
	}
	return found;
}

static unsigned int lines(const char *from)
{
	return count(from, "\n");
}

static unsigned int allows(const char *from)
{
	return count(from, " ALLOW\n");
}

/* How many system call tables there are. */
static unsigned int tables(const char *from)
{
	return count(from, " 0 ");
}

static int set_sys_admin(bool on)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(__NR_capget, &header, data))
		return -1;
	if (on)
		data[0].effective |= 1U << CAP_SYS_ADMIN;
	else
		data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	return syscall(__NR_capset, &header, data);
}

static int become_nobody(void)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		return -1;
	/* Or else its own files in /proc belong to root. */
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* CAP_SYS_ADMIN, and in the initial user namespace, which has a fixed number. */
static bool privileged(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	struct stat st;

	if (syscall(__NR_capget, &header, data) ||
	    !(data[0].effective & (1U << CAP_SYS_ADMIN)))
		return false;
	return stat("/proc/self/ns/user", &st) || st.st_ino == INIT_USER_NS;
}

/*
 * Why there is nothing to test here, if so. Does not try to read the file: that
 * it can be read is one of the things to test.
 */
static const char *obstacle(void)
{
	if (access("/proc/self/seccomp_cache", F_OK))
		return "no /proc/PID/seccomp_cache: set CONFIG_SECCOMP_CACHE_DEBUG";
	if (!privileged())
		return "needs CAP_SYS_ADMIN in the initial user namespace";
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0))
		return "is under seccomp already";
	return NULL;
}

TEST(no_filter_is_empty)
{
	if (obstacle())
		SKIP(return, "%s", obstacle());

	EXPECT_EQ(0, read_self(text));
	EXPECT_EQ(0, read_cache(getpid(), text));
}

static void strict(void)
{
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	/* The parent closes the other end. */
	while (read(STDIN_FILENO, text, 1) > 0)
		;
	syscall(__NR_exit, 0);
}

TEST(strict_mode_is_empty)
{
	char path[64];
	int fds[2], status, i;
	pid_t pid;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		dup2(fds[0], STDIN_FILENO);
		close(fds[1]);
		strict();
	}

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	for (i = 0; i < 5000; i++) {
		ASSERT_LT(0, read_path(path, other));
		if (strstr(other, "Seccomp:\t1"))
			break;
		usleep(1000);
	}
	EXPECT_TRUE(!!strstr(other, "Seccomp:\t1"));
	EXPECT_EQ(0, read_cache(pid, text));

	close(fds[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST(mode_is_0400)
{
	struct stat st;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, stat("/proc/self/seccomp_cache", &st));
	EXPECT_EQ(S_IFREG | 0400, st.st_mode);
	ASSERT_EQ(0, stat("/proc/thread-self/seccomp_cache", &st));
	EXPECT_EQ(S_IFREG | 0400, st.st_mode);
}

TEST(allow_is_cached)
{
	struct sock_filter filter[] = { ALLOW };

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, attach(filter, ARRAY_SIZE(filter), 0));
	ASSERT_LT(0, read_self(text));
	EXPECT_LT(0, lines(text));
	EXPECT_EQ(lines(text), allows(text));
}

/* Native first, then compat, each from 0 on without a gap. */
TEST(format)
{
	char name[32] = "", previous[32] = "", verdict[32], line[96];
	unsigned int nr, next = 0, seen = 0;
	const char *at = text;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, attach_refusing(NR_A, 0));
	ASSERT_LT(0, read_self(text));
	while (sscanf(at, "%31s %u %31s", name, &nr, verdict) == 3) {
		if (strcmp(name, previous)) {
			seen++;
			next = 0;
			strcpy(previous, name);
		}
		ASSERT_EQ(next, nr);
		next++;
		ASSERT_TRUE(!strcmp(verdict, "ALLOW") ||
			    !strcmp(verdict, "FILTER"));
		/* Not a space more or less. */
		snprintf(line, sizeof(line), "%s %u %s\n", name, nr, verdict);
		ASSERT_EQ(0, strncmp(at, line, strlen(line)));
		at += strlen(line);
	}
	EXPECT_EQ(0, *at);
	EXPECT_LE(1, seen);
	EXPECT_GE(2, seen);
}

/* One instruction each, and what it makes of the numbers 0, NR_A and NR_B. */
FIXTURE(instruction)
{
};

FIXTURE_VARIANT(instruction)
{
	struct sock_filter filter[8];
	bool zero, a, b;
};

FIXTURE_SETUP(instruction)
{
}

FIXTURE_TEARDOWN(instruction)
{
}

FIXTURE_VARIANT_ADD(instruction, jeq)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JEQ, NR_A, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = false, .b = true,
};

FIXTURE_VARIANT_ADD(instruction, jeq_not)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JEQ, NR_A, 1, 0), REFUSE, ALLOW,
	},
	.zero = false, .a = true, .b = false,
};

FIXTURE_VARIANT_ADD(instruction, jgt)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JGT, NR_A, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = true, .b = false,
};

FIXTURE_VARIANT_ADD(instruction, jge)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JGE, NR_A, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = false, .b = false,
};

FIXTURE_VARIANT_ADD(instruction, jgt_is_unsigned)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JGT, 0x80000000, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = true, .b = true,
};

FIXTURE_VARIANT_ADD(instruction, jset)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JSET, NR_A ^ NR_B, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = true, .b = false,
};

FIXTURE_VARIANT_ADD(instruction, and)
{
	.filter = {
		LOAD(nr), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(NR_A ^ NR_B)),
		JUMP(BPF_JEQ, NR_A, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = false, .b = false,
};

FIXTURE_VARIANT_ADD(instruction, ja)
{
	.filter = {
		LOAD(nr), BPF_STMT(BPF_JMP | BPF_JA, 1), REFUSE,
		JUMP(BPF_JEQ, NR_A, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = false, .b = true,
};

FIXTURE_VARIANT_ADD(instruction, no_load)
{
	.filter = {
		JUMP(BPF_JEQ, 0, 1, 0), REFUSE, ALLOW,
	},
	.zero = true, .a = true, .b = true,
};

FIXTURE_VARIANT_ADD(instruction, arch)
{
	.filter = {
		LOAD(arch), JUMP(BPF_JEQ, 0, 0, 1), REFUSE,
		LOAD(nr), JUMP(BPF_JEQ, NR_B, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = true, .b = false,
};

FIXTURE_VARIANT_ADD(instruction, argument)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JEQ, NR_A, 0, 3),
		LOAD(args[5]), JUMP(BPF_JEQ, 0x5ec0ffee, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = false, .b = true,
};

FIXTURE_VARIANT_ADD(instruction, instruction_pointer)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JEQ, NR_A, 0, 3),
		LOAD(instruction_pointer), JUMP(BPF_JEQ, 1, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = false, .b = true,
};

/* Whatever the argument is, the result is the same. */
FIXTURE_VARIANT_ADD(instruction, argument_of_no_consequence)
{
	.filter = {
		LOAD(args[0]), JUMP(BPF_JEQ, 1, 0, 1), JUMP(BPF_JA, 0, 0, 0),
		LOAD(nr), JUMP(BPF_JEQ, NR_A, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = false, .b = true,
};

FIXTURE_VARIANT_ADD(instruction, index)
{
	.filter = {
		LOAD(nr), BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_IMM, NR_A),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = false, .b = true,
};

FIXTURE_VARIANT_ADD(instruction, index_unknown)
{
	.filter = {
		LOAD(args[0]), BPF_STMT(BPF_MISC | BPF_TAX, 0),
		LOAD(nr), JUMP(BPF_JEQ, NR_A, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0), REFUSE, ALLOW,
	},
	.zero = true, .a = false, .b = true,
};

FIXTURE_VARIANT_ADD(instruction, memory)
{
	.filter = {
		LOAD(nr), BPF_STMT(BPF_ST, 15), LOAD(args[0]),
		BPF_STMT(BPF_LD | BPF_MEM, 15),
		JUMP(BPF_JEQ, NR_B, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = true, .b = false,
};

FIXTURE_VARIANT_ADD(instruction, arithmetic)
{
	.filter = {
		LOAD(nr), BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, NR_B),
		BPF_STMT(BPF_ALU | BPF_NEG, 0),
		JUMP(BPF_JEQ, -1U, 0, 1), REFUSE, ALLOW,
	},
	.zero = true, .a = true, .b = false,
};

FIXTURE_VARIANT_ADD(instruction, division_by_zero)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JEQ, NR_A, 0, 2),
		BPF_STMT(BPF_LDX | BPF_IMM, 0),
		BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), ALLOW,
	},
	.zero = true, .a = false, .b = true,
};

FIXTURE_VARIANT_ADD(instruction, return_accumulator)
{
	.filter = {
		LOAD(nr), BPF_STMT(BPF_ALU | BPF_XOR | BPF_K,
				   SECCOMP_RET_ALLOW | NR_A),
		BPF_STMT(BPF_RET | BPF_A, 0),
	},
	.zero = false, .a = true, .b = false,
};

FIXTURE_VARIANT_ADD(instruction, jset_x32_bit)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JSET, X32_BIT, 0, 1), ALLOW,
		JUMP(BPF_JGE, NR_A, 0, 2), JUMP(BPF_JGT, NR_B, 1, 0),
		REFUSE, ALLOW,
	},
	.zero = true, .a = false, .b = false,
};

FIXTURE_VARIANT_ADD(instruction, allow_with_data)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JEQ, NR_A, 0, 1),
		RET(SECCOMP_RET_ALLOW | 1), ALLOW,
	},
	.zero = true, .a = false, .b = true,
};

FIXTURE_VARIANT_ADD(instruction, log)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JEQ, NR_A, 0, 1), RET(SECCOMP_RET_LOG), ALLOW,
	},
	.zero = true, .a = false, .b = true,
};

FIXTURE_VARIANT_ADD(instruction, trace)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JEQ, NR_A, 0, 1), RET(SECCOMP_RET_TRACE), ALLOW,
	},
	.zero = true, .a = false, .b = true,
};

FIXTURE_VARIANT_ADD(instruction, trap)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JEQ, NR_A, 0, 1), RET(SECCOMP_RET_TRAP), ALLOW,
	},
	.zero = true, .a = false, .b = true,
};

FIXTURE_VARIANT_ADD(instruction, kill)
{
	.filter = {
		LOAD(nr), JUMP(BPF_JEQ, NR_A, 0, 1),
		RET(SECCOMP_RET_KILL_PROCESS), ALLOW,
	},
	.zero = true, .a = false, .b = true,
};

TEST_F(instruction, is_cached_as_expected)
{
	/* Unused instructions are all zero, and there is no such in a filter. */
	struct sock_filter filter[ARRAY_SIZE(variant->filter)];
	unsigned short len = ARRAY_SIZE(filter);
	unsigned int table;
	int *attached;
	ssize_t got;
	pid_t pid;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	while (!variant->filter[len - 1].code)
		len--;
	memcpy(filter, variant->filter, sizeof(filter));

	attached = mmap(NULL, sizeof(*attached), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, attached);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		__atomic_store_n(attached, attach(filter, len, 0) ? -1 : 1,
				 __ATOMIC_SEQ_CST);
		/* Not a call from here on: the filter may refuse any. */
		for (;;)
			;
	}
	while (!__atomic_load_n(attached, __ATOMIC_SEQ_CST))
		usleep(1000);
	got = read_cache(pid, text);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	ASSERT_EQ(1, *attached);
	ASSERT_LT(0, got);

	for (table = 0; table < tables(text); table++) {
		EXPECT_EQ(variant->zero, allowed(text, table, 0));
		EXPECT_EQ(variant->a, allowed(text, table, NR_A));
		EXPECT_EQ(variant->b, allowed(text, table, NR_B));
	}
}

/* Bits are cleared by each filter, and none is ever set again. */
TEST(filters_only_clear_bits)
{
	struct sock_filter allow[] = { ALLOW };
	unsigned int all, table;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, attach(allow, ARRAY_SIZE(allow), 0));
	ASSERT_LT(0, read_self(text));
	all = lines(text);
	ASSERT_EQ(all, allows(text));

	ASSERT_EQ(0, attach_refusing(NR_A, 0));
	ASSERT_LT(0, read_self(text));
	EXPECT_EQ(all - tables(text), allows(text));

	ASSERT_EQ(0, attach(allow, ARRAY_SIZE(allow), 0));
	ASSERT_LT(0, read_self(other));
	EXPECT_EQ(0, strcmp(text, other));

	ASSERT_EQ(0, attach_refusing(NR_B, 0));
	ASSERT_LT(0, read_self(text));
	EXPECT_EQ(all - 2 * tables(text), allows(text));
	for (table = 0; table < tables(text); table++) {
		EXPECT_FALSE(allowed(text, table, NR_A));
		EXPECT_FALSE(allowed(text, table, NR_B));
	}
}

TEST(attaching_by_prctl_is_the_same)
{
	struct sock_filter filter[] = {
		LOAD(nr), JUMP(BPF_JEQ, NR_A, 0, 1), REFUSE, ALLOW,
	};
	struct sock_fprog prog = {
		.len = ARRAY_SIZE(filter),
		.filter = filter,
	};

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog));
	ASSERT_LT(0, read_self(text));
	EXPECT_EQ(lines(text) - tables(text), allows(text));
}

#define EXEC_MARK	"SECCOMP_CACHE_TEST_EXEC"
#define EXEC_STATUS	42

/* This program executed by itself. */
__attribute__((constructor)) static void end_if_executed(void)
{
	if (getenv(EXEC_MARK))
		_exit(EXEC_STATUS);
}

TEST(fork_and_exec_keep_it)
{
	int status;
	pid_t pid;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, attach_refusing(NR_A, 0));
	ASSERT_LT(0, read_self(text));

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* Any program will do, and its zombie shows what it had. */
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		setenv(EXEC_MARK, "", 1);
		execl("/proc/self/exe", "seccomp_cache_test", NULL);
		_exit(1);
	}
	ASSERT_EQ(0, waitid(P_PID, pid, NULL, WEXITED | WNOWAIT));
	ASSERT_LT(0, read_cache(pid, other));
	EXPECT_EQ(0, strcmp(text, other));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EXEC_STATUS, WEXITSTATUS(status));
}

TEST(zombie_prints_in_full_until_reaped)
{
	int status, fd;
	char path[64];
	pid_t pid;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(!!attach_refusing(NR_A, 0));

	ASSERT_EQ(0, waitid(P_PID, pid, NULL, WEXITED | WNOWAIT));
	ASSERT_LT(0, read_cache(pid, text));
	EXPECT_EQ(lines(text) - tables(text), allows(text));

	snprintf(path, sizeof(path), "/proc/%d/seccomp_cache", pid);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(-1, read_all(fd, text, 1));
	EXPECT_EQ(ESRCH, errno);
}

struct sibling {
	sem_t ready;
	sem_t go;
	pid_t tid;
	int ret;
};

static void *attach_and_wait(void *data)
{
	struct sibling *sibling = data;

	sibling->tid = syscall(__NR_gettid);
	sibling->ret = attach_refusing(NR_B, 0);
	sem_post(&sibling->ready);
	sem_wait(&sibling->go);
	return NULL;
}

static void *wait_only(void *data)
{
	struct sibling *sibling = data;

	sibling->tid = syscall(__NR_gettid);
	sem_post(&sibling->ready);
	sem_wait(&sibling->go);
	return NULL;
}

static int start_sibling(struct sibling *sibling, void *(*body)(void *))
{
	pthread_t thread;
	int ret;

	memset(sibling, 0, sizeof(*sibling));
	sem_init(&sibling->ready, 0, 0);
	sem_init(&sibling->go, 0, 0);
	ret = pthread_create(&thread, NULL, body, sibling);
	if (!ret)
		sem_wait(&sibling->ready);
	return ret;
}

static ssize_t read_thread(pid_t tid, char *buf)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/seccomp_cache", tid);
	return read_path(path, buf);
}

TEST(threads_have_their_own)
{
	struct sibling sibling;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, start_sibling(&sibling, attach_and_wait));
	ASSERT_EQ(0, sibling.ret);
	ASSERT_LT(0, read_thread(sibling.tid, text));
	EXPECT_EQ(lines(text) - tables(text), allows(text));
	EXPECT_EQ(0, read_self(text));
	EXPECT_EQ(0, read_cache(getpid(), text));
}

TEST(tsync_shares_it)
{
	struct sibling sibling;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, start_sibling(&sibling, wait_only));
	EXPECT_EQ(0, read_thread(sibling.tid, text));
	ASSERT_EQ(0, attach_refusing(NR_A, SECCOMP_FILTER_FLAG_TSYNC));
	ASSERT_LT(0, read_self(text));
	EXPECT_EQ(lines(text) - tables(text), allows(text));
	ASSERT_LT(0, read_thread(sibling.tid, other));
	EXPECT_EQ(0, strcmp(text, other));
}

TEST(failing_tsync_changes_nothing)
{
	struct sibling sibling;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, start_sibling(&sibling, attach_and_wait));
	ASSERT_EQ(0, sibling.ret);
	EXPECT_EQ(sibling.tid, attach_refusing(NR_A, SECCOMP_FILTER_FLAG_TSYNC));
	EXPECT_EQ(0, read_self(text));
	ASSERT_LT(0, read_thread(sibling.tid, text));
	EXPECT_EQ(lines(text) - tables(text), allows(text));
}

TEST(short_reads_and_seeks)
{
	static const size_t pieces[] = { 1, 7, 17, 511, 4096, 65536 };
	unsigned int i;
	ssize_t len;
	int fd;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, attach_refusing(NR_A, 0));
	len = read_self(text);
	ASSERT_LT(0, len);
	fd = open("/proc/self/seccomp_cache", O_RDONLY);
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
		ASSERT_EQ(len, read_all(fd, other, pieces[i]));
		EXPECT_EQ(0, strcmp(text, other));
	}
	ASSERT_EQ(len / 2, lseek(fd, len / 2, SEEK_SET));
	ASSERT_EQ(len - len / 2, read_all(fd, other, 100));
	EXPECT_EQ(0, strcmp(text + len / 2, other));
	EXPECT_EQ(0, pread(fd, other, 1, len));
}

/* It is the reading that is refused, not the opening: returns its errno. */
static int error_of_reading(void)
{
	int fd = open("/proc/self/seccomp_cache", O_RDONLY);
	int err;

	if (fd < 0)
		return -1;
	err = read_all(fd, text, 1) < 0 ? errno : 0;
	close(fd);
	return err;
}

TEST(needs_sys_admin)
{
	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, attach_refusing(NR_A, 0));
	ASSERT_EQ(0, set_sys_admin(false));
	EXPECT_EQ(EACCES, error_of_reading());
	ASSERT_EQ(0, set_sys_admin(true));
	EXPECT_LT(0, read_self(text));
}

TEST(the_opener_counts)
{
	int privileged, unprivileged;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, attach_refusing(NR_A, 0));
	privileged = open("/proc/self/seccomp_cache", O_RDONLY);
	ASSERT_LE(0, privileged);
	ASSERT_EQ(0, set_sys_admin(false));
	unprivileged = open("/proc/self/seccomp_cache", O_RDONLY);
	ASSERT_LE(0, unprivileged);
	ASSERT_EQ(0, set_sys_admin(true));

	EXPECT_EQ(-1, read_all(unprivileged, text, 1));
	EXPECT_EQ(EACCES, errno);
	ASSERT_EQ(0, become_nobody());
	EXPECT_LT(0, read_all(privileged, text, 4096));
}

TEST(root_of_a_user_namespace_is_refused)
{
	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, attach_refusing(NR_A, 0));
	if (unshare(CLONE_NEWUSER))
		SKIP(return, "no user namespaces: %s", strerror(errno));
	EXPECT_EQ(EACCES, error_of_reading());
}

/* What is remembered and what is not meet the same fate. */
TEST(calls_are_judged_as_ever)
{
	struct sock_filter filter[] = {
		LOAD(nr),
		JUMP(BPF_JEQ, __NR_getuid, 0, 1), REFUSE,
		JUMP(BPF_JEQ, __NR_getgid, 0, 3),
		LOAD(args[0]), JUMP(BPF_JEQ, 1, 0, 1), REFUSE,
		ALLOW,
	};
	long gid = getgid();
	unsigned long arg;
	int i;

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, attach(filter, ARRAY_SIZE(filter), 0));
	ASSERT_LT(0, read_self(text));
	EXPECT_TRUE(allowed(text, 0, __NR_getpid));
	EXPECT_FALSE(allowed(text, 0, __NR_getuid));
	EXPECT_FALSE(allowed(text, 0, __NR_getgid));

	for (i = 0; i < 100; i++) {
		arg = i % 3;
		EXPECT_EQ(getpid(), syscall(__NR_getpid, arg));
		EXPECT_EQ(-1, syscall(__NR_getuid, arg));
		EXPECT_EQ(EPERM, errno);
		EXPECT_EQ(arg == 1 ? -1 : gid, syscall(__NR_getgid, arg));
	}
}

#ifdef __x86_64__
TEST(x32_is_never_cached)
{
	struct sock_filter filter[] = {
		LOAD(nr), JUMP(BPF_JGE, X32_BIT, 0, 1), REFUSE, ALLOW,
	};

	if (obstacle())
		SKIP(return, "%s", obstacle());

	ASSERT_EQ(0, attach(filter, ARRAY_SIZE(filter), 0));
	ASSERT_LT(0, read_self(text));
	EXPECT_EQ(lines(text), allows(text));
	EXPECT_EQ(getpid(), syscall(__NR_getpid));
	EXPECT_EQ(-1, syscall(X32_BIT | __NR_getpid));
	EXPECT_EQ(EPERM, errno);
}
#endif

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0-only
/*
 * cache_snapshot FILTER.bpf...
 *
 * Shows what the kernel's action cache knows about a stack of filters: a child
 * attaches the given raw filters (files of struct sock_filter), the first one
 * first, and the parent prints the child's /proc/PID/seccomp_cache.
 *
 * Only the child is filtered, so the filters may forbid whatever they like.
 * Exit status: 0, or 2 with one line on stderr.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "cache_snapshot: %s: %s\n", what, strerror(errno));
	exit(2);
}

static struct sock_fprog load(const char *path)
{
	/* One more than the kernel takes, so that too long a file is refused. */
	static const size_t limit = BPF_MAXINSNS + 1;
	struct sock_filter *filter = calloc(limit, sizeof(*filter));
	FILE *file = fopen(path, "rb");
	size_t count;

	if (!filter || !file)
		die(path);
	count = fread(filter, sizeof(*filter), limit, file);
	if (ferror(file))
		die(path);
	fclose(file);
	if (!count || count == limit) {
		errno = EFBIG;
		die(path);
	}
	return (struct sock_fprog){ .len = count, .filter = filter };
}

/*
 * Attaches all filters, says so through the pipe, and waits to be killed. The
 * last filter may forbid the write, or even kill the child for it: so the
 * parent is told before, and looks at the child's status file for the rest.
 */
static void be_filtered(struct sock_fprog *progs, int count)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		_exit(2);
	/* Stops with nothing but the attaching left to do. */
	raise(SIGSTOP);
	for (int i = 0; i < count; i++)
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &progs[i]))
			_exit(errno & 0x7f);
	/* Not a single syscall from here on: none may be allowed. */
	for (;;)
		__asm__ volatile("pause");
}

static int filters_of(pid_t pid)
{
	char path[64], line[256];
	int count = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	if (!file)
		die(path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Seccomp_filters: %d", &count) == 1)
			break;
	fclose(file);
	return count;
}

static void wait_until_filtered(pid_t pid, int count)
{
	int status;

	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		die("child");
	kill(pid, SIGCONT);
	while (filters_of(pid) != count) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			/* seccomp(2) itself can be forbidden by an earlier filter. */
			errno = WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
			die("attaching");
		}
		usleep(1000);
	}
}

static void print_cache(pid_t pid)
{
	char path[64], buffer[65536];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/seccomp_cache", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		die(path);
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		if (fwrite(buffer, 1, got, stdout) != (size_t)got)
			die("standard output");
	if (got < 0)
		die(path);
	close(fd);
}

int main(int argc, char **argv)
{
	struct sock_fprog *progs;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: cache_snapshot FILTER.bpf...\n");
		return 2;
	}
	progs = calloc(argc, sizeof(*progs));
	if (!progs)
		die("out of memory");
	for (int i = 1; i < argc; i++)
		progs[i - 1] = load(argv[i]);

	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		be_filtered(progs, argc - 1);
	wait_until_filtered(pid, argc - 1);
	print_cache(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (fflush(stdout))
		die("standard output");
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaches seccomp filters, makes syscalls in a given way with given registers
 * and tells what became of each. Built as a 64-bit, a 32-bit and an x32 program;
 * not for people, but for tests (syscall_probe.h says how).
 *
 * From the moment the filters are attached it makes no syscall but those it is
 * asked for: the filters may forbid any, sigreturn and exit included.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscall_probe.h"

_Static_assert(offsetof(struct probe_call, nr) == 8, "probe_calls_*.S: NR");
_Static_assert(offsetof(struct probe_call, args) == 16, "probe_calls_*.S: ARG");

#define EXIT_USAGE	2	/* not started by a test */
#define EXIT_ATTACH	3	/* a filter was not accepted */
#define EXIT_EXEC	4	/* the next program could not be executed */

long probe_call_int80(const struct probe_call *call);
extern const char probe_ip_int80[];

static volatile struct probe_job *job;
static sigjmp_buf after_signal;

#ifdef __x86_64__
long probe_call_syscall(const struct probe_call *call);
long probe_call_vsyscall(const struct probe_call *call, uint64_t address);
extern const char probe_ip_syscall[];

#define VSYSCALL_PAGE	0xffffffffff600000ULL

static uint64_t vsyscall_address(uint64_t nr)
{
	switch (nr) {
	case __NR_gettimeofday:
		return VSYSCALL_PAGE;
	case __NR_time:
		return VSYSCALL_PAGE + 0x400;
	default:
		return VSYSCALL_PAGE + 0x800;
	}
}

static void find_entries(void)
{
	job->ip[PROBE_SYSCALL] = (uintptr_t)probe_ip_syscall;
	job->ip[PROBE_INT80] = (uintptr_t)probe_ip_int80;
	job->ip[PROBE_VSYSCALL] = VSYSCALL_PAGE;
}

static long make_call(const struct probe_call *call)
{
	switch (call->path) {
	case PROBE_SYSCALL:
		return probe_call_syscall(call);
	case PROBE_INT80:
		return probe_call_int80(call);
	case PROBE_VSYSCALL:
		return probe_call_vsyscall(call, vsyscall_address(call->nr));
	}
	_exit(EXIT_USAGE);
}
#else
long probe_call_vdso32(const struct probe_call *call);
/* Read by probe_calls_32.S. */
uintptr_t probe_kernel_vsyscall;

/*
 * However the vdso enters the kernel, it makes it look as if it had done so by
 * the `int $0x80` that ends __kernel_vsyscall.
 */
static uintptr_t behind_int80(uintptr_t code)
{
	static const unsigned char int80[] = { 0xcd, 0x80 };
	const unsigned char *found;

	found = memmem((const void *)code, 64, int80, sizeof(int80));
	return found ? (uintptr_t)found + sizeof(int80) : 0;
}

static void find_entries(void)
{
	probe_kernel_vsyscall = getauxval(AT_SYSINFO);
	job->ip[PROBE_INT80] = (uintptr_t)probe_ip_int80;
	if (probe_kernel_vsyscall)
		job->ip[PROBE_VDSO32] = behind_int80(probe_kernel_vsyscall);
}

static long make_call(const struct probe_call *call)
{
	switch (call->path) {
	case PROBE_INT80:
		return probe_call_int80(call);
	case PROBE_VDSO32:
		if (probe_kernel_vsyscall)
			return probe_call_vdso32(call);
	}
	_exit(EXIT_USAGE);
}
#endif

/* Leaves by a jump, as rt_sigreturn() may be forbidden. */
static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	volatile struct probe_result *result = &job->results[job->next_call];

	(void)sig;
	(void)context;
	/* Leaving is trapped: that is no result, and nobody to jump to is left. */
	if (job->state == PROBE_DONE)
		__builtin_trap();
	result->sig_code = info->si_code;
	result->sig_errno = info->si_errno;
	result->sig_call_addr = (uintptr_t)info->si_call_addr;
	result->sig_syscall = info->si_syscall;
	result->sig_arch = info->si_arch;
	siglongjmp(after_signal, 1);
}

static void catch_sigsys(void)
{
	struct sigaction action = {
		.sa_sigaction = on_sigsys,
		/* Not blocked while handled, as nothing would unblock it. */
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	sigaction(SIGSYS, &action, NULL);
}

static void breakpoint(void)
{
	asm volatile("int3" : : : "memory");
}

static long attach_one(volatile struct probe_filter *filter)
{
	struct sock_fprog program = {
		.len = filter->length,
		.filter = (struct sock_filter *)&job->insns[filter->first],
	};
	long ret;

	if (job->flags & PROBE_USE_PRCTL)
		ret = syscall(__NR_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
			      &program, 0, 0);
	else
		ret = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
			      filter->flags, &program);
	return ret < 0 ? -errno : ret;
}

static void attach_all(void)
{
	uint32_t i;

	if (!(job->flags & PROBE_STAY_PRIVILEGED))
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

	for (i = 0; i < job->filter_count; i++) {
		job->filters[i].result = attach_one(&job->filters[i]);
		if (job->filters[i].result < 0) {
			job->state = PROBE_ATTACH_FAILED;
			_exit(EXIT_ATTACH);
		}
		if (job->flags & PROBE_STOP_EACH)
			breakpoint();
	}
}

static void call_one(uint32_t index)
{
	/* A plain copy: its users are not interested in volatile. */
	const struct probe_call call = job->calls[index];
	volatile struct probe_result *result = &job->results[index];
	uint64_t start;

	if (sigsetjmp(after_signal, 0) == 0) {
		start = __builtin_ia32_rdtsc();
		result->value = make_call(&call);
		result->ticks = __builtin_ia32_rdtsc() - start;
		result->kind = PROBE_RETURNED;
	} else {
		result->kind = PROBE_SIGNALLED;
	}
}

static void call_all(void)
{
	for (; job->next_call < job->call_count; job->next_call++)
		call_one(job->next_call);
	job->state = PROBE_DONE;
}

static void leave(void)
{
	syscall(__NR_exit_group, 0);
	/* Forbidden, it seems. */
	for (;;)
		__builtin_trap();
}

/* A kernel need not have the 32-bit system calls with 32-bit times. */
#ifdef __i386__
#define NR_FUTEX	__NR_futex_time64
#else
#define NR_FUTEX	__NR_futex
#endif

/* Returns when *word is no longer `value`, or for no reason. */
static void wait_while(volatile uint32_t *word, uint32_t value)
{
	while (*word == value)
		syscall(NR_FUTEX, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void wake(volatile uint32_t *word)
{
	syscall(NR_FUTEX, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* The thread that gets the filters. */
static int do_job(void *unused)
{
	(void)unused;
	job->tid = syscall(__NR_gettid);
	wake(&job->tid);
	wait_while(&job->go, 0);

	job->state = PROBE_STARTED;
	attach_all();
	job->state = PROBE_ATTACHED;
	if (job->flags & PROBE_STOP_ATTACHED)
		breakpoint();
	call_all();
	for (;;)
		breakpoint();
	return 0;
}

/* Time enough for one job on the slowest machine: a tester may have died. */
#define JOB_SECONDS	60

static void do_job_in_thread(void)
{
	static char stack[65536] __attribute__((aligned(64)));
	static volatile uint32_t thread = 1;

	alarm(JOB_SECONDS);
	job->pid = getpid();
	if (clone(do_job, stack + sizeof(stack),
		  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		  CLONE_SYSVSEM | CLONE_CHILD_CLEARTID,
		  NULL, NULL, NULL, &thread) < 0)
		_exit(EXIT_USAGE);
	wait_while(&thread, 1);
	_exit(PROBE_EXIT_THREAD_DIED);
}

/* Ends with its tester. */
static void serve(void)
{
	uint32_t done = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		wait_while(&job->order, done);
		done = job->order;
		/* A fork() whose child is not ours but the tester's. */
		if (syscall(__NR_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0)
			do_job_in_thread();
	}
}

int main(int argc, char **argv)
{
	/* A test that is not in this machine hands over a file by its name. */
	int job_fd = argc > 1 ? open(argv[1], O_RDWR) : PROBE_JOB_FD;

	job = mmap(NULL, sizeof(*job), PROT_READ | PROT_WRITE, MAP_SHARED,
		   job_fd, 0);
	if (job == MAP_FAILED) {
		fprintf(stderr, "%s: file descriptor %d: %s, let a test start this program\n",
			argc > 0 ? argv[0] : "syscall_probe", job_fd,
			strerror(errno));
		return EXIT_USAGE;
	}

	job->pid = getpid();
	find_entries();
	catch_sigsys();
	if (job->flags & PROBE_SERVE)
		serve();

	if (job->state != PROBE_ATTACHED) {
		job->state = PROBE_STARTED;
		attach_all();
		job->state = PROBE_ATTACHED;
		if (job->flags & PROBE_EXEC) {
			char name[] = "syscall_probe";
			char *const args[] = { name, NULL };

			fexecve(PROBE_NEXT_PROGRAM_FD, args, args + 1);
			_exit(EXIT_EXEC);
		}
	}
	if (job->flags & PROBE_STOP_ATTACHED)
		breakpoint();

	call_all();
	leave();
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What a test and its syscall_probe say to each other: one struct probe_job in
 * memory that both have mapped, handed over as file descriptor PROBE_JOB_FD.
 * Shared memory rather than a pipe, since a probe may be forbidden any syscall
 * by the filters it was given. The layout is the same for 32-bit and 64-bit
 * programs.
 *
 * The tester fills in the filters and the calls and starts the probe, which
 *   1. fills in what it knows about itself (pid, instruction pointers),
 *   2. attaches the filters, oldest first,
 *   3. does the calls from `next_call` on, and notes the outcome of each,
 *   4. sets `state` to PROBE_DONE and tries to exit, which may kill it as well.
 * A call that kills the probe leaves `next_call` at its index.
 *
 * With PROBE_SERVE the program does any number of jobs, each in a new process
 * whose parent is the tester. For each the tester fills in the job, increments
 * `order` and wakes who waits for it; the process notes its `pid` and the `tid`
 * of the thread that will do the job, and waits for `go`, so that the tester may
 * trace that thread. Steps 1 to 3 follow. The end is a breakpoint trap, as the
 * filters may forbid to exit. The process has a second thread without filters:
 * it outlives a KILL_THREAD, and exits with PROBE_EXIT_THREAD_DIED.
 */
#ifndef SYSCALL_PROBE_H
#define SYSCALL_PROBE_H

#include <linux/filter.h>
#include <stdint.h>

#define PROBE_JOB_FD		3
#define PROBE_NEXT_PROGRAM_FD	4

#define PROBE_MAX_FILTERS	64
#define PROBE_MAX_INSNS		32768
#define PROBE_MAX_CALLS		2048

/* How a syscall is made. Each probe knows the ways of its own word size. */
enum probe_path {
	PROBE_SYSCALL,		/* `syscall`, 64-bit */
	PROBE_INT80,		/* `int $0x80`, in either program */
	PROBE_VDSO32,		/* __kernel_vsyscall of the 32-bit vdso */
	PROBE_VSYSCALL,		/* 64-bit: nr chooses the function of the vsyscall page */
	PROBE_PATHS
};

enum probe_state {
	PROBE_NEW,
	PROBE_STARTED,
	PROBE_ATTACH_FAILED,	/* see probe_filter.result */
	PROBE_ATTACHED,
	PROBE_DONE
};

/* probe_job.flags */
#define PROBE_STOP_ATTACHED	1	/* breakpoint trap when all filters are attached */
#define PROBE_STOP_EACH		2	/* ... and after each of them */
#define PROBE_USE_PRCTL		4	/* attach by prctl(2), not by seccomp(2) */
#define PROBE_STAY_PRIVILEGED	8	/* do not set no_new_privs */
#define PROBE_EXEC		16	/* after attaching, execute PROBE_NEXT_PROGRAM_FD, */
					/* which does not attach but goes on with the calls */
#define PROBE_SERVE		32	/* do many jobs: see above */

#define PROBE_EXIT_THREAD_DIED	5

struct probe_filter {
	uint32_t first;		/* index into probe_job.insns */
	uint32_t length;
	uint32_t flags;		/* SECCOMP_FILTER_FLAG_* */
	int32_t result;		/* out: what the attaching call returned, or -errno */
};

struct probe_call {
	uint32_t path;		/* enum probe_path */
	uint32_t unused;
	uint64_t nr;		/* all of the register; 32-bit programs use its low half */
	uint64_t args[6];
};

enum probe_kind {
	PROBE_NOT_DONE,
	PROBE_RETURNED,		/* `value` */
	PROBE_SIGNALLED		/* SIGSYS: `sig_...`, from its siginfo */
};

struct probe_result {
	uint32_t kind;
	int32_t sig_code;
	int64_t value;
	uint64_t sig_call_addr;
	int32_t sig_syscall;
	uint32_t sig_arch;
	int32_t sig_errno;
	uint32_t unused;
	uint64_t ticks;		/* PROBE_RETURNED: of the TSC, over the call and its caller */
};

struct probe_job {
	uint32_t flags;
	uint32_t filter_count;
	uint32_t call_count;
	uint32_t next_call;
	uint32_t state;		/* enum probe_state */
	uint32_t pid;
	/* With PROBE_SERVE, all of them futexes. */
	uint32_t order;
	uint32_t tid;
	uint32_t go;
	uint32_t unused;
	uint64_t ip[PROBE_PATHS];	/* what the kernel sees as instruction pointer */
	struct probe_filter filters[PROBE_MAX_FILTERS];
	struct probe_call calls[PROBE_MAX_CALLS];
	struct probe_result results[PROBE_MAX_CALLS];
	struct sock_filter insns[PROBE_MAX_INSNS];
};

#endif /* SYSCALL_PROBE_H */

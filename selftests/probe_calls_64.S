/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * long probe_call_X(const struct probe_call *call): loads all registers from
 * @call, makes the syscall and returns what it left in the accumulator.
 *
 * The offsets are those of struct probe_call; syscall_probe.c checks them.
 */
#define NR	8
#define ARG(n)	(16 + 8 * (n))

	.text

	.globl	probe_call_syscall
	.type	probe_call_syscall, @function
probe_call_syscall:
	mov	NR(%rdi), %rax
	mov	ARG(1)(%rdi), %rsi
	mov	ARG(2)(%rdi), %rdx
	mov	ARG(3)(%rdi), %r10
	mov	ARG(4)(%rdi), %r8
	mov	ARG(5)(%rdi), %r9
	mov	ARG(0)(%rdi), %rdi
	syscall
	.globl	probe_ip_syscall
probe_ip_syscall:
	ret
	.size	probe_call_syscall, . - probe_call_syscall

/* The 32-bit entry, but with whole 64-bit registers. */
	.globl	probe_call_int80
	.type	probe_call_int80, @function
probe_call_int80:
	push	%rbx
	push	%rbp
	mov	%rdi, %r11
	mov	NR(%r11), %rax
	mov	ARG(0)(%r11), %rbx
	mov	ARG(1)(%r11), %rcx
	mov	ARG(2)(%r11), %rdx
	mov	ARG(3)(%r11), %rsi
	mov	ARG(4)(%r11), %rdi
	mov	ARG(5)(%r11), %rbp
	int	$0x80
	.globl	probe_ip_int80
probe_ip_int80:
	pop	%rbp
	pop	%rbx
	ret
	.size	probe_call_int80, . - probe_call_int80

/* long probe_call_vsyscall(const struct probe_call *call, uint64_t address) */
	.globl	probe_call_vsyscall
	.type	probe_call_vsyscall, @function
probe_call_vsyscall:
	mov	%rsi, %rax
	mov	ARG(1)(%rdi), %rsi
	mov	ARG(2)(%rdi), %rdx
	mov	ARG(3)(%rdi), %r10
	mov	ARG(4)(%rdi), %r8
	mov	ARG(5)(%rdi), %r9
	mov	ARG(0)(%rdi), %rdi
	call	*%rax
	ret
	.size	probe_call_vsyscall, . - probe_call_vsyscall

	.section .note.GNU-stack, "", @progbits

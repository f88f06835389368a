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

.macro enter
	push	%ebx
	push	%esi
	push	%edi
	push	%ebp
	mov	20(%esp), %eax
	mov	ARG(0)(%eax), %ebx
	mov	ARG(1)(%eax), %ecx
	mov	ARG(2)(%eax), %edx
	mov	ARG(3)(%eax), %esi
	mov	ARG(4)(%eax), %edi
	mov	ARG(5)(%eax), %ebp
	mov	NR(%eax), %eax
.endm

.macro leave_and_return
	pop	%ebp
	pop	%edi
	pop	%esi
	pop	%ebx
	ret
.endm

	.globl	probe_call_int80
	.type	probe_call_int80, @function
probe_call_int80:
	enter
	int	$0x80
	.globl	probe_ip_int80
probe_ip_int80:
	leave_and_return
	.size	probe_call_int80, . - probe_call_int80

	.globl	probe_call_vdso32
	.type	probe_call_vdso32, @function
probe_call_vdso32:
	enter
	call	*probe_kernel_vsyscall
	leave_and_return
	.size	probe_call_vdso32, . - probe_call_vdso32

	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * void statcost_loop(const uint64_t event[8], uint64_t n): n calls of getpid()
 * with six words in registers r15, r14, r13, r12, rbp and rbx. These are the
 * first words of struct pt_regs, which is what the tracepoint sys_enter passes.
 * The other two are the first arguments of the call, for probes that look at those.
 */
	.text
	.globl statcost_loop
	.type statcost_loop, @function
statcost_loop:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsi, %r8
	mov 48(%rdi), %r9
	mov 56(%rdi), %rsi
	mov (%rdi), %r15
	mov 8(%rdi), %r14
	mov 16(%rdi), %r13
	mov 24(%rdi), %r12
	mov 32(%rdi), %rbp
	mov 40(%rdi), %rbx
	mov %r9, %rdi
1:	mov $39, %eax
	syscall
	dec %r8
	jnz 1b
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.size statcost_loop, . - statcost_loop
	.section .note.GNU-stack, "", @progbits

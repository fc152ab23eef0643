/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In whose name an event happens: a task's, or an interrupt's that came in on
 * the back of whatever task was running.
 */
#ifndef VMMIO_BPF_CONTEXT_H
#define VMMIO_BPF_CONTEXT_H

/*
 * Did an interrupt come in while @task was in the kernel? Such interrupts have
 * a stack of their own, and the arguments of a raw tracepoint, @ctx, are on the
 * stack of who hit it. On x86 one that comes in user mode may use the task's,
 * which is empty then. (The kernel's count of interrupts is not to be had
 * everywhere.)
 */
static __always_inline bool in_interrupt(const void *ctx, struct task_struct *task)
{
	__u64 at = (__u64)ctx, low = (__u64)task->stack, top = (__u64)bpf_task_pt_regs(task);

	return at < low || at >= top;
}

#endif

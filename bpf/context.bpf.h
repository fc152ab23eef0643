/* SPDX-License-Identifier: GPL-2.0-only */
/* The context of an event: a task, or an interrupt that came in on top of the running task. */
#ifndef VMMIO_BPF_CONTEXT_H
#define VMMIO_BPF_CONTEXT_H

/*
 * Did an interrupt come in while @task was in the kernel? Such interrupts have their own stack, and
 * the arguments of a raw tracepoint, @ctx, are on the stack of the code that hit it. On x86 an
 * interrupt in user mode may use the task's stack, which is empty then. (The kernel's count of
 * interrupts is not available everywhere.)
 */
struct irq_stack___v {
	char stack[1];
};

static __always_inline bool in_interrupt(const void *ctx, struct task_struct *task)
{
	__u64 at = (__u64)ctx, low = (__u64)task->stack;

	/* x86: as large as a task's (IRQ_STACK_ORDER, THREAD_SIZE_ORDER), and no helper's call */
	if (bpf_core_type_exists(struct irq_stack___v))
		return at < low || at >= low + bpf_core_type_size(struct irq_stack___v);
	return at < low || at >= (__u64)bpf_task_pt_regs(task);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts of any kind that this CPU has taken: a duration in which that
 * number changed is not the function's own. Counted on the tracepoints of
 * interrupts, of which each kernel has those of its architecture: the kernel's
 * own counters have no address without CONFIG_KALLSYMS_ALL, which the kernels
 * of small virtual machines lack, and reading them costs more.
 */
#ifndef VMMIO_BPF_STOCK_IRQS_H
#define VMMIO_BPF_STOCK_IRQS_H

#define COUNT_INTERRUPTS(name, event)                    \
	SEC("raw_tp/" #event) int irqs_##name(void *ctx) \
	{                                                \
		struct cpu_scratch *x = scratch();       \
                                                         \
		if (x)                                   \
			x->irqs++;                       \
		return 0;                                \
	}

/* of devices, everywhere */
COUNT_INTERRUPTS(handler, irq_handler_entry)
/* between CPUs, arm and arm64 */
COUNT_INTERRUPTS(ipi, ipi_entry)
/* x86: its timer and those between CPUs pass no handler of the first kind */
COUNT_INTERRUPTS(timer, local_timer_entry)
COUNT_INTERRUPTS(resched, reschedule_entry)
COUNT_INTERRUPTS(call, call_function_entry)
COUNT_INTERRUPTS(call_single, call_function_single_entry)
COUNT_INTERRUPTS(work, irq_work_entry)

#endif

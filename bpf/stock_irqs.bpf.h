/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts of any kind that this CPU has taken: a duration in which that
 * number changed is not the function's own. The kernel's own counters where
 * they can be found by name; else programs on the interrupts' tracepoints.
 */
#ifndef VMMIO_BPF_STOCK_IRQS_H
#define VMMIO_BPF_STOCK_IRQS_H

#ifdef __TARGET_ARCH_x86
extern const struct kernel_stat kstat __ksym __weak;
extern const irq_cpustat_t irq_stat __ksym __weak;

static __always_inline __u64 interrupts(void)
{
	__u64 n = 0;

	if (&kstat) {
		const struct kernel_stat *k = bpf_this_cpu_ptr(&kstat);

		n += k->irqs_sum;
	}
	if (&irq_stat) {
		const irq_cpustat_t *s = bpf_this_cpu_ptr(&irq_stat);

		/* its type has no tag: not to be read directly */
		n += BPF_CORE_READ(s, apic_timer_irqs);
		if (bpf_core_field_exists(s->irq_resched_count))
			n += BPF_CORE_READ(s, irq_resched_count) + BPF_CORE_READ(s, irq_call_count);
	}
	return n;
}
#else
/*
 * Debian's arm64 kernels have no CONFIG_KALLSYMS_ALL: kstat has a type there but
 * no address, and a weak symbol of that sort makes the whole program unloadable.
 */
static __always_inline int interrupt_taken(void)
{
	struct cpu_scratch *x = scratch();

	if (x)
		x->irqs++;
	return 0;
}

SEC("raw_tp/irq_handler_entry") int irqs_handler(void *ctx)
{
	return interrupt_taken();
}

SEC("raw_tp/ipi_entry") int irqs_ipi(void *ctx)
{
	return interrupt_taken();
}

static __always_inline __u64 interrupts(void)
{
	struct cpu_scratch *x = scratch();

	return x ? x->irqs : 0;
}
#endif

#endif

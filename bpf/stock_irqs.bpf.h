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

/* Newer kernels have an array of counters instead of members with names. */
typedef struct {
	unsigned int counts[1];
} FLAVOUR irq_cpustat_t___array;

static __always_inline __u64 interrupts(void)
{
	__u64 n = 0;

	if (&kstat) {
		const struct kernel_stat *k = bpf_this_cpu_ptr(&kstat);

		n += k->irqs_sum;
	}
	if (&irq_stat) {
		const irq_cpustat_t *s = bpf_this_cpu_ptr(&irq_stat);
		const irq_cpustat_t___array *newer = (void *)s;
		__u32 at = 0, i, c[12] = {};

		if (bpf_core_field_exists(s->apic_timer_irqs))
			at = bpf_core_field_offset(s->apic_timer_irqs);
		else if (bpf_core_field_exists(newer->counts))
			at = bpf_core_field_offset(newer->counts);
		/* from the local timer's on, whichever they are, in one go: the type has
		 * no tag and cannot be read directly */
		bpf_probe_read_kernel(c, sizeof(c), (void *)s + at);
		for (i = 0; i < 12; i++)
			n += c[i];
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

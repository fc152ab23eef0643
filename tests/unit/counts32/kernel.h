/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kmod/counts.h needs of a kernel whose words have 32 bits, for test_counts.c: where
 * another CPU could step in, and where interrupts go off, the test is called. Each
 * <linux/...> header that it includes is this one (cmake/fuzz.cmake).
 */
#ifndef VMMIO_COUNTS32_KERNEL_H
#define VMMIO_COUNTS32_KERNEL_H

#include <stdbool.h>
#include <linux/types.h>

typedef __u64 u64;

#define BITS_PER_LONG 32
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define this_cpu_inc(x) NOT_ONE_INSTRUCTION_HERE(x)
#define this_cpu_ptr(p) (p)
#define per_cpu_ptr(p, cpu) ((p) + (cpu))
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < 1; (cpu)++)

struct u64_stats_sync {
	unsigned int seq; /* odd: its counters are being written */
};

extern unsigned int irqs_off;
void step_in(void);

#define local_irq_save(flags) ((void)((flags) = irqs_off++))
#define local_irq_restore(flags) ((void)(irqs_off = (flags)))
#define smp_rmb() step_in()

static inline void u64_stats_init(struct u64_stats_sync *s)
{
	s->seq = 0;
}

void u64_stats_update_begin(struct u64_stats_sync *s);
void u64_stats_update_end(struct u64_stats_sync *s);

static inline unsigned int u64_stats_fetch_begin(const struct u64_stats_sync *s)
{
	unsigned int seq = s->seq;

	step_in();
	return seq;
}

static inline bool u64_stats_fetch_retry(const struct u64_stats_sync *s, unsigned int seq)
{
	step_in();
	return s->seq != seq;
}

#endif

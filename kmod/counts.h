/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-CPU 64-bit counters. A 64-bit machine raises one with one instruction. On a 32-bit machine a
 * reader could see half of a carry; there a sequence count (u64_stats) makes it read again.
 */
#ifndef VMMIO_KMOD_COUNTS_H
#define VMMIO_KMOD_COUNTS_H

#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/u64_stats_sync.h>

#if BITS_PER_LONG == 64
/* Increments @field of the per-CPU struct @counts, which has a syncp; in any context. */
#define vmmio_count(counts, field) this_cpu_inc((counts)->field)
#else
#define vmmio_count(counts, field)                   \
	do {                                         \
		typeof(*(counts)) *__c;              \
		unsigned long __flags;               \
                                                     \
		local_irq_save(__flags);             \
		__c = this_cpu_ptr(counts);          \
		u64_stats_update_begin(&__c->syncp); \
		__c->field++;                        \
		u64_stats_update_end(&__c->syncp);   \
		local_irq_restore(__flags);          \
	} while (0)
#endif

/* Call it once before the first count. */
#define vmmio_counts_init(counts)                                           \
	do {                                                                \
		int __cpu;                                                  \
                                                                            \
		for_each_possible_cpu(__cpu)                                \
			u64_stats_init(&per_cpu_ptr(counts, __cpu)->syncp); \
	} while (0)

static inline u64 __vmmio_counted(const u64 *counter, const struct u64_stats_sync *syncp)
{
#if BITS_PER_LONG == 64
	return READ_ONCE(*counter);
#else
	unsigned long flags;
	unsigned int seq;
	u64 n;

	/* a uniprocessor has no sequence, but interrupts count too */
	local_irq_save(flags);
	do {
		seq = u64_stats_fetch_begin(syncp);
		n = *(const volatile u64 *)counter;
	} while (u64_stats_fetch_retry(syncp, seq));
	local_irq_restore(flags);
	return n;
#endif
}

/* A consistent copy of the count at @counts, which belongs to one CPU; callable on any CPU. */
#define vmmio_counted(counts, field) __vmmio_counted(&(counts)->field, &(counts)->syncp)

#endif

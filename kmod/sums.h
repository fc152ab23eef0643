/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The per-CPU counts of a queue and of a device, and how to add them up while they grow: a sum
 * never has more interrupts that found nothing than interrupts. slots.c publishes the sums.
 */
#ifndef VMMIO_KMOD_SUMS_H
#define VMMIO_KMOD_SUMS_H

#include <vmmio/regs.h>
#include <vmmio/slots.h>
#include "counts.h"

struct vmmio_queue_counts {
	u64 kicks;
	u64 irqs;
	u64 irqs_none;
	struct u64_stats_sync syncp;
};

/* The sum over a device's queues; runs of a queue's own vector are also the device's. */
struct vmmio_queue_sum {
	u64 kicks;
	u64 irqs;
	u64 irqs_none;
	u64 irqs_dedicated;
	u64 irqs_dedicated_none;
};

/*
 * Counts that follow from others are not kept: the first read of a status register (from
 * runs_read), the acknowledge that goes with it on a level-triggered line (from those runs that had
 * none), doorbell writes (from the queues' kicks), and runs of a queue's own vector (from the
 * queue's).
 */
struct vmmio_device_counts {
	u64 runs_read;	  /* handler runs that began with a read of the status */
	u64 runs_unread;  /* other runs, except those that a queue counts */
	u64 runs_unacked; /* of runs_read: runs of a line that found nothing to acknowledge */
	u64 irqs_none;
	u64 config_irqs;
	u64 irqs_early;
	u64 irqs_gone;
	u64 reads[VMMIO_REG_MAX];
	u64 writes[VMMIO_REG_MAX];
	struct u64_stats_sync syncp;
};

/* One CPU's counts of a queue; @dedicated: its vector serves no other queue. */
static inline void vmmio_sum_queue(struct vmmio_queue_sum *sum, const struct vmmio_queue_counts *n,
				   bool dedicated)
{
	u64 none = vmmio_counted(n, irqs_none), irqs;

	/* pairs with smp_wmb() in check_queue(): never more of these than runs */
	smp_rmb();
	irqs = vmmio_counted(n, irqs);

	sum->kicks += vmmio_counted(n, kicks);
	sum->irqs += irqs;
	sum->irqs_none += none;
	sum->irqs_dedicated += dedicated ? irqs : 0;
	sum->irqs_dedicated_none += dedicated ? none : 0;
}

/* One CPU's counts of a device, without its queues. */
static inline void vmmio_sum_device(struct vmmio_slot_counters *c,
				    const struct vmmio_device_counts *n)
{
	c->irqs_none += vmmio_counted(n, irqs_none);
	smp_rmb(); /* pairs with smp_wmb() in run_end() */
	c->irqs += vmmio_counted(n, runs_read) + vmmio_counted(n, runs_unread);
	c->config_irqs += vmmio_counted(n, config_irqs);
	c->irqs_early += vmmio_counted(n, irqs_early);
	c->irqs_gone += vmmio_counted(n, irqs_gone);
}

#endif

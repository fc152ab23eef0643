/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --verify: the kernel's own count of interrupts, against which handler runs
 * are held. It reads /proc/interrupts and nothing else.
 */
#ifndef VMMIO_IRQS_H
#define VMMIO_IRQS_H

#include <stddef.h>

#include "snapshot.h"

struct vmmio_irqs {
	size_t n, cap;
	struct vmmio_irq_count {
		__u32 irq;
		__u64 count;
	} * list;
};

/* Reads @path (/proc/interrupts), numbered lines only. Returns 0 or -errno. */
int vmmio_irqs_read(struct vmmio_irqs *q, const char *path);
void vmmio_irqs_free(struct vmmio_irqs *q);

/* One snapshot's readings: just before it and just after it. */
struct vmmio_irqs_pair {
	struct vmmio_irqs before, after;
};

/*
 * Holds the handler runs of every device row of @d against the interrupts of
 * that time, which are known within the two readings at each end. Returns
 * how many devices differ, with one line about the first in @why.
 */
int vmmio_irqs_verify(const struct vmmio_snapshot *d, const struct vmmio_irqs_pair *start,
		      const struct vmmio_irqs_pair *end, char *why, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's own count of interrupts and their owners. Handler runs are compared with it
 * (--verify; and in every view: did the hooks see anything at all?), and it tells which interrupt a
 * queue has before the first one comes.
 */
#ifndef VMMIO_IRQS_H
#define VMMIO_IRQS_H

#include <stddef.h>

#include "snapshot.h"

struct vmmio_irqs {
	size_t n, cap;
	struct vmmio_irq_count {
		__u32 irq;
		__u32 count; /* modulo 2^32, as the kernel keeps it */
		char *names; /* of its handlers, ", " in between; with what precedes them */
	} * list;
	bool threaded; /* handlers run in threads: one run may serve several interrupts */
};

/*
 * Reads @interrupts (/proc/interrupts), numbered lines only. It leaves out CPUs
 * that are offline; @stat (/proc/stat; NULL: none) has the sums over all.
 * Returns 0 or -errno.
 */
int vmmio_irqs_read(struct vmmio_irqs *q, const char *interrupts, const char *stat);
/* Those of this machine. */
int vmmio_irqs_now(struct vmmio_irqs *q);
void vmmio_irqs_free(struct vmmio_irqs *q);
/* Adds one from elsewhere. Returns 0 or -ENOMEM. */
int vmmio_irqs_add(struct vmmio_irqs *q, __u32 irq, __u32 count, const char *names);

/* Is @name a handler of @irq? */
bool vmmio_irqs_has(const struct vmmio_irqs *q, __u32 irq, const char *name);
/* How many of @irq came, modulo 2^32. False: there is none. */
bool vmmio_irqs_count(const struct vmmio_irqs *q, __u32 irq, __u32 *count);
/* The number of the interrupt that @name handles, 0: none. */
__u32 vmmio_irqs_number(const struct vmmio_irqs *q, const char *name);

/*
 * Number and mode of the interrupt of a device or queue of mainline's, by the
 * names that its transports give their handlers. VMMIO_IRQ_UNKNOWN: nothing is
 * named after the device (yet); VMMIO_IRQ_NONE: others of it, not this one.
 */
void vmmio_irqs_identify(const struct vmmio_irqs *q, struct vmmio_slot_info *x);

/* One snapshot's readings: just before it and just after it. */
struct vmmio_irqs_pair {
	struct vmmio_irqs before, after;
};

/*
 * Compares the handler runs of every device row of @d with the interrupts of that time, which are
 * known within the two readings at each end. Returns how many devices differ, with one line about
 * the first in @why.
 */
int vmmio_irqs_verify(const struct vmmio_snapshot *d, const struct vmmio_irqs_pair *start,
		      const struct vmmio_irqs_pair *end, char *why, size_t size);

/* Interrupts that @device has certainly taken between the two; @d has its rows, if any. */
__u64 vmmio_irqs_moved(const struct vmmio_snapshot *d, const char *device,
		       const struct vmmio_irqs_pair *start, const struct vmmio_irqs_pair *end);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One kick, or one poll, of a stalled queue that vmmio.ko serves (kmod/nudge.c), and its outcome.
 * Mainline's drivers have no such interface.
 */
#ifndef VMMIO_STALL_FIX_H
#define VMMIO_STALL_FIX_H

#include <stdio.h>

#include "watch.h"

struct vmmio_stall_fix {
	struct vmmio_slot_info info;
	enum vmmio_stall_cause cause;
	bool poll; /* and no kick */
	/* 0: done. -EXDEV: vmmio.ko does not serve it; -ENOTBLK: it is no virtqueue, or its cause
	 * is none that waits; else why vmmio.ko did not do it. */
	int err;
	bool found; /* of a poll: something was used */
	struct vmmio_stall_sample before, after;
	bool moved, gone;
	bool cut; /* the wait ended before the bound: if it did not move by then, it may yet */
	__u64 waited_ns; /* from when it was done */
};

/* Does it to @q, by the file nudge in @sysfs, and says so in @f. */
void vmmio_stall_fix_do(struct vmmio_stall_fix *f, const char *sysfs, bool poll,
			const struct vmmio_stall_queue *q);
/*
 * After a look: did the queue move? A kick is good for what the device then uses, a poll
 * for what the driver then takes back. False: wait on.
 */
bool vmmio_stall_fix_seen(struct vmmio_stall_fix *f, const struct vmmio_stall_watch *w);

void vmmio_stall_fix_table(const struct vmmio_stall_fix *f, size_t n, FILE *out);
void vmmio_stall_fix_json(const struct vmmio_stall_fix *f, size_t n, bool poll, FILE *out);

#endif

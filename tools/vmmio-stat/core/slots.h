/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's sysfs files as rows: the owner of each slot, and its always-on counters. Every byte
 * is checked before it is used.
 */
#ifndef VMMIO_STAT_SLOTS_H
#define VMMIO_STAT_SLOTS_H

#include <stddef.h>

#include "snapshot.h"

struct vmmio_slots {
	int slots, counters, regs; /* file descriptors; negative: not there, and why */
};

/*
 * Opens the files below @dir (VMMIO_SYSFS) after checking the ABI number.
 * Returns 0 or -errno with one line in @why (of @size bytes).
 */
int vmmio_slots_open(struct vmmio_slots *f, const char *dir, char *why, size_t size);
void vmmio_slots_close(struct vmmio_slots *f);

/* One row per slot in use. Returns 0 or -errno. */
int vmmio_slots_read(struct vmmio_slots *f, struct vmmio_snapshot *s);

/*
 * Adds the always-on counters to these rows; a row whose slot changed its owner in between gets
 * none. Returns 0 or -errno.
 */
int vmmio_slots_count(struct vmmio_slots *f, struct vmmio_snapshot *s);

#endif

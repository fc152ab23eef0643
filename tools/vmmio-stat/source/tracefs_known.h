/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Facts of virtio devices and of interrupts' owners that do not come from records: this machine's
 * sysfs and /proc, or a recording's facts of the machine where it was made.
 */
#ifndef VMMIO_TRACEFS_KNOWN_H
#define VMMIO_TRACEFS_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "vmmio/slots.h"

struct tracefs_known {
	/* Names, transport, features of virtio<index>; @ours: vmmio.ko drives it.
	 * False: there is no such device. */
	bool (*device)(void *ctx, __u32 index, struct vmmio_slot_info *x, bool *ours);
	/* Is what is known of it still true? Brings x->driver up to date. */
	bool (*same)(void *ctx, __u32 index, struct vmmio_slot_info *x, bool ours);
	/* The next device at or after @index, or -1. */
	int (*next)(void *ctx, __u32 index);
	/* Number and mode of the interrupt of a device or queue, by its names. */
	void (*irq)(void *ctx, struct vmmio_slot_info *x);
	/* Are interrupts known by name at all? Is @name a handler of @irq, or of any? */
	bool (*irqs_known)(void *ctx);
	bool (*irq_has)(void *ctx, __u32 irq, const char *name);
	bool (*irq_named)(void *ctx, const char *name);
};

extern const struct tracefs_known tracefs_known_here;

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The second witness of every snapshot: the virtio devices in sysfs, and the kernel's count of
 * their interrupts. A device that took some while no hook saw any is not idle: its zeros are
 * unknown, and that is an error.
 */
#ifndef VMMIO_WITNESS_H
#define VMMIO_WITNESS_H

#include "tools/vmmio-stat/core/irqs.h"

struct vmmio_witness {
	bool taken;
	bool tracing_off; /* function tracing, when it was taken */
	struct vmmio_irqs_pair irqs;
	struct vmmio_slot_info *devices; /* with a driver; names, transport */
	bool *ours;
	size_t n, cap;
};

/* Around a snapshot. Each returns 0 or -errno. */
int vmmio_witness_before(struct vmmio_witness *w);
int vmmio_witness_after(struct vmmio_witness *w);
void vmmio_witness_free(struct vmmio_witness *w);

/*
 * Compares @d, of the time between @from and @to, with both. A device that a source with @sees
 * (VMMIO_SEES_*) must have seen and did not loses its zeros, or gets a row if it has none. Counts
 * them in d->unseen, with a line about the first in @why. Returns 0 or -ENOMEM.
 */
int vmmio_witness_check(struct vmmio_snapshot *d, const struct vmmio_witness *from,
			const struct vmmio_witness *to, unsigned int sees, char *why, size_t size);

#endif

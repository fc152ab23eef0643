/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One guest, from its boot to its power-off: a QEMU process, a script that
 * runs inside, the text that it wrote to the result channel, and what QEMU
 * itself counted. Knows nothing of what is measured in it.
 *
 * The base image is bench/guest/image/; the script becomes its /run.sh. The result
 * channel is the second serial port, never a virtio device. A run is good only
 * if the last line there says VMMIO-END 0; no QEMU outlives its parent.
 */
#ifndef VMMIO_BENCH_GUEST_H
#define VMMIO_BENCH_GUEST_H

#include "types.h"

/*
 * Boots @g and waits for its end. Returns 0 if the run took place, however the
 * guest ended (see r->end and r->status: only DONE with status 0 is good), or
 * -errno if it could not be started, with r->why set. Fills @r either way;
 * free it with vmmio_guest_result_free().
 *
 * Leaves no process, socket or temporary file, also when it is interrupted by
 * g->stop. The caller's signal handling is left alone.
 */
int vmmio_guest_run(const struct vmmio_guest *g, struct vmmio_guest_result *r);

void vmmio_guest_result_free(struct vmmio_guest_result *r);

/* The device side's counts of the disk behind @column ("mmio", ...), or NULL. */
const struct vmmio_guest_drive *vmmio_guest_column(const struct vmmio_guest_result *r,
						   const char *column);

/* Bytes in side-@name when the guest had ended, or -1. */
long long vmmio_guest_side(const struct vmmio_guest_result *r, const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loader of bpf/stalls.bpf.c: attaches its hooks and makes it read every virtqueue of this guest,
 * with any driver.
 */
#ifndef VMMIO_STALL_SAMPLE_H
#define VMMIO_STALL_SAMPLE_H

#include "watch.h"

struct vmmio_stall_sampler;

/* Returns 0 or -errno with @why set; *@to is NULL then. */
int vmmio_stall_open(struct vmmio_stall_sampler **to, char *why, size_t size);
void vmmio_stall_close(struct vmmio_stall_sampler *p);

/*
 * One look, into @w. Hooks that transports loaded meanwhile need are attached first;
 * kicks are counted from then on. Returns 0 or -errno with @why set.
 */
int vmmio_stall_look(struct vmmio_stall_sampler *p, struct vmmio_stall_watch *w, char *why,
		     size_t size);

/* "fentry" or "kprobe": how virtio is hooked. */
const char *vmmio_stall_engine(const struct vmmio_stall_sampler *p);

/*
 * Of the last look: devices with a driver of which no virtqueue was seen, one of them in
 * @name. That nothing of them is stalled is not known.
 */
size_t vmmio_stall_unseen(const struct vmmio_stall_sampler *p, char *name, size_t size);

/* Virtqueues that had no room, so far. */
__u32 vmmio_stall_unplaced(const struct vmmio_stall_sampler *p);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread that looks for the first stall of any virtqueue, by the rules of "stalls", and reports
 * it.
 */
#ifndef VMMIO_STALL_GUARD_H
#define VMMIO_STALL_GUARD_H

#include <signal.h>
#include <stddef.h>

#include "vmmio/types.h"

struct vmmio_stall_guard;

/* @bound_ns is that of "stalls". Returns 0 or -errno with one line in @why. */
int vmmio_stall_guard_open(struct vmmio_stall_guard **to, __u64 bound_ns, char *why, size_t size);
/*
 * Looks from now on: what was stalled before counts from here. Returns 0 or -errno.
 */
int vmmio_stall_guard_start(struct vmmio_stall_guard *g);
/* Not 0 once something is stalled; to be read while it runs. */
const volatile sig_atomic_t *vmmio_stall_guard_flag(const struct vmmio_stall_guard *g);
/* Ends it. */
void vmmio_stall_guard_stop(struct vmmio_stall_guard *g);
/*
 * After it was stopped: one line, what was stalled and why, or why nobody looked any more, with
 * -errno; "" if nothing was.
 */
int vmmio_stall_guard_told(const struct vmmio_stall_guard *g, char *text, size_t size);
void vmmio_stall_guard_free(struct vmmio_stall_guard *g);

#endif

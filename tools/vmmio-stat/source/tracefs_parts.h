/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two halves of source "tracefs": records of our driver's tracepoints,
 * and of probes on functions of mainline's drivers. Each counts into rows of
 * its own.
 */
#ifndef VMMIO_TRACEFS_PARTS_H
#define VMMIO_TRACEFS_PARTS_H

#include "mem_rows.h"
#include "tracefs_ring.h"

/* Enables the tracepoints of vmmio.ko. Returns 0 or -errno with @why. */
int tracefs_vmmio_open(struct trace_ring *ring, struct vmmio_mem_rows *rows, char *why,
		       size_t size);

struct tracefs_stock;

/* Probes what of mainline's transports is loaded; NULL and *@err if nothing can be. */
struct tracefs_stock *tracefs_stock_open(struct trace_ring *ring, int *err, char *why, size_t size);
/* After the ring was closed: a probe in use cannot be removed. */
void tracefs_stock_close(struct tracefs_stock *t);

/*
 * Adds the rows of mainline's devices to @s, and kick opportunities to those of
 * ours that are in it. Returns 0 or -errno with @why.
 */
int tracefs_stock_rows(struct tracefs_stock *t, struct vmmio_snapshot *s, bool counters, char *why,
		       size_t size);
/* Hits that the probes missed, and records that told nothing. */
__u64 tracefs_stock_lost(struct tracefs_stock *t);

#endif

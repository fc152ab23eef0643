/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two halves of source "tracefs": records of our driver's tracepoints, and of probes on
 * functions of mainline's drivers. Each has its own rows.
 */
#ifndef VMMIO_TRACEFS_PARTS_H
#define VMMIO_TRACEFS_PARTS_H

#include "mem_rows.h"
#include "steps.h"
#include "tracefs_probes.h"
#include "tracefs_ring.h"

/* What a recording calls the probes on mainline's functions. */
#define TRACEFS_STOCK_SYSTEM "virtio_probe"

struct tracefs_vmmio {
	struct vmmio_mem_rows *rows;
	struct vmmio_steps steps;
};

/*
 * Enables the tracepoints of vmmio.ko; those that a recording lacks are no error.
 * Returns 0 or -errno with @why.
 */
int tracefs_vmmio_open(struct trace_ring *ring, struct tracefs_vmmio *v, char *why, size_t size);

struct tracefs_stock;

/* Probes what of mainline's transports is loaded; NULL and *@err if nothing can be. */
struct tracefs_stock *tracefs_stock_open(struct trace_ring *ring, int *err, char *why, size_t size);
/* Is a transport of mainline's loaded? */
bool tracefs_stock_is_there(void);
/*
 * Only sets the probes, for a recording: records without kernel addresses, that
 * nobody counts here. -ENODEV: there is nothing of mainline's.
 */
int tracefs_stock_record(struct trace_probes *probes, char *why, size_t size);
/*
 * The records of a recording, in which probes missed @missed hits. NULL and *@err:
 * -ENOENT: it has none.
 */
struct tracefs_stock *tracefs_stock_replay(struct trace_ring *ring,
					   const struct tracefs_known *known, void *ctx,
					   __u64 missed, const struct vmmio_steps *steps, int *err,
					   char *why, size_t size);
/* After the ring was closed: a probe in use cannot be removed. */
void tracefs_stock_close(struct tracefs_stock *t);

/*
 * Adds the rows of mainline's devices to @s, and notification checks to those of
 * ours that are in it. Returns 0 or -errno with @why.
 */
int tracefs_stock_rows(struct tracefs_stock *t, struct vmmio_snapshot *s, bool counters, char *why,
		       size_t size);
/* Hits that the probes missed, and records that told nothing. */
__u64 tracefs_stock_lost(struct tracefs_stock *t);

#endif

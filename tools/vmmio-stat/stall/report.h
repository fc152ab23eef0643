/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table and the JSON of "stalls": every virtqueue, what it has in flight, how old
 * the oldest is, and the cause with its evidence where it is stalled.
 */
#ifndef VMMIO_STALL_REPORT_H
#define VMMIO_STALL_REPORT_H

#include <stdio.h>

#include "tools/vmmio-stat/core/env.h"
#include "watch.h"

struct vmmio_stall_report {
	const struct vmmio_stall_watch *watch;
	const size_t *rows; /* of watch->list, in this order */
	size_t n;
	const char *engine;
	const struct vmmio_env *env;
	double interval_s;
	__u64 wall_ms;
	__u32 unplaced;
	const char *when; /* time of day, or NULL */
	bool first;	  /* of those printed: with a heading */
};

void vmmio_stall_table(const struct vmmio_stall_report *r, FILE *out);
void vmmio_stall_json(const struct vmmio_stall_report *r, FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of a command that measures, and what it printed, as one side of a
 * comparison. When it is run and how often is regress.c.
 */
#ifndef VMMIO_BENCH_REGRESS_H
#define VMMIO_BENCH_REGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "bench/data/series.h"

/* One side: its series, and what it was measured with. */
struct vmmio_side {
	struct vmmio_series_set set;
	json_t *result; /* of the first run, without its series */
	char accel[16];
};

void vmmio_side_free(struct vmmio_side *s);

/*
 * Run @argv with standard output into a JSON object. The child goes with its
 * parent, and what it starts goes with it. What was wrong in @why.
 */
json_t *vmmio_run_json(char *const argv[], char *why, size_t len);

/* The series of one run's output; -EPROTO with the reason in @why. Takes @j. @pool: its boots as
 * one. */
int vmmio_side_take(json_t *j, bool pool, struct vmmio_side *side, char *why, size_t len);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs of a command that measures, and its output, as one side of a comparison: one run
 * (pairs_run.c), or two commands in turn until it is decided (pairs.c).
 */
#ifndef VMMIO_BENCH_PAIRS_H
#define VMMIO_BENCH_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "bench/data/series.h"
#include "diff.h"

/* One side: its series, and what it was measured with. */
struct vmmio_side {
	struct vmmio_series_set set;
	json_t *result; /* of the first run, without its series */
	enum vmmio_accel accel;
	unsigned int runs;
};

void vmmio_side_free(struct vmmio_side *s);

/*
 * Run @argv with standard output into a JSON object. The child goes with its
 * parent, and what it starts goes with it. What was wrong in @why, its wait status in *@status.
 */
json_t *vmmio_run_json(char *const argv[], int *status, char *why, size_t len);

/* Two commands in turn, and what was decided from it (pairs.c). */
struct vmmio_pairs {
	struct vmmio_ab_command *c;
	char *const *argv[2]; /* of A and of B; each prints the JSON of compare --json */
	const char *shown[2]; /* what they are called */
	unsigned int pairs, most, retries; /* pairs 0: as many as it takes, up to most */
	unsigned int failed;		   /* runs that were repeated */
	char how[160];			   /* it was decided */
	char why[600];			   /* it was not compared */
};

/*
 * One run into @side. A run that fails is repeated and counted; one that does so again and
 * again is nobody's regression: it cannot be decided. A wrong usage of it is ours and ends at once.
 * 0, -EINTR, or -EAGAIN, -EINVAL or -EIO after the one line.
 */
int vmmio_pairs_one(struct vmmio_pairs *p, char *const argv[], const char *shown, bool pool,
		    struct vmmio_side *side);

/* Both sides as they are: may they be compared? 0 or the exit status. */
int vmmio_pairs_may(struct vmmio_pairs *p, const struct vmmio_side *a, const json_t *ma,
		    const struct vmmio_side *b, const json_t *mb);

/*
 * Pairs until it is decided, or as many as were asked for: how many in *@pairs. Runs that a side
 * has already are not made again. 0, the exit status of what is not compared, or -errno.
 */
int vmmio_pairs_run(struct vmmio_pairs *p, struct vmmio_side side[2], unsigned int *pairs);

/*
 * The command is the unit, its boots are not independent of each other: one value of each
 * series, but of the structural ones, where a single boot that is not like the others is
 * what is looked for.
 */
int vmmio_side_pool(const struct vmmio_series_set *from, struct vmmio_series_set *to);

/* The series of one run's output; -EPROTO with the reason in @why. Takes @j. @pool: its boots as
 * one. */
int vmmio_side_take(json_t *j, bool pool, struct vmmio_side *side, char *why, size_t len);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two sets of series held against each other: A, what was; B, what is.
 * Structural series are compared exactly. The others are compared by a rank
 * test over boots with Holm's correction for the number of series tested, and
 * reported with effect size, shift and interval.
 */
#ifndef VMMIO_BENCH_AB_H
#define VMMIO_BENCH_AB_H

#include <stdbool.h>
#include <stdio.h>
#include <jansson.h>

#include "bench/data/series.h"
#include "bench/data/stats.h"

enum vmmio_ab_finding {
	VMMIO_AB_SAME, /* structural: equal; else: no difference shown */
	VMMIO_AB_DIFFERENT,
	VMMIO_AB_NOT_EXACT, /* structural, but a side is not the same in all boots */
	VMMIO_AB_UNKNOWN,   /* a side has no values */
};

struct vmmio_ab_row {
	const struct vmmio_series *a, *b;
	enum vmmio_ab_finding finding;
	double median_a, median_b;
	struct vmmio_rank_test test; /* of b - a; not for structural series */
	double p;		     /* adjusted */
	bool tested;
	bool worse;	 /* B is worse than A, if different */
	bool regression; /* and by more than the threshold */
};

struct vmmio_ab_options {
	double alpha;	  /* of all series together */
	double threshold; /* per cent of A's median, for series that are not structural */
	bool times;	  /* compare durations of an emulated run too */
	const char *only_structural; /* why nothing else compares, or NULL */
	const char *accel;
};

struct vmmio_ab {
	struct vmmio_ab_row *row;
	size_t n, only_a, only_b;
	size_t tested, different, regressions;
	double floor; /* least adjusted p that any series could reach with these n */
};

int vmmio_ab_compare(const struct vmmio_series_set *a, const struct vmmio_series_set *b,
		     const struct vmmio_ab_options *o, struct vmmio_ab *out);
void vmmio_ab_free(struct vmmio_ab *ab);

/* @all: also the rows in which nothing differs. */
void vmmio_ab_print(const struct vmmio_ab *ab, const struct vmmio_ab_options *o, bool all, FILE *f);
json_t *vmmio_ab_json(const struct vmmio_ab *ab, const struct vmmio_ab_options *o);

#endif

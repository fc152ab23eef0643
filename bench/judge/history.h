/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Results over time: where each series changed. The result is the unit, one after the other by its
 * date; only results that answer the same question are one history (dims.h).
 *
 * The events of a structural series are tested, result by result, against those since the last
 * change (stats.h); where all boots of each side agree, also how seldom chance parts them so. What
 * differs from boots that agree and is too little to be shown is open, and stays so at the end.
 * Other series, and events without a rule, are searched by ranks and permutations (changes.h),
 * those that are not structural on each machine by itself. Alpha is parted equally by class, series
 * and look: the chance that any of them is said to change when nothing does is alpha at most.
 *
 * A regression is a series whose last level is worse than its best one by more than the hard limit.
 */
#ifndef VMMIO_BENCH_HISTORY_H
#define VMMIO_BENCH_HISTORY_H

#include <stdbool.h>
#include <stdio.h>
#include <jansson.h>

#include "ab.h"

struct vmmio_history_result {
	const char *path;
	char date[32];
	enum vmmio_accel accel;
	const char *machine; /* processor, kernel and accelerator below, as a text */
	const char *commit;  /* of what was measured, as compare --commit had it, or NULL */
	json_t *dims;	     /* what it was measured with (dims.h) */
	/* structural series boot by boot, one value of each other */
	struct vmmio_series_set set;
};

struct vmmio_history_change {
	size_t before, after; /* results: the last one of before, the first one after */
	double was, is;	      /* levels: events an I/O, or medians */
	double p;	      /* as it was tested, below its part of alpha */
	bool exact;	      /* all boots agree on each side */
};

/* A series, on one machine unless it is structural. */
struct vmmio_history_line {
	const struct vmmio_series *like;
	enum vmmio_accel accel;
	size_t *at; /* results that know it */
	double *v;  /* and what they say */
	size_t n;
	struct vmmio_history_change *change;
	size_t changes;
	double level, best; /* the last one, and the best of all */
	double soft, hard;
	bool judged;	 /* a change can be a regression */
	bool regression; /* the last level is worse than the best by more than the hard limit */
	bool warning;	 /* or the soft one */
	bool undecided;	 /* and must not be */
	bool few;	 /* so few results that no change could be shown */
	bool gone;	 /* the last result does not know it */
	size_t open;	 /* first of the last results that differ and are too few to tell, or n */
};

struct vmmio_history {
	struct vmmio_history_line *line;
	size_t n, changes, regressions, warnings, undecided;
	double alpha; /* of all lines */
};

/* @r ascending by date, n > 1; must outlive @h. Takes thresholds and limits from @o. */
int vmmio_history_judge(const struct vmmio_history_result *r, size_t n,
			const struct vmmio_ab_options *o, struct vmmio_history *h);
void vmmio_history_free(struct vmmio_history *h);

/* The lines of one history, after its verdict: changes, what is open; @all: also the others. */
void vmmio_history_print(const struct vmmio_history *h, const struct vmmio_history_result *r,
			 size_t n, bool all, FILE *f);
json_t *vmmio_history_json(const struct vmmio_history *h, const struct vmmio_history_result *r,
			   size_t n);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two sets of series held against each other: A, what was; B, what is.
 *
 * Structural series are compared exactly where each side has at least two boots that
 * agree. Elsewhere their events are tested (stats.h): the extra ones of a boot that is not
 * like the others, or all there is where a side has one boot. Other series are compared
 * by a rank test. Each class of series that takes part is a family with an equal part of alpha;
 * Holm's correction is over those of a family that are tested and can be a regression: what is
 * derived from others, or neither better nor worse, is not charged to it.
 *
 * What B no longer has, and exactness that is lost without enough events to say so, is not
 * passed: it is undecided.
 */
#ifndef VMMIO_BENCH_AB_H
#define VMMIO_BENCH_AB_H

#include <stdbool.h>
#include <stdio.h>
#include <jansson.h>

#include "bench/data/series.h"
#include "bench/data/stats.h"
#include "limits.h"

enum vmmio_ab_finding {
	VMMIO_AB_SAME, /* equal */
	VMMIO_AB_NONE, /* no difference shown */
	VMMIO_AB_DIFFERENT,
	VMMIO_AB_LOST,	     /* A's boots agree, B's differ from them, too little to be shown */
	VMMIO_AB_UNKNOWN,    /* A has no values */
	VMMIO_AB_GONE,	     /* B has no values, or not this series */
	VMMIO_AB_TOO_FEW,    /* with these n no difference could be shown */
	VMMIO_AB_NOT_JUDGED, /* neither better nor worse, or said by another series */
};

enum vmmio_ab_test {
	VMMIO_AB_EXACT,
	VMMIO_AB_EVENTS,
	VMMIO_AB_RANK,
};

struct vmmio_ab_row {
	const struct vmmio_series *a, *b; /* b is NULL if B does not have it */
	enum vmmio_ab_finding finding;
	enum vmmio_ab_test by;
	double median_a, median_b;
	struct vmmio_rank_test test; /* of b - a */
	struct vmmio_events_test events;
	double p, least; /* adjusted, and what it could be at least */
	bool tested;
	bool judged;	   /* a difference can be a regression */
	bool lost;	   /* boots of A agree, those of B do not */
	bool worse;	   /* B is worse than A, if different */
	bool regression;   /* and by more than the hard limit */
	bool warning;	   /* or by more than the soft one */
	bool required;	   /* must be decided */
	bool open;	   /* sequential: and is not yet, more boots may tell */
	double soft, hard; /* limits, in the unit of the series */
	double hides;	   /* how much worse it could be at most and not be seen, or NAN */
	double more; /* open: so many times the I/Os would decide it, all else equal; or NAN */
};

struct vmmio_ab_options {
	double alpha;	  /* of all series together */
	double threshold; /* per cent of A's median, for series that are not structural */
	const struct vmmio_limits *limits; /* of single series, or NULL */
	bool sequential;		   /* one look of several (looks.h): alpha is in spend */
	double spend[4];		   /* alpha of each class at this look */
	double level;			   /* of intervals; 0: 0.95 */
	double resolution; /* sequential: events per I/O more that must not go unseen */
	const char *how;   /* one more line below the verdict, or NULL */
	bool times;	   /* compare durations of an emulated run too */
	bool structural;   /* the user wants no other */
	bool one_run;	   /* each side is one run: others are shown, and are no regression */
	const char *only_structural;	     /* why nothing else compares, or NULL */
	const struct vmmio_series_set *only; /* no others than these, or NULL */
	enum vmmio_accel accel;
};

struct vmmio_ab {
	struct vmmio_ab_row *row;
	size_t n;
	const struct vmmio_series **new; /* those only B has */
	size_t nnew;
	struct vmmio_series_set zero[2]; /* registers and queues that one side never used */
	size_t tested, different, regressions, undecided, warnings, open;
	double floor; /* least adjusted p that any series could reach with these n */
};

int vmmio_ab_compare(const struct vmmio_series_set *a, const struct vmmio_series_set *b,
		     const struct vmmio_ab_options *o, struct vmmio_ab *out);
void vmmio_ab_free(struct vmmio_ab *ab);

/* Can a difference of @s be a regression under @o? */
bool vmmio_ab_judges(const struct vmmio_series *s, const struct vmmio_ab_options *o);

/* Must @s be decided under @o: a schedule or times of an emulated run need not. */
bool vmmio_ab_requires(const struct vmmio_series *s, const struct vmmio_ab_options *o);
/* +1: more of @key is worse, -1: less is, 0: neither. */
int vmmio_ab_direction(enum vmmio_metric_id id);

/* "REGRESSION", "UNDECIDED" or "no regression". */
const char *vmmio_ab_verdict(const struct vmmio_ab *ab);

/* ab_print.c; the verdict first. @all: also the rows in which nothing differs. */
void vmmio_ab_print(const struct vmmio_ab *ab, const struct vmmio_ab_options *o, bool all, FILE *f);
/* Two numbers so that it shows where they differ. */
void vmmio_format_two(double a, double b, char *x, char *y, size_t len);
json_t *vmmio_ab_json(const struct vmmio_ab *ab, const struct vmmio_ab_options *o);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A comparison that grows until it is decided: after how many pairs it is looked at, and what
 * part of alpha a look may spend. The parts add up to alpha at most, so the chance that any look
 * calls anything different when nothing is stays within it (Boole's inequality), whatever the
 * test is and however the looks depend on each other.
 */
#ifndef VMMIO_BENCH_LOOKS_H
#define VMMIO_BENCH_LOOKS_H

#include <stdbool.h>
#include <stddef.h>

#include "ab.h"

#define VMMIO_LOOKS_MAX 24

struct vmmio_looks {
	unsigned int pairs[VMMIO_LOOKS_MAX]; /* ascending: runs of each side by then */
	size_t n;
};

/* 1, 2, 3, 4, 6, 8, 12, 16, 24 ... and @most at last. */
void vmmio_looks_plan(unsigned int most, struct vmmio_looks *l);

/* A comparison over its looks. */
struct vmmio_sequence {
	struct vmmio_looks looks;
	size_t look;	  /* the next one */
	double left[4];	  /* alpha that each class may still spend */
	double spend[4];  /* what each may at this look */
	size_t judged[4]; /* series of each class that can be a regression, at the first look */
	bool begun;
};

/*
 * Before the next look at A's series: fills o->spend, o->level and o->sequential from o->alpha,
 * parted by the classes that take part. What has to be exact is looked at each time; a rank test
 * from the pairs on with which it could show anything.
 */
void vmmio_sequence_next(struct vmmio_sequence *q, const struct vmmio_series_set *a,
			 struct vmmio_ab_options *o);

/*
 * What a look at @ab means: true if more pairs can change it. They cannot where there is a
 * regression, where a series vanished, where all is decided that must be, or at the last look.
 */
bool vmmio_sequence_goes_on(const struct vmmio_sequence *q, const struct vmmio_ab *ab);

#endif

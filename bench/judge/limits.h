/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much worse a series may get: a soft limit, above which it is said, and a hard one, above
 * which it is a regression. From a small file that is kept with the code under test:
 *
 *     [path]                                  ; a class,
 *     soft = 0.5 %
 *     hard = 2 %
 *     [kicks_per_io transport=mmio]           ; or a key, and words of the labels
 *     hard = 0.01                             ; in the series' unit
 *
 * Of sections that fit a series the last one counts.
 */
#ifndef VMMIO_BENCH_LIMITS_H
#define VMMIO_BENCH_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/data/series.h"

#define VMMIO_LIMITS_MAX 64

struct vmmio_limit {
	char what[96]; /* class or key, and words of labels */
	double soft, hard;
	bool soft_pct, hard_pct, has_soft, has_hard;
};

struct vmmio_limits {
	struct vmmio_limit l[VMMIO_LIMITS_MAX];
	size_t n;
};

/* -errno with one line in @why: unreadable, or line and what is wrong with it. */
int vmmio_limits_load(const char *path, struct vmmio_limits *l, char *why, size_t len);

/*
 * The limits of @s, whose value was @was, in its unit. Without any: 0 for structural ones, else
 * @percent of @was. @l may be NULL. soft <= hard.
 */
void vmmio_limits_of(const struct vmmio_limits *l, const struct vmmio_series *s, double was,
		     double percent, double *soft, double *hard);

#endif

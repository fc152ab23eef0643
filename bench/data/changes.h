/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a sequence of values changes its level: the split whose two sides differ most in rank,
 * if a permutation of the sequence seldom has one that differs as much, then each side again. It
 * knows nothing of results; the values are the caller's unit of replication, in their order.
 */
#ifndef VMMIO_BENCH_CHANGES_H
#define VMMIO_BENCH_CHANGES_H

#include <stddef.h>

#define VMMIO_CHANGES_MAX 64

struct vmmio_change {
	size_t at; /* the first value of the new level */
	double p;
};

/*
 * Changes of @x, in their order, in @out (room for VMMIO_CHANGES_MAX). Where the order of the
 * values is chance alone, there are any with a probability of @alpha at most, whatever the values'
 * distribution; beyond a real change each part is asked anew at @alpha. The same values give the
 * same answer. -ENOMEM, -EINVAL.
 */
int vmmio_stats_changes(const double *x, size_t n, double alpha, struct vmmio_change *out,
			size_t *found);

/* Its statistic: the greatest standardized difference of ranks over all splits, and the split. */
double vmmio_stats_greatest_split(const double *x, size_t n, size_t *at);

/* The least p that @n values can reach at all: below alpha, or they are too few. */
double vmmio_stats_changes_floor(size_t n);

#endif

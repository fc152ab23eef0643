/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The statistics of the bench: order statistics, intervals, a two-sample rank
 * test with its shift estimate, and the correction for many series.
 * Non-parametric throughout: no result here rests on a distribution of the
 * samples. It knows nothing of rounds, boots or fields; n is whatever the
 * caller takes as its unit of replication (the boot).
 */
#ifndef VMMIO_BENCH_STATS_H
#define VMMIO_BENCH_STATS_H

#include <stddef.h>
#include <stdbool.h>

struct vmmio_interval {
	double low, high;
	double level; /* coverage that was reached, below the one asked for if n is too small */
};

/* All return NAN for n = 0. None changes its input. */
double vmmio_stats_median(const double *x, size_t n);
double vmmio_stats_quantile(const double *x, size_t n, double p);
double vmmio_stats_mad(const double *x, size_t n); /* raw, not scaled to a normal */
double vmmio_stats_iqr(const double *x, size_t n);
void vmmio_stats_range(const double *x, size_t n, double *min, double *max);

/*
 * Distribution-free interval of the median from the sign test. With too few
 * samples the range is given with the coverage it has (n = 4: 87.5 %).
 */
int vmmio_stats_median_interval(const double *x, size_t n, double level,
				struct vmmio_interval *out);

typedef double (*vmmio_statistic_fn)(const double *x, size_t n);

/* Percentile bootstrap of @fn; @se may be NULL. The same seed gives the same answer. */
int vmmio_stats_bootstrap(const double *x, size_t n, vmmio_statistic_fn fn, size_t draws,
			  unsigned long seed, double level, struct vmmio_interval *out, double *se);

struct vmmio_rank_test {
	double u;     /* Mann-Whitney U of x: pairs with x > y, ties count a half */
	double p;     /* two-sided */
	bool exact;   /* from the permutation distribution, ties included */
	double delta; /* Cliff's delta, -1 .. 1: P(x > y) - P(x < y) */
	double shift; /* Hodges-Lehmann estimate of x - y */
	struct vmmio_interval shift_ci;
};

int vmmio_stats_rank_test(const double *x, size_t m, const double *y, size_t n, double level,
			  struct vmmio_rank_test *out);

/* The smallest two-sided p that samples of these sizes can reach at all. */
double vmmio_stats_rank_floor(size_t m, size_t n);

/* Holm's step-down adjustment; p and out may be the same array. */
int vmmio_stats_holm(const double *p, size_t n, double *out);

#endif

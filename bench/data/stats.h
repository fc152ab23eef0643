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

/* Events and what they are counted over: a rate that has not lost its counts. */
struct vmmio_count {
	double num, den;
};

struct vmmio_events_test {
	double p;	   /* two-sided */
	double floor;	   /* the least p that as many events could give, however they fell */
	double rate[2];	   /* of x and y, each side's events added up */
	double events;	   /* beyond what every sample has */
	double dispersion; /* 1: as if they came singly; more: in clusters */
	double error; /* standard error of the difference of rates, one event more on each side */
};

/*
 * Are events of y more, or less, frequent than those of x? Taken are those beyond the rule: the
 * whole number an I/O that all samples have, or, of three samples of x or more that agree, the
 * lowest rate. Exact (the binomial distribution of one side's share) if they come @singly: samples
 * of x agree. Else the dispersion between samples of one side widens it, by Student's
 * distribution; one sample of x is believed to have one of 10.
 */
int vmmio_stats_events_test(const struct vmmio_count *x, size_t m, const struct vmmio_count *y,
			    size_t n, bool singly, struct vmmio_events_test *out);

/* How many standard deviations hold @level of a normal distribution, both sides left out. */
double vmmio_stats_normal(double level);

/* Holm's step-down adjustment; p and out may be the same array. */
int vmmio_stats_holm(const double *p, size_t n, double *out);

#endif

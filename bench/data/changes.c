// SPDX-License-Identifier: GPL-2.0-only
/*
 * Change points by ranks and permutations (changes.h). The statistic of a split after k of N
 * values is the sum of the first k midranks, less its mean, over its standard deviation under
 * permutation; that of the sequence the greatest of all splits.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>

#include "changes.h"
#include "stats.h"

#define SEED 11
#define DRAWS_LEAST 999
#define DRAWS_MOST 200000
#define SAME 1e-9 /* statistics of one rearrangement, added up in another order */

/* Midranks less their mean, of values lo .. lo + n - 1; their sum of squares is returned. */
static double center_ranks(const double *x, size_t n, double *rank, size_t *order)
{
	double squares = 0;

	gsl_sort_index(order, x, 1, n);
	for (size_t i = 0, j; i < n; i = j) {
		for (j = i; j < n && x[order[j]] == x[order[i]]; j++)
			;
		for (size_t t = i; t < j; t++)
			rank[order[t]] = (i + j + 1) / 2.0 - (n + 1) / 2.0;
	}
	for (size_t i = 0; i < n; i++)
		squares += rank[i] * rank[i];
	return squares;
}

/* One over the standard deviation of the sum of the first k ranks, for each k. */
static void weights(double *w, size_t n, double squares)
{
	for (size_t k = 1; k < n; k++)
		w[k] = squares > 0 ? 1 / sqrt((double)k * (n - k) / n * squares / (n - 1)) : 0;
}

static double greatest(const double *rank, const double *w, size_t n, size_t *at)
{
	double sum = 0, most = 0;

	*at = 0;
	for (size_t k = 1; k < n; k++) {
		double z;

		sum += rank[k - 1];
		z = fabs(sum) * w[k];
		if (z > most + SAME) {
			most = z;
			*at = k;
		}
	}
	return most;
}

struct scan {
	const double *x;
	double alpha;
	double *rank, *weight;
	size_t *order;
	gsl_rng *rng;
	struct vmmio_change *out;
	size_t found;
};

/*
 * The p of the greatest split. It is given up as soon as it cannot come below alpha any more, which
 * does not change what is decided.
 */
static double permute(struct scan *s, size_t n, double seen)
{
	unsigned long draws = fmin(DRAWS_MOST, fmax(DRAWS_LEAST, ceil(20 / s->alpha))), above = 0;
	size_t at;

	for (unsigned long d = 0; d < draws; d++) {
		gsl_ran_shuffle(s->rng, s->rank, n, sizeof(*s->rank));
		above += greatest(s->rank, s->weight, n, &at) >= seen - SAME;
		if (above + 1 > s->alpha * (draws + 1))
			return (double)(above + 1) / (d + 2);
	}
	return (double)(above + 1) / (draws + 1);
}

static void search(struct scan *s, size_t lo, size_t hi)
{
	size_t n = hi - lo, at;
	double seen, p;

	if (n < 2 || vmmio_stats_changes_floor(n) > s->alpha)
		return;
	weights(s->weight, n, center_ranks(s->x + lo, n, s->rank, s->order));
	seen = greatest(s->rank, s->weight, n, &at);
	if (!at)
		return;
	p = permute(s, n, seen);
	if (p > s->alpha || s->found == VMMIO_CHANGES_MAX)
		return;
	search(s, lo, lo + at);
	if (s->found < VMMIO_CHANGES_MAX)
		s->out[s->found++] = (struct vmmio_change){lo + at, p};
	search(s, lo + at, hi);
}

int vmmio_stats_changes(const double *x, size_t n, double alpha, struct vmmio_change *out,
			size_t *found)
{
	struct scan s = {.x = x, .alpha = alpha, .out = out};
	int err = 0;

	*found = 0;
	if (!(alpha > 0 && alpha < 1))
		return -EINVAL;
	s.rank = malloc((n + 1) * sizeof(*s.rank));
	s.weight = malloc((n + 1) * sizeof(*s.weight));
	s.order = malloc((n + 1) * sizeof(*s.order));
	s.rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (s.rank && s.weight && s.order && s.rng) {
		gsl_rng_set(s.rng, SEED);
		search(&s, 0, n);
		*found = s.found;
	} else {
		err = -ENOMEM;
	}
	free(s.rank);
	free(s.weight);
	free(s.order);
	if (s.rng)
		gsl_rng_free(s.rng);
	return err;
}

double vmmio_stats_greatest_split(const double *x, size_t n, size_t *at)
{
	double *rank = malloc((n + 1) * sizeof(*rank)), most = NAN;
	double *weight = malloc((n + 1) * sizeof(*weight));
	size_t *order = malloc((n + 1) * sizeof(*order));

	*at = 0;
	if (rank && weight && order) {
		weights(weight, n, center_ranks(x, n, rank, order));
		most = greatest(rank, weight, n, at);
	}
	free(rank);
	free(weight);
	free(order);
	return most;
}

double vmmio_stats_changes_floor(size_t n)
{
	/* two halves that do not overlap, in either order */
	return n < 2 ? 1 : vmmio_stats_rank_floor(n / 2, n - n / 2);
}

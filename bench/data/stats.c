// SPDX-License-Identifier: GPL-2.0-only
/*
 * Order statistics, intervals and the rank test of the bench. Quantiles are
 * Hyndman and Fan's type 7; the rank test is exact (conditional on the ties)
 * up to EXACT_MAX samples and a normal approximation with correction for ties
 * and continuity beyond.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "stats.h"

#define EXACT_MAX 60
#define ONE_SAMPLE 10 /* dispersion of events that one sample is believed to have */

static double *sorted_copy(const double *x, size_t n)
{
	double *s = malloc((n ? n : 1) * sizeof(*s));

	if (!s)
		return NULL;
	memcpy(s, x, n * sizeof(*s));
	gsl_sort(s, 1, n);
	return s;
}

double vmmio_stats_quantile(const double *x, size_t n, double p)
{
	double *s, q;

	if (!n || p < 0 || p > 1)
		return NAN;
	s = sorted_copy(x, n);
	if (!s)
		return NAN;
	q = gsl_stats_quantile_from_sorted_data(s, 1, n, p);
	free(s);
	return q;
}

double vmmio_stats_median(const double *x, size_t n)
{
	return vmmio_stats_quantile(x, n, 0.5);
}

double vmmio_stats_mad(const double *x, size_t n)
{
	double m = vmmio_stats_median(x, n), mad = NAN, *d;

	if (!n)
		return NAN;
	d = malloc(n * sizeof(*d));
	if (!d)
		return NAN;
	for (size_t i = 0; i < n; i++)
		d[i] = fabs(x[i] - m);
	mad = vmmio_stats_median(d, n);
	free(d);
	return mad;
}

double vmmio_stats_iqr(const double *x, size_t n)
{
	return vmmio_stats_quantile(x, n, 0.75) - vmmio_stats_quantile(x, n, 0.25);
}

void vmmio_stats_range(const double *x, size_t n, double *min, double *max)
{
	*min = *max = NAN;
	if (n)
		gsl_stats_minmax(min, max, x, 1, n);
}

int vmmio_stats_median_interval(const double *x, size_t n, double level, struct vmmio_interval *out)
{
	unsigned int k = 0; /* order statistics dropped on each side */
	double *s;

	if (!n || level <= 0 || level >= 1)
		return -EINVAL;
	s = sorted_copy(x, n);
	if (!s)
		return -ENOMEM;
	/* drop one more while what is left still covers the level */
	while (2 * (k + 1) < n && 1 - 2 * gsl_cdf_binomial_P(k + 1, 0.5, n) >= level)
		k++;
	out->low = s[k];
	out->high = s[n - 1 - k];
	out->level = 1 - 2 * gsl_cdf_binomial_P(k, 0.5, n);
	if (out->level < 0)
		out->level = 0; /* n = 1: the range is a point */
	free(s);
	return 0;
}

int vmmio_stats_bootstrap(const double *x, size_t n, vmmio_statistic_fn fn, size_t draws,
			  unsigned long seed, double level, struct vmmio_interval *out, double *se)
{
	double *sample, *value;
	gsl_rng *rng;

	if (!n || !draws || level <= 0 || level >= 1)
		return -EINVAL;
	sample = malloc(n * sizeof(*sample));
	value = malloc(draws * sizeof(*value));
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!sample || !value || !rng) {
		free(sample);
		free(value);
		if (rng)
			gsl_rng_free(rng);
		return -ENOMEM;
	}
	gsl_rng_set(rng, seed);
	for (size_t d = 0; d < draws; d++) {
		for (size_t i = 0; i < n; i++)
			sample[i] = x[gsl_rng_uniform_int(rng, n)];
		value[d] = fn(sample, n);
	}
	if (out) {
		out->low = vmmio_stats_quantile(value, draws, (1 - level) / 2);
		out->high = vmmio_stats_quantile(value, draws, 1 - (1 - level) / 2);
		out->level = level;
	}
	if (se)
		*se = gsl_stats_sd(value, 1, draws);
	gsl_rng_free(rng);
	free(sample);
	free(value);
	return 0;
}

/*
 * Distribution of the sum of @m values drawn without replacement from @rank2
 * (integers: twice the midranks). Returns counts by sum, 0..max.
 */
static double *sum_distribution(const unsigned int *rank2, size_t total, size_t m, size_t *max_out)
{
	size_t max = 0, width;
	double *c, *last;

	for (size_t i = 0; i < total; i++)
		max += rank2[i];
	width = max + 1;
	c = calloc((m + 1) * width, sizeof(*c));
	if (!c)
		return NULL;
	c[0] = 1;
	for (size_t i = 0; i < total; i++)
		for (size_t k = m; k >= 1; k--)
			for (size_t s = max; s >= rank2[i]; s--)
				c[k * width + s] += c[(k - 1) * width + s - rank2[i]];
	last = malloc(width * sizeof(*last));
	if (last)
		memcpy(last, c + m * width, width * sizeof(*last));
	free(c);
	*max_out = max;
	return last;
}

/* Two-sided: sums at least as far from their mean as the one observed. */
static double exact_p(const unsigned int *rank2, size_t total, size_t m, double sum2)
{
	double *d, all = 0, tail = 0, mean;
	size_t max;

	d = sum_distribution(rank2, total, m, &max);
	if (!d)
		return NAN;
	mean = (double)max * m / total;
	for (size_t s = 0; s <= max; s++) {
		all += d[s];
		if (fabs(s - mean) >= fabs(sum2 - mean) - 1e-9)
			tail += d[s];
	}
	free(d);
	return tail / all;
}

/*
 * How many of the ordered differences to leave out on each side, from the
 * distribution of U without ties; with ties the interval only gets wider.
 */
static size_t shift_rank(size_t m, size_t n, double level, double *reached)
{
	size_t total = m + n, k = 0, max;
	double *d, all = 0, cum = 0, base = (double)m * (m + 1);
	unsigned int *r;

	r = malloc(total * sizeof(*r));
	if (!r)
		return 0;
	for (size_t i = 0; i < total; i++)
		r[i] = 2 * (i + 1);
	d = sum_distribution(r, total, m, &max);
	free(r);
	if (!d)
		return 0;
	for (size_t s = 0; s <= max; s++)
		all += d[s];
	/* U = 0, 1, 2 ... are the sums base, base + 2, base + 4 ... */
	for (size_t u = 0; u <= m * n / 2; u++) {
		double p = d[(size_t)base + 2 * u] / all;

		if (u && 2 * (cum + p) > 1 - level)
			break;
		cum += p;
		k = u;
	}
	*reached = 1 - 2 * cum;
	free(d);
	return k;
}

static int shift_estimate(const double *x, size_t m, const double *y, size_t n, double level,
			  struct vmmio_rank_test *out)
{
	size_t pairs = m * n, k;
	double *d = malloc(pairs * sizeof(*d)), reached = 0;

	if (!d)
		return -ENOMEM;
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++)
			d[i * n + j] = x[i] - y[j];
	gsl_sort(d, 1, pairs);
	out->shift = gsl_stats_median_from_sorted_data(d, 1, pairs);
	if (m + n <= EXACT_MAX) {
		k = shift_rank(m, n, level, &reached);
	} else {
		double z = gsl_cdf_ugaussian_Pinv(1 - (1 - level) / 2);
		double half = z * sqrt((double)pairs * (m + n + 1) / 12);

		/* the same correction for continuity as that of p */
		k = pairs / 2.0 - half > 0.5 ? (size_t)(pairs / 2.0 - half - 0.5) : 0;
		reached = level;
	}
	out->shift_ci.low = d[k];
	out->shift_ci.high = d[pairs - 1 - k];
	out->shift_ci.level = reached > 0 ? reached : 0;
	free(d);
	return 0;
}

int vmmio_stats_rank_test(const double *x, size_t m, const double *y, size_t n, double level,
			  struct vmmio_rank_test *out)
{
	size_t total = m + n, *order;
	double *all, sum2 = 0, ties = 0, greater = 0, less = 0;
	unsigned int *rank2;
	int err;

	if (!m || !n || level <= 0 || level >= 1)
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	all = malloc(total * sizeof(*all));
	order = malloc(total * sizeof(*order));
	rank2 = malloc(total * sizeof(*rank2));
	if (!all || !order || !rank2) {
		err = -ENOMEM;
		goto out;
	}
	memcpy(all, x, m * sizeof(*x));
	memcpy(all + m, y, n * sizeof(*y));
	gsl_sort_index(order, all, 1, total);
	for (size_t i = 0, j; i < total; i = j) {
		for (j = i; j < total && all[order[j]] == all[order[i]]; j++)
			;
		/* twice the midrank of positions i .. j-1, counted from 1 */
		for (size_t t = i; t < j; t++)
			rank2[order[t]] = i + j + 1;
		ties += pow(j - i, 3) - (j - i);
	}
	for (size_t i = 0; i < m; i++)
		sum2 += rank2[i];
	for (size_t i = 0; i < m; i++) {
		for (size_t j = 0; j < n; j++) {
			greater += x[i] > y[j];
			less += x[i] < y[j];
		}
	}
	out->u = sum2 / 2 - m * (m + 1) / 2.0;
	out->delta = (greater - less) / ((double)m * n);
	if (total <= EXACT_MAX) {
		out->exact = true;
		out->p = exact_p(rank2, total, m, sum2);
	} else {
		double mean = m * n / 2.0;
		double var = m * n / 12.0 * (total + 1 - ties / ((double)total * (total - 1)));
		double z = fabs(out->u - mean) - 0.5;

		out->p = var > 0 && z > 0 ? 2 * gsl_cdf_ugaussian_Q(z / sqrt(var)) : 1;
	}
	err = isnan(out->p) ? -ENOMEM : shift_estimate(x, m, y, n, level, out);
out:
	free(all);
	free(order);
	free(rank2);
	return err;
}

double vmmio_stats_rank_floor(size_t m, size_t n)
{
	double ways = 1;

	if (!m || !n)
		return 1;
	for (size_t i = 1; i <= m; i++)
		ways = ways * (n + i) / i;
	return 2 / ways < 1 ? 2 / ways : 1;
}

/* Two-sided probability of @k of @n events on a side that has @share of the exposure. */
static double share_p(double k, double n, double share)
{
	double most = 1e6, low, high;

	if (n > most) { /* as if fewer had been seen: on the safe side */
		k *= most / n;
		n = most;
	}
	low = gsl_cdf_binomial_P((unsigned int)(k + 0.5), share, (unsigned int)(n + 0.5));
	high = k < 0.5 ? 1
		       : gsl_cdf_binomial_Q((unsigned int)(k + 0.5) - 1, share,
					    (unsigned int)(n + 0.5));
	return fmin(1, 2 * fmin(low, high));
}

/* Sums of a side, and how far its samples are from their common rate. */
static void add_side(const struct vmmio_count *x, size_t n, double base, double *events,
		     double *over, double *scatter)
{
	double rate;

	*events = *over = *scatter = 0;
	for (size_t i = 0; i < n; i++) {
		*events += x[i].num - base * x[i].den;
		*over += x[i].den;
	}
	rate = *events / *over;
	for (size_t i = 0; i < n && rate > 0; i++) {
		double off = x[i].num - base * x[i].den - rate * x[i].den;

		*scatter += off * off / (rate * x[i].den);
	}
}

int vmmio_stats_events_test(const struct vmmio_count *x, size_t m, const struct vmmio_count *y,
			    size_t n, bool singly, struct vmmio_events_test *out)
{
	double base = INFINITY, events[2], over[2], scatter[2], share, z, df = m + n - 2.0;

	if (!m || !n)
		return -EINVAL;
	for (size_t i = 0; i < m + n; i++) {
		const struct vmmio_count *c = i < m ? &x[i] : &y[i - m];

		if (!(c->den > 0) || isnan(c->num))
			return -EINVAL;
		base = fmin(base, c->num / c->den);
	}
	/* where three samples agree that is the rule; the lowest of two may be chance */
	if (!singly || m < 3)
		base = floor(base);
	add_side(x, m, base, &events[0], &over[0], &scatter[0]);
	add_side(y, n, base, &events[1], &over[1], &scatter[1]);
	memset(out, 0, sizeof(*out));
	out->rate[0] = base + events[0] / over[0];
	out->rate[1] = base + events[1] / over[1];
	out->events = events[0] + events[1];
	out->dispersion = 1;
	share = over[1] / (over[0] + over[1]);
	out->floor = out->events < 0.5 ? 1 : fmin(1, 2 * pow(fmin(share, 1 - share), out->events));
	out->p = out->events < 0.5 ? 1 : share_p(events[1], out->events, share);
	if (!singly && df >= 1)
		out->dispersion = fmax(1, (scatter[0] + scatter[1]) / df);
	if (m < 2) /* how samples differ is not known */
		out->dispersion = fmax(out->dispersion, ONE_SAMPLE);
	out->error = sqrt(out->dispersion * ((events[0] + 1) / (over[0] * over[0]) +
					     (events[1] + 1) / (over[1] * over[1])));
	if ((singly && m > 1) || out->p >= 1)
		return 0;
	z = (out->rate[1] - out->rate[0]) /
	    sqrt(out->dispersion * out->events / (over[0] + over[1]) * (1 / over[0] + 1 / over[1]));
	if (out->dispersion > 1)
		out->p = fmax(out->p, df >= 1 ? 2 * gsl_cdf_tdist_Q(fabs(z), df)
					      : 2 * gsl_cdf_ugaussian_Q(fabs(z)));
	return 0;
}

double vmmio_stats_normal(double level)
{
	return gsl_cdf_ugaussian_Pinv(1 - (1 - level) / 2);
}

int vmmio_stats_holm(const double *p, size_t n, double *out)
{
	size_t *order;
	double most = 0;

	if (!n)
		return 0;
	order = malloc(n * sizeof(*order));
	if (!order)
		return -ENOMEM;
	gsl_sort_index(order, p, 1, n);
	for (size_t i = 0; i < n; i++) {
		double v = p[order[i]] * (n - i);

		if (v > most)
			most = v;
		out[order[i]] = most < 1 ? most : 1;
	}
	free(order);
	return 0;
}

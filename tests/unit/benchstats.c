// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bench's statistics of samples drawn here, as JSON lines that an independent
 * implementation can read (independent.sh). It judges nothing.
 */
#include <math.h>
#include <stdio.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "bench/data/changes.h"
#include "bench/data/stats.h"
#include "bench/judge/looks.h"

static void list(const char *name, const double *x, size_t n)
{
	printf("\"%s\":[", name);
	for (size_t i = 0; i < n; i++)
		printf("%s%.17g", i ? "," : "", x[i]);
	printf("],");
}

static void ranks(gsl_rng *rng, size_t m, size_t n, bool ties)
{
	double x[32], y[32];
	struct vmmio_rank_test t;

	for (size_t i = 0; i < m + n; i++)
		*(i < m ? &x[i] : &y[i - m]) =
			ties ? (double)gsl_rng_uniform_int(rng, 6) : gsl_ran_gaussian(rng, 1);
	if (vmmio_stats_rank_test(x, m, y, n, 0.95, &t))
		return;
	printf("{\"what\":\"rank\",");
	list("x", x, m);
	list("y", y, n);
	printf("\"u\":%.17g,\"p\":%.17g,\"delta\":%.17g,\"shift\":%.17g,\"floor\":%.17g}\n", t.u,
	       t.p, t.delta, t.shift, vmmio_stats_rank_floor(m, n));
}

static void events(gsl_rng *rng, size_t m, size_t n, double rate, double more)
{
	struct vmmio_count c[16];
	struct vmmio_events_test t;
	double num[16], den[16];
	bool singly = rate == 0 && m > 1;

	for (size_t i = 0; i < m + n; i++) {
		den[i] = i % 2 ? 500 : 1000;
		num[i] = 3 * den[i] + gsl_ran_poisson(rng, rate + (i < m ? 0 : more));
		c[i] = (struct vmmio_count){num[i], den[i]};
	}
	if (vmmio_stats_events_test(c, m, c + m, n, singly, &t))
		return;
	printf("{\"what\":\"events\",\"m\":%zu,\"singly\":%d,", m, singly);
	list("num", num, m + n);
	list("den", den, m + n);
	printf("\"p\":%.17g}\n", t.p);
}

static void holm(gsl_rng *rng, size_t n)
{
	double p[16], out[16];

	for (size_t i = 0; i < n; i++)
		p[i] = pow(gsl_rng_uniform(rng), 3);
	if (vmmio_stats_holm(p, n, out))
		return;
	printf("{\"what\":\"holm\",");
	list("p", p, n);
	list("adjusted", out, n);
	printf("\"n\":%zu}\n", n);
}

static void changes(gsl_rng *rng, size_t n, double step, bool ties)
{
	struct vmmio_change found[VMMIO_CHANGES_MAX];
	double x[32], most;
	size_t at, k;

	for (size_t i = 0; i < n; i++) {
		x[i] = (ties ? (double)gsl_rng_uniform_int(rng, 4) : gsl_ran_gaussian(rng, 1)) +
		       (i < n / 2 ? 0 : step);
	}
	most = vmmio_stats_greatest_split(x, n, &at);
	/* one level of it, and no p that is not looked for: alpha almost 1 */
	if (vmmio_stats_changes(x, n, 0.999, found, &k))
		return;
	printf("{\"what\":\"changes\",");
	list("x", x, n);
	printf("\"z\":%.17g,\"at\":%zu,\"p\":[", most, at);
	for (size_t i = 0, left = 1; i < k && left; i++) {
		if (found[i].at != at)
			continue;
		printf("%.17g", found[i].p);
		left = 0;
	}
	printf("]}\n");
}

int main(void)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	gsl_rng_set(rng, 17);
	for (size_t i = 0; i < 40; i++) {
		ranks(rng, 2 + i % 5, 2 + i % 4, i & 1);
		events(rng, 1 + i % 5, 1 + i % 4, i % 3 ? 0 : 5, i % 2 ? 8 : 0);
		holm(rng, 1 + i % 8);
	}
	for (size_t n = 8; n <= 16; n += 4)
		ranks(rng, n, n, false);
	for (size_t i = 0; i < 12; i++)
		changes(rng, i < 8 ? 8 : 25, i % 3, i & 1);
	printf("{\"what\":\"normal\",\"level\":0.95,\"z\":%.17g}\n", vmmio_stats_normal(0.95));
	gsl_rng_free(rng);
	return 0;
}

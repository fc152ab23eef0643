// SPDX-License-Identifier: GPL-2.0-only
/*
 * Change points: no more false ones than promised, whatever the noise; planted steps found where
 * they are; and the walk over counts, which calls exact changes, open ends and what is over.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "bench/data/changes.h"
#include "bench/judge/history.h"

#define DRAWS 2000
#define MOST 64
#define TIMES 150
#define PLANTED 100

static double noise(gsl_rng *rng, int kind)
{
	switch (kind) {
	case 0:
		return gsl_ran_gaussian(rng, 1);
	case 1:
		return gsl_ran_cauchy(rng, 1);
	case 2:
		return gsl_ran_lognormal(rng, 0, 1);
	default:
		return gsl_rng_uniform_int(rng, 3); /* ties */
	}
}

static void test_false_alarms(void **state)
{
	struct vmmio_change found[VMMIO_CHANGES_MAX];
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double x[MOST];
	size_t n;

	gsl_rng_set(rng, 3);
	for (int kind = 0; kind < 4; kind++) {
		unsigned int any = 0;

		for (unsigned int d = 0; d < DRAWS; d++) {
			size_t len = 10 + d % 41;

			for (size_t i = 0; i < len; i++)
				x[i] = noise(rng, kind);
			assert_int_equal(vmmio_stats_changes(x, len, 0.05, found, &n), 0);
			any += n > 0;
		}
		printf("noise %d: changes in %u of %u (%.2f %%)\n", kind, any, DRAWS,
		       100.0 * any / DRAWS);
		/* 3 standard errors above; a test that never calls any would pass as well */
		assert_true(any <= DRAWS * (0.05 + 3 * sqrt(0.05 * 0.95 / DRAWS)));
		assert_true(any >= DRAWS / 100);
	}
	gsl_rng_free(rng);
}

static void test_planted(void **state)
{
	struct vmmio_change found[VMMIO_CHANGES_MAX];
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int there = 0, both = 0, far = 0, more = 0;
	double x[MOST];
	size_t n;

	gsl_rng_set(rng, 4);
	for (unsigned int d = 0; d < PLANTED; d++) {
		/* one step of 3 deviations after 5 to 35 of 40; two of them, up and half down */
		size_t at = 5 + d % 31;

		for (size_t i = 0; i < 40; i++)
			x[i] = noise(rng, 0) + (i < at ? 0 : 3);
		assert_int_equal(vmmio_stats_changes(x, 40, 0.001, found, &n), 0);
		there += n > 0;
		more += n > 1;
		far += n && labs((long)found[0].at - (long)at) > 2;
		for (size_t i = 0; i < 60; i++)
			x[i] = noise(rng, 0) + (i < 20 ? 0 : i < 40 ? 8 : 4);
		assert_int_equal(vmmio_stats_changes(x, 60, 0.001, found, &n), 0);
		both += n == 2 && found[0].at == 20 && found[1].at == 40;
	}
	printf("planted: %u of %d found, %u more than 2 off, %u with another; two steps, to the "
	       "result: %u\n",
	       there, PLANTED, far, more, both);
	assert_true(there >= PLANTED * 9 / 10);
	assert_true(far <= PLANTED / 25);
	assert_true(more <= PLANTED / 50);
	assert_true(both >= PLANTED * 9 / 10);
	gsl_rng_free(rng);
}

static void test_edges(void **state)
{
	struct vmmio_change found[VMMIO_CHANGES_MAX];
	double same[20] = {0}, two[2] = {1, 2};
	size_t n;

	assert_int_equal(vmmio_stats_changes(same, 20, 0.05, found, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(vmmio_stats_changes(two, 2, 0.05, found, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(vmmio_stats_changes(two, 0, 0.05, found, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(vmmio_stats_changes(two, 2, 0, found, &n), -EINVAL);
	/* more levels than there is room for */
	{
		double *x = malloc(20000 * sizeof(*x));

		for (size_t i = 0; i < 20000; i++)
			x[i] = i / 100 % 2 * 10.0 + i / 100;
		assert_int_equal(vmmio_stats_changes(x, 2000, 0.05, found, &n), 0);
		assert_true(n <= VMMIO_CHANGES_MAX);
		free(x);
	}
}

/* A history of one structural series: events of 1000 I/Os in each of two boots. */
static void judge(const double (*events)[2], size_t n, struct vmmio_history *h,
		  struct vmmio_history_result *r)
{
	const struct vmmio_ab_options o = {.alpha = 0.05, .threshold = 5};

	for (size_t i = 0; i < n; i++) {
		memset(&r[i], 0, sizeof(r[i]));
		r[i].path = "r";
		r[i].machine = "m";
		r[i].accel = VMMIO_ACCEL_NONE;
		for (int b = 0; b < 2; b++)
			assert_int_equal(
				vmmio_series_add_count(&r[i].set, "transport=mmio",
						       VMMIO_M_ACCESSES_PER_IO, 1,
						       (struct vmmio_count){events[i][b], 1000}),
				0);
	}
	assert_int_equal(vmmio_history_judge(r, n, &o, h), 0);
	assert_int_equal(h->n, 1);
}

static void done(struct vmmio_history *h, struct vmmio_history_result *r, size_t n)
{
	vmmio_history_free(h);
	for (size_t i = 0; i < n; i++)
		vmmio_series_free(&r[i].set);
}

static void test_walk(void **state)
{
	static const double step[][2] = {{3000, 3000}, {3000, 3000}, {4000, 4000}, {4000, 4000}};
	/* one more a round, always: too little at first, then too regular for chance */
	static const double small[][2] = {{3000, 3000}, {3000, 3000}, {3000, 3000}, {3000, 3000},
					  {3000, 3000}, {3001, 3001}, {3001, 3001}, {3001, 3001},
					  {3001, 3001}, {3001, 3001}};
	static const double back[][2] = {{3000, 3000}, {4000, 4000}, {3000, 3000}};
	static const double open[][2] = {{3000, 3000}, {3000, 3000}, {3000, 3001}};
	static const double over[][2] = {{3000, 3000}, {3000, 3001}, {3000, 3000}, {3000, 3000}};
	static const double grows[][2] = {{3000, 3000}, {3000, 3000}, {3000, 3002},
					  {3001, 3004}, {3009, 3003}, {3005, 3008}};
	struct vmmio_history_result r[10];
	struct vmmio_history h;

	judge(step, 4, &h, r);
	assert_int_equal(h.line[0].changes, 1);
	assert_int_equal(h.line[0].change[0].before, 1);
	assert_int_equal(h.line[0].change[0].after, 2);
	assert_true(h.line[0].change[0].exact);
	assert_true(h.line[0].regression);
	done(&h, r, 4);
	judge(small, 6, &h, r);
	assert_int_equal(h.line[0].changes, 0);
	assert_int_equal(h.line[0].open, 5);
	assert_int_equal(h.undecided, 1);
	done(&h, r, 6);
	judge(small, 10, &h, r);
	assert_int_equal(h.line[0].changes, 1);
	assert_int_equal(h.line[0].change[0].after, 5);
	assert_true(h.line[0].change[0].exact);
	assert_true(h.line[0].regression);
	done(&h, r, 10);
	judge(back, 3, &h, r);
	assert_int_equal(h.line[0].changes, 2);
	assert_int_equal(h.regressions, 0);
	assert_int_equal(h.undecided, 0);
	done(&h, r, 3);
	judge(open, 3, &h, r);
	assert_int_equal(h.line[0].changes, 0);
	assert_int_equal(h.line[0].open, 2);
	assert_int_equal(h.undecided, 1);
	done(&h, r, 3);
	judge(over, 4, &h, r);
	assert_int_equal(h.line[0].changes, 0);
	assert_int_equal(h.undecided, 0);
	done(&h, r, 4);
	judge(grows, 6, &h, r); /* what is open is added up, and begins where it began */
	assert_int_equal(h.line[0].changes, 1);
	assert_int_equal(h.line[0].change[0].after, 2);
	assert_false(h.line[0].change[0].exact);
	assert_true(h.line[0].regression);
	done(&h, r, 6);
}

/* 20 results of 10 structural series without a rule: any change in any, within alpha. */
static void test_family(void **state)
{
	/* events by chance in 1000 I/Os: seldom any, some, many */
	static const double rates[] = {0.02, 0.3, 10};
	const struct vmmio_ab_options o = {.alpha = 0.05, .threshold = 5};
	struct vmmio_history_result r[20];
	struct vmmio_history h;
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int any = 0, found = 0;

	gsl_rng_set(rng, 6);
	for (int t = 0; t < 2 * TIMES; t++) {
		bool planted = t >= TIMES;

		for (size_t i = 0; i < 20; i++) {
			memset(&r[i], 0, sizeof(r[i]));
			r[i].path = "r";
			r[i].machine = "m";
			r[i].accel = VMMIO_ACCEL_NONE;
			for (int s = 0; s < 10; s++) {
				/* some events of 1000 I/Os by chance; one has more */
				double rate = planted && s == 4 && i >= 12 ? 40 : rates[t % 3];
				char labels[40];

				snprintf(labels, sizeof(labels), "transport=t%d", s);
				for (int b = 0; b < 2; b++)
					vmmio_series_add_count(
						&r[i].set, labels, VMMIO_M_ACCESSES_PER_IO, 1,
						(struct vmmio_count){
							3000 + gsl_ran_poisson(rng, rate), 1000});
			}
		}
		assert_int_equal(vmmio_history_judge(r, 20, &o, &h), 0);
		any += !planted && h.changes > 0;
		found += planted && h.regressions == 1 && h.line[4].regression;
		done(&h, r, 20);
	}
	printf("family: changes in %u of %d without one, the planted one in %u\n", any, TIMES,
	       found);
	assert_true(any <= TIMES * (0.05 + 3 * sqrt(0.05 * 0.95 / TIMES)));
	assert_true(found >= TIMES * 95 / 100);
	gsl_rng_free(rng);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_false_alarms), cmocka_unit_test(test_planted),
		cmocka_unit_test(test_edges),	     cmocka_unit_test(test_walk),
		cmocka_unit_test(test_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

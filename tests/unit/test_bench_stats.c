// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bench's statistics against answers known from the literature. Each test
 * names the source of the data and of the expected value.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gsl/gsl_statistics_double.h>

#include "bench/data/stats.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define assert_near(a, b, tol) assert_true(fabs((a) - (b)) <= (tol))

/* Efron and Tibshirani, An Introduction to the Bootstrap (1993), table 2.1 */
static const double mouse_treated[] = {94, 197, 16, 38, 99, 141, 23};
static const double mouse_control[] = {52, 104, 146, 10, 51, 30, 40, 27, 46};

/* Hollander and Wolfe, Nonparametric Statistical Methods (1999), table 4.1 */
static const double at_term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
static const double weeks12[] = {1.15, 0.88, 0.90, 0.74, 1.21};

static double mean(const double *x, size_t n)
{
	return gsl_stats_mean(x, 1, n);
}

static void test_order_statistics(void **state)
{
	/* Hyndman and Fan (1996), type 7: 1..9 has quartiles 3 and 7 */
	static const double x[] = {9, 1, 8, 2, 7, 3, 6, 4, 5};
	static const double even[] = {4, 1, 3, 2};
	double lo, hi;

	(void)state;
	assert_near(vmmio_stats_median(x, N(x)), 5, 0);
	assert_near(vmmio_stats_iqr(x, N(x)), 4, 1e-12);
	assert_near(vmmio_stats_mad(x, N(x)), 2, 0);
	assert_near(vmmio_stats_median(even, N(even)), 2.5, 0);
	assert_near(vmmio_stats_quantile(even, N(even), 0.25), 1.75, 1e-12);
	vmmio_stats_range(x, N(x), &lo, &hi);
	assert_true(lo == 1 && hi == 9);
	assert_near(x[0], 9, 0); /* input untouched */
	/* medians of the mouse data: 94 and 46, op. cit. section 2.1 */
	assert_near(vmmio_stats_median(mouse_treated, 7), 94, 0);
	assert_near(vmmio_stats_median(mouse_control, 9), 46, 0);
	assert_true(isnan(vmmio_stats_median(x, 0)));
	assert_true(isnan(vmmio_stats_mad(x, 0)));
	assert_true(isnan(vmmio_stats_quantile(x, N(x), 1.5)));
}

static void test_median_interval(void **state)
{
	/* David and Nagaraja, Order Statistics (2003), section 7.1: for n = 10
	 * the 2nd and 9th order statistics cover the median with 0.9785 */
	static const double x[] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100};
	struct vmmio_interval ci;

	(void)state;
	assert_int_equal(vmmio_stats_median_interval(x, 10, 0.95, &ci), 0);
	assert_near(ci.low, 20, 0);
	assert_near(ci.high, 90, 0);
	assert_near(ci.level, 0.978516, 1e-6);
	/* 1 - 2^(1-n): 6 samples are the fewest that reach 95 % */
	assert_int_equal(vmmio_stats_median_interval(x, 6, 0.95, &ci), 0);
	assert_near(ci.level, 0.96875, 1e-9);
	assert_int_equal(vmmio_stats_median_interval(x, 4, 0.95, &ci), 0);
	assert_near(ci.level, 0.875, 1e-9);
	assert_near(ci.low, 10, 0);
	assert_near(ci.high, 40, 0);
	assert_int_equal(vmmio_stats_median_interval(x, 1, 0.95, &ci), 0);
	assert_near(ci.level, 0, 1e-9);
	assert_true(vmmio_stats_median_interval(x, 0, 0.95, &ci) < 0);
}

static void test_bootstrap(void **state)
{
	struct vmmio_interval a, b;
	double se;

	(void)state;
	/* op. cit. table 2.2, B = infinity: 23.36 for the mean, 37.83 for the median */
	assert_int_equal(vmmio_stats_bootstrap(mouse_treated, 7, mean, 20000, 1, 0.95, &a, &se), 0);
	assert_near(se, 23.36, 0.6);
	assert_int_equal(vmmio_stats_bootstrap(mouse_treated, 7, vmmio_stats_median, 20000, 1, 0.95,
					       NULL, &se),
			 0);
	assert_near(se, 37.83, 1.0);
	assert_int_equal(vmmio_stats_bootstrap(mouse_treated, 7, mean, 20000, 1, 0.95, &b, NULL),
			 0);
	assert_true(a.low == b.low && a.high == b.high); /* the seed decides */
	assert_true(a.low < 86.86 && a.high > 86.86);
	assert_true(vmmio_stats_bootstrap(mouse_treated, 0, mean, 10, 1, 0.95, &a, NULL) < 0);
}

static void test_rank_test(void **state)
{
	struct vmmio_rank_test t;

	(void)state;
	/* op. cit. p. 111, and R's wilcox.test and coin on the same data:
	 * W = 35, exact two-sided p = 0.2544, shift 0.305, 95 % -0.15 .. 0.76 */
	assert_int_equal(vmmio_stats_rank_test(at_term, 10, weeks12, 5, 0.95, &t), 0);
	assert_near(t.u, 35, 0);
	assert_true(t.exact);
	assert_near(t.p, 0.2544, 5e-5);
	assert_near(t.shift, 0.305, 1e-9);
	assert_near(t.shift_ci.low, -0.15, 1e-9);
	assert_near(t.shift_ci.high, 0.76, 1e-9);
	assert_true(t.shift_ci.level >= 0.95);
	assert_near(t.delta, 2 * 35.0 / 50 - 1, 1e-12);
}

static void test_rank_ties_and_limits(void **state)
{
	/* conditional on the ties the arrangements can be counted by hand:
	 * {1,1,2} against {2,3,3}: rank sum 7.5 is the lowest of 20, reached
	 * by 2 of them; both tails: 4 / 20 */
	static const double a[] = {1, 1, 2}, b[] = {2, 3, 3};
	static const double same[] = {3, 3, 3, 3};
	double big_x[50], big_y[50];
	struct vmmio_rank_test t;

	(void)state;
	assert_int_equal(vmmio_stats_rank_test(a, 3, b, 3, 0.95, &t), 0);
	assert_near(t.p, 0.2, 1e-12);
	assert_near(t.u, 0.5, 0);
	assert_near(t.delta, -8.0 / 9, 1e-12);
	assert_int_equal(vmmio_stats_rank_test(same, 4, same, 4, 0.95, &t), 0);
	assert_near(t.p, 1, 0);
	assert_near(t.delta, 0, 0);
	assert_near(t.shift, 0, 0);
	/* the floor: 4 against 4 reach 2 / C(8,4) = 1 / 35 */
	assert_near(vmmio_stats_rank_floor(4, 4), 1.0 / 35, 1e-12);
	assert_near(vmmio_stats_rank_floor(1, 1), 1, 0);
	/* beyond the exact range the approximation takes over */
	for (int i = 0; i < 50; i++) {
		big_x[i] = i;
		big_y[i] = i + 100;
	}
	assert_int_equal(vmmio_stats_rank_test(big_x, 50, big_y, 50, 0.95, &t), 0);
	assert_false(t.exact);
	assert_true(t.p < 1e-10);
	assert_near(t.shift, -100, 1e-9);
	/* the exact interval of 31 and 30 samples leaves 328 of 930 differences out on each side */
	for (int i = 0; i < 31; i++)
		big_x[i] = 30 * i;
	for (int i = 0; i < 30; i++)
		big_y[i] = -i;
	assert_int_equal(vmmio_stats_rank_test(big_x, 31, big_y, 30, 0.95, &t), 0);
	assert_false(t.exact);
	assert_near(t.shift_ci.low, 328, 0);
	assert_near(t.shift_ci.high, 929 - 328, 0);
	assert_true(vmmio_stats_rank_test(a, 0, b, 3, 0.95, &t) < 0);
}

static void test_cliffs_delta(void **state)
{
	/* Hogarty and Kromrey, Using SAS to calculate tests of Cliff's delta (SUGI 24,
	 * 1999): -0.25; the same in the tests of R's effsize, and so is the second pair */
	static const double a[] = {10, 10, 20, 20, 20, 30, 30, 30, 40, 50};
	static const double b[] = {10, 20, 30, 40, 40, 50};
	static const double c[] = {10, 20, 20, 20, 30, 30, 30, 40, 50, 100};
	struct vmmio_rank_test t;

	(void)state;
	assert_int_equal(vmmio_stats_rank_test(a, N(a), b, N(b), 0.95, &t), 0);
	assert_near(t.delta, -0.25, 1e-12);
	assert_int_equal(vmmio_stats_rank_test(c, N(c), b, N(b), 0.95, &t), 0);
	assert_near(t.delta, -4.0 / 60, 1e-12);
}

static void test_holm(void **state)
{
	/* Wright, Biometrics 48 (1992): adjusted values by Holm's procedure are
	 * the running maxima of (n - i) p(i); same as R's p.adjust */
	static const double p[] = {0.01, 0.04, 0.03, 0.005};
	static const double want[] = {0.03, 0.06, 0.06, 0.02};
	double out[4];

	(void)state;
	assert_int_equal(vmmio_stats_holm(p, 4, out), 0);
	for (int i = 0; i < 4; i++)
		assert_near(out[i], want[i], 1e-12);
	assert_int_equal(vmmio_stats_holm((double[]){0.9, 0.8}, 2, out), 0);
	assert_true(out[0] <= 1 && out[1] <= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_statistics),
		cmocka_unit_test(test_median_interval),
		cmocka_unit_test(test_bootstrap),
		cmocka_unit_test(test_rank_test),
		cmocka_unit_test(test_rank_ties_and_limits),
		cmocka_unit_test(test_cliffs_delta),
		cmocka_unit_test(test_holm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regressions: a planted register access is caught every time, what vanished or is
 * no longer exact is not passed, and what is never exact is no alarm.
 */
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

#include "bench/judge/ab.h"

#define LABELS "load=randread transport=mmio depth=1"

static const struct vmmio_ab_options options = {
	.alpha = 0.05, .threshold = 5, .accel = VMMIO_ACCEL_KVM_VMX};

static void fill(struct vmmio_series_set *set, double accesses, const double *latency, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(vmmio_series_add_count(set, LABELS, VMMIO_M_ACCESSES_PER_IO, 1,
							(struct vmmio_count){500 * accesses, 500}),
				 0);
		assert_int_equal(vmmio_series_add(set, LABELS, VMMIO_M_LATENCY_P50, 1, latency[i]),
				 0);
	}
}

static const double fast[] = {10.1, 10.3, 9.9, 10.0, 10.2, 10.4, 9.8, 10.15};
static const double slow[] = {12.1, 12.3, 11.9, 12.0, 12.2, 12.4, 11.8, 12.15};

static void test_planted(void **state)
{
	/* one access more in any number of boots, and from any start */
	for (size_t n = 1; n <= 8; n++) {
		for (int from = 1; from <= 3; from++) {
			struct vmmio_series_set a = {0}, b = {0};
			struct vmmio_ab ab;

			fill(&a, from, fast, n);
			fill(&b, from + 1, fast, n);
			assert_int_equal(vmmio_ab_compare(&a, &b, &options, &ab), 0);
			assert_int_equal(ab.regressions, 1);
			assert_string_equal(ab.row[0].a->key, "accesses_per_io");
			assert_true(ab.row[0].regression);
			vmmio_ab_free(&ab);
			/* the other way round it is an improvement */
			assert_int_equal(vmmio_ab_compare(&b, &a, &options, &ab), 0);
			assert_int_equal(ab.regressions, 0);
			assert_int_equal(ab.different, 1);
			vmmio_ab_free(&ab);
			vmmio_series_free(&a);
			vmmio_series_free(&b);
		}
	}
}

static void test_times(void **state)
{
	struct vmmio_series_set a = {0}, b = {0};
	struct vmmio_ab_options o = options;
	struct vmmio_ab ab;

	fill(&a, 3, fast, 8);
	fill(&b, 3, slow, 8);
	assert_int_equal(vmmio_ab_compare(&a, &b, &o, &ab), 0);
	assert_int_equal(ab.regressions, 1);
	assert_true(fabs(ab.row[1].test.shift - 2) < 1e-9);
	assert_true(ab.row[1].test.delta == 1);
	vmmio_ab_free(&ab);
	/* below the threshold a difference is no regression */
	o.threshold = 25;
	assert_int_equal(vmmio_ab_compare(&a, &b, &o, &ab), 0);
	assert_int_equal(ab.regressions, 0);
	assert_int_equal(ab.different, 1);
	vmmio_ab_free(&ab);
	/* emulated times take no part unless asked for */
	o = options;
	o.accel = VMMIO_ACCEL_NONE;
	assert_int_equal(vmmio_ab_compare(&a, &b, &o, &ab), 0);
	assert_int_equal(ab.n, 1);
	vmmio_ab_free(&ab);
	/* nor does anything but structure between two accelerators */
	o = options;
	o.only_structural = "two accelerators";
	assert_int_equal(vmmio_ab_compare(&a, &b, &o, &ab), 0);
	assert_int_equal(ab.n, 1);
	assert_int_equal(ab.tested, 0);
	vmmio_ab_free(&ab);
	vmmio_series_free(&a);
	vmmio_series_free(&b);
}

static void test_too_few(void **state)
{
	struct vmmio_series_set a = {0}, b = {0};
	struct vmmio_ab ab;

	fill(&a, 3, fast, 3);
	fill(&b, 3, slow, 3);
	assert_int_equal(vmmio_ab_compare(&a, &b, &options, &ab), 0);
	/* 2 / C(6,3) = 0.1: nothing can be shown, and it is said */
	assert_true(fabs(ab.floor - 0.1) < 1e-9);
	assert_int_equal(ab.different, 0);
	vmmio_ab_free(&ab);
	vmmio_series_free(&a);
	vmmio_series_free(&b);
}

#define IOS 500

/* Accesses of each boot, as counts; 0 ends the list. */
static void boots(struct vmmio_series_set *set, enum vmmio_metric_id id, const double *v)
{
	for (; *v; v++)
		assert_int_equal(
			vmmio_series_add_count(set, LABELS, id, 1, (struct vmmio_count){*v, IOS}),
			0);
}

/* What is found between accesses of A's boots and B's, and the verdict on it. */
static enum vmmio_ab_finding judge(const double *was, const double *is, const char *verdict)
{
	struct vmmio_series_set a = {0}, b = {0};
	enum vmmio_ab_finding found;
	struct vmmio_ab ab;

	boots(&a, VMMIO_M_ACCESSES_PER_IO, was);
	boots(&b, VMMIO_M_ACCESSES_PER_IO, is);
	assert_int_equal(vmmio_ab_compare(&a, &b, &options, &ab), 0);
	found = ab.row[0].finding;
	if (strcmp(vmmio_ab_verdict(&ab), verdict))
		fail_msg("%s instead of %s", vmmio_ab_verdict(&ab), verdict);
	vmmio_ab_free(&ab);
	vmmio_series_free(&a);
	vmmio_series_free(&b);
	return found;
}

#define LIST(...) ((const double[]){__VA_ARGS__, 0})

/* A stored value with twelve digits and a fresh one with seventeen are the same count. */
static void test_digits(void **state)
{
	struct vmmio_series_set fresh = {0}, old = {0}, more = {0};
	struct vmmio_ab ab;
	char text[32];

	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%.12g", 2001.0 / 701);
		assert_int_equal(
			vmmio_series_add(&old, LABELS, VMMIO_M_ACCESSES_PER_IO, 1, atof(text)), 0);
		assert_int_equal(vmmio_series_add_count(&fresh, LABELS, VMMIO_M_ACCESSES_PER_IO, 1,
							(struct vmmio_count){2001, 701}),
				 0);
		assert_int_equal(vmmio_series_add_count(&more, LABELS, VMMIO_M_ACCESSES_PER_IO, 1,
							(struct vmmio_count){2002, 701}),
				 0);
	}
	assert_int_equal(vmmio_ab_compare(&old, &fresh, &options, &ab), 0);
	assert_int_equal(ab.row[0].finding, VMMIO_AB_SAME);
	vmmio_ab_free(&ab);
	/* one event in both boots is a difference, however small */
	assert_int_equal(vmmio_ab_compare(&fresh, &more, &options, &ab), 0);
	assert_int_equal(ab.regressions, 1);
	vmmio_ab_free(&ab);
	vmmio_series_free(&old);
	vmmio_series_free(&fresh);
	vmmio_series_free(&more);
	/* the same quotient of other counts */
	assert_int_equal(judge(LIST(1500, 1500), LIST(1500, 1500), "no regression"), VMMIO_AB_SAME);
}

/* Every increase fails the gate, in whichever boots it is. */
static void test_lost(void **state)
{
	assert_int_equal(
		judge(LIST(1500, 1500, 1500, 1500), LIST(1500, 2000, 2000, 2000), "REGRESSION"),
		VMMIO_AB_DIFFERENT);
	assert_int_equal(judge(LIST(1500, 1500, 1500, 1500), LIST(1500, 1500, 1500, 500000000),
			       "REGRESSION"),
			 VMMIO_AB_DIFFERENT);
	assert_int_equal(
		judge(LIST(2000, 2000, 2000, 2000), LIST(2000, 1500, 1500, 1500), "no regression"),
		VMMIO_AB_DIFFERENT);
}

/* One boot is not exact: a difference of many events is one, that of a few is not decided. */
static void test_one_boot(void **state)
{
	assert_int_equal(judge(LIST(1500), LIST(1500), "no regression"), VMMIO_AB_NONE);
	assert_int_equal(judge(LIST(1500), LIST(2000), "REGRESSION"), VMMIO_AB_DIFFERENT);
	assert_int_equal(judge(LIST(2500), LIST(2501), "UNDECIDED"), VMMIO_AB_LOST);
	assert_int_equal(judge(LIST(2501), LIST(2500), "UNDECIDED"), VMMIO_AB_LOST);
}

/* A read planted once in some thousand interrupts is two events: not passed, and no alarm. */
static void test_rare(void **state)
{
	assert_int_equal(
		judge(LIST(1500, 1500, 1500, 1500), LIST(1500, 1501, 1500, 1501), "UNDECIDED"),
		VMMIO_AB_LOST);
	assert_int_equal(judge(LIST(1500, 1500, 1500, 1500, 1500, 1500, 1500, 1500),
			       LIST(1501, 1502, 1501, 1500, 1501, 1501, 1500, 1501), "REGRESSION"),
			 VMMIO_AB_DIFFERENT);
}

/* Where A is not exact, B's events are held against A's, and alarms keep to their alpha. */
static void test_not_exact(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int alarms = 0, found = 0, draws = 2000;

	gsl_rng_set(rng, 11);
	for (unsigned int d = 0; d < draws; d++) {
		size_t n = 1 + d % 4;

		for (int planted = 0; planted < 2; planted++) {
			struct vmmio_series_set set[2] = {0};
			struct vmmio_ab ab;

			/* five an I/O and some more: what a request and response over TCP is */
			for (size_t i = 0; i < 2 * n; i++)
				assert_int_equal(vmmio_series_add_count(
							 &set[i & 1], LABELS,
							 VMMIO_M_ACCESSES_PER_IO, 1,
							 (struct vmmio_count){
								 (5 + (planted && i & 1)) * IOS +
									 gsl_ran_poisson(rng, 2),
								 IOS}),
						 0);
			assert_int_equal(vmmio_ab_compare(&set[0], &set[1], &options, &ab), 0);
			if (planted)
				found += ab.regressions;
			else
				alarms += ab.regressions;
			vmmio_ab_free(&ab);
			vmmio_series_free(&set[0]);
			vmmio_series_free(&set[1]);
		}
	}
	gsl_rng_free(rng);
	printf("not exact: %u of %u called regressions, of planted ones %u\n", alarms, draws,
	       found);
	assert_true(alarms <= draws * 5 / 100);
	assert_int_equal(found, draws);
}

/* What B no longer has, or could not count, is not passed; what is new is named. */
static void test_gone(void **state)
{
	struct vmmio_series_set a = {0}, b = {0}, none = {0};
	struct vmmio_ab ab;

	boots(&a, VMMIO_M_ACCESSES_PER_IO, LIST(1500, 1500));
	boots(&a, VMMIO_M_KICKS_PER_IO, LIST(500, 500));
	boots(&b, VMMIO_M_ACCESSES_PER_IO, LIST(1500, 1500));
	assert_int_equal(vmmio_ab_compare(&a, &b, &options, &ab), 0);
	assert_string_equal(vmmio_ab_verdict(&ab), "UNDECIDED");
	assert_int_equal(ab.undecided, 1);
	assert_int_equal(ab.row[1].finding, VMMIO_AB_GONE);
	vmmio_ab_free(&ab);
	assert_int_equal(vmmio_ab_compare(&b, &a, &options, &ab), 0);
	assert_string_equal(vmmio_ab_verdict(&ab), "no regression");
	assert_int_equal(ab.nnew, 1);
	assert_string_equal(ab.new[0]->key, "kicks_per_io");
	vmmio_ab_free(&ab);
	/* nulls in place of values */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(vmmio_series_add(&none, LABELS, VMMIO_M_ACCESSES_PER_IO, 1, NAN),
				 0);
		assert_int_equal(vmmio_series_add(&none, LABELS, VMMIO_M_KICKS_PER_IO, 1, NAN), 0);
	}
	assert_int_equal(vmmio_ab_compare(&a, &none, &options, &ab), 0);
	assert_int_equal(ab.undecided, 2);
	vmmio_ab_free(&ab);
	vmmio_series_free(&a);
	vmmio_series_free(&b);
	vmmio_series_free(&none);
}

/* A register that one side never touched was touched 0 times there. */
static void test_new_register(void **state)
{
	struct vmmio_series_set a = {0}, b = {0};
	struct vmmio_ab ab;

	boots(&a, VMMIO_M_ACCESSES_PER_IO, LIST(1500, 1500));
	boots(&b, VMMIO_M_ACCESSES_PER_IO, LIST(2000, 2000));
	for (int i = 0; i < 2; i++)
		assert_int_equal(vmmio_series_add_register(&b, LABELS, "Status", 1,
							   (struct vmmio_count){500, IOS}),
				 0);
	assert_int_equal(vmmio_ab_compare(&a, &b, &options, &ab), 0);
	assert_int_equal(ab.nnew, 0);
	assert_int_equal(ab.n, 2);
	assert_string_equal(ab.row[1].a->key, "reg:Status");
	assert_int_equal(ab.row[1].finding, VMMIO_AB_DIFFERENT);
	assert_true(ab.row[1].median_a == 0 && ab.row[1].median_b == 1);
	assert_int_equal(ab.regressions, 1); /* of the total; a register may be exchanged */
	vmmio_ab_free(&ab);
	vmmio_series_free(&a);
	vmmio_series_free(&b);
}

/* One run on each side does not tell how runs differ: times are shown, not judged. */
static void test_one_run(void **state)
{
	struct vmmio_series_set a = {0}, b = {0};
	struct vmmio_ab_options o = options;
	struct vmmio_ab ab;

	o.one_run = true;
	fill(&a, 3, fast, 8);
	fill(&b, 3, slow, 8);
	assert_int_equal(vmmio_ab_compare(&a, &b, &o, &ab), 0);
	assert_int_equal(ab.different, 1);
	assert_int_equal(ab.regressions, 0);
	vmmio_ab_free(&ab);
	vmmio_series_free(&a);
	vmmio_series_free(&b);
}

/* What can be no regression, or is said by another series, makes no other's p larger. */
static void test_family(void **state)
{
	static const enum vmmio_metric_id ids[] = {VMMIO_M_LATENCY_P50, VMMIO_M_IOPS,
						   VMMIO_M_OBSERVER, VMMIO_M_BUFFERS_PER_KICK};
	struct vmmio_series_set a = {0}, b = {0};
	struct vmmio_ab ab;

	for (size_t i = 0; i < 8; i++) {
		for (size_t k = 0; k < sizeof(ids) / sizeof(ids[0]); k++) {
			assert_int_equal(vmmio_series_add(&a, LABELS, ids[k], 16, fast[i]), 0);
			assert_int_equal(vmmio_series_add(&b, LABELS, ids[k], 16, slow[i]), 0);
		}
	}
	assert_int_equal(vmmio_ab_compare(&a, &b, &options, &ab), 0);
	assert_int_equal(ab.tested, 1);
	assert_int_equal(ab.regressions, 1);
	/* 2 / C(16,8), of what was known */
	assert_true(fabs(ab.floor - 2.0 / 12870) < 1e-9);
	vmmio_ab_free(&ab);
	a.s[0].v[0] = b.s[0].v[0] = NAN;
	assert_int_equal(vmmio_ab_compare(&a, &b, &options, &ab), 0);
	assert_true(fabs(ab.floor - 2.0 / 3432) < 1e-9);
	vmmio_ab_free(&ab);
	vmmio_series_free(&a);
	vmmio_series_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_planted), cmocka_unit_test(test_times),
		cmocka_unit_test(test_too_few), cmocka_unit_test(test_digits),
		cmocka_unit_test(test_lost),	cmocka_unit_test(test_one_boot),
		cmocka_unit_test(test_rare),	cmocka_unit_test(test_not_exact),
		cmocka_unit_test(test_gone),	cmocka_unit_test(test_new_register),
		cmocka_unit_test(test_one_run), cmocka_unit_test(test_family),

	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

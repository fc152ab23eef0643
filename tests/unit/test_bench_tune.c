// SPDX-License-Identifier: GPL-2.0-only
/*
 * The choice of tune: it finds a planted least one, and stops when, and only
 * when, no outcome of the boots that are left could change it.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench/judge/tune.h"

static void add(struct vmmio_tune *t, unsigned int size, const double *v, size_t n)
{
	assert_int_equal(vmmio_tune_setting(t, size, true, "mmio"), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(vmmio_tune_add(t, size, true, "mmio", v[i]), 0);
}

static void test_settled(void **state)
{
	static const double low[] = {1, 2, 3, 2, 1}, high[] = {4, 5, 6, 5, 4};
	static const double mixed[] = {4, 5, 2.5, 5, 4};

	/* of 9 boots, 5 decide if the worst of one is below the best of the other */
	for (size_t n = 1; n <= 5; n++) {
		struct vmmio_tune t = {0};
		size_t best;

		add(&t, 256, high, n);
		add(&t, 64, low, n);
		assert_int_equal(vmmio_tune_settled(&t, n, 9, &best), n == 5);
		assert_int_equal(best, 1);
		vmmio_tune_free(&t);
	}
	{
		struct vmmio_tune t = {0};
		size_t best;

		/* one boot lies among the other's: four more could turn it round */
		add(&t, 64, low, 5);
		add(&t, 256, mixed, 5);
		assert_false(vmmio_tune_settled(&t, 5, 9, &best));
		assert_int_equal(best, 0);
		/* all boots done is done */
		assert_true(vmmio_tune_settled(&t, 9, 9, &best));
		vmmio_tune_free(&t);
	}
}

static void test_ties(void **state)
{
	static const double one[] = {1, 1, 1};
	struct vmmio_tune t = {0};
	struct vmmio_interval ci;
	size_t best;

	add(&t, 256, one, 3);
	add(&t, 64, one, 3);
	add(&t, 128, one, 3);
	assert_true(vmmio_tune_settled(&t, 3, 5, &best));
	assert_int_equal(t.s[best].queue_size, 64);
	assert_int_equal(vmmio_tune_difference(&t, 0, 1, &ci), 0);
	assert_true(ci.low == 0 && ci.high == 0);
	assert_int_equal(vmmio_tune_add(&t, 64, true, "mmio", NAN), -ENODATA);
	assert_int_equal(vmmio_tune_add(&t, 64, false, "mmio", 1), -ENOENT);
	vmmio_tune_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settled),
		cmocka_unit_test(test_ties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

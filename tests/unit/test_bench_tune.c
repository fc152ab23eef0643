// SPDX-License-Identifier: GPL-2.0-only
/*
 * The choice of tune: it finds a planted setting that is less than the default, and
 * recommends nothing on noise.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "bench/judge/tune.h"

#define ALPHA 0.05

static const char *const transports[] = {"mmio", "pci-intx", "pci-msix"};
static const unsigned int sizes[] = {64, 128, 256};

/* All settings that the command tries, without values. */
static void plan(struct vmmio_tune *t)
{
	for (int s = 0; s < 3; s++)
		for (int k = 0; k < 6; k++)
			assert_int_equal(
				vmmio_tune_setting(t, sizes[s], !(k & 1), transports[k / 2]), 0);
}

/* One boot of all: noise, drift that all share, and @gain for setting @less. */
static void boot(struct vmmio_tune *t, gsl_rng *rng, size_t less, double gain)
{
	double drift = gsl_ran_gaussian(rng, 20);

	for (size_t i = 0; i < t->n; i++)
		assert_int_equal(vmmio_tune_add(t, t->s[i].queue_size, t->s[i].event_idx,
						t->s[i].transport,
						100 + drift + gsl_ran_gaussian(rng, 1) -
							(i == less ? gain : 0)),
				 0);
}

static void test_usual(void **state)
{
	struct vmmio_tune t = {0};

	plan(&t);
	assert_int_equal(vmmio_tune_family(&t), 16);
	assert_int_equal(t.s[vmmio_tune_usual(&t, "mmio")].queue_size, 256);
	assert_true(t.s[vmmio_tune_usual(&t, "mmio")].event_idx);
	/* INTx has to be better than MSI-X, not than itself */
	assert_string_equal(t.s[vmmio_tune_usual(&t, "pci")].transport, "pci-msix");
	/* 16 / 2^9 is the first below 0.05 */
	assert_int_equal(vmmio_tune_least_boots(16, ALPHA), 9);
	vmmio_tune_free(&t);
}

/* Runs of pure noise: a recommendation in at most 5 of 100; real gains are found. */
static void test_noise(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int wrong = 0, found = 0, runs = 1000;

	gsl_rng_set(rng, 5);
	for (unsigned int r = 0; r < runs; r++) {
		for (int planted = 0; planted < 2; planted++) {
			struct vmmio_tune t = {0};
			struct vmmio_tune_choice c[2];
			unsigned int n = 0;

			plan(&t);
			do
				boot(&t, rng, planted ? 0 : t.n, 8);
			while (!vmmio_tune_futile(&t, ++n, 9, vmmio_tune_family(&t), ALPHA) &&
			       n < 9);
			assert_int_equal(vmmio_tune_choose(&t, "mmio", 16, ALPHA, &c[0]), 0);
			assert_int_equal(vmmio_tune_choose(&t, "pci", 16, ALPHA, &c[1]), 0);
			if (planted)
				found += c[0].best == 0;
			else
				wrong += c[0].best != c[0].usual || c[1].best != c[1].usual;
			vmmio_tune_free(&t);
		}
	}
	gsl_rng_free(rng);
	printf("tune: %u of %u runs on noise recommend something, %u find a gain\n", wrong, runs,
	       found);
	assert_true(wrong <= runs * 5 / 100);
	assert_int_equal(found, runs);
}

static void test_ties(void **state)
{
	struct vmmio_tune t = {0};
	struct vmmio_tune_choice c;
	unsigned int n = 0;

	plan(&t);
	do
		for (size_t i = 0; i < t.n; i++)
			assert_int_equal(vmmio_tune_add(&t, t.s[i].queue_size, t.s[i].event_idx,
							t.s[i].transport, 1),
					 0);
	while (!vmmio_tune_futile(&t, ++n, 9, vmmio_tune_family(&t), ALPHA));
	assert_int_equal(n, 1); /* one tie is enough: 8 of 9 show nothing */
	assert_int_equal(vmmio_tune_choose(&t, "mmio", 16, ALPHA, &c), 0);
	assert_int_equal(c.best, c.usual); /* and not the smaller ring */
	assert_true(c.hidden == 0);
	assert_int_equal(vmmio_tune_choose(&t, "xen", 16, ALPHA, &c), -ENOENT);
	assert_int_equal(vmmio_tune_add(&t, 64, true, "mmio", NAN), -ENODATA);
	assert_int_equal(vmmio_tune_add(&t, 32, false, "mmio", 1), -ENOENT);
	vmmio_tune_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_ties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

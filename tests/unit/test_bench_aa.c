// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples of one and the same thing are not called different more often than promised:
 * draws from a stored result of many boots (aa), and real pairs (aa-pairs), the
 * first of these names in results/, or arguments 1 and 2.
 */
#include <glob.h>
#include <limits.h>
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

#include "bench/data/result.h"
#include "bench/judge/ab.h"

#define DRAWS 10000
#define BOOTS 8 /* on each side of a draw */

static const char *stored, *pairs;

static const struct vmmio_ab_options options = {
	.alpha = 0.05, .threshold = 5, .accel = VMMIO_ACCEL_KVM_VMX};

/* The series of a draw: not all, so that ten thousand take seconds. */
static bool wanted(const struct vmmio_series *s)
{
	return (s->cls == VMMIO_TIME || s->cls == VMMIO_SCHEDULE) &&
	       strstr(s->labels, "transport=mmio") && strncmp(s->key, "reg:", 4) &&
	       !vmmio_series_exact(s);
}

static void test_resampled(void **state)
{
	struct vmmio_ab_options o = options;
	struct vmmio_loaded l;
	unsigned int different = 0, family = 0;
	gsl_rng *rng;
	char why[256];
	size_t order[256], boots = 0;

	if (!stored)
		skip();
	if (vmmio_result_load(stored, &l, why, sizeof(why)))
		fail_msg("%s: %s", stored, why);
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(rng, 7);
	o.accel = l.accel;
	o.times = true;
	for (unsigned int draw = 0; draw < DRAWS; draw++) {
		struct vmmio_series_set side[2] = {0};
		struct vmmio_ab ab;

		/* a family of 4 series a draw, all families in turn */
		family = 0;
		for (size_t i = 0, seen = 0; i < l.series.n && family < 4; i++) {
			const struct vmmio_series *s = &l.series.s[i];

			if (!wanted(s) || seen++ % 4 != draw % 4)
				continue;
			if (!family) {
				boots = s->n < 256 ? s->n : 256;
				assert_true(boots >= 2 * BOOTS);
				for (size_t k = 0; k < boots; k++)
					order[k] = k;
				gsl_ran_shuffle(rng, order, boots, sizeof(order[0]));
			}
			for (size_t k = 0; k < 2 * BOOTS; k++) {
				struct vmmio_series_set one = {0};
				struct vmmio_series copy = *s;

				copy.v = &s->v[order[k]];
				copy.c = NULL;
				copy.n = 1;
				one.s = &copy;
				one.n = 1;
				assert_int_equal(vmmio_series_extend(&side[k >= BOOTS], &one), 0);
			}
			family++;
		}
		assert_true(family >= 2);
		assert_int_equal(vmmio_ab_compare(&side[0], &side[1], &o, &ab), 0);
		different += ab.different > 0;
		vmmio_ab_free(&ab);
		vmmio_series_free(&side[0]);
		vmmio_series_free(&side[1]);
	}
	gsl_rng_free(rng);
	vmmio_result_unload(&l);
	printf("A/A: %u of %u draws called different (%.2f %%)\n", different, DRAWS,
	       100.0 * different / DRAWS);
	assert_true(different <= DRAWS * 6 / 100);
	/* a test that never calls anything different would pass as well */
	assert_true(different >= DRAWS / 200);
}

/* The series of one side of a repetition, each value times @scale. */
static void take_side(const struct vmmio_loaded *l, unsigned int repeat, char side, double scale,
		      struct vmmio_series_set *out)
{
	char want[32];
	size_t n = snprintf(want, sizeof(want), "repeat=%u side=%c ", repeat, side);

	for (size_t i = 0; i < l->series.n; i++) {
		struct vmmio_series copy = l->series.s[i];
		struct vmmio_series_set one = {.s = &copy, .n = 1};

		if (strncmp(copy.labels, want, n))
			continue;
		memmove(copy.labels, copy.labels + n, strlen(copy.labels + n) + 1);
		assert_int_equal(vmmio_series_extend(out, &one), 0);
	}
	for (size_t i = 0; i < out->n; i++)
		for (size_t k = 0; k < out->s[i].n && out->s[i].cls != VMMIO_STRUCTURAL; k++)
			out->s[i].v[k] *= scale;
}

/* Is anything called different between the sides of repetition @repeat? */
static bool differs(const struct vmmio_loaded *l, unsigned int repeat, double scale)
{
	struct vmmio_ab_options o = options;
	struct vmmio_series_set a = {0}, b = {0};
	struct vmmio_ab ab;
	bool different;

	o.accel = l->accel;
	o.times = true;
	take_side(l, repeat, 'a', 1, &a);
	take_side(l, repeat, 'b', scale, &b);
	assert_int_equal(vmmio_ab_compare(&a, &b, &o, &ab), 0);
	assert_true(ab.tested > 10);
	assert_true(ab.floor < o.alpha); /* enough boots to call anything different at all */
	different = ab.different > 0;
	vmmio_ab_free(&ab);
	vmmio_series_free(&a);
	vmmio_series_free(&b);
	return different;
}

/*
 * Twenty real A/A pairs, each A B B A ... of boots of its own: what a drift of a
 * busy machine does is in them.
 */
static void test_real_pairs(void **state)
{
	unsigned int different = 0, scaled = 0;
	struct vmmio_loaded l;
	char why[256];
	int repeats, kept;

	if (!pairs)
		skip();
	if (vmmio_result_load(pairs, &l, why, sizeof(why)))
		fail_msg("%s: %s", pairs, why);
	assert_int_equal(
		json_unpack(l.result, "{s:i, s:i}", "repeat", &repeats, "repeats_different", &kept),
		0);
	assert_true(repeats >= 20);
	for (int r = 1; r <= repeats; r++) {
		different += differs(&l, r, 1);
		scaled += differs(&l, r, 1000);
	}
	vmmio_result_unload(&l);
	printf("A/A: %u of %d real pairs called different\n", different, repeats);
	assert_int_equal(different, kept);
	assert_true(different * 20 <= 3u * repeats);
	/* as many boots of something really slower are called different every time */
	assert_int_equal(scaled, repeats);
}

static const char *find(const char *source, const char *name)
{
	static glob_t found;
	char pattern[PATH_MAX];

	snprintf(pattern, sizeof(pattern), "%s/results/*/%s", source, name);
	return glob(pattern, 0, NULL, &found) ? NULL : strdup(found.gl_pathv[0]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resampled),
		cmocka_unit_test(test_real_pairs),
	};

	const char *source = getenv("VMMIO_SOURCE");

	if (source) {
		stored = find(source, "aa");
		pairs = find(source, "aa-pairs");
	}
	if (argc > 1)
		stored = argv[1];
	if (argc > 2)
		pairs = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The histogram's buckets, and percentiles held against a sorted list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tools/vmmio-stat/core/fields.h"
#include "tools/vmmio-stat/core/snapshot.h"
#include "tools/vmmio-stat/view/hist.h"

/* Every bucket holds its own edges and no other's; edges only grow. */
static void buckets_have_sharp_edges(void **state)
{
	unsigned int b;

	for (b = 0; b < VMMIO_HIST_BUCKETS - 1; b++) {
		__u64 low = vmmio_hist_low(b), next = vmmio_hist_low(b + 1);

		assert_true(next > low);
		assert_int_equal(vmmio_hist_bucket(low), b);
		assert_int_equal(vmmio_hist_bucket(next - 1), b);
		/* at most an eighth wide, once there is more than one value in it */
		assert_true(next - low == 1 || (next - low) * 8 <= low);
	}
	assert_int_equal(vmmio_hist_bucket(~0ull), VMMIO_HIST_BUCKETS - 1);
	assert_int_equal(vmmio_hist_bucket(vmmio_hist_low(VMMIO_HIST_BUCKETS - 1)),
			 VMMIO_HIST_BUCKETS - 1);
	assert_int_equal(vmmio_hist_low(VMMIO_HIST_BUCKETS), 1ull << 34);
}

static void buckets_are_monotonic(void **state)
{
	__u64 v, step = 1;
	__u32 last = 0;

	for (v = 0; v < 1ull << 40; v += step) {
		__u32 b = vmmio_hist_bucket(v);

		assert_true(b >= last);
		assert_true(b < VMMIO_HIST_BUCKETS);
		last = b;
		step = 1 + v / 64;
	}
}

static void log2_is_exact(void **state)
{
	int bit;

	for (bit = 0; bit < 64; bit++) {
		assert_int_equal(vmmio_log2(1ull << bit), bit);
		assert_int_equal(vmmio_log2((1ull << bit) | ((1ull << bit) - 1)), bit);
	}
}

static int by_size(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

static __u64 random64(__u64 *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Nearest rank on the sorted samples is the oracle; the bucket's width the bound. */
static void percentiles_match_a_sorted_list(void **state)
{
	static const double ps[] = {0, 1, 25, 50, 90, 99, 99.9, 100};
	__u64 seed = 88172645463325252ull, v[999];
	size_t round, n, i, k;

	for (round = 0; round < 200; round++) {
		struct vmmio_hist h = {};

		n = 1 + random64(&seed) % (sizeof(v) / sizeof(v[0]));
		for (i = 0; i < n; i++) {
			v[i] = random64(&seed) >> (30 + random64(&seed) % 33);
			h.n[vmmio_hist_bucket(v[i])]++;
		}
		qsort(v, n, sizeof(v[0]), by_size);
		for (k = 0; k < sizeof(ps) / sizeof(ps[0]); k++) {
			struct vmmio_value got = vmmio_hist_percentile(&h, ps[k]);
			size_t rank = (size_t)__builtin_ceil(ps[k] / 100 * (double)n);
			double want = (double)v[rank ? rank - 1 : 0];

			assert_true(got.known);
			if (want < 8)
				assert_true(got.v == want);
			else
				assert_true(got.v > want / 1.125 && got.v < want * 1.125);
		}
	}
}

static void percentile_of_nothing_is_unknown(void **state)
{
	struct vmmio_hist h = {};

	assert_false(vmmio_hist_percentile(&h, 50).known);
	h.n[3] = 1;
	assert_true(vmmio_hist_percentile(&h, 50).known);
	assert_false(vmmio_hist_percentile(&h, 101).known);
	assert_false(vmmio_hist_percentile(&h, -1).known);
}

/* An interrupt may find nothing to do that a poll has not done: it is a sample, too. */
static void a_mean_is_that_of_the_samples(void **state)
{
	struct vmmio_want want = {.hists = 1u << VMMIO_HIST_COALESCE};
	struct vmmio_snapshot s;
	struct vmmio_value mean;
	struct vmmio_row *r;

	vmmio_snapshot_init(&s, &want);
	r = vmmio_snapshot_add(&s);
	assert_non_null(r);
	assert_false(vmmio_hist_mean(&s, 0, VMMIO_HIST_COALESCE).known);
	vmmio_row_set(r, VMMIO_C_USED_BUFFERS, 6);
	vmmio_row_set(r, VMMIO_C_IRQS_FOUND, 1);
	assert_false(vmmio_hist_mean(&s, 0, VMMIO_HIST_COALESCE).known);
	vmmio_row_hist(&s, 0, VMMIO_HIST_COALESCE)->n[2] = 3;
	mean = vmmio_hist_mean(&s, 0, VMMIO_HIST_COALESCE);
	assert_true(mean.known);
	assert_true(mean.v == 2);
	/* some came between the histogram and their sum: no mean beyond what there was */
	vmmio_row_set(r, VMMIO_C_USED_BUFFERS, 7);
	assert_true(vmmio_hist_mean(&s, 0, VMMIO_HIST_COALESCE).v == 2);
	vmmio_row_set(r, VMMIO_C_USED_BUFFERS, 5);
	assert_true(vmmio_hist_mean(&s, 0, VMMIO_HIST_COALESCE).v == 2);
	vmmio_row_hist(&s, 0, VMMIO_HIST_COALESCE)->n[3] = 1;
	vmmio_row_set(r, VMMIO_C_USED_BUFFERS, 9);
	assert_true(vmmio_hist_mean(&s, 0, VMMIO_HIST_COALESCE).v == 2.25);
	vmmio_row_hist(&s, 0, VMMIO_HIST_COALESCE)->n[VMMIO_HIST_BUCKETS - 1] = 1;
	vmmio_row_set(r, VMMIO_C_USED_BUFFERS, 1ull << 40);
	assert_true(vmmio_hist_mean(&s, 0, VMMIO_HIST_COALESCE).v > 1ull << 37);
	vmmio_snapshot_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_have_sharp_edges),
		cmocka_unit_test(buckets_are_monotonic),
		cmocka_unit_test(log2_is_exact),
		cmocka_unit_test(percentiles_match_a_sorted_list),
		cmocka_unit_test(percentile_of_nothing_is_unknown),
		cmocka_unit_test(a_mean_is_that_of_the_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

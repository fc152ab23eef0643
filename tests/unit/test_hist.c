// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture and the summary of a histogram: the projection on powers of two
 * keeps every sample in its row, the layout is the usual one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vmmio-stat/view/hist.h"

static void projection_keeps_every_sample(void **state)
{
	__u64 expected[VMMIO_LOG2_ROWS] = {}, x = 88172645463325252ull;
	struct vmmio_log2_hist log2;
	struct vmmio_hist h = {};
	int i, row;

	for (i = 0; i < 100000; i++) {
		__u64 v;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		v = (x >> 8) & ((1ull << (x % 34)) - 1); /* all lengths alike */
		h.n[vmmio_hist_bucket(v)]++;
		for (row = VMMIO_LOG2_ROWS - 1; row && v < vmmio_log2_low(row); row--)
			;
		expected[row]++;
	}
	vmmio_log2_project(&log2, &h);
	for (row = 0; row < VMMIO_LOG2_ROWS; row++)
		assert_int_equal(log2.n[row], expected[row]);
	assert_int_equal(log2.rows, 33);
}

static void edges(void **state)
{
	struct vmmio_log2_hist log2;
	struct vmmio_hist h = {};

	vmmio_log2_project(&log2, &h);
	assert_int_equal(log2.rows, 0);
	h.n[vmmio_hist_bucket(~0ull)] = 7;
	vmmio_log2_project(&log2, &h);
	assert_int_equal(log2.rows, VMMIO_LOG2_ROWS);
	assert_int_equal(log2.n[VMMIO_LOG2_ROWS - 1], 7);
	memset(&h, 0, sizeof(h));
	h.n[vmmio_hist_bucket(0)] = 1;
	h.n[vmmio_hist_bucket(1)] = 2;
	h.n[vmmio_hist_bucket(2)] = 4;
	vmmio_log2_project(&log2, &h);
	assert_int_equal(log2.rows, 2);
	assert_int_equal(log2.n[0], 3);
	assert_int_equal(log2.n[1], 4);
	assert_int_equal(log2.max, 4);
	assert_int_equal(vmmio_hist_max(&h), 2);
}

static void layout(void **state)
{
	static const char expected[] =
		"     nsecs               : count    distribution\n"
		"      1024 -> 2047       : 10       |**********                              |\n"
		"      2048 -> 4095       : 0        |                                        |\n"
		"      4096 -> 8191       : 40       |****************************************|\n";
	struct vmmio_log2_hist log2;
	struct vmmio_hist h = {};
	char *text = NULL;
	size_t size;
	FILE *out;

	h.n[vmmio_hist_bucket(1500)] = 10;
	h.n[vmmio_hist_bucket(5000)] = 40;
	vmmio_log2_project(&log2, &h);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	vmmio_log2_print(out, &log2, "nsecs");
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void summary(void **state)
{
	struct vmmio_want want = {.hists = 1u << VMMIO_HIST_BATCH};
	struct vmmio_snapshot s;
	struct vmmio_row *r;
	char line[240];

	vmmio_snapshot_init(&s, &want);
	r = vmmio_snapshot_add(&s);
	assert_non_null(r);
	vmmio_row_set(r, VMMIO_C_KICK_BUFFERS, 13);
	vmmio_row_set(r, VMMIO_C_KICKS_INDEXED, 10);
	r->have_hist = want.hists;
	vmmio_row_hist(&s, 0, VMMIO_HIST_BATCH)->n[1] = 9;
	vmmio_row_hist(&s, 0, VMMIO_HIST_BATCH)->n[4] = 1;
	assert_string_equal(vmmio_hist_summary(line, sizeof(line), &s, 0, VMMIO_HIST_BATCH),
			    "n 10, mean 1.30, p50 1.00, p90 1.00, p99 4.00, p99.9 4.00, max <= 4");
	/* a mean that cannot be known is none */
	r->have = 0;
	assert_non_null(
		strstr(vmmio_hist_summary(line, sizeof(line), &s, 0, VMMIO_HIST_BATCH), "mean -,"));
	vmmio_snapshot_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(projection_keeps_every_sample),
		cmocka_unit_test(edges),
		cmocka_unit_test(layout),
		cmocka_unit_test(summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

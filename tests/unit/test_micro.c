// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which rounds of `vmmio-bench micro` count: undisturbed ones where there are
 * enough, else all, and then the row says so. And what is taken off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "bench/micro/micro.h"

static struct micro_result r;

static struct micro_row *add(enum micro_kind kind, bool baseline)
{
	const struct micro_row tmpl = {.key = "x", .kind = kind, .baseline = baseline};

	return micro_add(&r, &tmpl);
}

/* One round of @row. */
static void put(struct micro_row *row, double wall, double cpu, double wait)
{
	micro_round_keep(row, row->rounds, wall, cpu, NAN, wait);
}

static int empty(void **state)
{
	r = (struct micro_result){.noise = {.own = NAN, .any = NAN, .steal = NAN}};
	return 0;
}

static void quiet(void **state)
{
	struct micro_row *row = add(MICRO_ACCESS, false);
	struct micro_summary s;
	int i;

	for (i = 0; i < 3; i++)
		put(row, 100 + i, 90, 0.2);
	for (i = 0; i < 8; i++)
		put(row, 300, 95, 40);
	put(row, 50, 10, 40); /* the least is the least, whatever happened */
	assert_int_equal(micro_clean_rounds(row), 3);
	assert_false(micro_row_noisy(row));
	assert_false(micro_noisy(&r));
	s = micro_summarise(&r, row, MICRO_WALL);
	assert_true(s.median == 101 && s.p25 == 100.5 && s.p75 == 101.5 && s.min == 50);
	assert_true(micro_summarise(&r, row, MICRO_CPU).median == 95);
	assert_true(isnan(s.net)); /* there is no baseline */
	assert_true(isnan(micro_summarise(&r, row, MICRO_SEND).median));
}

static void noisy(void **state)
{
	struct micro_row *row = add(MICRO_ACCESS, false);
	int i;

	put(row, 100, 90, 0);
	put(row, 110, 90, 0);
	for (i = 0; i < 3; i++)
		put(row, 300, 95, 40);
	assert_true(micro_row_noisy(row));
	assert_true(micro_noisy(&r));
	assert_int_equal(micro_noisy_rows(&r), 1);
	assert_true(micro_summarise(&r, row, MICRO_WALL).median == 300);
	/* no figure, nothing to be wrong */
	row->note[0] = 'x';
	assert_false(micro_noisy(&r));
	r.noise.steal = 30;
	assert_true(micro_noisy(&r));
}

/* Waking up is waiting: an interrupt's rounds may wait more than a loop's. */
static void kinds(void **state)
{
	struct micro_row *row = add(MICRO_INTERRUPT, false);

	put(row, 100, 90, 3);
	assert_false(micro_row_noisy(row));
	put(row, 100, 90, 30);
	assert_int_equal(micro_clean_rounds(row), 1);
}

static void unknown(void **state)
{
	struct micro_row *row = add(MICRO_ACCESS, false);

	put(row, 100, 90, NAN);
	assert_int_equal(micro_clean_rounds(row), 1);
	assert_false(micro_noisy(&r));
}

static void again(void **state)
{
	struct micro_row *row = add(MICRO_ACCESS, false);

	assert_false(micro_round_keep(row, 0, 300, 90, NAN, 50));
	assert_false(micro_round_keep(row, 0, 200, 80, NAN, 20));
	assert_false(micro_round_keep(row, 0, 400, 70, NAN, 60));
	assert_true(row->wall[0] == 200 && row->cpu[0] == 80 && row->wait[0] == 20);
	assert_true(micro_round_keep(row, 0, 210, 85, NAN, 0.5));
	assert_true(row->wall[0] == 210);
	assert_int_equal(row->rounds, 1);
}

static void baseline(void **state)
{
	struct micro_row *other = add(MICRO_INTERRUPT, true), *base = add(MICRO_ACCESS, true);
	struct micro_row *row = add(MICRO_ACCESS, false);

	put(other, 7, 7, 0);
	put(base, 40, 30, 0);
	put(row, 100, 90, 0);
	assert_true(micro_summarise(&r, row, MICRO_WALL).net == 60);
	assert_true(micro_summarise(&r, row, MICRO_CPU).net == 60);
	assert_true(isnan(micro_summarise(&r, base, MICRO_WALL).net));
}

/* A word of --only that names no row measures nothing: it is a mistake. */
static void named(void **state)
{
	static const char keys[] = "loop   an empty loop\npio_read  a read\n";
	char bad[40];

	assert_true(micro_named("loop", keys, bad, sizeof(bad)));
	assert_true(micro_named("pio,loop", keys, bad, sizeof(bad)));
	assert_false(micro_named("loop,nothing", keys, bad, sizeof(bad)));
	assert_string_equal(bad, "nothing");
	assert_false(micro_named("loop,,pio", keys, bad, sizeof(bad)));
	assert_string_equal(bad, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(quiet, empty),
		cmocka_unit_test_setup(noisy, empty),
		cmocka_unit_test_setup(kinds, empty),
		cmocka_unit_test_setup(unknown, empty),
		cmocka_unit_test_setup(again, empty),
		cmocka_unit_test_setup(baseline, empty),
		cmocka_unit_test(named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

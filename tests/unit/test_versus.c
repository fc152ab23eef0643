// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio.ko against mainline, without guests: which number is taken, when the
 * verdict is negative and when it is withheld.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "bench/judge/versus.h"

static const char *const turns[] = {"mainline", "vmmio", "vmmio", "mainline"};

static void add_row(json_t *rows, const char *side, const char *column, int min, int p50)
{
	char labels[VMMIO_LABELS_MAX];
	json_t *row;

	snprintf(labels, sizeof(labels), "load=randread driver=%s transport=%s depth=1", side,
		 column);
	row = json_pack("{s:i, s:s, s:s, s:{s:i, s:i, s:i, s:i}}", "boot", 0, "column", column,
			"labels", labels, "load", "ios", 500, "errors", 0, "min_ns", min, "p50_ns",
			p50);
	if (!strcmp(side, "traced")) {
		const char *mode = strcmp(column, "mmio")
					   ? strcmp(column, "pci-intx") ? "msix" : "intx"
					   : "line";
		const char *what[] = {"stat", "driver"};

		for (int i = 0; i < 2; i++)
			json_object_set_new(
				row, what[i],
				json_pack("{s:s, s:i, s:[{s:s, s:s, s:i, s:{s:i}}, {s:s, s:s, "
					  "s:n, s:{s:i, s:i}}]}",
					  "source", i ? "sysfs" : "tp_btf", "events_lost", 0,
					  "rows", "transport",
					  strcmp(column, "mmio") ? "pci" : "mmio", "irq_mode", mode,
					  "queue", 0, "counters", "kicks", 500, "transport",
					  strcmp(column, "mmio") ? "pci" : "mmio", "irq_mode", mode,
					  "queue", "counters", "irqs", 500, "accesses", 1500));
	}
	json_array_append_new(rows, row);
}

struct world {
	struct vmmio_versus v;
	json_t *rows, *infos;
};

/* One boot; each turn of vmmio.ko needs @off, traced @on more than mainline's 10,000. */
static void make(struct world *w, int off, int on)
{
	json_t *settings = json_object();

	memset(w, 0, sizeof(*w));
	w->v = (struct vmmio_versus){
		.boots = 1, .rounds = 1, .count = 500, .limit = 1, .limit_traced = 25};
	w->v.checks = json_array();
	w->rows = json_array();
	w->infos = json_array();
	for (int t = 0; t < 4; t++)
		for (int c = 0; c < VMMIO_COLUMNS; c++) {
			bool ours = !strcmp(turns[t], "vmmio");

			/* the second half is disturbed throughout: it must not count */
			add_row(w->rows, turns[t], vmmio_columns[c],
				10000 + (ours ? off : 0) + (t > 1 ? 5240 : 0), 16000);
			if (ours)
				add_row(w->rows, "traced", vmmio_columns[c],
					10000 + on + (t > 1 ? 5240 : 0), 19000);
		}
	for (int s = 0; s < 2; s++) {
		json_t *side = json_object();

		for (int c = 0; c < VMMIO_COLUMNS; c++)
			json_object_set_new(
				side, vmmio_columns[c],
				json_pack("{s:i, s:i}", "ring_size", 256, "max_segments", 254));
		json_object_set_new(settings, vmmio_sides[s], side);
	}
	json_array_append_new(w->infos, json_pack("{s:o}", "settings", settings));
}

static bool negative(struct world *w, const char *words)
{
	bool bad, found = !words;
	json_t *verdict, *s;
	size_t i;

	assert_int_equal(vmmio_versus_take(&w->v, w->rows, w->infos), 0);
	verdict = vmmio_versus_verdict(&w->v, &bad);
	json_array_foreach(verdict, i, s)
		if (words && strstr(json_string_value(s), words))
			found = true;
	json_decref(verdict);
	assert_true(found);
	return bad;
}

static void unmake(struct world *w)
{
	json_decref(w->rows);
	json_decref(w->infos);
	json_decref(w->v.checks);
	json_decref(w->v.settings);
	vmmio_series_free(&w->v.set);
}

static void within(void **state)
{
	struct world w;

	(void)state;
	make(&w, 100, 2500);
	assert_false(negative(&w, "mmio: vmmio.ko needs +100 instructions per I/O (+1.00 %)"));
	assert_true(vmmio_versus_path(&w.v, VMMIO_SIDE_VMMIO, "mmio", false) == 10100);
	assert_true(vmmio_versus_path(&w.v, VMMIO_SIDE_VMMIO, "mmio", true) == 16000);
	assert_true(vmmio_versus_above(&w.v, VMMIO_SIDE_TRACED, "pci-msix", false) == 25);
	unmake(&w);
}

static void above(void **state)
{
	struct world w;

	(void)state;
	make(&w, 101, 2500);
	assert_true(negative(&w, "ABOVE the limit of +1.00 %"));
	unmake(&w);
	make(&w, 0, 2501);
	assert_true(negative(&w, "ABOVE the limit of +25 %"));
	unmake(&w);
}

static void withheld(void **state)
{
	struct world w;
	json_t *x;

	(void)state;
	make(&w, 0, 0);
	x = json_object_get(json_array_get(w.infos, 0), "settings");
	x = json_object_get(json_object_get(x, "vmmio"), "mmio");
	json_object_set_new(x, "ring_size", json_integer(1024));
	assert_true(negative(&w, "mmio ring_size: 256 with mainline, 1024 with vmmio"));
	unmake(&w);

	make(&w, 0, 0); /* a round is missing */
	json_array_remove(w.rows, 0);
	assert_true(negative(&w, "17 rounds"));
	unmake(&w);

	make(&w, 0, 0); /* a short one */
	x = json_object_get(json_array_get(w.rows, 0), "load");
	json_object_set_new(x, "ios", json_integer(499));
	assert_true(negative(&w, "1 of them short"));
	unmake(&w);

	make(&w, 0, 0); /* what is called traced saw nothing */
	for (size_t i = 0; i < json_array_size(w.rows); i++) {
		x = json_object_get(json_array_get(w.rows, i), "stat");
		json_object_set_new(x, "rows", json_array());
	}
	assert_true(negative(&w, "two witnesses"));
	unmake(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(within),
		cmocka_unit_test(above),
		cmocka_unit_test(withheld),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model of "top": order, filter, a selection that follows its row, and the
 * last minute whatever the interval is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/vmmio-stat/top/top.h"

struct world {
	struct vmmio_options opt;
	struct vmmio_snapshot d;
	struct top_model m;
};

static void add(struct vmmio_snapshot *d, const char *device, int queue, const char *driver,
		__u64 kicks)
{
	struct vmmio_row *r = vmmio_snapshot_add(d);

	assert_non_null(r);
	r->info.slot = (__u32)d->n - 1;
	r->info.gen = 1;
	r->info.kind = queue < 0 ? VMMIO_SLOT_DEVICE : VMMIO_SLOT_QUEUE;
	r->info.queue = queue < 0 ? 0 : (__u16)queue;
	r->info.transport = VMMIO_TRANSPORT_MMIO;
	snprintf(r->info.device, sizeof(r->info.device), "%s", device);
	snprintf(r->info.driver, sizeof(r->info.driver), "%s", driver);
	snprintf(r->info.queue_name, sizeof(r->info.queue_name), "req.%d", queue);
	vmmio_row_set(r, VMMIO_C_KICKS, kicks);
}

static void world_init(struct world *w)
{
	static const struct vmmio_want none;

	memset(w, 0, sizeof(*w));
	w->opt.sort = -1;
	vmmio_snapshot_init(&w->d, &none);
	w->d.time_ns = 1000000000;
	add(&w->d, "virtio0", -1, "virtio_blk", 30);
	add(&w->d, "virtio0", 0, "virtio_blk", 10);
	add(&w->d, "virtio0", 1, "virtio_blk", 20);
	add(&w->d, "virtio1", -1, "virtio_net", 15);
	add(&w->d, "virtio1", 0, "virtio_net", 15);
	add(&w->d, "virtio1", 1, "virtio_net", 0);
	top_model_init(&w->m, &w->opt);
	assert_int_equal(top_model_update(&w->m, &w->d, &w->opt), 0);
}

static void world_free(struct world *w)
{
	top_model_free(&w->m);
	vmmio_snapshot_free(&w->d);
}

static void expect_order(const struct world *w, const char *slots)
{
	char text[64] = "";
	size_t i;

	for (i = 0; i < w->m.shown; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%zu", w->m.index[i]);
	assert_string_equal(text, slots);
}

static void order_and_filter(void **state)
{
	struct world w;

	world_init(&w);
	expect_order(&w, "1245"); /* devices as a whole are hidden */
	w.m.sort = VMMIO_F_KICKS;
	top_model_arrange(&w.m, &w.d, &w.opt);
	expect_order(&w, "2415");
	w.m.ascending = true;
	top_model_arrange(&w.m, &w.d, &w.opt);
	expect_order(&w, "5142");
	w.d.rows[4].have = 0; /* unknown is last, both ways */
	top_model_arrange(&w.m, &w.d, &w.opt);
	expect_order(&w, "5124");
	w.m.ascending = false;
	top_model_arrange(&w.m, &w.d, &w.opt);
	expect_order(&w, "2154");
	w.m.skip_idle = true;
	top_model_arrange(&w.m, &w.d, &w.opt);
	expect_order(&w, "21");
	w.m.skip_idle = false;
	w.m.sort = -1;
	w.m.show_devices = true;
	top_model_arrange(&w.m, &w.d, &w.opt);
	expect_order(&w, "012345");
	strcpy(w.m.filter, "NET");
	top_model_arrange(&w.m, &w.d, &w.opt);
	expect_order(&w, "345");
	strcpy(w.m.filter, "?:req.1");
	top_model_arrange(&w.m, &w.d, &w.opt);
	expect_order(&w, "25");
	strcpy(w.m.filter, "none of these");
	top_model_arrange(&w.m, &w.d, &w.opt);
	expect_order(&w, "");
	assert_int_equal(top_model_selected(&w.m), -1);
	world_free(&w);
}

static void selection_follows(void **state)
{
	struct world w;

	world_init(&w);
	assert_int_equal(top_model_selected(&w.m), 1);
	top_model_move(&w.m, &w.d, 1);
	assert_int_equal(top_model_selected(&w.m), 2);
	w.m.sort = VMMIO_F_KICKS;
	w.m.ascending = true;
	top_model_arrange(&w.m, &w.d, &w.opt);
	assert_int_equal(top_model_selected(&w.m), 2);
	assert_int_equal(w.m.sel, 3);
	/* the row goes: the selection stays where it was on the screen, or last */
	strcpy(w.m.filter, "net");
	top_model_arrange(&w.m, &w.d, &w.opt);
	assert_int_equal(w.m.sel, 1);
	top_model_move(&w.m, &w.d, -1000);
	assert_int_equal(w.m.sel, 0);
	top_model_move(&w.m, &w.d, 1000);
	assert_int_equal(w.m.sel, 1);
	world_free(&w);
}

static void update(struct world *w, double seconds, __u64 kicks)
{
	w->d.time_ns = (__u64)(seconds * 1e9);
	w->d.rows[1].c[VMMIO_C_KICKS] = kicks;
	assert_int_equal(top_model_update(&w->m, &w->d, &w->opt), 0);
}

static void last_minute(void **state)
{
	const float *minute;
	struct world w;
	int i;

	world_init(&w);
	minute = w.m.rows[1].minute[TOP_SPARK_KICKS];
	assert_true(minute[TOP_MINUTE - 1] == 10);
	assert_true(isnan(minute[TOP_MINUTE - 2]));
	/* a long interval fills its seconds with its rate */
	update(&w, 5, 500);
	minute = w.m.rows[1].minute[TOP_SPARK_KICKS];
	for (i = 1; i <= 5; i++)
		assert_true(minute[TOP_MINUTE - i] == 100);
	assert_true(minute[TOP_MINUTE - 6] == 10);
	/* short ones share a second */
	for (i = 0; i < 20; i++)
		update(&w, 0.1, 7);
	minute = w.m.rows[1].minute[TOP_SPARK_KICKS];
	assert_true(fabsf(minute[TOP_MINUTE - 1] - 70) < 0.01f);
	assert_true(fabsf(minute[TOP_MINUTE - 2] - 70) < 0.01f);
	assert_true(minute[TOP_MINUTE - 4] == 100);
	/* longer than a minute */
	update(&w, 100, 100);
	minute = w.m.rows[1].minute[TOP_SPARK_KICKS];
	assert_true(minute[0] == 1 && minute[TOP_MINUTE - 1] == 1);
	/* another generation is another queue */
	w.d.rows[1].info.gen = 2;
	update(&w, 1, 3);
	minute = w.m.rows[1].minute[TOP_SPARK_KICKS];
	assert_true(minute[TOP_MINUTE - 1] == 3 && isnan(minute[0]));
	/* interrupts are not known here: nothing is drawn, not zero */
	assert_true(isnan(w.m.rows[1].minute[TOP_SPARK_IRQS][TOP_MINUTE - 1]));
	world_free(&w);
}

static void cells(void **state)
{
	signed char c[TOP_MINUTE];
	struct top_row r = {};
	int i;

	for (i = 0; i < TOP_MINUTE; i++)
		r.minute[0][i] = i < 30 ? NAN : i < 45 ? 0 : (float)i;
	top_spark_cells(&r, TOP_SPARK_KICKS, 4, 7, c);
	assert_int_equal(c[0], -1);
	assert_int_equal(c[1], -1);
	assert_int_equal(c[2], 0);
	assert_int_equal(c[3], 7);
	/* little is not nothing */
	r.minute[0][0] = 0.001f;
	top_spark_cells(&r, TOP_SPARK_KICKS, TOP_MINUTE, 7, c);
	assert_int_equal(c[0], 1);
	assert_int_equal(c[59], 7);
}

/* Four samples of 1 us, one of 1 ms, then an interval that is not known, then one of 1 ms alone. */
static void map_over_time(void **state)
{
	static struct top_map map;
	static struct top_map_view v;
	struct vmmio_hist h = {};
	int i;

	memset(&map, 0, sizeof(map));
	top_map_look(&map, 10, 5, &v);
	assert_int_equal(v.height, 0);
	h.n[vmmio_hist_bucket(1024)] = 4;
	h.n[vmmio_hist_bucket(1 << 20)] = 1;
	top_map_push(&map, &h);
	top_map_push(&map, NULL);
	h.n[vmmio_hist_bucket(1024)] = 0;
	top_map_push(&map, &h);
	top_map_look(&map, 10, 40, &v);
	assert_int_equal(v.width, 10);
	assert_int_equal(v.height, 11); /* 2^10 to 2^20 */
	assert_int_equal(v.low[0], 10);
	assert_int_equal(v.low[10], 20);
	assert_int_equal(v.max, 4);
	assert_int_equal(v.intervals, 1);
	/* the newest at the right; what was before is not nothing */
	assert_int_equal(v.shade[0][6], TOP_MAP_BEFORE);
	assert_int_equal(v.shade[0][7], TOP_MAP_LEVELS);
	assert_int_equal(v.shade[10][7], TOP_MAP_LEVELS / 2);
	assert_int_equal(v.shade[5][7], 0);
	assert_int_equal(v.shade[0][8], TOP_MAP_UNKNOWN);
	assert_int_equal(v.shade[10][8], TOP_MAP_UNKNOWN);
	assert_int_equal(v.shade[0][9], 0);
	assert_int_equal(v.shade[10][9], TOP_MAP_LEVELS / 2);
	/* few lines: several powers in one, all of them in some */
	top_map_look(&map, 10, 4, &v);
	assert_int_equal(v.height, 4);
	assert_int_equal(v.low[1] - v.low[0], 3);
	assert_int_equal(v.shade[3][9], TOP_MAP_LEVELS / 2);
	/* narrow: three in one, of which one is known; nothing is lost */
	top_map_look(&map, 1, 40, &v);
	assert_int_equal(v.intervals, 3);
	assert_int_equal(v.max, 4);
	assert_int_equal(v.shade[10][0], 3); /* 2 of 4 */
	/* old ones go, and with the last of them its line */
	h.n[vmmio_hist_bucket(1 << 20)] = 0;
	for (i = 0; i < TOP_MAP_INTERVALS - 2; i++)
		top_map_push(&map, &h);
	top_map_look(&map, TOP_MAP_WIDTH, 40, &v);
	assert_int_equal(v.height, 1);
	assert_int_equal(v.low[0], 20);
	top_map_push(&map, &h);
	top_map_push(&map, &h);
	top_map_look(&map, TOP_MAP_WIDTH, 40, &v);
	assert_int_equal(v.height, 0);
}

/* A row's maps go with it, and are its own. */
static void maps_follow_rows(void **state)
{
	struct vmmio_want want = {.hists = 1u << VMMIO_HIST_IRQ};
	struct vmmio_hist h = {};
	struct world w;
	struct vmmio_hist *of;
	const struct top_map *map;

	memset(&w, 0, sizeof(w));
	w.opt.sort = -1;
	vmmio_snapshot_init(&w.d, &want);
	w.d.time_ns = 1000000000;
	add(&w.d, "virtio0", 0, "virtio_blk", 1);
	add(&w.d, "virtio1", 0, "virtio_blk", 1);
	of = (struct vmmio_hist *)vmmio_row_hist(&w.d, 1, VMMIO_HIST_IRQ);
	assert_non_null(of);
	h.n[vmmio_hist_bucket(1024)] = 7;
	*of = h;
	w.d.rows[0].have_hist = w.d.rows[1].have_hist = 1u << VMMIO_HIST_IRQ;
	top_model_init(&w.m, &w.opt);
	assert_int_equal(top_model_update(&w.m, &w.d, &w.opt), 0);
	assert_null(w.m.rows[0].maps[VMMIO_HIST_IRQ]); /* no sample */
	map = w.m.rows[1].maps[VMMIO_HIST_IRQ];
	assert_non_null(map);
	assert_int_equal(map->n[0][10], 7);
	/* its neighbour is gone */
	w.d.rows[0] = w.d.rows[1];
	*(struct vmmio_hist *)vmmio_row_hist(&w.d, 0, VMMIO_HIST_IRQ) = h;
	w.d.n = 1;
	assert_int_equal(top_model_update(&w.m, &w.d, &w.opt), 0);
	assert_ptr_equal(w.m.rows[0].maps[VMMIO_HIST_IRQ], map);
	assert_int_equal(map->used, 2);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_over_time),    cmocka_unit_test(maps_follow_rows),
		cmocka_unit_test(order_and_filter), cmocka_unit_test(selection_follows),
		cmocka_unit_test(last_minute),	    cmocka_unit_test(cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

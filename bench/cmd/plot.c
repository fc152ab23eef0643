// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench plot: draws a stored result again, into a separate folder. Result folders are sealed
 * and stay as they are.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/judge/ab.h"
#include "bench/judge/stack.h"
#include "cmd.h"
#include "lib/opts.h"
#include "bench/plot/plot.h"
#include "bench/sweep/report.h"
#include "bench/data/rounds.h"
#include "lib/accel.h"

#define NAME "vmmio-bench plot: "

static int plot_compare(const struct vmmio_loaded *l, const json_t *rows, bool emulated_time,
			const struct vmmio_result *r, char *why, size_t len)
{
	struct vmmio_comparison c = {.accel = l->accel, .set = l->series};
	const char *load, *text;
	json_t *depths, *d;
	int boots, rounds, count, times;
	size_t i;

	if (json_unpack(l->result, "{s:s, s:s, s:{s:i, s:i, s:i, s:o, s:b}}", "load", &load,
			"load_text", &text, "options", "boots", &boots, "rounds", &rounds, "count",
			&count, "depths", &depths, "times", &times)) {
		snprintf(why, len, "result.json lacks the options of a comparison");
		return -EPROTO;
	}
	c.load = load;
	c.load_text = text;
	c.boots = boots;
	c.rounds = rounds;
	c.count = count;
	c.times = !vmmio_accel_emulated(l->accel) ? times : emulated_time;
	json_array_foreach(depths, i, d)
		if (c.depths.n < VMMIO_LIST_MAX)
			c.depths.v[c.depths.n++] = json_integer_value(d);
	return vmmio_plot_comparison(&c, rows, r, why, len);
}

static int plot_sweep(const struct vmmio_loaded *l, const json_t *rows,
		      const struct vmmio_result *r, char *why, size_t len)
{
	struct vmmio_report rep = {
		.result = l->result, .machine = l->machine, .set = &l->series, .rows = rows};
	int err = vmmio_report_costs(&rep, l->path, why, len);

	err = err ?: vmmio_report_plots(&rep, r, why, len);
	if (err == -EPROTO && !why[0])
		snprintf(why, len, "result.json lacks what a sweep writes");
	vmmio_report_free(&rep);
	return err;
}

static int plot_stack(const struct vmmio_loaded *l, const struct vmmio_result *r, char *why,
		      size_t len)
{
	struct vmmio_stack s;
	int err;

	if (!json_is_false(json_object_get(l->result, "withheld"))) {
		snprintf(why, len, "no verdict was given: counts that differ are no picture");
		return -EINVAL;
	}
	err = vmmio_stack_stored(&s, l->result, l->machine, l->accel, &l->series);
	if (err) {
		snprintf(why, len, "result.json lacks what compare --stack writes");
		return err;
	}
	err = vmmio_plot_whole(&s, r, why, len);
	vmmio_stack_stored_free(&s);
	return err;
}

static int plot_pair(const struct vmmio_loaded *a, const struct vmmio_loaded *b, bool times,
		     const struct vmmio_result *r, char *why, size_t len)
{
	struct vmmio_ab_options o = {
		.alpha = 0.05, .threshold = 5, .accel = a->accel, .times = times};
	struct vmmio_ab ab;
	int err;

	if (a->accel != b->accel) {
		snprintf(why, len, "accelerators %s and %s are not drawn together",
			 vmmio_accel_name(a->accel), vmmio_accel_name(b->accel));
		return -EINVAL;
	}
	err = vmmio_ab_compare(&a->series, &b->series, &o, &ab);
	if (err)
		return err;
	if (!ab.tested) {
		snprintf(why, len, "nothing to draw: no series but structural ones are in both");
		err = -ENODATA;
	}
	err = err ?: vmmio_plot_ab(&ab, a->accel, r, why, len);
	vmmio_ab_free(&ab);
	return err;
}

static int plot_one(const struct vmmio_loaded *l, bool times, const struct vmmio_result *r,
		    char *why, size_t len)
{
	bool compare = !strcmp(l->kind, "compare");
	json_t *rows = NULL;
	int err;

	if (!strcmp(l->kind, "stack"))
		return plot_stack(l, r, why, len);
	if (!strcmp(l->kind, "micro"))
		return vmmio_plot_micro(l->result, r, why, len);
	if (!compare && strcmp(l->kind, "sweep")) {
		snprintf(why, len, "a result of %s: nothing to draw", l->kind);
		return -EINVAL;
	}
	if (times || !vmmio_accel_emulated(l->accel)) {
		rows = vmmio_rounds_load(l->path, why, len);
		if (!rows)
			return -EPROTO;
	}
	err = compare ? plot_compare(l, rows, times, r, why, len)
		      : plot_sweep(l, rows, r, why, len);
	json_decref(rows);
	return err;
}

int vmmio_cmd_plot(int argc, char **argv)
{
	const char *path[2], *out = "plots";
	bool times = false;
	struct vmmio_opt opts[] = {
		{"out", VMMIO_OPT_STRING, &out, 0, 0, NULL, "DIR",
		 "where they go: DIR/<kind> (plots)"},
		{"emulated-time", VMMIO_OPT_FLAG, &times, 0, 0, NULL, NULL,
		 "emulated times too: marked as such across the picture"},
	};
	struct vmmio_loaded l[2] = {0};
	struct vmmio_result r = {0};
	char why[256] = "", final[PATH_MAX];
	const char *at = NULL;
	size_t n, loaded = 0;
	int err;

	err = vmmio_opts_parse("vmmio-bench plot",
			       "RESULT [options], or A B: intervals of their differences", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, path, 2, &n);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	if (!n) {
		fprintf(stderr, NAME "no result folder given\n");
		return VMMIO_EXIT_USAGE;
	}
	for (size_t i = 0; i < n && !err; i++, loaded++) {
		at = path[i];
		err = vmmio_result_load(at, &l[i], why, sizeof(why));
	}
	if (!err) {
		at = out;
		err = vmmio_result_open(&r, out);
	}
	if (!err) {
		at = path[0];
		if (n == 2)
			err = plot_pair(&l[0], &l[1], times, &r, why, sizeof(why));
		else
			err = plot_one(&l[0], times, &r, why, sizeof(why));
	}
	if (!err)
		err = vmmio_result_commit(&r, "", n == 2 ? "ab" : l[0].kind, "plots", final);
	if (err)
		fprintf(stderr, NAME "%s: %s\n", at, why[0] ? why : strerror(-err));
	else
		printf("%s\n", final);
	vmmio_result_abandon(&r);
	for (size_t i = 0; i < loaded; i++)
		vmmio_result_unload(&l[i]);
	return err ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
}

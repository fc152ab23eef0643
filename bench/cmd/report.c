// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench report: makes page, tables and figures of a stored sweep again, from its data alone.
 * The folder is checked, rendered beside itself and exchanged in one step; its data files are
 * copied unchanged.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "lib/opts.h"
#include "bench/data/rounds.h"
#include "bench/sweep/report.h"

#define NAME "vmmio-bench report: "

/* Made again by rendering; everything else is data. */
static bool rendered(const char *name)
{
	static const char *const ends[] = {".md", ".csv", ".tsv", ".svg", ".png"};
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (n > strlen(ends[i]) && !strcmp(name + n - strlen(ends[i]), ends[i]))
			return true;
	return false;
}

static int copy_data(const struct vmmio_loaded *l, const struct vmmio_result *r)
{
	size_t i;
	json_t *f;
	int err = 0;

	json_array_foreach(json_object_get(l->manifest, "files"), i, f) {
		const char *name = json_string_value(json_object_get(f, "name"));

		if (!err && !rendered(name))
			err = vmmio_result_copy(r, l->path, name);
	}
	return err;
}

/* The series anew, by the formulas of today, from the stored rounds. */
static int again(struct vmmio_loaded *l, char *why, size_t len)
{
	struct vmmio_series_set set = {0};
	json_t *rows = vmmio_rounds_load(l->path, why, len);
	bool times = false;
	int boots = 0, err;

	if (!rows)
		return -ENOENT;
	for (size_t i = 0; i < l->series.n; i++)
		times |= l->series.s[i].cls == VMMIO_TIME;
	err = json_unpack(l->result, "{s:i}", "boots", &boots) ? -EPROTO : 0;
	err = err ?: vmmio_rounds_series(rows, boots, times, &set);
	json_decref(rows);
	if (err) {
		snprintf(why, len, "no series from its rounds: %s", strerror(-err));
	} else { /* as they are read back: without those that nobody could measure */
		json_t *stored = vmmio_series_to_json(&set);

		vmmio_series_free(&l->series);
		err = vmmio_series_from_json(&l->series, stored, why, len);
		json_decref(stored);
	}
	vmmio_series_free(&set);
	return err;
}

static int write_series(const struct vmmio_loaded *l, const struct vmmio_result *r)
{
	json_t *series = vmmio_series_to_json(&l->series);
	int err = vmmio_result_write_array(r, "series.json", series);

	json_decref(series);
	return err;
}

static int render(const struct vmmio_loaded *l, struct vmmio_report *rep, const char *out,
		  bool series, char *final, char *why, size_t len)
{
	char parent[PATH_MAX], figures[256] = "";
	struct vmmio_result r = {0};
	int err;

	snprintf(parent, sizeof(parent), "%s", l->path);
	err = vmmio_result_open(&r, out ? out : dirname(parent));
	err = err ?: copy_data(l, &r);
	if (!err && series)
		err = write_series(l, &r);
	err = err ?: vmmio_report_store_costs(rep, &r);
	if (!err) {
		err = vmmio_report_write(rep, &r, figures, sizeof(figures));
		if (err == -EPROTO)
			snprintf(why, len, "result.json lacks what a sweep writes");
		/* those that are there are better than none */
		if (!err && figures[0]) {
			snprintf(why, len, "no figures, nothing was changed: %s", figures);
			err = -ENOEXEC;
		}
	}
	if (!err && out) {
		err = vmmio_result_commit(
			&r, "", json_string_value(json_object_get(l->result, "experiment")),
			l->kind, final);
	} else if (!err) {
		err = vmmio_result_replace(&r, l->path, l->kind);
		snprintf(final, PATH_MAX, "%s", l->path);
	}
	vmmio_result_abandon(&r);
	return err;
}

int vmmio_cmd_report(int argc, char **argv)
{
	const char *path = NULL, *out = NULL, *costs = NULL;
	bool allow_soft = false, series = false;
	struct vmmio_opt opts[] = {
		{"out", VMMIO_OPT_STRING, &out, 0, 0, NULL, "DIR",
		 "put the folder there (in place of the old one)"},
		{"costs", VMMIO_OPT_STRING, &costs, 0, 0, NULL, "FILE",
		 "add predictions by the access costs of a machine: the JSON of vmmio-bench micro"},
		{"series", VMMIO_OPT_FLAG, &series, 0, 0, NULL, NULL,
		 "compute the series anew from the stored rounds"},
		{"allow-soft", VMMIO_OPT_FLAG, &allow_soft, 0, 0, NULL, NULL,
		 "take the costs of a KVM without hardware support"},
	};
	struct vmmio_report rep = {0};
	struct vmmio_loaded l;
	char why[256] = "", final[PATH_MAX];
	size_t n;
	int err;

	err = vmmio_opts_parse("vmmio-bench report",
			       "RESULT [options]   (a result folder of sweep)", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, &path, 1, &n);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	if (!n) {
		fprintf(stderr, NAME "no result folder given\n");
		return VMMIO_EXIT_USAGE;
	}
	err = vmmio_result_load(path, &l, why, sizeof(why));
	if (err) {
		fprintf(stderr, NAME "%s: %s\n", path, why);
		return VMMIO_EXIT_TROUBLE;
	}
	rep.result = l.result;
	rep.machine = l.machine;
	rep.set = &l.series;
	if (strcmp(l.kind, "sweep")) {
		snprintf(why, sizeof(why), "a result of %s: only a sweep has a page", l.kind);
		err = -EINVAL;
	}
	if (!err && series)
		err = again(&l, why, sizeof(why));
	err = err ?: vmmio_report_costs(&rep, l.path, why, sizeof(why));
	if (!err && costs) {
		err = vmmio_report_add_costs(&rep, costs, allow_soft, why, sizeof(why));
		if (err)
			path = costs;
	}
	err = err ?: render(&l, &rep, out, series, final, why, sizeof(why));
	if (err)
		fprintf(stderr, NAME "%s: %s\n", path, why[0] ? why : strerror(-err));
	else
		printf("%s\n", final);
	vmmio_report_free(&rep);
	vmmio_result_unload(&l);
	return err ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
}

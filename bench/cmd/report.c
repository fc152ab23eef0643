// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench report: page, tables and figures of a stored sweep again, from
 * its data alone. The folder is checked, rendered beside itself and exchanged
 * in one step; its data files are copied as they are.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "lib/opts.h"
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

static int render(const struct vmmio_loaded *l, struct vmmio_report *rep, const char *out,
		  char *final, char *why, size_t len)
{
	char parent[PATH_MAX], figures[256] = "";
	struct vmmio_result r = {0};
	int err;

	snprintf(parent, sizeof(parent), "%s", l->path);
	err = vmmio_result_open(&r, out ? out : dirname(parent));
	err = err ?: copy_data(l, &r);
	err = err ?: vmmio_report_store_costs(rep, &r);
	if (!err) {
		err = vmmio_report_write(rep, &r, figures, sizeof(figures));
		if (err == -EPROTO)
			snprintf(why, len, "result.json lacks what a sweep writes");
		if (figures[0])
			fprintf(stderr, NAME "no figures: %s\n", figures);
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
	bool allow_soft = false;
	struct vmmio_opt opts[] = {
		{"out", VMMIO_OPT_STRING, &out, 0, 0, NULL, "DIR",
		 "put the folder there (in place of the old one)"},
		{"costs", VMMIO_OPT_STRING, &costs, 0, 0, NULL, "FILE",
		 "add predictions by the access costs of a machine: the JSON of vmmio-bench micro"},
		{"allow-soft", VMMIO_OPT_FLAG, &allow_soft, 0, 0, NULL, NULL,
		 "take the costs of a KVM without hardware support"},
	};
	struct vmmio_report rep = {0};
	struct vmmio_loaded l;
	char why[256] = "", final[PATH_MAX];
	size_t n;
	int err;

	err = vmmio_opts_parse("report", "RESULT [options]   (a result folder of sweep)", opts,
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
	err = err ?: vmmio_report_costs(&rep, l.path, why, sizeof(why));
	if (!err && costs) {
		err = vmmio_report_add_costs(&rep, costs, allow_soft, why, sizeof(why));
		if (err)
			path = costs;
	}
	err = err ?: render(&l, &rep, out, final, why, sizeof(why));
	if (err)
		fprintf(stderr, NAME "%s: %s\n", path, why[0] ? why : strerror(-err));
	else
		printf("%s\n", final);
	vmmio_report_free(&rep);
	vmmio_result_unload(&l);
	return err ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
}

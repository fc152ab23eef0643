// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench diff --where: two results of compare --where, and which functions and lines
 * the instructions between them belong to.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "bench/where/delta.h"
#include "cmd.h"
#include "diff.h"

#define NAME "vmmio-bench diff --where: "
#define TOP 10

struct options {
	struct vmmio_ab_command c;
	bool where;
	const char *folded;
};

/* Prints the one line if it cannot be had. */
static int load_where(const char *folder, struct vmmio_loaded *l, struct vmmio_where *w)
{
	char path[PATH_MAX], why[256] = "";
	json_t *j;
	int err = vmmio_result_load(folder, l, why, sizeof(why));

	memset(w, 0, sizeof(*w));
	if (!err && strcmp(l->kind, "where")) {
		snprintf(why, sizeof(why), "a result of %s, not of compare --where", l->kind);
		err = -EINVAL;
	}
	if (!err) {
		snprintf(path, sizeof(path), "%.*s/where.json", PATH_MAX - 20, folder);
		j = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
		if (j) {
			err = vmmio_where_from_json(w, j, why, sizeof(why));
		} else {
			snprintf(why, sizeof(why), "where.json is no JSON, or missing");
			err = -EPROTO;
		}
		json_decref(j);
	}
	if (err)
		fprintf(stderr, NAME "%s: %s\n", folder, why[0] ? why : strerror(-err));
	return err;
}

static int write_folded(const char *path, const struct vmmio_delta *d)
{
	FILE *f = fopen(path, "we");
	int err = f ? vmmio_delta_folded(d, f) : -errno;

	if (f && (ferror(f) | fclose(f)) && !err)
		err = -(errno ? errno : EIO);
	if (err)
		fprintf(stderr, NAME "--folded %s: %s\n", path, strerror(-err));
	return err;
}

/* The modules that took the place of the image's, on either side. */
static json_t *replaced_of(const struct vmmio_loaded *a, const struct vmmio_loaded *b)
{
	const struct vmmio_loaded *of[] = {a, b};
	json_t *all = json_object();

	for (int i = 0; i < 2; i++) {
		const json_t *options = json_object_get(of[i]->result, "options");
		json_t *modules = json_object_get(json_object_get(options, "images"), "modules");

		if (json_is_object(modules))
			json_object_update(all, modules);
	}
	return all;
}

static int say(const struct options *o, struct vmmio_where *a, struct vmmio_where *b,
	       const json_t *replaced)
{
	struct vmmio_delta d;
	char why[256] = "";
	json_t *v;
	size_t i;
	int err = vmmio_delta_make(&d, a, b, replaced, why, sizeof(why));

	if (err) {
		fprintf(stderr, NAME "%s\n", why[0] ? why : strerror(-err));
		return err == -EINVAL ? VMMIO_EXIT_UNDECIDED : VMMIO_EXIT_TROUBLE;
	}
	if (o->c.json) {
		json_t *j = vmmio_delta_json(&d);

		json_object_set(j, "changed", o->c.changed);
		vmmio_print_json(j);
	} else {
		vmmio_delta_print(&d, o->c.all ? 0 : TOP, stdout);
		json_array_foreach(o->c.changed, i, v)
			printf("%schanged: %s\n", i ? "" : "\n", json_string_value(v));
	}
	err = o->folded ? write_folded(o->folded, &d) : 0;
	vmmio_delta_free(&d);
	return err ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
}

int vmmio_cmd_diff_where(int argc, char **argv)
{
	struct options o = {.c = {.name = "diff --where"}};
	struct vmmio_opt opts[] = {
		{"where", VMMIO_OPT_FLAG, &o.where,
		 .help = "by function and line: two results of compare --where"},
		{"all", VMMIO_OPT_FLAG, &o.c.all, .help = "all rows, timers' too"},
		{"json", VMMIO_OPT_FLAG, &o.c.json, .help = "as JSON"},
		{"folded", VMMIO_OPT_STRING, &o.folded, .arg = "FILE",
		 .help = "stacks with the instructions of A and B, for a flame graph, besides"},
		{"allow", VMMIO_OPT_STRING, &o.c.allow, .arg = "LIST",
		 .help = "what may differ besides one thing, as with diff"},
	};
	struct vmmio_loaded a = {0}, b = {0};
	struct vmmio_where wa = {0}, wb = {0};
	const char *path[2];
	size_t n;
	int err = vmmio_opts_parse("vmmio-bench diff", "--where A B [options]", opts,
				   sizeof(opts) / sizeof(opts[0]), argc, argv, path, 2, &n);
	int status = VMMIO_EXIT_TROUBLE;
	json_t *replaced = NULL;

	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	if (n != 2) {
		fprintf(stderr, NAME "two result folders are needed\n");
		return VMMIO_EXIT_USAGE;
	}
	if (vmmio_ab_consistent(&o.c))
		return VMMIO_EXIT_USAGE;
	if (!load_where(path[0], &a, &wa) && !load_where(path[1], &b, &wb)) {
		status = vmmio_ab_set_dims(&o.c, a.result, a.machine, b.result, b.machine);
		if (!status)
			status = say(&o, &wa, &wb, replaced = replaced_of(&a, &b));
	}
	json_decref(o.c.changed);
	json_decref(replaced);
	vmmio_where_free(&wa);
	vmmio_where_free(&wb);
	vmmio_result_unload(&a);
	vmmio_result_unload(&b);
	return status;
}

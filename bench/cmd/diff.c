// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench diff: two stored folders. What counts as different is ab.c;
 * measuring anew is regress.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "diff.h"
#include "bench/judge/ab_ci.h"
#include "bench/judge/dims.h"

int vmmio_report_done(const struct vmmio_ab_command *c, const char *path, FILE *f)
{
	bool bad = !f || ferror(f);

	if (f && !fclose(f) && !bad)
		return 0;
	fprintf(stderr, "vmmio-bench %s: %s: %s\n", c->name, path, strerror(errno));
	return -EIO;
}

static int write_file(const struct vmmio_ab_command *c, const char *path,
		      void (*write)(const struct vmmio_ab_report *, FILE *),
		      const struct vmmio_ab_report *r)
{
	FILE *f = path ? fopen(path, "we") : NULL;

	if (f)
		write(r, f);
	return path ? vmmio_report_done(c, path, f) : 0;
}

/* What CI reads, besides. */
static int write_reports(const struct vmmio_ab_command *c, const struct vmmio_ab *ab,
			 const char *why)
{
	const struct vmmio_ab_report r = {.ab = ab, .o = &c->o, .changed = c->changed, .why = why};
	int err = write_file(c, c->markdown, vmmio_ab_markdown, &r);

	err = write_file(c, c->junit, vmmio_ab_junit, &r) ?: err;
	if (c->github)
		vmmio_ab_github(&r, stderr);
	return err;
}

int vmmio_ab_refuse(const struct vmmio_ab_command *c, const char *why)
{
	fprintf(stderr, "vmmio-bench %s: %s\n", c->name, why);
	return write_reports(c, NULL, why) ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_UNDECIDED;
}

int vmmio_ab_conclude(const struct vmmio_ab_command *c, const struct vmmio_series_set *a,
		      const struct vmmio_series_set *b, json_t **json)
{
	struct vmmio_ab ab;
	int err = vmmio_ab_compare(a, b, &c->o, &ab), status;
	json_t *v;
	size_t i;

	if (err) {
		fprintf(stderr, "vmmio-bench %s: %s\n", c->name, strerror(-err));
		return VMMIO_EXIT_TROUBLE;
	}
	if (!ab.n) {
		vmmio_ab_free(&ab);
		return vmmio_ab_refuse(c, "the two have no series in common");
	}
	if (c->json) {
		*json = vmmio_ab_json(&ab, &c->o);
		json_object_set_new(*json, "changed",
				    c->changed ? json_incref(c->changed) : json_array());
	} else {
		vmmio_ab_print(&ab, &c->o, c->all, stdout);
		json_array_foreach(c->changed, i, v)
			printf("changed: %s\n", json_string_value(v));
	}
	status = ab.regressions ? VMMIO_EXIT_NEGATIVE
		 : ab.undecided ? VMMIO_EXIT_UNDECIDED
				: VMMIO_EXIT_OK;
	if (write_reports(c, &ab, NULL))
		status = VMMIO_EXIT_TROUBLE;
	vmmio_ab_free(&ab);
	return status;
}

int vmmio_ab_consistent(struct vmmio_ab_command *c)
{
	char bad[40], why[200];
	int err = c->limits_file ? vmmio_limits_load(c->limits_file, &c->limits, why, sizeof(why))
				 : 0;

	if (err) {
		fprintf(stderr, "vmmio-bench %s: --limits %s: %s\n", c->name, c->limits_file, why);
		return err;
	}
	c->o.limits = c->limits_file ? &c->limits : NULL;
	if (vmmio_dims_are(c->allow, bad, sizeof(bad)))
		return 0;
	fprintf(stderr, "vmmio-bench %s: --allow %s: no such thing (try --help)\n", c->name, bad);
	return -EINVAL;
}

int vmmio_ab_load(const struct vmmio_ab_command *c, const char *path, struct vmmio_loaded *l)
{
	char why[256];
	int err = vmmio_result_load(path, l, why, sizeof(why));

	if (err)
		fprintf(stderr, "vmmio-bench %s: %s: %s\n", c->name, path, why);
	return err;
}

void vmmio_ab_set_accel(struct vmmio_ab_command *c, enum vmmio_accel a, enum vmmio_accel b)
{
	c->o.accel = a;
	c->o.only_structural = a != b ? "the accelerators differ" : NULL;
}

int vmmio_ab_set_dims(struct vmmio_ab_command *c, const json_t *a, const json_t *ma,
		      const json_t *b, const json_t *mb)
{
	json_t *x = vmmio_dims_of(a, ma), *y = vmmio_dims_of(b, mb);
	bool withheld = json_is_true(json_object_get(a, "withheld"));
	struct vmmio_dims d;
	char why[sizeof(d.refused) + 16];
	int status = 0;

	if (withheld || json_is_true(json_object_get(b, "withheld"))) {
		snprintf(why, sizeof(why),
			 "%s was withheld: a check of it failed, so it is not compared",
			 withheld ? "A" : "B");
		status = vmmio_ab_refuse(c, why);
	} else if (vmmio_dims_compare(x, y, c->allow, &d)) {
		status = VMMIO_EXIT_TROUBLE;
	} else {
		json_decref(c->changed);
		c->changed = d.changed;
		if (d.machine && !c->o.only_structural)
			c->o.only_structural = "the machines differ";
		snprintf(why, sizeof(why), "not compared: %s", d.refused);
		if (d.refused[0])
			status = vmmio_ab_refuse(c, why);
	}
	json_decref(x);
	json_decref(y);
	return status;
}

int vmmio_cmd_diff(int argc, char **argv)
{
	struct vmmio_ab_command c = {.name = "diff",
				     .o = {.alpha = 0.05, .threshold = 5, .one_run = true}};
	bool where;
	struct vmmio_opt opts[] = {
		VMMIO_AB_OPTS(&c),
		{"where", VMMIO_OPT_FLAG, &where,
		 .help = "instead: by function and line (--where --help)"},
	};
	struct vmmio_loaded a, b;
	const char *path[2];
	size_t n;
	json_t *json = NULL;
	int err, status;

	if (vmmio_opts_ask("--where", argc, argv))
		return vmmio_cmd_diff_where(argc, argv);
	err = vmmio_opts_parse("vmmio-bench diff", "A B [options]   (two result folders)", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, path, 2, &n);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	if (n != 2) {
		fprintf(stderr, "vmmio-bench diff: two result folders are needed\n");
		return VMMIO_EXIT_USAGE;
	}
	if (vmmio_ab_consistent(&c))
		return VMMIO_EXIT_USAGE;
	if (vmmio_ab_load(&c, path[0], &a))
		return VMMIO_EXIT_TROUBLE;
	if (vmmio_ab_load(&c, path[1], &b)) {
		vmmio_result_unload(&a);
		return VMMIO_EXIT_TROUBLE;
	}
	vmmio_ab_set_accel(&c, a.accel, b.accel);
	status = vmmio_ab_set_dims(&c, a.result, a.machine, b.result, b.machine);
	if (!status)
		status = vmmio_ab_conclude(&c, &a.series, &b.series, &json);
	if (json)
		vmmio_print_json(json);
	json_decref(c.changed);
	vmmio_result_unload(&a);
	vmmio_result_unload(&b);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench diff: two stored folders. What counts as different is ab.c;
 * measuring anew is regress.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "diff.h"

int vmmio_ab_conclude(const struct vmmio_ab_command *c, const struct vmmio_series_set *a,
		      const struct vmmio_series_set *b)
{
	struct vmmio_ab ab;
	int err = vmmio_ab_compare(a, b, &c->o, &ab), status;

	if (err) {
		fprintf(stderr, "vmmio-bench %s: %s\n", c->name, strerror(-err));
		return VMMIO_EXIT_TROUBLE;
	}
	if (!ab.n) {
		fprintf(stderr, "vmmio-bench %s: the two have no series in common\n", c->name);
		vmmio_ab_free(&ab);
		return VMMIO_EXIT_TROUBLE;
	}
	if (c->json) {
		json_t *j = vmmio_ab_json(&ab, &c->o);

		json_dumpf(j, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
		putchar('\n');
		json_decref(j);
	} else {
		vmmio_ab_print(&ab, &c->o, c->all, stdout);
	}
	status = ab.regressions ? VMMIO_EXIT_NEGATIVE : VMMIO_EXIT_OK;
	vmmio_ab_free(&ab);
	return status;
}

int vmmio_ab_load(const struct vmmio_ab_command *c, const char *path, struct vmmio_loaded *l)
{
	char why[256];
	int err = vmmio_result_load(path, l, why, sizeof(why));

	if (err)
		fprintf(stderr, "vmmio-bench %s: %s: %s\n", c->name, path, why);
	return err;
}

void vmmio_ab_set_accel(struct vmmio_ab_command *c, const char *a, const char *b)
{
	c->o.accel = a;
	c->o.only_structural = strcmp(a, b) ? "the accelerators differ" : NULL;
}

/* Depths and transports are labels; these options of compare are not. */
static bool other_load(const struct vmmio_loaded *a, const struct vmmio_loaded *b)
{
	static const char *const keys[] = {"rounds", "count", "block_size"};
	const json_t *x = json_object_get(a->result, "options");
	const json_t *y = json_object_get(b->result, "options");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && x && y; i++)
		if (!json_equal(json_object_get(x, keys[i]), json_object_get(y, keys[i])))
			return true;
	return false;
}

int vmmio_cmd_diff(int argc, char **argv)
{
	struct vmmio_ab_command c = {.name = "diff", .o = {.alpha = 0.05, .threshold = 5}};
	struct vmmio_opt opts[] = {VMMIO_AB_OPTS(&c)};
	struct vmmio_loaded a, b;
	const char *path[2];
	size_t n;
	int err, status;

	err = vmmio_opts_parse("diff", "A B [options]   (two result folders)", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, path, 2, &n);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	if (n != 2) {
		fprintf(stderr, "vmmio-bench diff: two result folders are needed\n");
		return VMMIO_EXIT_USAGE;
	}
	if (vmmio_ab_load(&c, path[0], &a))
		return VMMIO_EXIT_TROUBLE;
	if (vmmio_ab_load(&c, path[1], &b)) {
		vmmio_result_unload(&a);
		return VMMIO_EXIT_TROUBLE;
	}
	vmmio_ab_set_accel(&c, a.accel, b.accel);
	if (!c.o.only_structural && other_load(&a, &b))
		c.o.only_structural = "the loads differ in rounds, count or block size";
	status = vmmio_ab_conclude(&c, &a.series, &b.series);
	vmmio_result_unload(&a);
	vmmio_result_unload(&b);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pictures of a history: each series over its results, with its verdict as the title.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/judge/history.h"
#include "plot.h"
#include "lib/accel.h"

static void verdict(const struct vmmio_history_line *l, const struct vmmio_history_result *r,
		    char *buf, size_t len)
{
	const struct vmmio_history_change *c = l->changes ? &l->change[l->changes - 1] : NULL;
	char was[24], is[24];

	if (!c) {
		snprintf(buf, len, "%s: no change shown", l->like->heading);
		return;
	}
	if (l->changes > 1) {
		vmmio_format_two(l->best, l->level, was, is, sizeof(was));
		snprintf(buf, len, "%s: %s%zu changes, %s now and %s at best", l->like->heading,
			 l->regression ? "regression, " : "", l->changes, is, was);
		return;
	}
	vmmio_format_two(c->was, c->is, was, is, sizeof(was));
	snprintf(buf, len, "%s: %s%s -> %s on %.10s", l->like->heading,
		 l->regression ? "regression, " : "", was, is, r[c->after].date);
}

static int write_points(const struct vmmio_history_line *l, const struct vmmio_history_result *r,
			const struct vmmio_result *to, const char *file)
{
	struct vmmio_result_text text;
	size_t next = 0;
	FILE *f = vmmio_result_begin(&text);
	double level = l->changes ? l->change[0].was : l->level;

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++) {
		if (next < l->changes && l->at[i] == l->change[next].after) {
			level = l->change[next++].is;
			fprintf(f, "\n");
		}
		fprintf(f, "%zu\t%.10g\t%.10s\t", i + 1, l->v[i], r[l->at[i]].date);
		if (i < l->open)
			fprintf(f, "%.10g\n", level);
		else
			fprintf(f, "-\n");
	}
	return vmmio_result_end(&text, to, file);
}

int vmmio_plot_history(const struct vmmio_history_line *l, const struct vmmio_history_result *r,
		       const char *name, const struct vmmio_result *to, char *why, size_t len)
{
	char file[80], title[200], note[VMMIO_LABELS_MAX + 120], vars[2048];
	char a[512], b[2 * VMMIO_LABELS_MAX + 240], unit[64], data[168];
	bool emulated = l->like->cls == VMMIO_TIME && vmmio_accel_emulated(l->accel);
	int err;

	snprintf(file, sizeof(file), "%s.tsv", name);
	err = write_points(l, r, to, file);
	if (err)
		return err;
	verdict(l, r, title, sizeof(title));
	snprintf(note, sizeof(note), "%s · %s · n = %zu results · accelerator %s", l->like->labels,
		 vmmio_class_name(l->like->cls), l->n, vmmio_accel_name(l->accel));
	vmmio_plot_quote(title, true, a, sizeof(a));
	vmmio_plot_quote(note, true, b, sizeof(b));
	vmmio_plot_quote(l->like->unit, true, unit, sizeof(unit));
	vmmio_plot_quote(file, false, data, sizeof(data));
	snprintf(vars, sizeof(vars),
		 "title=%s\nsubtitle=%s\nunit=%s\ndata=%s\nresults=%zu\nworse=%d\n%s", a, b, unit,
		 data, l->n, l->regression, emulated ? "emulated=1\n" : "");
	return vmmio_plot_run(VMMIO_PLOT_HISTORY, to->part, name, vars, why, len);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figure of an A/B comparison: shifts with their intervals, one row per
 * series, what the test calls different apart from what it does not.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/factors.h"
#include "bench/judge/ab.h"
#include "plot.h"
#include "lib/accel.h"

#define ROWS_MAX 30

/* What tells @s from the other rows: transport and depth first, then labels that differ. */
static void row_name(const struct vmmio_ab *ab, const struct vmmio_series *s, char *buf, size_t len)
{
	char transport[24], depth[16];
	size_t n;

	vmmio_series_label(s, "transport", transport, sizeof(transport));
	vmmio_series_label(s, "depth", depth, sizeof(depth));
	n = snprintf(buf, len, "%s depth %s", transport, depth);
	for (const char *w = s->labels; *w; w += strspn(w, " ")) {
		size_t word = strcspn(w, " "), name = strcspn(w, "=");
		char label[32], value[64], other[64];
		bool shared = true;

		snprintf(label, sizeof(label), "%.*s", (int)name, w);
		w += word;
		if (vmmio_factor_id(label, name) <= VMMIO_F_DEPTH)
			continue;
		vmmio_series_label(s, label, value, sizeof(value));
		for (size_t i = 0; i < ab->n; i++) {
			vmmio_series_label(ab->row[i].a, label, other, sizeof(other));
			shared &= !strcmp(other, value);
		}
		if (!shared && n < len)
			n += snprintf(buf + n, len - n, ", %s %s", label, value);
	}
	if (n < len)
		snprintf(buf + n, len - n, ": %s", s->heading);
}

/* What differs, and then what is least unlike: a figure holds only so many. */
static int by_p(const void *a, const void *b)
{
	const struct vmmio_ab_row *x = *(const struct vmmio_ab_row *const *)a;
	const struct vmmio_ab_row *y = *(const struct vmmio_ab_row *const *)b;

	return (x->p > y->p) - (x->p < y->p);
}

int vmmio_plot_ab(const struct vmmio_ab *ab, enum vmmio_accel accel, const struct vmmio_result *r,
		  char *why, size_t len)
{
	const struct vmmio_ab_row **order = calloc(ab->n + 1, sizeof(*order));
	char *text = NULL, vars[1024], b[512], note[256], name[160];
	size_t size, rows = 0, all = 0, na = 0, nb = 0;
	FILE *f = open_memstream(&text, &size);
	double level = 0;
	bool emulated = false;
	int err;

	if (!f || !order) {
		free(order);
		return -ENOMEM;
	}
	for (size_t i = 0; i < ab->n; i++) {
		const struct vmmio_ab_row *row = &ab->row[i];

		if (row->tested && row->median_a != 0 && row->a->id != VMMIO_M_REGISTER)
			order[all++] = row;
	}
	qsort(order, all, sizeof(*order), by_p);
	fprintf(f, "row\tshift\tlow\thigh\tdifferent\tname\n");
	for (; rows < all && rows < ROWS_MAX; rows++) {
		const struct vmmio_ab_row *row = order[rows];
		double base = fabs(row->median_a) / 100;

		row_name(ab, row->a, name, sizeof(name));
		fprintf(f, "%zu\t%.6g\t%.6g\t%.6g\t%d\t\"%s%s\"\n", rows, row->test.shift / base,
			row->test.shift_ci.low / base, row->test.shift_ci.high / base,
			row->finding == VMMIO_AB_DIFFERENT,
			vmmio_series_emulated(row->a, accel) ? "~" : "", name);
		emulated |= row->a->cls == VMMIO_TIME && vmmio_accel_emulated(accel);
		level = 100 * row->test.shift_ci.level;
		na = row->a->n;
		nb = row->b->n;
	}
	free(order);
	err = fclose(f) ? -ENOMEM : vmmio_result_write(r, "intervals.tsv", text, size);
	free(text);
	if (err || !rows)
		return err;
	snprintf(note, sizeof(note),
		 "n = %zu and %zu boots · %.1f %% intervals · accelerator %s · Holm over %zu "
		 "series, "
		 "%zu of %zu shown%s",
		 na, nb, level, vmmio_accel_name(accel), ab->tested, rows, all,
		 !vmmio_accel_emulated(accel) ? "" : " · ~ true of emulated runs only");
	vmmio_plot_quote(note, true, b, sizeof(b));
	snprintf(vars, sizeof(vars),
		 "title=\"A against B: shift of each number, with its interval\"\nsubtitle=%s\n"
		 "rows=%zu\n%s",
		 b, rows, emulated ? "emulated=1\n" : "");
	return vmmio_plot_run(VMMIO_PLOT_INTERVALS, r->part, "intervals", vars, why, len);
}

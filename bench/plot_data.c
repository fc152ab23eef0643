// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the plots of a comparison show: their data files, titles and notes.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blk.h"
#include "plot.h"
#include "stats.h"

static double median_of(const struct vmmio_series *s)
{
	double m, *known;

	if (!s || !s->n)
		return NAN;
	known = malloc(s->n * sizeof(*known));
	if (!known)
		return NAN;
	m = vmmio_stats_median(known, vmmio_series_known(s, known));
	free(known);
	return m;
}

static void put(FILE *f, double v)
{
	if (isnan(v))
		fprintf(f, "\t-");
	else
		fprintf(f, "\t%.10g", v);
}

/* Write @text (of @size, freed here) as @name. */
static int store(FILE *f, char **text, size_t *size, const struct vmmio_result *r, const char *name)
{
	int err = fclose(f) ? -ENOMEM : vmmio_result_write(r, name, *text, *size);

	free(*text);
	return err;
}

static int title(char *vars, size_t len, const char *heading, const char *note)
{
	char a[256], b[512];

	vmmio_plot_quote(heading, a, sizeof(a));
	vmmio_plot_quote(note, b, sizeof(b));
	return snprintf(vars, len, "title=%s\nsubtitle=%s\n", a, b);
}

static int plot_accesses(const struct vmmio_comparison *c, const struct vmmio_result *r, char *why,
			 size_t len)
{
	char *text = NULL, vars[1024], note[256];
	size_t size = 0;
	double others = 0;
	bool exact = true;
	FILE *f = open_memstream(&text, &size);
	int err;

	if (!f)
		return -ENOMEM;
	fprintf(f, "column\tdoorbell\treason\tack\tother\ttotal\tper_kick\tper_interrupt\n");
	for (int i = 0; i < VMMIO_COLUMNS; i++) {
		const char *col = vmmio_columns[i];
		const struct vmmio_series *all =
			vmmio_comparison_series(c, col, 1, "accesses_per_io");

		fprintf(f, "%s", col);
		for (int role = 0; role < VMMIO_ROLES; role++) {
			struct vmmio_series s;
			double v = NAN;

			if (!vmmio_comparison_role(c, col, 1, role, &s))
				v = median_of(&s);
			free(s.v);
			put(f, v);
			if (role == VMMIO_ROLE_OTHER && v > 0)
				others += v;
		}
		exact &= all && vmmio_series_exact(all);
		put(f, median_of(all));
		put(f, median_of(vmmio_comparison_series(c, col, 1, "accesses_per_kick")));
		put(f, median_of(vmmio_comparison_series(c, col, 1, "accesses_per_irq")));
		fprintf(f, "\n");
	}
	err = store(f, &text, &size, r, "accesses.tsv");
	if (err)
		return err;
	snprintf(note, sizeof(note),
		 "depth 1 · %s · n = %u boots x %u rounds x %u I/Os · accelerator %s · structural, "
		 "%s",
		 c->load_text, c->boots, c->rounds, c->count, c->accel,
		 exact ? "exact: the same in every boot" : "NOT exact: medians of the boots");
	title(vars, sizeof(vars) - 32, "Register accesses of one virtio-blk I/O, by transport",
	      note);
	sprintf(vars + strlen(vars), "others=%d\n", others > 0);
	return vmmio_plot_run(VMMIO_PLOT_ACCESSES, r->part, "accesses", vars, why, len);
}

static int plot_latency(const struct vmmio_comparison *c, const struct vmmio_result *r, char *why,
			size_t len)
{
	char *text = NULL, *dots = NULL, vars[1024], note[256];
	size_t size = 0, dots_size = 0;
	unsigned int cell = 0;
	FILE *f = open_memstream(&text, &size), *g = open_memstream(&dots, &dots_size);
	struct vmmio_interval ci = {0};
	int err;

	if (!f || !g)
		return -ENOMEM;
	fprintf(f, "position\tcolumn\tdepth\tmedian\tlow\thigh\n");
	fprintf(g, "position\tvalue\n");
	for (size_t d = 0; d < c->depths.n; d++) {
		for (int i = 0; i < VMMIO_COLUMNS; i++, cell++) {
			const struct vmmio_series *s = vmmio_comparison_series(
				c, vmmio_columns[i], c->depths.v[d], "latency_p50_us");
			double *known;
			size_t n;

			if (!s || !s->n)
				continue;
			known = malloc(s->n * sizeof(*known));
			n = known ? vmmio_series_known(s, known) : 0;
			if (n && !vmmio_stats_median_interval(known, n, 0.95, &ci)) {
				fprintf(f, "%u\t%s\t%u\t%.6g\t%.6g\t%.6g\n", cell, vmmio_columns[i],
					c->depths.v[d], vmmio_stats_median(known, n), ci.low,
					ci.high);
				for (size_t b = 0; b < n; b++)
					fprintf(g, "%u\t%.6g\n", cell, known[b]);
			}
			free(known);
		}
	}
	err = store(g, &dots, &dots_size, r, "latency-boots.tsv");
	if (!err)
		err = store(f, &text, &size, r, "latency.tsv");
	else
		fclose(f);
	if (err)
		return err;
	snprintf(note, sizeof(note),
		 "%s · n = %u boots x %u rounds x %u I/Os · accelerator %s · class: time",
		 c->load_text, c->boots, c->rounds, c->count, c->accel);
	title(vars, sizeof(vars) - 64, "Latency of a virtio-blk I/O, by transport and depth", note);
	sprintf(vars + strlen(vars), "cells=%u\nlevel=\"%.1f %%\"\n", cell, 100 * ci.level);
	return vmmio_plot_run(VMMIO_PLOT_LATENCY, r->part, "latency", vars, why, len);
}

int vmmio_plot_comparison(const struct vmmio_comparison *c, const struct vmmio_result *r, char *why,
			  size_t len)
{
	bool depth1 = false;
	int err = 0;

	for (size_t d = 0; d < c->depths.n; d++)
		depth1 |= c->depths.v[d] == 1;
	why[0] = '\0';
	if (depth1)
		err = plot_accesses(c, r, why, len);
	if (!err && strcmp(c->accel, "tcg"))
		err = plot_latency(c, r, why, len);
	if (err && !why[0])
		snprintf(why, len, "%s", strerror(-err));
	return err;
}

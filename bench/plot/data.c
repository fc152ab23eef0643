// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the plots of a comparison show: their data files, titles and notes.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/load.h"
#include "plot.h"
#include "bench/data/stats.h"
#include "lib/accel.h"

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

	vmmio_plot_quote(heading, true, a, sizeof(a));
	vmmio_plot_quote(note, true, b, sizeof(b));
	return snprintf(vars, len, "title=%s\nsubtitle=%s\n", a, b);
}

int vmmio_plot_stacks(const struct vmmio_plot_stack *stack, size_t n, const char *name,
		      const char *heading, const char *note, const char *unit, bool events,
		      const struct vmmio_result *r, char *why, size_t len)
{
	char *text = NULL, vars[1400], file[64];
	size_t size = 0;
	double others = 0, at = -1;
	FILE *f = open_memstream(&text, &size);
	int err;

	if (!f)
		return -ENOMEM;
	fprintf(f, "position\tgroup\tcolumn\tdoorbell\treason\tack\tother\ttotal\tper_kick\t"
		   "per_interrupt\n");
	for (size_t i = 0; i < n; i++) {
		bool first = !i || strcmp(stack[i].group, stack[i - 1].group);
		size_t from = i, same = i;

		while (from > 0 && !strcmp(stack[from - 1].group, stack[i].group))
			from--;
		while (same < n && !strcmp(stack[same].group, stack[i].group))
			same++;
		at += i && first ? 1.6 : 1;
		/* the group's name stands under its middle column */
		fprintf(f, "%g\t%s\t%s", at, i == (from + same - 1) / 2 ? stack[i].group : "",
			stack[i].column);
		for (int role = 0; role < VMMIO_ROLES; role++)
			put(f, stack[i].role[role]);
		if (stack[i].role[VMMIO_ROLE_OTHER] > 0)
			others += stack[i].role[VMMIO_ROLE_OTHER];
		put(f, stack[i].total);
		put(f, stack[i].per_kick);
		put(f, stack[i].per_irq);
		fprintf(f, "\n");
	}
	snprintf(file, sizeof(file), "%s.tsv", name);
	err = store(f, &text, &size, r, file);
	if (err)
		return err;
	title(vars, sizeof(vars) - 160, heading, note);
	snprintf(vars + strlen(vars), 160,
		 "others=%d\ndata='%s'\nlast=%g\npanels=%d\nunit=\"%s\"\n", others > 0, file, at,
		 events ? 2 : 1, unit);
	return vmmio_plot_run(VMMIO_PLOT_ACCESSES, r->part, name, vars, why, len);
}

static int plot_accesses(const struct vmmio_comparison *c, const struct vmmio_result *r, char *why,
			 size_t len)
{
	struct vmmio_plot_stack stack[VMMIO_COLUMNS] = {0};
	bool exact = true;
	char note[256];

	for (int i = 0; i < VMMIO_COLUMNS; i++) {
		const char *col = vmmio_columns[i];
		const struct vmmio_series *all =
			vmmio_comparison_series(c, col, 1, VMMIO_M_ACCESSES_PER_IO);

		snprintf(stack[i].column, sizeof(stack[i].column), "%s", col);
		for (int role = 0; role < VMMIO_ROLES; role++) {
			struct vmmio_series s;

			stack[i].role[role] = NAN;
			if (!vmmio_comparison_role(c, col, 1, role, &s))
				stack[i].role[role] = median_of(&s);
			free(s.v);
		}
		exact &= all && vmmio_series_exact(all);
		stack[i].total = median_of(all);
		stack[i].per_kick =
			median_of(vmmio_comparison_series(c, col, 1, VMMIO_M_ACCESSES_PER_KICK));
		stack[i].per_irq =
			median_of(vmmio_comparison_series(c, col, 1, VMMIO_M_ACCESSES_PER_IRQ));
	}
	snprintf(note, sizeof(note),
		 "depth 1 · %s · n = %u boots x %u rounds x %u I/Os · accelerator %s · structural, "
		 "%s",
		 c->load_text, c->boots, c->rounds, c->count, vmmio_accel_name(c->accel),
		 vmmio_exact_words(exact, c->boots));
	return vmmio_plot_stacks(stack, VMMIO_COLUMNS, "accesses",
				 "Register accesses of one virtio-blk I/O, by transport", note,
				 "I/O", true, r, why, len);
}

static int plot_latency(const struct vmmio_comparison *c, const struct vmmio_result *r, char *why,
			size_t len)
{
	char *text = NULL, *dots = NULL, vars[1024], note[256];
	size_t size = 0, dots_size = 0;
	unsigned int cell = 0, known_cells = 0;
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
				c, vmmio_columns[i], c->depths.v[d], VMMIO_M_LATENCY_P50);
			double *known;
			size_t n;

			if (!s || !s->n)
				continue;
			known = malloc(s->n * sizeof(*known));
			n = known ? vmmio_series_known(s, known) : 0;
			if (n && !vmmio_stats_median_interval(known, n, 0.95, &ci)) {
				known_cells++;
				fprintf(f, "%u\t%s\t%u\t%.6g\t%.6g\t%.6g\n", cell, vmmio_columns[i],
					c->depths.v[d], vmmio_stats_median(known, n), ci.low,
					ci.high);
				for (size_t b = 0; b < n; b++)
					fprintf(g, "%u\t%.6g\n", cell, known[b]);
			}
			free(known);
		}
	}
	if (!known_cells) { /* the run had no timing rounds */
		fclose(f);
		fclose(g);
		free(text);
		free(dots);
		return 0;
	}
	err = store(g, &dots, &dots_size, r, "latency-boots.tsv");
	if (!err)
		err = store(f, &text, &size, r, "latency.tsv");
	else
		fclose(f);
	if (err)
		return err;
	snprintf(note, sizeof(note),
		 "%s · n = %u boots x %u rounds x %u I/Os · accelerator %s · class: time%s",
		 c->load_text, c->boots, c->rounds, c->count, vmmio_accel_name(c->accel),
		 !vmmio_accel_emulated(c->accel) ? "" : ", EMULATED");
	title(vars, sizeof(vars) - 64, "Latency of a virtio-blk I/O, by transport and depth", note);
	sprintf(vars + strlen(vars), "cells=%u\nlevel=\"%.1f %%\"\n%s", cell, 100 * ci.level,
		!vmmio_accel_emulated(c->accel) ? "" : "emulated=1\n");
	return vmmio_plot_run(VMMIO_PLOT_LATENCY, r->part, "latency", vars, why, len);
}

static int plot_cdf(const struct vmmio_comparison *c, const json_t *rows,
		    const struct vmmio_result *r, char *why, size_t len)
{
	struct vmmio_plot_line line[VMMIO_COLUMNS];

	for (int i = 0; i < VMMIO_COLUMNS; i++) {
		snprintf(line[i].name, sizeof(line[i].name), "%s", vmmio_columns[i]);
		snprintf(line[i].labels, sizeof(line[i].labels), "load=%s transport=%s depth=1",
			 c->load, vmmio_columns[i]);
	}
	return vmmio_plot_cdf(rows, line, VMMIO_COLUMNS, c->accel, c->boots, r, why, len);
}

int vmmio_plot_comparison(const struct vmmio_comparison *c, const json_t *rows,
			  const struct vmmio_result *r, char *why, size_t len)
{
	bool depth1 = false;
	int err = 0;

	for (size_t d = 0; d < c->depths.n; d++)
		depth1 |= c->depths.v[d] == 1;
	why[0] = '\0';
	if (depth1)
		err = plot_accesses(c, r, why, len);
	if (!err && c->times)
		err = plot_latency(c, r, why, len);
	if (!err && c->times && rows && depth1)
		err = plot_cdf(c, rows, r, why, len);
	if (err && !why[0])
		snprintf(why, len, "%s", strerror(-err));
	return err;
}

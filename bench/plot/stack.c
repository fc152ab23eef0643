// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the plots of the whole stack show: exits per I/O by kind, and its
 * instructions by layer. Only where counts agree: a run without
 * a verdict has no picture. Nothing is measured or judged here.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/rounds.h"
#include "bench/data/stats.h"
#include "bench/load/load.h"
#include "plot.h"

static const struct vmmio_series *find(const struct vmmio_stack *s, int c, enum vmmio_metric_id key)
{
	char labels[96];

	vmmio_stack_labels(s, c, labels, sizeof(labels));
	return vmmio_series_get(&s->set, labels, key);
}

static double median(const struct vmmio_stack *s, int c, enum vmmio_metric_id key)
{
	const struct vmmio_series *v = find(s, c, key);

	return v ? vmmio_stats_median(v->v, v->n) : NAN;
}

/* From the bottom in the order in which an I/O makes them. */
static int rank(const char *kind)
{
	static const char *const order[] = {"kick", "msr read", "status read", "ACK", "msr write"};
	int i = 0, n = sizeof(order) / sizeof(order[0]);

	while (i < n && strncmp(kind, order[i], strlen(order[i])))
		i++;
	return i;
}

static double segment(FILE *f, int c, double from, double height, int colour, const char *kind)
{
	char number[32];

	if (!(height > 0))
		return from;
	vmmio_format(height, number, sizeof(number));
	fprintf(f, "%d\t%s\t%.10g\t%.10g\t%d\t\"%s: %s\"\n", c, vmmio_columns[c], from,
		from + height, colour, kind, number);
	return from + height;
}

static void segments(const json_t *kinds, int c, FILE *f)
{
	double from = 0;
	const json_t *k;
	size_t i;

	for (int r = 0; r <= 5; r++) {
		json_array_foreach(kinds, i, k) {
			const char *name = json_string_value(json_object_get(k, "kind"));
			double all = json_real_value(
				json_object_get(json_object_get(k, "exits"), vmmio_columns[c]));
			double user = json_real_value(json_object_get(
				json_object_get(k, "to_userspace"), vmmio_columns[c]));

			if (rank(name) != r)
				continue;
			from = segment(f, c, from, all - user, 0, name);
			from = segment(f, c, from, user, 1, name);
		}
	}
}

static int store(FILE *f, char **text, size_t *size, const struct vmmio_result *r, const char *name)
{
	int err = fclose(f) ? -ENOMEM : vmmio_result_write(r, name, *text, *size);

	free(*text);
	return err;
}

static void set_title(const struct vmmio_stack *s, const char *title, const char *what, char *vars,
		      size_t len)
{
	char note[300], a[400], b[400];

	snprintf(note, sizeof(note), "%s, depth 1 · %s%u boot%s of %u I/Os · QEMU %s on %s",
		 s->load_text, what, s->boots, s->boots == 1 ? "" : "s", s->rounds * s->count,
		 s->qemu, vmmio_accel_name(s->accel));
	vmmio_plot_quote(title, true, a, sizeof(a));
	vmmio_plot_quote(note, true, b, sizeof(b));
	snprintf(vars, len, "title=%s\nsubtitle=%s\n", a, b);
}

static int plot_exits(const struct vmmio_stack *s, const struct vmmio_result *r, char *why,
		      size_t len)
{
	char *text = NULL, *totals = NULL, vars[1100], title[300], words[VMMIO_COLUMNS][96];
	json_t *kinds = vmmio_stack_kinds(s);
	size_t size = 0, totals_size = 0;
	FILE *f = open_memstream(&text, &size), *t = open_memstream(&totals, &totals_size);
	int err;

	if (!f || !t || !kinds) {
		err = -ENOMEM;
		goto out;
	}
	fprintf(f, "position\tcolumn\tfrom\tto\tcolour\twords\n");
	fprintf(t, "position\ttotal\twords\tcolumn\n");
	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		double all = median(s, c, VMMIO_M_EXITS_PER_IO);
		char a[32], u[32];

		vmmio_format(all, a, sizeof(a));
		vmmio_format(median(s, c, VMMIO_M_USER_EXITS_PER_IO), u, sizeof(u));
		snprintf(words[c], sizeof(words[c]), "%s, %s to userspace", a, u);
		fprintf(t, "%d\t%.10g\t\"%s\"\t%s\n", c, all, words[c], vmmio_columns[c]);
		segments(kinds, c, f);
	}
	err = store(t, &totals, &totals_size, r, "exits-totals.tsv");
	t = NULL;
	err = store(f, &text, &size, r, "exits.tsv") ?: err;
	f = NULL;
	if (err)
		goto out;
	snprintf(title, sizeof(title), "Exits per I/O: mmio %s; pci-msix %s", words[0], words[2]);
	set_title(s, title, "HLT and timer apart · median of ", vars, sizeof(vars) - 100);
	sprintf(vars + strlen(vars),
		"data='exits.tsv'\ntotals='exits-totals.tsv'\nlast=%d\nyname='exits per "
		"I/O'\nfills='#0072B2 #D55E00'\nlegend='\"handled in KVM\" "
		"\"goes on to userspace (QEMU)\"'\n",
		VMMIO_COLUMNS - 1);
	err = vmmio_plot_run(VMMIO_PLOT_STACKED, r->part, "exits", vars, why, len);
out:
	if (f && !fclose(f))
		free(text);
	if (t && !fclose(t))
		free(totals);
	json_decref(kinds);
	return err;
}

/* Where the layers were not measured: the whole. */
static int plot_sums(const struct vmmio_stack *s, const struct vmmio_result *r, char *why,
		     size_t len)
{
	char *text = NULL, vars[1100], title[200];
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	double ratio[64];
	unsigned int n = s->boots < 64 ? s->boots : 64;
	int err;

	if (!f)
		return -ENOMEM;
	fprintf(f, "row\tname\tvalue\tlow\thigh\tgroup\twords\n");
	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		const struct vmmio_series *v = find(s, c, VMMIO_M_STACK_MEAN);
		double m = v ? vmmio_stats_median(v->v, v->n) : NAN, low, high;

		if (!v || isnan(m)) { /* no bar of what was not seen */
			fclose(f);
			free(text);
			return 0;
		}
		vmmio_stats_range(v->v, v->n, &low, &high);
		fprintf(f, "%d\t%s\t%.10g\t%.10g\t%.10g\t1\t\"", c, vmmio_columns[c], m, low, high);
		if (low < high)
			fprintf(f, "%.0f (%.0f to %.0f)\"\n", m, low, high);
		else
			fprintf(f, "%.0f\"\n", m);
	}
	for (unsigned int b = 0; b < n; b++)
		ratio[b] =
			find(s, 0, VMMIO_M_STACK_MEAN)->v[b] / find(s, 2, VMMIO_M_STACK_MEAN)->v[b];
	err = store(f, &text, &size, r, "instructions.tsv");
	if (err)
		return err;
	snprintf(title, sizeof(title),
		 "An I/O over mmio takes %.2f times the instructions of one over pci-msix",
		 vmmio_stats_median(ratio, n));
	set_title(s, title, "mean I/O; bar: median, line: range of ", vars, sizeof(vars) - 200);
	sprintf(vars + strlen(vars),
		"data='instructions.tsv'\nrows=%d\n"
		"xname='instructions per I/O of guest, KVM and QEMU together'\n",
		VMMIO_COLUMNS);
	return vmmio_plot_run(VMMIO_PLOT_BARS, r->part, "instructions", vars, why, len);
}

/* From the bottom in the order of enum vmmio_layer; what is thin bears no name. */
static int plot_layers(const struct vmmio_stack *s, const struct vmmio_result *r, char *why,
		       size_t len)
{
	static const char *const names[VMMIO_LAYER_PROBE] = {"guest", "KVM", "QEMU", "other tasks",
							     "idle"};
	char *text = NULL, *totals = NULL, vars[1300], title[200];
	size_t size = 0, totals_size = 0;
	FILE *f, *t;
	int err;

	for (int c = 0; c < VMMIO_COLUMNS; c++)
		if (isnan(vmmio_stack_layer(s, c, VMMIO_LAYERS)))
			return 0; /* no picture of what was not seen */
	f = open_memstream(&text, &size);
	t = open_memstream(&totals, &totals_size);
	if (!f || !t) {
		if (f && !fclose(f))
			free(text);
		if (t && !fclose(t))
			free(totals);
		return -ENOMEM;
	}
	fprintf(f, "position\tcolumn\tfrom\tto\tcolour\twords\n");
	fprintf(t, "position\ttotal\twords\tcolumn\n");
	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		double all = vmmio_stack_layer(s, c, VMMIO_LAYERS), from = 0;

		fprintf(t, "%d\t%.10g\t\"%.0f\"\t%s\n", c, all, all, vmmio_columns[c]);
		for (int i = 0; i < VMMIO_LAYER_PROBE; i++)
			from = segment(f, c, from, round(vmmio_stack_layer(s, c, i)), i, names[i]);
	}
	err = store(t, &totals, &totals_size, r, "instructions-totals.tsv");
	err = store(f, &text, &size, r, "instructions.tsv") ?: err;
	if (err)
		return err;
	snprintf(title, sizeof(title),
		 "An I/O over mmio takes %.2f times the instructions of one over pci-msix",
		 vmmio_stack_layer(s, 0, VMMIO_LAYERS) / vmmio_stack_layer(s, 2, VMMIO_LAYERS));
	set_title(s, title, "mean I/O, probes taken off · median of ", vars, sizeof(vars) - 300);
	sprintf(vars + strlen(vars),
		"data='instructions.tsv'\ntotals='instructions-totals.tsv'\nlast=%d\n"
		"yname='instructions per I/O'\n"
		"fills='#009E73 #0072B2 #D55E00 #999999 #CCCCCC'\n"
		"legend='guest KVM QEMU \"other tasks of the host\" idle'\n",
		VMMIO_COLUMNS - 1);
	return vmmio_plot_run(VMMIO_PLOT_STACKED, r->part, "instructions", vars, why, len);
}

int vmmio_plot_whole(const struct vmmio_stack *s, const struct vmmio_result *r, char *why,
		     size_t len)
{
	int err = plot_exits(s, r, why, len);

	if (!err)
		err = s->layers ? plot_layers(s, r, why, len) : plot_sums(s, r, why, len);
	if (err && !why[0])
		snprintf(why, len, "%s", strerror(-err));
	return err;
}

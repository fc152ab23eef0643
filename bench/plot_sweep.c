// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the plots of sweeps and of A/B comparisons show: curves of one transport
 * against one factor, and intervals of shifts.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ab.h"
#include "blk.h"
#include "plot.h"
#include "stats.h"

#define LINES_MAX 12
#define ROWS_MAX 40

/* The labels without @factor and the transport: what names a line. */
static void line_name(const struct vmmio_series *s, const char *factor, char *buf, size_t len)
{
	size_t n = 0;

	buf[0] = '\0';
	for (const char *w = s->labels; *w; w += strspn(w, " ")) {
		size_t word = strcspn(w, " "), name = strcspn(w, "=");

		if (!(name == strlen(factor) && !strncmp(w, factor, name)) &&
		    strncmp(w, "transport=", 10) && n < len)
			n += snprintf(buf + n, len - n, "%s%.*s", n ? " " : "", (int)word, w);
		w += word;
	}
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p++)
		if ((p == text || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

/* Words of @name that not all of the lines share. */
static void short_name(const char *name, char names[][VMMIO_LABELS_MAX], size_t n, char *buf,
		       size_t len)
{
	size_t used = 0;

	buf[0] = '\0';
	for (const char *w = name; *w; w += strspn(w, " ")) {
		size_t word = strcspn(w, " ");
		char key[VMMIO_LABELS_MAX];
		bool shared = true;

		snprintf(key, sizeof(key), "%.*s", (int)word, w);
		for (size_t i = 0; i < n; i++)
			shared &= has_word(names[i], key);
		if (!shared && used < len)
			used += snprintf(buf + used, len - used, "%s%s", used ? ", " : "", key);
		w += word;
	}
	for (char *p = buf; *p; p++)
		if (*p == '=' || *p == '_')
			*p = ' ';
	if (!buf[0])
		snprintf(buf, len, "all boots");
}

struct point {
	double x, m, lo, hi;
};

static int by_x(const void *a, const void *b)
{
	double x = ((const struct point *)a)->x, y = ((const struct point *)b)->x;

	return (x > y) - (x < y);
}

/* One line's points, sorted; how many. */
static size_t points_of(const struct vmmio_series_set *set, const char *key, const char *transport,
			const char *factor, const char *name, struct point *out, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n && n < room; i++) {
		const struct vmmio_series *s = &set->s[i];
		char value[32], line[VMMIO_LABELS_MAX];
		double *known;
		size_t k;

		if (strcmp(s->key, key))
			continue;
		vmmio_series_label(s, "transport", value, sizeof(value));
		line_name(s, factor, line, sizeof(line));
		if (strcmp(value, transport) || strcmp(line, name))
			continue;
		known = malloc((s->n + 1) * sizeof(*known));
		if (!known)
			break;
		k = vmmio_series_known(s, known);
		vmmio_series_label(s, factor, value, sizeof(value));
		if (k) {
			out[n].x = strtod(value, NULL);
			out[n].m = vmmio_stats_median(known, k);
			vmmio_stats_range(known, k, &out[n].lo, &out[n].hi);
			n++;
		}
		free(known);
	}
	qsort(out, n, sizeof(*out), by_x);
	return n;
}

/* The lines of a plot: settings with at least three points along @factor. */
static size_t lines_of(const struct vmmio_series_set *set, const char *key, const char *transport,
		       const char *factor, char names[][VMMIO_LABELS_MAX])
{
	struct point p[32];
	size_t n = 0, k;

	for (size_t i = 0; i < set->n && n < LINES_MAX; i++) {
		char name[VMMIO_LABELS_MAX], value[32];

		if (strcmp(set->s[i].key, key))
			continue;
		vmmio_series_label(&set->s[i], "transport", value, sizeof(value));
		line_name(&set->s[i], factor, name, sizeof(name));
		for (k = 0; k < n && strcmp(names[k], name); k++)
			;
		if (k < n || strcmp(value, transport) ||
		    points_of(set, key, transport, factor, name, p, 32) < 3)
			continue;
		snprintf(names[n++], VMMIO_LABELS_MAX, "%s", name);
	}
	return n;
}

static int write_lines(const struct vmmio_series_set *set, const char *key, const char *transport,
		       const char *factor, const struct vmmio_result *r, const char *file,
		       size_t *lines)
{
	char(*names)[VMMIO_LABELS_MAX] = calloc(LINES_MAX, sizeof(*names)), *text = NULL,
	title[160];
	struct point p[32];
	size_t size, n;
	FILE *f = open_memstream(&text, &size);
	int err;

	if (!names || !f) {
		free(names);
		return -ENOMEM;
	}
	*lines = lines_of(set, key, transport, factor, names);
	for (size_t i = 0; i < *lines; i++) {
		short_name(names[i], names, *lines, title, sizeof(title));
		fprintf(f, "%s\"%s\"\n", i ? "\n\n" : "", title);
		n = points_of(set, key, transport, factor, names[i], p, 32);
		for (size_t k = 0; k < n; k++)
			fprintf(f, "%.10g\t%.10g\t%.10g\t%.10g\n", p[k].x, p[k].m, p[k].lo,
				p[k].hi);
	}
	err = fclose(f) ? -ENOMEM : *lines ? vmmio_result_write(r, file, text, size) : 0;
	free(text);
	free(names);
	return err;
}

static int plot_curves(const struct vmmio_series_set *set, const char *accel, unsigned int boots,
		       const char *transport, const char *factor, const struct vmmio_result *r,
		       json_t *names, char *why, size_t len)
{
	bool tcg = !strcmp(accel, "tcg");
	char vars[1600], a[256], b[512], head[128], note[256], name[64], one[80], two[80], word[32];
	size_t lines1, lines2;
	int err;

	snprintf(name, sizeof(name), "%s-%s", factor, transport);
	snprintf(one, sizeof(one), "%s-kicks.tsv", name);
	snprintf(two, sizeof(two), "%s-used.tsv", name);
	err = write_lines(set, "kicks_per_io", transport, factor, r, one, &lines1);
	err = err ?: write_lines(set, "used_per_irq", transport, factor, r, two, &lines2);
	if (err || !lines1 || !lines2)
		return err;
	snprintf(word, sizeof(word), "%s", factor);
	for (char *p = word; *p; p++)
		if (*p == '_')
			*p = ' ';
	snprintf(head, sizeof(head), "%s: batching against %s", transport, word);
	snprintf(note, sizeof(note),
		 "virtio-blk, null disk · n = %u boots · accelerator %s · schedule%s", boots, accel,
		 tcg ? ": ~ true of these emulated runs only" : "");
	vmmio_plot_quote(head, a, sizeof(a));
	vmmio_plot_quote(note, b, sizeof(b));
	snprintf(
		vars, sizeof(vars),
		"title=%s\nsubtitle=%s\npanels=2\ndata1='%s'\ndata2='%s'\nlines1=%zu\nlines2=%zu\n"
		"xname='%s'\nyname1=\"%skicks per I/O\"\nyname2=\"%sused buffers per interrupt\"\n",
		a, b, one, two, lines1, lines2, word, tcg ? "\\\\~" : "", tcg ? "\\\\~" : "");
	err = vmmio_plot_run(VMMIO_PLOT_CURVES, r->part, name, vars, why, len);
	if (!err)
		json_array_append_new(names, json_string(name));
	return err;
}

int vmmio_plot_sweep(const struct vmmio_series_set *set, const char *accel, unsigned int boots,
		     const struct vmmio_result *r, json_t *names, char *why, size_t len)
{
	static const char *const factors[] = {"depth", "queue_size"};
	int err = 0;

	why[0] = '\0';
	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++)
		for (int c = 0; c < VMMIO_COLUMNS && !err; c++)
			err = plot_curves(set, accel, boots, vmmio_columns[c], factors[i], r, names,
					  why, len);
	if (err && !why[0])
		snprintf(why, len, "%s", strerror(-err));
	return err;
}

int vmmio_plot_ab(const struct vmmio_ab *ab, const char *accel, const struct vmmio_result *r,
		  char *why, size_t len)
{
	char *text = NULL, vars[1024], b[512], note[256];
	size_t size, rows = 0, na = 0, nb = 0;
	FILE *f = open_memstream(&text, &size);
	double level = 0;
	int err;

	if (!f)
		return -ENOMEM;
	fprintf(f, "row\tshift\tlow\thigh\tdifferent\tname\n");
	for (size_t i = 0; i < ab->n && rows < ROWS_MAX; i++) {
		const struct vmmio_ab_row *row = &ab->row[i];
		char transport[24], depth[16];
		double base = fabs(row->median_a) / 100;

		if (!row->tested || !base || !strncmp(row->a->key, "reg:", 4))
			continue;
		vmmio_series_label(row->a, "transport", transport, sizeof(transport));
		vmmio_series_label(row->a, "depth", depth, sizeof(depth));
		fprintf(f, "%zu\t%.6g\t%.6g\t%.6g\t%d\t\"%s%s depth %s: %s\"\n", rows++,
			row->test.shift / base, row->test.shift_ci.low / base,
			row->test.shift_ci.high / base, row->finding == VMMIO_AB_DIFFERENT,
			vmmio_series_emulated(row->a, accel) ? "~" : "", transport, depth,
			row->a->heading);
		level = 100 * row->test.shift_ci.level;
		na = row->a->n;
		nb = row->b->n;
	}
	err = fclose(f) ? -ENOMEM : vmmio_result_write(r, "intervals.tsv", text, size);
	free(text);
	if (err || !rows)
		return err;
	snprintf(note, sizeof(note),
		 "n = %zu and %zu boots · %.1f %% intervals · accelerator %s · Holm over %zu "
		 "series%s",
		 na, nb, level, accel, ab->tested,
		 strcmp(accel, "tcg") ? "" : " · ~ true of emulated runs only");
	vmmio_plot_quote(note, b, sizeof(b));
	snprintf(vars, sizeof(vars),
		 "title=\"A against B: shift with interval\"\nsubtitle=%s\nrows=%zu\n", b, rows);
	return vmmio_plot_run(VMMIO_PLOT_INTERVALS, r->part, "intervals", vars, why, len);
}

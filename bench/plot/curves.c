// SPDX-License-Identifier: GPL-2.0-only
/*
 * Curves of a sweep against one numeric factor: a column of panels for each
 * transport, kicks per I/O above, used buffers per interrupt below, a line for
 * each setting. Transports never share a panel: under emulation they do not
 * compare.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "bench/data/stats.h"
#include "lib/accel.h"

#define LINES_MAX 8
#define POINTS_MIN 3

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

/* Lines of the figure: settings of any transport with enough points along @factor. */
struct lines {
	const char *factor, *load;
	char name[LINES_MAX][VMMIO_LABELS_MAX];
	size_t n;
};

static size_t points(const struct vmmio_series_set *set, enum vmmio_metric_id key,
		     const char *factor, const char *name, const char *transport)
{
	char line[VMMIO_LABELS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct vmmio_series *s = &set->s[i];

		if (s->id != key || !vmmio_series_is(s, "transport", transport))
			continue;
		line_name(s, factor, line, sizeof(line));
		n += !strcmp(line, name);
	}
	return n;
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(a, b); /* 200 before 1000 */
}

static void find_lines(const struct vmmio_series_set *set, enum vmmio_metric_id key,
		       struct lines *l)
{
	for (size_t i = 0; i < set->n && l->n < LINES_MAX; i++) {
		char name[VMMIO_LABELS_MAX], transport[24];
		size_t k;

		if (set->s[i].id != key || !vmmio_series_is(&set->s[i], "load", l->load))
			continue;
		line_name(&set->s[i], l->factor, name, sizeof(name));
		for (k = 0; k < l->n && strcmp(l->name[k], name); k++)
			;
		vmmio_series_label(&set->s[i], "transport", transport, sizeof(transport));
		if (k == l->n && points(set, key, l->factor, name, transport) >= POINTS_MIN)
			snprintf(l->name[l->n++], VMMIO_LABELS_MAX, "%s", name);
	}
	qsort(l->name, l->n, sizeof(l->name[0]), by_name);
}

/* Is there a line with points of this transport? Else it has no panel. */
static bool has_panel(const struct vmmio_series_set *set, const struct lines *l,
		      const char *transport)
{
	for (size_t k = 0; k < l->n; k++)
		if (points(set, VMMIO_M_KICKS_PER_IO, l->factor, l->name[k], transport) >=
		    POINTS_MIN)
			return true;
	return false;
}

/* Median and range as three columns, "-" if unknown. */
static void put(FILE *f, const struct vmmio_series *s)
{
	double *v = s ? malloc((s->n + 1) * sizeof(*v)) : NULL, min, max;
	size_t n = v ? vmmio_series_known(s, v) : 0;

	vmmio_stats_range(v, n, &min, &max);
	if (n)
		fprintf(f, "\t%.10g\t%.10g\t%.10g", vmmio_stats_median(v, n), min, max);
	else
		fprintf(f, "\t-\t-\t-");
	free(v);
}

static int write_points(const struct vmmio_findings *in, const struct lines *l,
			const struct vmmio_result *r, const char *file)
{
	const struct vmmio_factor *t = vmmio_findings_factor(in, "transport");
	const struct vmmio_factor *x = vmmio_findings_factor(in, l->factor);
	const struct vmmio_series_set *set = in->tables->set;
	struct vmmio_result_text text;
	FILE *f = vmmio_result_begin(&text);

	if (!f)
		return -ENOMEM;
	fprintf(f, "transport\tline\t%s\tkicks_per_io\tmin\tmax\tused_per_irq\tmin\tmax\n",
		l->factor);
	for (size_t p = 0; p < t->n; p++) {
		for (size_t k = 0; k < l->n && has_panel(set, l, t->value[p]); k++) {
			for (size_t v = 0; v < x->n; v++) {
				const struct vmmio_series *kicks = NULL, *used;

				for (size_t i = 0; i < set->n && !kicks; i++) {
					char line[VMMIO_LABELS_MAX];

					line_name(&set->s[i], l->factor, line, sizeof(line));
					if (set->s[i].id == VMMIO_M_KICKS_PER_IO &&
					    !strcmp(line, l->name[k]) &&
					    vmmio_series_is(&set->s[i], "transport", t->value[p]) &&
					    vmmio_series_is(&set->s[i], l->factor, x->value[v]))
						kicks = &set->s[i];
				}
				if (!kicks)
					continue;
				used = vmmio_series_get(set, kicks->labels, VMMIO_M_USED_PER_IRQ);
				fprintf(f, "%s\t%zu\t%s", t->value[p], k, x->value[v]);
				put(f, kicks);
				put(f, used);
				fprintf(f, "\n");
			}
		}
	}
	return vmmio_result_end(&text, r, file);
}

/* The last label of a line's name picks its colour, what is before it the dashes. */
static void split(const char *title, char *first, char *last, size_t len)
{
	const char *comma = strrchr(title, ',');

	snprintf(first, len, "%.*s", comma ? (int)(comma - title) : 0, title);
	snprintf(last, len, "%s", comma ? comma + 2 : title);
}

/* The index of @word in the list, where it is put if it is new. */
static size_t index_of(char (*list)[160], size_t *n, const char *word)
{
	size_t i;

	for (i = 0; i < *n && strcmp(list[i], word); i++)
		;
	if (i == *n)
		snprintf(list[(*n)++], sizeof(list[0]), "%s", word);
	return i;
}

/* Is there a point at the value @x of the factor? */
static bool has_tic(const struct vmmio_series_set *set, const struct lines *l, const char *x)
{
	for (size_t i = 0; i < set->n; i++) {
		char line[VMMIO_LABELS_MAX];

		if (set->s[i].id != VMMIO_M_KICKS_PER_IO ||
		    !vmmio_series_is(&set->s[i], l->factor, x))
			continue;
		line_name(&set->s[i], l->factor, line, sizeof(line));
		for (size_t k = 0; k < l->n; k++)
			if (!strcmp(line, l->name[k]))
				return true;
	}
	return false;
}

/* Panels, tics and lines, for the script. */
static int write_lists(const struct vmmio_findings *in, struct lines *l, FILE *f)
{
	const struct vmmio_factor *t = vmmio_findings_factor(in, "transport");
	const struct vmmio_factor *x = vmmio_findings_factor(in, l->factor);
	char(*words)[LINES_MAX][160] = calloc(2, sizeof(*words));
	size_t n[2] = {0, 0}, panels = 0;
	char quoted[400], values[512] = "";

	if (!words)
		return -ENOMEM;
	fprintf(f, "array panel[%zu]\narray name_of[%zu]\narray colour[%zu]\narray dash[%zu]\n",
		t->n, l->n, l->n, l->n);
	for (size_t p = 0; p < t->n; p++)
		if (has_panel(in->tables->set, l, t->value[p])) {
			vmmio_plot_quote(t->value[p], false, quoted, sizeof(quoted));
			fprintf(f, "panel[%zu]=%s\n", ++panels, quoted);
		}
	for (size_t v = 0; v < x->n; v++)
		if (has_tic(in->tables->set, l, x->value[v]))
			snprintf(values + strlen(values), sizeof(values) - strlen(values), " %s",
				 x->value[v]);
	vmmio_plot_quote(values, false, quoted, sizeof(quoted));
	fprintf(f, "panels=%zu\nvalues=%s\n", panels, quoted);
	for (size_t k = 0; k < l->n; k++) {
		char title[160], first[160], last[160];

		short_name(l->name[k], l->name, l->n, title, sizeof(title));
		split(title, first, last, sizeof(first));
		vmmio_plot_quote(title, true, quoted, sizeof(quoted));
		fprintf(f, "name_of[%zu]=%s\ncolour[%zu]=%zu\ndash[%zu]=%zu\n", k + 1, quoted,
			k + 1, index_of(words[0], &n[0], last) + 1, k + 1,
			index_of(words[1], &n[1], first) + 1);
	}
	free(words);
	return 0;
}

int vmmio_plot_curves(const struct vmmio_findings *in, const char *factor, const char *load,
		      bool usual, const struct vmmio_result *r, json_t *names, char *why,
		      size_t len)
{
	bool tcg = vmmio_accel_emulated(in->tables->accel);
	char *vars = NULL, a[256], b[512], head[160], note[300], name[64], file[80], word[32],
	     quoted[180];
	struct lines *l = calloc(1, sizeof(*l));
	FILE *f;
	size_t size;
	int err;

	if (!l)
		return -ENOMEM;
	l->factor = factor;
	l->load = load;
	if (vmmio_findings_factor(in, "transport") && vmmio_findings_factor(in, factor))
		find_lines(in->tables->set, VMMIO_M_KICKS_PER_IO, l);
	if (!l->n) {
		free(l);
		return 0;
	}
	snprintf(name, sizeof(name), "%s%s%s", factor, usual ? "" : "-", usual ? "" : load);
	snprintf(file, sizeof(file), "%s.tsv", name);
	err = write_points(in, l, r, file);
	f = err ? NULL : open_memstream(&vars, &size);
	if (!f) {
		free(l);
		return err ? err : -ENOMEM;
	}
	snprintf(word, sizeof(word), "%s", factor);
	for (char *p = word; *p; p++)
		if (*p == '_')
			*p = ' ';
	snprintf(head, sizeof(head), "%s: batching against %s, each transport by itself", load,
		 word);
	snprintf(note, sizeof(note),
		 "n = %u boot%s · bars: range of boots · accelerator %s · structural at depth 1, "
		 "else "
		 "schedule%s",
		 in->boots, in->boots == 1 ? "" : "s", vmmio_accel_name(in->tables->accel),
		 tcg ? " (~ these runs only; not between panels)" : "");
	vmmio_plot_quote(head, true, a, sizeof(a));
	vmmio_plot_quote(note, true, b, sizeof(b));
	vmmio_plot_quote(file, false, quoted, sizeof(quoted));
	fprintf(f, "title=%s\nsubtitle=%s\ndata=%s\nlines=%zu\nxname='%s'\nmark=\"%s\"\n", a, b,
		quoted, l->n, word, tcg ? "\\\\~" : "");
	err = write_lists(in, l, f);
	if (fclose(f))
		err = -ENOMEM;
	err = err ?: vmmio_plot_run(VMMIO_PLOT_CURVES, r->part, name, vars, why, len);
	if (!err)
		json_array_append_new(names, json_pack("{s:s, s:s}", "name", name, "text", head));
	free(vars);
	free(l);
	return err;
}

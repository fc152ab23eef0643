// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page of a sweep (findings.h). It knows no particular experiment: a
 * factor is any label with more than one value, and its effect is read off
 * settings that differ in nothing else.
 */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "factors.h"
#include "findings.h"
#include "stats.h"

struct page {
	const struct vmmio_findings *in;
	struct vmmio_factors factors;
	FILE *sentences, *tables;
	int table;
	size_t nsentences;
};

static double middle(const struct vmmio_series *s, char *buf, size_t len)
{
	double *known, min, max, m = NAN;
	char a[24], b[24], c[24];
	size_t n;

	snprintf(buf, len, "-");
	if (!s || !s->n)
		return NAN;
	known = malloc(s->n * sizeof(*known));
	if (!known)
		return NAN;
	n = vmmio_series_known(s, known);
	if (n) {
		m = vmmio_stats_median(known, n);
		vmmio_stats_range(known, n, &min, &max);
		vmmio_format(m, a, sizeof(a));
		vmmio_format(min, b, sizeof(b));
		vmmio_format(max, c, sizeof(c));
		if (min == max)
			snprintf(buf, len, "%s", a);
		else
			snprintf(buf, len, "%s [%s-%s]", a, b, c);
	}
	free(known);
	return m;
}

static void say(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct page *p, const char *fmt, ...)
{
	va_list ap;

	fprintf(p->sentences, "%zu. ", ++p->nsentences);
	va_start(ap, fmt);
	vfprintf(p->sentences, fmt, ap);
	va_end(ap);
	fputc('\n', p->sentences);
}

/* Is @s the series of its row at the lowest value of @l that the row has? Then it stands for the
 * row. */
static bool leads(const struct page *p, const struct vmmio_series *s, const struct vmmio_factor *l,
		  size_t *have)
{
	char other[VMMIO_LABELS_MAX];
	bool first = true, leading = false;

	*have = 0;
	for (size_t v = 0; v < l->n; v++) {
		vmmio_labels_with(s->labels, l->name, l->value[v], other, sizeof(other));
		if (!other[0] || !vmmio_series_find(p->in->set, other, s->key))
			continue;
		if (first)
			leading = !strcmp(other, s->labels);
		first = false;
		(*have)++;
	}
	return leading;
}

/* What a row's values do from the first to the last known one. */
struct effect {
	bool changes; /* medians differ */
	bool apart;   /* the ranges of some two do not meet */
	bool exact;
	bool mixed; /* depth 1 is structural, the others are not */
};

static struct effect judge(const struct page *p, const struct vmmio_series *s,
			   const struct vmmio_factor *l)
{
	struct effect e = {.exact = true};
	double first = NAN, low = -INFINITY, high = INFINITY, least = INFINITY, most = -INFINITY;

	for (size_t v = 0; v < l->n; v++) {
		char other[VMMIO_LABELS_MAX], text[80];
		const struct vmmio_series *t;
		double m, min, max;

		vmmio_labels_with(s->labels, l->name, l->value[v], other, sizeof(other));
		t = vmmio_series_find(p->in->set, other, s->key);
		m = middle(t, text, sizeof(text));
		if (isnan(m))
			continue;
		vmmio_stats_range(t->v, t->n, &min, &max);
		low = min > low ? min : low;
		high = max < high ? max : high;
		e.exact &= vmmio_series_exact(t);
		e.mixed |= t->cls != s->cls;
		if (isnan(first))
			first = m;
		e.changes |= m != first;
		least = m < least ? m : least;
		most = m > most ? m : most;
	}
	e.apart = low > high && most - least >= 0.2 * fabs(least);
	return e;
}

/* One row's effect in a sentence. */
static void say_effect(struct page *p, const struct vmmio_series *s, const struct vmmio_factor *l,
		       int row, const struct effect *e)
{
	char other[VMMIO_LABELS_MAX], text[80], list[400] = "", what[160];
	bool emulated = !strcmp(p->in->accel, "tcg") &&
			(e->mixed || vmmio_series_emulated(s, p->in->accel));
	size_t n = 0;

	for (size_t v = 0; v < l->n; v++) {
		const struct vmmio_series *t;

		vmmio_labels_with(s->labels, l->name, l->value[v], other, sizeof(other));
		t = vmmio_series_find(p->in->set, other, s->key);
		if (!isnan(middle(t, text, sizeof(text))) && n < sizeof(list))
			n += snprintf(list + n, sizeof(list) - n, "%s%s at %s %s", n ? ", " : "",
				      text, l->name, l->value[v]);
	}
	vmmio_factors_describe(&p->factors, s->labels, l->name, what, sizeof(what));
	say(p, "%s%s, %s: %s - %s, %s, n = %u boots; row T%d.%d.", emulated ? "~" : "", what,
	    s->heading, list, e->mixed ? "schedule" : vmmio_class_name(s->cls),
	    e->exact ? "exact" : "median [range over boots]", p->in->boots, p->table, row);
}

/* Is there a row of this table in which anything changes? */
static bool worth_a_table(const struct page *p, const struct vmmio_factor *l, const char *key)
{
	size_t have;

	for (size_t i = 0; i < p->in->set->n; i++) {
		const struct vmmio_series *s = &p->in->set->s[i];

		if (!strcmp(s->key, key) && leads(p, s, l, &have) && have > 1 &&
		    judge(p, s, l).changes)
			return true;
	}
	return false;
}

static void table_head(struct page *p, const struct vmmio_series *s, const struct vmmio_factor *l)
{
	p->table++;
	fprintf(p->tables, "\n### T%d: %s, by %s\n\n| row | setting | class |", p->table,
		s->heading, l->name);
	for (size_t v = 0; v < l->n; v++)
		fprintf(p->tables, " %s %s |", l->name, l->value[v]);
	fprintf(p->tables, "\n|---|---|---|");
	for (size_t v = 0; v < l->n; v++)
		fprintf(p->tables, "---|");
	fprintf(p->tables, "\n");
}

static void table_of(struct page *p, const struct vmmio_factor *l, const char *key)
{
	char row_text[160], other[VMMIO_LABELS_MAX], text[80];
	const struct vmmio_series_set *set = p->in->set;
	const char *heading = key;
	bool said = false;
	int row = 0;
	size_t have;

	if (!worth_a_table(p, l, key))
		return;
	for (size_t i = 0; i < set->n; i++) {
		const struct vmmio_series *s = &set->s[i];
		struct effect e;
		bool emulated;

		if (strcmp(s->key, key) || !leads(p, s, l, &have) || have < 2)
			continue;
		e = judge(p, s, l);
		emulated = !strcmp(p->in->accel, "tcg") &&
			   (e.mixed || vmmio_series_emulated(s, p->in->accel));
		if (!row)
			table_head(p, s, l);
		heading = s->heading;
		vmmio_factors_describe(&p->factors, s->labels, l->name, row_text, sizeof(row_text));
		fprintf(p->tables, "| %d | %s%s | %s |", ++row, emulated ? "~" : "", row_text,
			e.mixed ? "structural at depth 1, else schedule"
				: vmmio_class_name(s->cls));
		for (size_t v = 0; v < l->n; v++) {
			vmmio_labels_with(s->labels, l->name, l->value[v], other, sizeof(other));
			middle(other[0] ? vmmio_series_find(set, other, key) : NULL, text,
			       sizeof(text));
			fprintf(p->tables, " %s |", text);
		}
		fprintf(p->tables, "\n");
		/* a sentence where all boots agree that something changes; accesses follow kicks */
		/* the usual settings, and whatever is structural; the rest is in the table */
		if (!e.apart ||
		    (s->cls != VMMIO_STRUCTURAL && !vmmio_factors_usual(&p->factors, s, l)) ||
		    (e.mixed &&
		     (!strcmp(key, "accesses_per_io") || !vmmio_factors_usual(&p->factors, s, l))))
			continue;
		say_effect(p, s, l, row, &e);
		said = true;
	}
	if (!said && row && strcmp(key, "accesses_per_io"))
		say(p,
		    "%s does not change by a fifth with %s in any setting so that all boots agree; "
		    "table T%d.",
		    heading, l->name, p->table);
}

/* Structural values under every setting: the widest statement there is. */
static void say_invariant(struct page *p, const char *key, const char *what)
{
	static const char *const columns[] = {"mmio", "pci-intx", "pci-msix"};
	char list[200] = "";
	size_t n = 0, exact = 0, len = 0;
	bool varies = false;

	for (int c = 0; c < 3; c++) {
		double min = INFINITY, max = -INFINITY;
		char word[32], a[24], b[24];

		snprintf(word, sizeof(word), "transport=%s ", columns[c]);
		for (size_t i = 0; i < p->in->set->n; i++) {
			const struct vmmio_series *s = &p->in->set->s[i];
			char text[80];
			double m;

			if (strcmp(s->key, key) || !strstr(s->labels, word) ||
			    s->cls != VMMIO_STRUCTURAL)
				continue;
			m = middle(s, text, sizeof(text));
			if (isnan(m))
				continue;
			n++;
			exact += vmmio_series_exact(s);
			min = m < min ? m : min;
			max = m > max ? m : max;
		}
		if (min > max)
			continue;
		varies |= min != max;
		vmmio_format(min, a, sizeof(a));
		vmmio_format(max, b, sizeof(b));
		len += snprintf(list + len, sizeof(list) - len, "%s%s %s%s%s", len ? ", " : "",
				columns[c], a, min != max ? " to " : "", min != max ? b : "");
	}
	if (n)
		say(p,
		    "%s: %s - structural, %s%zu of %zu settings, n = %u boots each; `series.csv`, "
		    "key `%s`.",
		    what, list,
		    varies ? "by setting (see below), exact in "
			   : "the same in every setting, exact in ",
		    exact, n, p->in->boots, key);
}

/* Path lengths compare across transports: they are the driver's, not the emulator's. */
static void say_path(struct page *p)
{
	for (size_t i = 0; i < p->in->set->n; i++) {
		const struct vmmio_series *s = &p->in->set->s[i];
		static const char *const columns[] = {"mmio", "pci-intx", "pci-msix"};
		char other[VMMIO_LABELS_MAX], text[80], list[300] = "", what[160];
		size_t n = 0;

		if (strcmp(s->key, "instructions_per_io_p50") ||
		    !strstr(s->labels, "transport=mmio "))
			continue;
		for (int c = 0; c < 3; c++) {
			vmmio_labels_with(s->labels, "transport", columns[c], other, sizeof(other));
			middle(vmmio_series_find(p->in->set, other, s->key), text, sizeof(text));
			if (n < sizeof(list))
				n += snprintf(list + n, sizeof(list) - n, "%s%s %s", n ? ", " : "",
					      columns[c], text);
		}
		vmmio_factors_describe(&p->factors, s->labels, "transport", what, sizeof(what));
		say(p,
		    "%s, %s: %s - path, median [range over boots], n = %u boots; `series.csv`, key "
		    "`%s`.",
		    what, s->heading, list, p->in->boots, s->key);
	}
}

static void write_limits(const struct page *p, FILE *f)
{
	fprintf(f, "\n## What these data cannot say\n\n"
		   "- How many exits an access costs, and EOIs: the guest counts accesses, only a "
		   "host counts exits.\n");
	if (!strcmp(p->in->accel, "tcg"))
		fprintf(f, "- Anything about time. The accelerator is tcg: all durations are the "
			   "emulator's, and "
			   "are not shown.\n"
			   "- Which transport batches better. Under tcg the device completes "
			   "inside the doorbell "
			   "write (or, with a completion delay, when the emulator's timer runs): "
			   "rows marked ~ are "
			   "true of these runs, comparable within a row and never between mmio and "
			   "pci.\n");
	fprintf(f, "- Other devices, other VMMs, other kernels: one virtio-blk with a null "
		   "backend, QEMU, one guest "
		   "kernel.\n");
}

void vmmio_findings_write(const struct vmmio_findings *in, FILE *f)
{
	static const char *const keys[] = {
		"accesses_per_io", "accesses_per_irq",	      "kicks_per_io",  "used_per_irq",
		"suppressed_pct",  "instructions_per_io_p50", "latency_p50_us"};
	struct page p = {.in = in};
	char *sentences = NULL, *tables = NULL;
	size_t a, b, i;
	json_t *plot;

	p.sentences = open_memstream(&sentences, &a);
	p.tables = open_memstream(&tables, &b);
	if (!p.sentences || !p.tables)
		return;
	vmmio_factors_collect(&p.factors, in->set);
	say_invariant(&p, "accesses_per_io", "Register accesses per I/O at depth 1");
	say_invariant(&p, "accesses_per_irq", "Accesses per interrupt, at every depth");
	say_invariant(&p, "accesses_per_kick", "Accesses per kick, at every depth");
	say_path(&p);
	for (i = 0; i < p.factors.n; i++) {
		const struct vmmio_factor *l = &p.factors.f[i];

		/* two transports side by side are a comparison: structural only, and above */
		if (l->n < 2 || !strcmp(l->name, "transport"))
			continue;
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			table_of(&p, l, keys[k]);
	}
	fclose(p.sentences);
	fclose(p.tables);
	fprintf(f, "# %s\n\n", in->title[0] ? in->title : in->name);
	fprintf(f,
		"Written by `vmmio-bench sweep`; `experiment.ini` says what was run and repeats "
		"it. "
		"%zu runs of one boot each, %u boots of every setting, %zu failed. Accelerator %s, "
		"CPU %s, "
		"QEMU %s.\n\nA row marked ~ is true of this emulated run only. Cells are medians "
		"over boots, "
		"with the range where boots differ; `-` was not measured.\n\n## Findings\n\n%s\n## "
		"Tables\n%s",
		in->runs, in->boots, in->failed, in->accel,
		json_string_value(json_object_get(in->machine, "cpu")),
		json_string_value(json_object_get(in->machine, "qemu")), sentences, tables);
	json_array_foreach(in->plots, i, plot)
		fprintf(f, "%s![%s](%s.svg)\n", i ? "" : "\n## Plots\n\n", json_string_value(plot),
			json_string_value(plot));
	write_limits(&p, f);
	fprintf(f, "\n## Files\n\n`series.csv` and `series.json`: every number, by boot in the "
		   "latter. "
		   "`rounds.jsonl.gz`: the raw rounds. `result.json`: seed, failures. "
		   "`machine.json`: the machine.\n");
	free(sentences);
	free(tables);
}

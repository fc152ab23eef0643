// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables from a set of series (tables.h). It knows no particular experiment: a factor is any label
 * with more than one value, and its effect is shown by settings that differ in nothing else.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "bench/data/stats.h"
#include "tables.h"
#include "lib/accel.h"

/* What the page speaks of, in the order of the tables. */
static const enum vmmio_metric_id keys[] = {
	VMMIO_M_EXITS_PER_IO,	   VMMIO_M_USER_EXITS_PER_IO,
	VMMIO_M_STACK_P50,	   VMMIO_M_STACK_MEAN,
	VMMIO_M_ACCESSES_PER_IO,   VMMIO_M_ACCESSES_PER_IRQ,
	VMMIO_M_ACCESSES_PER_KICK, VMMIO_M_KICKS_PER_IO,
	VMMIO_M_IRQS_PER_IO,	   VMMIO_M_USED_PER_IRQ,
	VMMIO_M_BUFFERS_PER_KICK,  VMMIO_M_SUPPRESSED,
	VMMIO_M_PATH_MIN,	   VMMIO_M_PATH_P50,
	VMMIO_M_LATENCY_P50,	   VMMIO_M_IOPS,
};

double vmmio_series_text(const struct vmmio_series *s, char *buf, size_t len)
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

static const struct vmmio_series *at(const struct vmmio_series_set *set,
				     const struct vmmio_series *s, const struct vmmio_factor *by,
				     size_t v)
{
	char other[VMMIO_LABELS_MAX];

	vmmio_labels_with(s->labels, by->name, by->value[v], other, sizeof(other));
	return other[0] ? vmmio_series_find(set, other, s->key) : NULL;
}

const struct vmmio_series *vmmio_tables_cell(const struct vmmio_tables *all,
					     const struct vmmio_table *t,
					     const struct vmmio_table_row *row, size_t v)
{
	return at(all->set, row->lead, t->by, v);
}

/* Is @s the first of its row? Then it stands for it, and @row says what the row does. */
static bool judge(const struct vmmio_tables *all, const struct vmmio_series *s,
		  const struct vmmio_factor *by, struct vmmio_table_row *row)
{
	double low = -INFINITY, high = INFINITY;
	bool first = true;

	*row = (struct vmmio_table_row){
		.lead = s, .exact = true, .low = INFINITY, .high = -INFINITY};
	for (size_t v = 0; v < by->n; v++) {
		const struct vmmio_series *t = at(all->set, s, by, v);
		double m, min, max, *known;
		size_t n;

		if (!t)
			continue;
		if (first && t != s)
			return false;
		first = false;
		known = malloc((t->n + 1) * sizeof(*known));
		n = known ? vmmio_series_known(t, known) : 0;
		m = vmmio_stats_median(known, n);
		vmmio_stats_range(known, n, &min, &max);
		free(known);
		if (!n)
			continue;
		row->have++;
		low = min > low ? min : low;
		high = max < high ? max : high;
		row->exact &= vmmio_series_exact(t);
		row->mixed |= t->cls != s->cls;
		row->low = m < row->low ? m : row->low;
		row->high = m > row->high ? m : row->high;
	}
	row->changes = row->low < row->high;
	/* one boot has no range: there only what doubles is more than chance may do */
	row->apart = low > high && row->high - row->low >= (s->n > 1 ? 0.2 : 1.0) * fabs(row->low);
	row->emulated = vmmio_accel_emulated(all->accel) &&
			(row->mixed || vmmio_series_emulated(s, all->accel));
	return row->have > 1;
}

/* Two transports side by side are a comparison: not of what is true of one emulated run. */
static bool compares(const struct vmmio_table_row *row, const struct vmmio_factor *by)
{
	return by->id != VMMIO_F_TRANSPORT || !row->emulated;
}

/* Of these a table is shown even if nothing changes: that is the answer. */
static bool always(const struct vmmio_factor *by)
{
	return by->id == VMMIO_F_TRANSPORT || by->id == VMMIO_F_DRIVER || by->id == VMMIO_F_ARCH;
}

static size_t commas(const char *text)
{
	size_t n = 0;

	while ((text = strchr(text, ',')))
		text++, n++;
	return n;
}

/* The usual settings first, then by name: the order of the runs was random. */
static int by_setting(const void *a, const void *b)
{
	const struct vmmio_table_row *x = a, *y = b;
	size_t m = commas(x->setting), n = commas(y->setting);

	return m != n ? (m > n) - (m < n) : strverscmp(x->setting, y->setting);
}

static int build(struct vmmio_tables *all, const struct vmmio_factor *by, enum vmmio_metric_id key,
		 int *number)
{
	struct vmmio_table *t = &all->t[all->n], keep = {.by = by, .key = key};

	*t = keep;
	for (size_t i = 0; i < all->set->n; i++) {
		const struct vmmio_series *s = &all->set->s[i];
		struct vmmio_table_row row, *more;

		if (s->id != key || !judge(all, s, by, &row) || !compares(&row, by))
			continue;
		more = realloc(t->row, (t->n + 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		t->row = more;
		vmmio_factors_describe(&all->factors, s->labels, by->name, row.setting,
				       sizeof(row.setting));
		t->row[t->n++] = row;
		snprintf(t->heading, sizeof(t->heading), "%s%s", s->heading,
			 !strcmp(s->unit, "%") ? ", %" : "");
		t->apart += row.apart;
		t->changes |= row.changes;
	}
	if (!t->n)
		return 0;
	qsort(t->row, t->n, sizeof(*t->row), by_setting);
	if (t->changes || always(by))
		t->number = ++*number;
	all->n++;
	return 0;
}

int vmmio_tables_build(struct vmmio_tables *all, const struct vmmio_series_set *set,
		       enum vmmio_accel accel)
{
	size_t nkeys = sizeof(keys) / sizeof(keys[0]);
	int err = 0, number = 0;

	memset(all, 0, sizeof(*all));
	all->set = set;
	all->accel = accel;
	vmmio_factors_collect(&all->factors, set);
	all->t = calloc(all->factors.n * nkeys + 1, sizeof(*all->t));
	if (!all->t)
		return -ENOMEM;
	/* transports first: it is what the page is about */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < all->factors.n && !err; i++) {
			const struct vmmio_factor *by = &all->factors.f[i];

			if (by->n < 2 || (pass == 0) != (by->id == VMMIO_F_TRANSPORT))
				continue;
			for (size_t k = 0; k < nkeys && !err; k++)
				err = build(all, by, keys[k], &number);
		}
	}
	if (err)
		vmmio_tables_free(all);
	return err;
}

void vmmio_tables_free(struct vmmio_tables *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->t[i].row);
	free(all->t);
	memset(all, 0, sizeof(*all));
}

const struct vmmio_table *vmmio_tables_find(const struct vmmio_tables *all, const char *by,
					    enum vmmio_metric_id key)
{
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->t[i].by->name, by) && all->t[i].key == key)
			return &all->t[i];
	return NULL;
}

void vmmio_tables_ref(const struct vmmio_tables *all, const char *by, enum vmmio_metric_id key,
		      const char *labels, char *buf, size_t len)
{
	const struct vmmio_table *t = vmmio_tables_find(all, by, key);

	buf[0] = '\0';
	for (size_t i = 0; t && t->number && i < t->n; i++) {
		for (size_t v = 0; v < t->by->n; v++) {
			const struct vmmio_series *s = vmmio_tables_cell(all, t, &t->row[i], v);

			if (!s || strcmp(s->labels, labels))
				continue;
			snprintf(buf, len, "T%d.%zu", t->number, i + 1);
			return;
		}
	}
}

static void write_row(const struct vmmio_tables *all, const struct vmmio_table *t, size_t i,
		      FILE *f)
{
	const struct vmmio_table_row *row = &t->row[i];
	char text[80];

	fprintf(f, "| %zu | %s%s | %s |", i + 1, row->emulated ? "~" : "", row->setting,
		row->mixed ? "structural at depth 1, else schedule"
			   : vmmio_class_name(row->lead->cls));
	for (size_t v = 0; v < t->by->n; v++) {
		vmmio_series_text(vmmio_tables_cell(all, t, row, v), text, sizeof(text));
		fprintf(f, " %s |", text);
	}
	fprintf(f, "\n");
}

void vmmio_tables_write(const struct vmmio_tables *all, FILE *f)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct vmmio_table *t = &all->t[i];

		if (!t->number)
			continue;
		fprintf(f, "\n## T%d: %s, by %s\n\n| row | setting | class |", t->number,
			t->heading, t->by->name);
		for (size_t v = 0; v < t->by->n; v++)
			fprintf(f, " %s %s |", t->by->name, t->by->value[v]);
		fprintf(f, "\n|---|---|---|");
		for (size_t v = 0; v < t->by->n; v++)
			fprintf(f, "---|");
		fprintf(f, "\n");
		for (size_t r = 0; r < t->n; r++)
			write_row(all, t, r, f);
	}
}

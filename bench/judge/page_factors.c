// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each setting does, for the page of a sweep (page_factors.h): structural changes
 * whatever their size, others where all boots agree and it is a fifth or more.
 * What changes nothing shares one sentence at the end.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "page_factors.h"
#include "lib/accel.h"

/* Titles and order; factors that are not here follow by name. */
static const struct {
	const char *factor, *title;
} subjects[] = {
	{"driver", "Mainline's drivers against vmmio.ko"},
	{"lazy_status", "What lazy_status saves"},
	{"event_idx", "Suppression by event index against flags"},
	{"depth", "Batching against depth"},
	{"latency_us", "Batching against the device's completion delay (latency_us)"},
	{"queue_size", "Queue size"},
	{"arch", "Architecture"},
};

#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

/* Which rows are worth a line? */
enum what {
	STRUCTURAL, /* any change of a structural number */
	APART,	    /* a change by a fifth in which all boots agree */
	ANY,
};

/* Which row of @t shows best what the factor does: apart, usual, and by most. */
static const struct vmmio_table_row *best_row(const struct vmmio_page *p,
					      const struct vmmio_table *t, const char *transport,
					      enum what what)
{
	const struct vmmio_factor *l = vmmio_findings_factor(p->in, "load");
	const struct vmmio_table_row *best = NULL;
	unsigned int least = 0;
	double most = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct vmmio_table_row *r = &t->row[i];
		double by = r->high / (r->low > 0 ? r->low : 1);
		unsigned int n = vmmio_page_unusual(p, r->lead) +
				 (l && !vmmio_series_is(r->lead, "load", l->value[l->base]));

		if (!(what == APART ? r->apart : r->changes) ||
		    (what == STRUCTURAL && (r->mixed || r->lead->cls != VMMIO_STRUCTURAL)) ||
		    !vmmio_series_is(r->lead, "transport", transport))
			continue;
		if (!best || n < least || (n == least && by > most)) {
			best = r;
			least = n;
			most = by;
		}
	}
	return best;
}

static void say_row(const struct vmmio_page *p, const struct vmmio_table *t,
		    const struct vmmio_table_row *r)
{
	char list[500] = "", text[80], row[32];

	for (size_t v = 0; v < t->by->n; v++)
		if (!isnan(vmmio_series_text(vmmio_tables_cell(p->tables, t, r, v), text,
					     sizeof(text))))
			vmmio_append(list, sizeof(list), "%s%s at %s", list[0] ? ", " : "", text,
				     t->by->value[v]);
	vmmio_tables_ref(p->tables, t->by->name, t->key, r->lead->labels, row, sizeof(row));
	fprintf(p->f, "   - %s%s: %s %s - %s%s; %s\n", r->emulated ? "~" : "", r->setting,
		t->heading, list,
		r->mixed ? "structural at depth 1, else schedule" : vmmio_class_name(r->lead->cls),
		r->exact && r->lead->cls == VMMIO_STRUCTURAL && !r->mixed ? ", exact" : "", row);
}

/* The rows of one table that are worth a line: one per transport. */
static void say_rows(const struct vmmio_page *p, const struct vmmio_table *t, enum what what)
{
	const struct vmmio_factor *c = vmmio_findings_factor(p->in, "transport");
	const struct vmmio_table_row *r;

	if (t->by->id == VMMIO_F_TRANSPORT) {
		r = best_row(p, t, NULL, what);
		if (r)
			say_row(p, t, r);
		return;
	}
	for (size_t i = 0; c && i < c->n; i++) {
		r = best_row(p, t, c->value[i], what);
		if (r)
			say_row(p, t, r);
	}
}

/* Structural rows of a factor, and how many of them differ. */
static void count_structural(const struct vmmio_table *t, size_t *rows, size_t *differ)
{
	*rows = *differ = 0;
	for (size_t i = 0; t && i < t->n; i++) {
		if (t->row[i].mixed || t->row[i].lead->cls != VMMIO_STRUCTURAL)
			continue;
		(*rows)++;
		*differ += t->row[i].changes;
	}
}

static void name_table(char *buf, size_t len, const struct vmmio_table *t)
{
	vmmio_append(buf, len, "%s%s", buf[0] ? ", " : "", t->heading);
	if (t->number)
		vmmio_append(buf, len, " T%d", t->number);
}

/* One factor: what it does, or a place in the list of those that do nothing. */
static void say_factor(struct vmmio_page *p, const struct vmmio_factor *by, const char *title)
{
	static const enum vmmio_metric_id structural[] = {
		VMMIO_M_ACCESSES_PER_IO, VMMIO_M_ACCESSES_PER_IRQ, VMMIO_M_KICKS_PER_IO,
		VMMIO_M_IRQS_PER_IO};
	static const enum vmmio_metric_id others[] = {VMMIO_M_KICKS_PER_IO, VMMIO_M_USED_PER_IRQ,
						      VMMIO_M_SUPPRESSED,   VMMIO_M_PATH_MIN,
						      VMMIO_M_PATH_P50,	    VMMIO_M_LATENCY_P50};
	const struct vmmio_table *t;
	char same[300] = "", differ[300] = "", quiet[300] = "";
	const char *changes = !vmmio_accel_emulated(p->tables->accel)
				      ? "What changes:"
				      : "What changes, each transport by itself:";
	size_t rows = 0, all = 0, changed, any = 0;

	for (size_t k = 0; k < sizeof(structural) / sizeof(structural[0]); k++) {
		t = vmmio_tables_find(p->tables, by->name, structural[k]);
		count_structural(t, &rows, &changed);
		if (!rows)
			continue;
		all = rows > all ? rows : all;
		name_table(changed ? differ : same, sizeof(same), t);
	}
	for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++) {
		t = vmmio_tables_find(p->tables, by->name, others[k]);
		if (t && (t->apart || (t->row[0].lead->cls == VMMIO_PATH && t->changes)))
			any++;
		else if (t)
			name_table(quiet, sizeof(quiet), t);
	}
	if (!differ[0] && !any && by->id != VMMIO_F_DRIVER && by->id != VMMIO_F_ARCH) {
		if (quiet[0])
			vmmio_append(p->none, sizeof(p->none), "%s%s %s to %s (%s)",
				     p->none[0] ? "; " : "", by->name, by->value[0],
				     by->value[by->n - 1], quiet);
		return;
	}
	vmmio_page_say(p, title, "%s%s%s%s%s%s", same[0] ? "The same at every value: " : "", same,
		       same[0] ? " (structural rows, " : "", same[0] ? vmmio_page_boots(p) : "",
		       same[0] ? "). " : "",
		       differ[0] || any ? changes : "Nothing else was measured or changes.");
	for (size_t k = 0; k < sizeof(structural) / sizeof(structural[0]); k++) {
		t = vmmio_tables_find(p->tables, by->name, structural[k]);
		count_structural(t, &rows, &changed);
		if (changed)
			say_rows(p, t, STRUCTURAL);
	}
	for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++) {
		t = vmmio_tables_find(p->tables, by->name, others[k]);
		count_structural(t, &rows, &changed);
		if (t && t->apart && !changed)
			say_rows(p, t, APART);
		else if (t && t->row[0].lead->cls == VMMIO_PATH && t->changes)
			say_rows(p, t, ANY);
	}
}

static bool is_subject(const char *factor)
{
	for (size_t i = 0; i < SUBJECTS; i++)
		if (!strcmp(subjects[i].factor, factor))
			return true;
	return false;
}

void vmmio_page_factors(struct vmmio_page *p)
{
	const struct vmmio_factors *all = &p->tables->factors;

	for (size_t k = 0; k < SUBJECTS; k++) {
		const struct vmmio_factor *by = vmmio_findings_factor(p->in, subjects[k].factor);

		if (by && by->n > 1)
			say_factor(p, by, subjects[k].title);
	}
	for (size_t i = 0; i < all->n; i++) {
		const struct vmmio_factor *by = &all->f[i];

		/* transports and loads are compared in the sentences before */
		/* nor is it a setting of the device how the guest's clock goes */
		if (by->n > 1 && by->id != VMMIO_F_ICOUNT && !is_subject(by->name) &&
		    by->id != VMMIO_F_TRANSPORT && by->id != VMMIO_F_LOAD)
			say_factor(p, by, by->name);
	}
	if (p->none[0])
		vmmio_page_say(
			p, "No change",
			"By none of these does a number %s (at depth 1: change at all%s): %s.",
			p->in->boots > 1 ? "change by a fifth so that all boots agree" : "double",
			!vmmio_accel_emulated(p->tables->accel) ? ""
								: "; deeper, of these emulated "
								  "runs only",
			p->none);
}

// SPDX-License-Identifier: GPL-2.0-only
/* A history as text and as JSON (history.h). The command gives the verdict over all of them. */
#include <math.h>
#include <string.h>

#include "dims.h"
#include "history.h"

static bool for_the_worse(const struct vmmio_history_line *l, const struct vmmio_history_change *c)
{
	return vmmio_ab_direction(l->like->id) * (c->is - c->was) > 0;
}

static const char *word(const struct vmmio_history_line *l, const struct vmmio_history_change *c)
{
	if (!vmmio_ab_direction(l->like->id))
		return "changed";
	if (!for_the_worse(l, c))
		return "better";
	return l->regression ? "REGRESSION" : l->warning ? "WARNING" : "worse";
}

static json_t *what_changed(const struct vmmio_history_result *a,
			    const struct vmmio_history_result *b)
{
	struct vmmio_dims d;

	/* that it may be compared is decided: this only asks what else is new */
	return vmmio_dims_compare(a->dims, b->dims, NULL, &d) ? json_array() : d.changed;
}

static void print_change(const struct vmmio_history_line *l, const struct vmmio_history_change *c,
			 const struct vmmio_history_result *r, FILE *f)
{
	const struct vmmio_history_result *a = &r[c->before], *b = &r[c->after];
	json_t *changed = what_changed(a, b), *v;
	char was[24], is[24];
	size_t i;

	vmmio_format_two(c->was, c->is, was, is, sizeof(was));
	fprintf(f, "%-10s %s%s, %s: %s -> %s (%s, ", word(l, c),
		vmmio_series_emulated(l->like, l->accel) ? "~" : "", l->like->labels,
		l->like->heading, was, is, vmmio_class_name(l->like->cls));
	fprintf(f, "%sp %.3g) between %s (%s) and %s (%s)\n", c->exact ? "exact, " : "", c->p,
		a->path, a->date, b->path, b->date);
	if (a->commit && b->commit)
		fprintf(f, "           commits: %s..%s\n", a->commit, b->commit);
	json_array_foreach(changed, i, v)
		fprintf(f, "           with it: %s\n", json_string_value(v));
	json_decref(changed);
}

static void print_rest(const struct vmmio_history_line *l, const struct vmmio_history_result *r,
		       size_t n, bool all, FILE *f)
{
	char was[24], is[24];

	if (l->n && l->open < l->n) {
		vmmio_format_two(l->level, l->v[l->open], was, is, sizeof(was));
		fprintf(f, "open       %s, %s: %s -> %s since %s (%s): too few events to tell\n",
			l->like->labels, l->like->heading, was, is, r[l->at[l->open]].path,
			r[l->at[l->open]].date);
	}
	if (l->gone && l->n)
		fprintf(f, "vanished   %s, %s: last known in %s (%s)\n", l->like->labels,
			l->like->heading, r[l->at[l->n - 1]].path, r[l->at[l->n - 1]].date);
	if (!all || l->changes || l->open < l->n || l->gone)
		return;
	vmmio_format_two(l->level, l->level, was, is, sizeof(was));
	fprintf(f, "%-10s %s, %s: %s (%s, n = %zu)\n", l->few ? "too few" : "none", l->like->labels,
		l->like->heading, isnan(l->level) ? "-" : was, vmmio_class_name(l->like->cls),
		l->n);
}

void vmmio_history_print(const struct vmmio_history *h, const struct vmmio_history_result *r,
			 size_t n, bool all, FILE *f)
{
	size_t few = 0, unknown = 0;

	for (int pass = 0; pass < 3; pass++) /* the worst first */
		for (size_t i = 0; i < h->n; i++) {
			const struct vmmio_history_line *l = &h->line[i];
			int turn = l->regression ? 0 : l->undecided ? 1 : 2;

			if (turn != pass)
				continue;
			for (size_t c = 0; c < l->changes; c++)
				print_change(l, &l->change[c], r, f);
			print_rest(l, r, n, all, f);
		}
	for (size_t i = 0; i < h->n; i++) {
		few += h->line[i].few;
		unknown += !h->line[i].n;
	}
	if (few)
		fprintf(f, "%zu series %s too few results for a change to be shown\n", few,
			few == 1 ? "has" : "have");
	if (unknown)
		fprintf(f, "%zu series %s no values\n", unknown, unknown == 1 ? "has" : "have");
}

static json_t *line_json(const struct vmmio_history_line *l, const struct vmmio_history_result *r)
{
	json_t *changes = json_array();

	for (size_t i = 0; i < l->changes; i++) {
		const struct vmmio_history_change *c = &l->change[i];

		json_array_append_new(changes,
				      json_pack("{s:s, s:s, s:s, s:o, s:o, s:b, s:f, s:b, s:o}",
						"word", word(l, c), "before", r[c->before].path,
						"after", r[c->after].path, "was",
						vmmio_json_number_or_null(c->was), "is",
						vmmio_json_number_or_null(c->is), "exact", c->exact,
						"p", c->p, "worse", for_the_worse(l, c), "with_it",
						what_changed(&r[c->before], &r[c->after])));
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:b, s:b, s:b, s:b, s:b, s:b, s:o}",
			 "labels", l->like->labels, "key", l->like->key, "class",
			 vmmio_class_name(l->like->cls), "accel", vmmio_accel_name(l->accel),
			 "results", (json_int_t)l->n, "level",
			 vmmio_json_number_or_null(l->n ? l->level : NAN), "best",
			 vmmio_json_number_or_null(l->n ? l->best : NAN), "regression",
			 l->regression, "warning", l->warning, "undecided", l->undecided, "too_few",
			 l->few, "vanished", l->gone, "open", l->open < l->n, "changes", changes);
}

json_t *vmmio_history_json(const struct vmmio_history *h, const struct vmmio_history_result *r,
			   size_t n)
{
	json_t *lines = json_array(), *results = json_array();

	for (size_t i = 0; i < h->n; i++)
		json_array_append_new(lines, line_json(&h->line[i], r));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(results,
				      json_pack("{s:s, s:s, s:s, s:s?}", "path", r[i].path, "date",
						r[i].date, "accel", vmmio_accel_name(r[i].accel),
						"commit", r[i].commit));
	return json_pack("{s:f, s:I, s:I, s:I, s:I, s:o, s:o}", "alpha", h->alpha, "changes",
			 (json_int_t)h->changes, "regressions", (json_int_t)h->regressions,
			 "warnings", (json_int_t)h->warnings, "undecided", (json_int_t)h->undecided,
			 "results", results, "series", lines);
}

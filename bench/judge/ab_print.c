// SPDX-License-Identifier: GPL-2.0-only
/* A comparison of two sets of series as text and as JSON (ab.h). The verdict comes first. */
#include <math.h>
#include <string.h>

#include "ab.h"
#include "compare.h"

static const char *const words[] = {"same",    "none",	   "DIFFERENT", "exactness lost",
				    "unknown", "vanished", "too few",	"not judged"};

void vmmio_format_two(double a, double b, char *x, char *y, size_t len)
{
	vmmio_format(a, x, len);
	vmmio_format(b, y, len);
	if (a == b || strcmp(x, y))
		return;
	snprintf(x, len, "%.10g", a);
	snprintf(y, len, "%.10g", b);
}

static void print_rank(const struct vmmio_ab_row *r, FILE *f)
{
	char shift[24], low[24], high[24];

	vmmio_format(r->test.shift, shift, sizeof(shift));
	vmmio_format(r->test.shift_ci.low, low, sizeof(low));
	vmmio_format(r->test.shift_ci.high, high, sizeof(high));
	fprintf(f, ", shift %s, %.1f %% interval %s to %s, delta %+.2f, p %.3g, n = %zu and %zu",
		shift, 100 * r->test.shift_ci.level, low, high, r->test.delta, r->p, r->a->n,
		r->b->n);
}

static void print_row(const struct vmmio_ab_row *r, const struct vmmio_ab_options *o, FILE *f)
{
	bool events = r->tested && r->by == VMMIO_AB_EVENTS;
	char a[24], b[24];

	vmmio_format_two(events ? r->events.rate[0] : r->median_a,
			 events ? r->events.rate[1] : r->median_b, a, b, sizeof(a));
	fprintf(f, "%-10s %s%s, %s: %s -> %s (%s",
		r->regression				 ? "REGRESSION"
		: r->warning				 ? "WARNING"
		: r->open && r->finding != VMMIO_AB_LOST ? "open"
							 : words[r->finding],
		vmmio_series_emulated(r->a, o->accel) ? "~" : "", r->a->labels, r->a->heading,
		r->median_a == r->median_a ? a : "-", r->median_b == r->median_b ? b : "-",
		vmmio_class_name(r->a->cls));
	if (r->lost)
		fprintf(f, ", %s", r->a->n > 1 ? "no longer exact" : "one boot");
	if (events)
		fprintf(f, ", %.0f events beyond the common rate, p %.3g, n = %zu and %zu",
			r->events.events, r->p, r->a->n, r->b->n);
	else if (r->tested)
		print_rank(r, f);
	fprintf(f, ")\n");
}

static size_t count(const struct vmmio_ab *ab, enum vmmio_ab_finding finding)
{
	size_t n = 0;

	for (size_t i = 0; i < ab->n; i++)
		n += ab->row[i].finding == finding;
	return n;
}

/* Why it could not be decided, in one line. */
static void print_undecided(const struct vmmio_ab *ab, const struct vmmio_ab_options *o, FILE *f)
{
	size_t gone = count(ab, VMMIO_AB_GONE), lost = count(ab, VMMIO_AB_LOST);
	size_t few = count(ab, VMMIO_AB_TOO_FEW), open = 0;
	const char *sep = "";
	double more = 0;

	fprintf(f, "not decided: ");
	if (gone) {
		fprintf(f, "%zu series of A have no values in B", gone);
		sep = "; ";
	}
	if (lost) {
		fprintf(f, "%s%zu differ from A, whose boots agree, by too few events: more boots",
			sep, lost);
		sep = "; ";
	}
	if (few && !o->one_run) {
		fprintf(f, "%s%zu have too few runs to show anything (least p %.3g)", sep, few,
			ab->floor);
		sep = "; ";
	}
	for (size_t i = 0; i < ab->n; i++) {
		const struct vmmio_ab_row *r = &ab->row[i];

		if (!r->open || r->finding == VMMIO_AB_LOST || r->finding == VMMIO_AB_TOO_FEW)
			continue;
		open++;
		more = isnan(r->more) ? INFINITY : fmax(more, r->more);
	}
	if (open)
		fprintf(f, "%s%zu could be worse than their limit unseen: more pairs", sep, open);
	if (open && isfinite(more))
		fprintf(f, ", or about %.1f times the I/Os in each boot (--count)",
			ceil(10 * more) / 10);
	fprintf(f, "\n");
}

static bool shown(const struct vmmio_ab_row *r)
{
	return r->finding == VMMIO_AB_DIFFERENT || r->finding == VMMIO_AB_LOST ||
	       r->finding == VMMIO_AB_GONE || r->open;
}

/* What the exact ones could hide: fewer events than this, 95 times of 100. */
static void print_hidden(const struct vmmio_ab *ab, FILE *f)
{
	double most = 0;

	for (size_t i = 0; i < ab->n; i++)
		if (ab->row[i].finding == VMMIO_AB_SAME && ab->row[i].required &&
		    strstr(ab->row[i].a->key, "_per_io"))
			most = fmax(most, ab->row[i].hides);
	if (most > 0)
		fprintf(f,
			"could still hide, if it comes by chance: fewer than 1 event in %.0f "
			"I/Os\n",
			1 / most);
}

static void print_notes(const struct vmmio_ab *ab, const struct vmmio_ab_options *o, FILE *f)
{
	size_t structural = 0, others = 0;

	for (size_t i = 0; i < ab->n; i++) {
		structural += ab->row[i].a->cls == VMMIO_STRUCTURAL;
		others += ab->row[i].a->cls != VMMIO_STRUCTURAL;
	}
	fprintf(f, "structural: %zu series, %zu exact on both sides and the same\n", structural,
		count(ab, VMMIO_AB_SAME));
	print_hidden(ab, f);
	if (ab->tested)
		fprintf(f, "tested: %zu series, alpha %g for all, Holm-corrected by class\n",
			ab->tested, o->alpha);
	if (ab->tested && ab->floor >= o->alpha && !o->sequential)
		fprintf(f,
			"too few boots: with these n no series could be shown to differ (least p "
			"%.3g)\n",
			ab->floor);
	if (o->only_structural)
		fprintf(f, "%s: nothing but structural series compares\n", o->only_structural);
	else if (o->one_run && others)
		fprintf(f,
			"%zu others are shown and not judged: one run on each side does not tell "
			"how runs differ (regress --a --b does)\n",
			others);
	if (count(ab, VMMIO_AB_UNKNOWN))
		fprintf(f, "%zu series have no values in A\n", count(ab, VMMIO_AB_UNKNOWN));
	for (size_t i = 0; i < ab->nnew; i++)
		fprintf(f, "new in B: %s, %s\n", ab->new[i]->labels, ab->new[i]->heading);
}

void vmmio_ab_print(const struct vmmio_ab *ab, const struct vmmio_ab_options *o, bool all, FILE *f)
{
	fprintf(f, "%s: %zu of %zu series different, %zu of them regressions\n",
		vmmio_ab_verdict(ab), ab->different, ab->n, ab->regressions);
	if (o->how)
		fprintf(f, "%s\n", o->how);
	if (ab->warnings)
		fprintf(f, "%zu above their soft limit\n", ab->warnings);
	if (ab->undecided)
		print_undecided(ab, o, f);
	for (int pass = 0; pass < 3; pass++) /* the worst first */
		for (size_t i = 0; i < ab->n; i++) {
			const struct vmmio_ab_row *r = &ab->row[i];
			int turn = r->regression ? 0 : shown(r) ? 1 : 2;

			if (turn == pass && (turn < 2 || all))
				print_row(r, o, f);
		}
	print_notes(ab, o, f);
}

static json_t *row_json(const struct vmmio_ab_row *r)
{
	json_t *j = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:o}", "labels",
		r->a->labels, "key", r->a->key, "heading", r->a->heading, "class",
		vmmio_class_name(r->a->cls), "finding", words[r->finding], "worse", r->worse,
		"regression", r->regression, "exactness_lost", r->lost, "warning", r->warning,
		"open", r->open, "hides", vmmio_json_number_or_null(r->hides), "times_the_ios",
		vmmio_json_number_or_null(r->more), "a", vmmio_json_number_or_null(r->median_a),
		"b", vmmio_json_number_or_null(r->median_b));

	if (r->tested && r->by == VMMIO_AB_RANK)
		json_object_set_new(j, "test",
				    json_pack("{s:o, s:o, s:o, s:[oo], s:o, s:b}", "p_adjusted",
					      vmmio_json_number_or_null(r->p), "delta",
					      vmmio_json_number_or_null(r->test.delta), "shift",
					      vmmio_json_number_or_null(r->test.shift), "interval",
					      vmmio_json_number_or_null(r->test.shift_ci.low),
					      vmmio_json_number_or_null(r->test.shift_ci.high),
					      "level",
					      vmmio_json_number_or_null(r->test.shift_ci.level),
					      "exact", r->test.exact));
	if (r->tested && r->by == VMMIO_AB_EVENTS)
		json_object_set_new(j, "events",
				    json_pack("{s:o, s:[oo], s:o, s:o}", "p_adjusted",
					      vmmio_json_number_or_null(r->p), "rates",
					      vmmio_json_number_or_null(r->events.rate[0]),
					      vmmio_json_number_or_null(r->events.rate[1]),
					      "beyond", vmmio_json_number_or_null(r->events.events),
					      "dispersion",
					      vmmio_json_number_or_null(r->events.dispersion)));
	return j;
}

json_t *vmmio_ab_json(const struct vmmio_ab *ab, const struct vmmio_ab_options *o)
{
	json_t *rows = json_array(), *new = json_array();

	for (size_t i = 0; i < ab->n; i++)
		json_array_append_new(rows, row_json(&ab->row[i]));
	for (size_t i = 0; i < ab->nnew; i++)
		json_array_append_new(new, json_pack("{s:s, s:s}", "labels", ab->new[i]->labels,
						     "key", ab->new[i]->key));
	return json_pack(
		"{s:i, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s*, s:f, s:f, s:f, s:o, s:o}",
		"schema", 1, "accel", vmmio_accel_name(o->accel), "verdict", vmmio_ab_verdict(ab),
		"tested", (json_int_t)ab->tested, "different", (json_int_t)ab->different,
		"regressions", (json_int_t)ab->regressions, "undecided", (json_int_t)ab->undecided,
		"vanished", (json_int_t)count(ab, VMMIO_AB_GONE), "warnings",
		(json_int_t)ab->warnings, "how", o->how, "alpha", o->alpha, "threshold_pct",
		o->threshold, "least_p", ab->floor, "new", new, "rows", rows);
}

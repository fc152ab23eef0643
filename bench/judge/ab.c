// SPDX-License-Identifier: GPL-2.0-only
/*
 * Comparison of two sets of series (ab.h). Knows which way each number is
 * worse; where a register is only exchanged for another, the total decides.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ab.h"
#include "compare.h"

/* +1: more is worse, -1: less is worse, 0: neither */
static int direction(const char *key)
{
	static const char *const less[] = {"buffers_per_kick", "used_per_irq", "suppressed_pct",
					   "iops"};

	if (!strncmp(key, "reg:", 4) || !strcmp(key, "observer_cost"))
		return 0;
	for (size_t i = 0; i < sizeof(less) / sizeof(less[0]); i++)
		if (!strcmp(key, less[i]))
			return -1;
	return 1;
}

static bool takes_part(const struct vmmio_series *s, const struct vmmio_ab_options *o)
{
	if (s->cls == VMMIO_STRUCTURAL)
		return true;
	if (o->only_structural)
		return false;
	return s->cls != VMMIO_TIME || strcmp(o->accel, "tcg") || o->times;
}

static void compare_exact(struct vmmio_ab_row *r, const double *x, size_t m, const double *y,
			  size_t n)
{
	double lo[2], hi[2];

	vmmio_stats_range(x, m, &lo[0], &hi[0]);
	vmmio_stats_range(y, n, &lo[1], &hi[1]);
	if (lo[0] == hi[0] && lo[1] == hi[1])
		r->finding = lo[0] == lo[1] ? VMMIO_AB_SAME : VMMIO_AB_DIFFERENT;
	else if (hi[0] < lo[1] || hi[1] < lo[0])
		r->finding = VMMIO_AB_DIFFERENT; /* not exact, but no boot of one is like any of the
						    other */
	else
		r->finding = VMMIO_AB_NOT_EXACT;
}

static int compare_row(struct vmmio_ab_row *r)
{
	double *x = malloc((r->a->n + 1) * sizeof(*x)), *y = malloc((r->b->n + 1) * sizeof(*y));
	size_t m, n;
	int err = 0;

	if (!x || !y) {
		free(x);
		free(y);
		return -ENOMEM;
	}
	m = vmmio_series_known(r->a, x);
	n = vmmio_series_known(r->b, y);
	r->median_a = vmmio_stats_median(x, m);
	r->median_b = vmmio_stats_median(y, n);
	if (!m || !n) {
		r->finding = VMMIO_AB_UNKNOWN;
	} else if (r->a->cls == VMMIO_STRUCTURAL) {
		compare_exact(r, x, m, y, n);
	} else {
		r->tested = true;
		err = vmmio_stats_rank_test(y, n, x, m, 0.95, &r->test);
		r->p = r->test.p;
	}
	free(x);
	free(y);
	return err;
}

/* The medians decide the direction of exact series, the shift that of others. */
static void weigh(struct vmmio_ab_row *r, const struct vmmio_ab_options *o)
{
	double by = r->tested ? r->test.shift : r->median_b - r->median_a;

	if (r->finding != VMMIO_AB_DIFFERENT)
		return;
	r->worse = by * direction(r->a->key) > 0;
	r->regression =
		r->worse && (!r->tested || fabs(by) * 100 >= o->threshold * fabs(r->median_a));
}

static int correct(struct vmmio_ab *ab, const struct vmmio_ab_options *o)
{
	double *p = malloc((ab->n + 1) * sizeof(*p));
	size_t m = 0;
	int err;

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < ab->n; i++)
		if (ab->row[i].tested)
			p[m++] = ab->row[i].p;
	err = vmmio_stats_holm(p, m, p);
	ab->tested = m;
	ab->floor = 1;
	m = 0;
	for (size_t i = 0; i < ab->n && !err; i++) {
		struct vmmio_ab_row *r = &ab->row[i];
		double least;

		if (!r->tested)
			continue;
		r->p = p[m++];
		if (r->p < o->alpha)
			r->finding = VMMIO_AB_DIFFERENT;
		least = vmmio_stats_rank_floor(r->a->n, r->b->n) * ab->tested;
		ab->floor = least < ab->floor ? least : ab->floor;
	}
	free(p);
	return err;
}

int vmmio_ab_compare(const struct vmmio_series_set *a, const struct vmmio_series_set *b,
		     const struct vmmio_ab_options *o, struct vmmio_ab *out)
{
	int err = 0;

	memset(out, 0, sizeof(*out));
	out->row = calloc(a->n ? a->n : 1, sizeof(*out->row));
	if (!out->row)
		return -ENOMEM;
	for (size_t i = 0; i < a->n && !err; i++) {
		struct vmmio_ab_row *r = &out->row[out->n];

		r->a = &a->s[i];
		r->b = vmmio_series_find(b, r->a->labels, r->a->key);
		if (!r->b) {
			out->only_a++;
			continue;
		}
		if (!takes_part(r->a, o))
			continue;
		err = compare_row(r);
		out->n++;
	}
	for (size_t i = 0; i < b->n; i++)
		out->only_b += !vmmio_series_find(a, b->s[i].labels, b->s[i].key);
	if (!err)
		err = correct(out, o);
	for (size_t i = 0; i < out->n && !err; i++) {
		weigh(&out->row[i], o);
		out->different += out->row[i].finding == VMMIO_AB_DIFFERENT;
		out->regressions += out->row[i].regression;
	}
	if (err)
		vmmio_ab_free(out);
	return err;
}

void vmmio_ab_free(struct vmmio_ab *ab)
{
	free(ab->row);
	memset(ab, 0, sizeof(*ab));
}

static const char *const words[] = {"same", "DIFFERENT", "not exact", "unknown"};

static void print_row(const struct vmmio_ab_row *r, const struct vmmio_ab_options *o, FILE *f)
{
	char a[24], b[24], shift[24], low[24], high[24];

	vmmio_format(r->median_a, a, sizeof(a));
	vmmio_format(r->median_b, b, sizeof(b));
	fprintf(f, "%-10s %s%s, %s: %s -> %s", r->regression ? "REGRESSION" : words[r->finding],
		vmmio_series_emulated(r->a, o->accel) ? "~" : "", r->a->labels, r->a->heading, a,
		b);
	if (!r->tested) {
		fprintf(f, " (%s)\n", vmmio_class_name(r->a->cls));
		return;
	}
	vmmio_format(r->test.shift, shift, sizeof(shift));
	vmmio_format(r->test.shift_ci.low, low, sizeof(low));
	vmmio_format(r->test.shift_ci.high, high, sizeof(high));
	fprintf(f,
		" (%s, shift %s, %.1f %% interval %s to %s, delta %+.2f, p %.3g, n = %zu and "
		"%zu)\n",
		vmmio_class_name(r->a->cls), shift, 100 * r->test.shift_ci.level, low, high,
		r->test.delta, r->p, r->a->n, r->b->n);
}

void vmmio_ab_print(const struct vmmio_ab *ab, const struct vmmio_ab_options *o, bool all, FILE *f)
{
	size_t structural = 0, same = 0, unknown = 0;

	for (size_t i = 0; i < ab->n; i++) {
		const struct vmmio_ab_row *r = &ab->row[i];

		if (r->finding == VMMIO_AB_UNKNOWN)
			unknown++;
		else if (r->a->cls == VMMIO_STRUCTURAL) {
			structural++;
			same += r->finding == VMMIO_AB_SAME;
		}
		if (all || r->finding == VMMIO_AB_DIFFERENT || r->finding == VMMIO_AB_NOT_EXACT)
			print_row(r, o, f);
	}
	fprintf(f, "structural: %zu series, %zu the same\n", structural, same);
	if (ab->tested)
		fprintf(f,
			"others: %zu series by rank test, Holm-corrected at %g over all of them\n",
			ab->tested, o->alpha);
	if (ab->tested && ab->floor >= o->alpha)
		fprintf(f,
			"too few boots: with these n no series could be shown to differ (least p "
			"%.3g)\n",
			ab->floor);
	if (o->only_structural)
		fprintf(f, "%s: nothing but structural series compares\n", o->only_structural);
	if (unknown)
		fprintf(f, "%zu series have no values on one side or both\n", unknown);
	if (ab->only_a || ab->only_b)
		fprintf(f, "not compared: %zu series of A only, %zu of B only\n", ab->only_a,
			ab->only_b);
	fprintf(f, "%s: %zu of %zu series different, %zu of them regressions\n",
		ab->regressions ? "REGRESSION" : "no regression", ab->different, ab->n,
		ab->regressions);
}

json_t *vmmio_ab_json(const struct vmmio_ab *ab, const struct vmmio_ab_options *o)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < ab->n; i++) {
		const struct vmmio_ab_row *r = &ab->row[i];
		json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "labels", r->a->labels,
				      "key", r->a->key, "class", vmmio_class_name(r->a->cls),
				      "finding", words[r->finding], "worse", r->worse, "regression",
				      r->regression);

		json_object_set_new(j, "a",
				    isnan(r->median_a) ? json_null() : json_real(r->median_a));
		json_object_set_new(j, "b",
				    isnan(r->median_b) ? json_null() : json_real(r->median_b));
		if (r->tested)
			json_object_set_new(
				j, "test",
				json_pack("{s:f, s:f, s:f, s:[ff], s:f, s:b}", "p_adjusted", r->p,
					  "delta", r->test.delta, "shift", r->test.shift,
					  "interval", r->test.shift_ci.low, r->test.shift_ci.high,
					  "level", r->test.shift_ci.level, "exact", r->test.exact));
		json_array_append_new(rows, j);
	}
	return json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:o}", "schema", 1, "accel",
			 o->accel, "tested", (json_int_t)ab->tested, "different",
			 (json_int_t)ab->different, "regressions", (json_int_t)ab->regressions,
			 "uncompared", (json_int_t)(ab->only_a + ab->only_b), "alpha", o->alpha,
			 "threshold_pct", o->threshold, "least_p", ab->floor, "rows", rows);
}

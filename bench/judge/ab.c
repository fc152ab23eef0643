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
#include "lib/accel.h"

int vmmio_ab_direction(enum vmmio_metric_id id)
{
	switch (id) {
	case VMMIO_M_REGISTER:
	case VMMIO_M_OBSERVER:
		return 0;
	case VMMIO_M_BUFFERS_PER_KICK:
	case VMMIO_M_USED_PER_IRQ:
	case VMMIO_M_SUPPRESSED:
	case VMMIO_M_IOPS:
		return -1;
	default:
		return 1;
	}
}

/* Said by another series already: the inverse of kicks or interrupts an I/O, and of latency. */
static bool derived(enum vmmio_metric_id id)
{
	return id == VMMIO_M_BUFFERS_PER_KICK || id == VMMIO_M_USED_PER_IRQ || id == VMMIO_M_IOPS;
}

static bool takes_part(const struct vmmio_series *s, const struct vmmio_ab_options *o)
{
	if (o->only && !vmmio_series_find(o->only, s->labels, s->key))
		return false;
	if (s->cls == VMMIO_STRUCTURAL)
		return true;
	if (o->only_structural || o->structural)
		return false;
	return s->cls != VMMIO_TIME || !vmmio_accel_emulated(o->accel) || o->times;
}

bool vmmio_ab_judges(const struct vmmio_series *s, const struct vmmio_ab_options *o)
{
	return takes_part(s, o) && vmmio_ab_direction(s->id) && !derived(s->id);
}

bool vmmio_ab_requires(const struct vmmio_series *s, const struct vmmio_ab_options *o)
{
	return vmmio_ab_judges(s, o) && !vmmio_series_emulated(s, o->accel) &&
	       (s->cls == VMMIO_STRUCTURAL || !o->one_run);
}

static bool all_known(const struct vmmio_series *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (isnan(s->v[i]))
			return false;
	return s->n > 0;
}

/* All known values of @s, of which there is one, equal the first known one of @ref. */
static bool agree(const struct vmmio_series *s, const struct vmmio_series *ref)
{
	size_t r = 0;

	while (r < ref->n && isnan(ref->v[r]))
		r++;
	for (size_t i = 0; i < s->n && r < ref->n; i++)
		if (!isnan(s->v[i]) && !vmmio_series_equal(s->v[i], s->c ? &s->c[i] : NULL,
							   ref->v[r], ref->c ? &ref->c[r] : NULL))
			return false;
	return r < ref->n;
}

/* One boot is not exact, and neither is a boot that could not tell. */
static bool exact(const struct vmmio_series *s)
{
	return s->n > 1 && all_known(s) && agree(s, s);
}

static int test_rows(struct vmmio_ab_row *r, const double *x, size_t m, const double *y, size_t n,
		     bool events, double level)
{
	struct vmmio_count *c = events ? malloc((r->a->n + r->b->n) * sizeof(*c)) : NULL;
	int err = 0;

	if (events && !c)
		return -ENOMEM;
	if (c && vmmio_series_counts(r->a, c) == m && vmmio_series_counts(r->b, c + m) == n) {
		r->by = VMMIO_AB_EVENTS;
		err = vmmio_stats_events_test(c, m, c + m, n, agree(r->a, r->a), &r->events);
		r->p = r->events.p;
		r->least = r->events.floor;
	} else {
		r->by = VMMIO_AB_RANK;
		err = vmmio_stats_rank_test(y, n, x, m, level, &r->test);
		r->p = r->test.p;
		r->least = vmmio_stats_rank_floor(m, n);
	}
	free(c);
	r->tested = !err;
	return err;
}

static int compare_values(struct vmmio_ab_row *r, const double *x, size_t m, const double *y,
			  size_t n, const struct vmmio_ab_options *o)
{
	bool structural = r->a->cls == VMMIO_STRUCTURAL;

	r->median_a = vmmio_stats_median(x, m);
	r->median_b = vmmio_stats_median(y, n);
	r->judged = vmmio_ab_direction(r->a->id) && !derived(r->a->id);
	if (!m || !n) {
		r->finding = m ? VMMIO_AB_GONE : VMMIO_AB_UNKNOWN;
		return 0;
	}
	/*
	 * Where it grows, boots that agree by chance are met sooner or later: a difference
	 * has to be of enough events as well.
	 */
	if (structural && exact(r->a) && exact(r->b) && (!o->sequential || agree(r->b, r->a))) {
		r->finding = agree(r->b, r->a) ? VMMIO_AB_SAME : VMMIO_AB_DIFFERENT;
		return 0;
	}
	if (structural && agree(r->a, r->a) && agree(r->b, r->a)) {
		r->finding = VMMIO_AB_NONE;
		return 0;
	}
	r->lost = structural && agree(r->a, r->a);
	r->finding = r->judged ? VMMIO_AB_NONE : VMMIO_AB_NOT_JUDGED;
	return r->judged ? test_rows(r, x, m, y, n, structural, o->level > 0 ? o->level : 0.95) : 0;
}

static int compare_row(struct vmmio_ab_row *r, const struct vmmio_ab_options *o)
{
	double *x = malloc((r->a->n + 1) * sizeof(*x)), *y = malloc((r->b->n + 1) * sizeof(*y));
	int err = -ENOMEM;

	if (x && y) {
		size_t m = vmmio_series_known(r->a, x);

		err = compare_values(r, x, m, y, vmmio_series_known(r->b, y), o);
	}
	free(x);
	free(y);
	return err;
}

static double change(const struct vmmio_ab_row *r)
{
	switch (r->by) {
	case VMMIO_AB_EVENTS:
		return r->events.rate[1] - r->events.rate[0];
	case VMMIO_AB_RANK:
		return r->test.shift;
	default:
		return r->median_b - r->median_a;
	}
}

static void weigh(struct vmmio_ab_row *r, const struct vmmio_ab_options *o)
{
	bool structural = r->a->cls == VMMIO_STRUCTURAL;
	double by = change(r);

	if (r->finding != VMMIO_AB_DIFFERENT)
		return;
	r->worse = by * vmmio_ab_direction(r->a->id) > 0;
	if (!r->worse || !(structural || !o->one_run))
		return;
	r->regression = structural && r->hard == 0 ? true : fabs(by) >= r->hard;
	r->warning = !r->regression && fabs(by) >= r->soft;
}

/* Is the row one of the family that decides, or of those that are only shown? */
static bool decides(const struct vmmio_ab_row *r, const struct vmmio_ab_options *o)
{
	return r->a->cls == VMMIO_STRUCTURAL || !o->one_run;
}

/* Classes of which anything decides: each is a family, and has its part of alpha. */
static size_t families(const struct vmmio_ab *ab, const struct vmmio_ab_options *o)
{
	bool has[4] = {false};

	for (size_t i = 0; i < ab->n; i++)
		if (ab->row[i].judged && decides(&ab->row[i], o))
			has[ab->row[i].a->cls] = true;
	return has[0] + has[1] + has[2] + has[3];
}

/* One family: its p values adjusted, and what they say. */
static int correct(struct vmmio_ab *ab, const struct vmmio_ab_options *o, enum vmmio_class cls)
{
	double *p = malloc((ab->n + 1) * sizeof(*p));
	size_t m = 0, tested, n = families(ab, o);
	double alpha = o->sequential ? o->spend[cls] : n ? o->alpha / n : o->alpha;
	int err;

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < ab->n; i++)
		if (ab->row[i].tested && ab->row[i].a->cls == cls)
			p[m++] = ab->row[i].p;
	tested = m;
	ab->tested += m;
	err = vmmio_stats_holm(p, m, p);
	m = 0;
	for (size_t i = 0; i < ab->n && !err; i++) {
		struct vmmio_ab_row *r = &ab->row[i];

		if (!r->tested || r->a->cls != cls)
			continue;
		r->p = p[m++];
		r->least = fmin(1, r->least * tested);
		ab->floor = fmin(ab->floor, r->least);
		if (r->p < alpha)
			r->finding = VMMIO_AB_DIFFERENT;
		else if (r->lost)
			r->finding = VMMIO_AB_LOST;
		else if (r->least >= alpha && r->by == VMMIO_AB_RANK)
			r->finding = VMMIO_AB_TOO_FEW;
	}
	free(p);
	return err;
}

static double exposure(const struct vmmio_series *s)
{
	double all = 0;

	for (size_t i = 0; i < s->n; i++)
		all += s->c && s->c[i].den > 0 ? s->c[i].den : 0;
	return all;
}

/* How much worse B could be than A and the boots still look so; NAN if nothing tells. */
static double hides(const struct vmmio_ab_row *r, const struct vmmio_ab_options *o)
{
	int dir = vmmio_ab_direction(r->a->id);
	double all = r->b ? exposure(r->b) : 0, level = o->level > 0 ? o->level : 0.95;

	if (r->finding == VMMIO_AB_SAME)
		/* no event in all of it: fewer than this, 95 times of 100 */
		return all > 0 ? 3 / all : 0;
	if (!r->tested || !dir)
		return NAN;
	if (r->by == VMMIO_AB_EVENTS)
		return dir * (r->events.rate[1] - r->events.rate[0]) +
		       r->events.error * vmmio_stats_normal(level);
	if (r->test.shift_ci.level < level - 1e-3)
		return NAN; /* too few to have that interval */
	return dir > 0 ? r->test.shift_ci.high : -r->test.shift_ci.low;
}

/* What may go unseen of a row that must be decided. */
static double limit_of(const struct vmmio_ab_row *r, const struct vmmio_ab_options *o)
{
	return r->a->cls == VMMIO_STRUCTURAL ? fmax(r->hard, o->resolution) : r->hard;
}

/* Of such a row: do more boots have anything to tell? */
static bool is_open(const struct vmmio_ab_row *r, const struct vmmio_ab_options *o)
{
	switch (r->finding) {
	case VMMIO_AB_UNKNOWN:
	case VMMIO_AB_NOT_JUDGED:
		return false;
	case VMMIO_AB_GONE:
		return r->b != NULL; /* a boot that could not tell is not the next one */
	case VMMIO_AB_LOST:
	case VMMIO_AB_TOO_FEW:
		return true;
	case VMMIO_AB_DIFFERENT:
		if (r->regression || !r->worse)
			return false;
		break;
	default:
		break;
	}
	return !(r->hides <= limit_of(r, o));
}

/*
 * How many times the I/Os would decide an open row if rates stay what they are: without an event
 * what is hidden goes with 1/n, with events the error does with 1/sqrt(n). NAN where nothing tells.
 */
static double more_for(const struct vmmio_ab_row *r, const struct vmmio_ab_options *o)
{
	double limit = limit_of(r, o), error, room;

	if (r->finding == VMMIO_AB_SAME)
		return limit > 0 ? r->hides / limit : NAN;
	if (!r->tested || r->by != VMMIO_AB_EVENTS || !isfinite(r->hides))
		return NAN;
	error = r->events.error * vmmio_stats_normal(o->level > 0 ? o->level : 0.95);
	room = limit - (r->hides - error);
	return room > 0 ? error * error / (room * room) : NAN;
}

/* A series of noughts: what @all counted of something that it never met. */
static int add_zero(struct vmmio_series_set *to, const struct vmmio_series *like,
		    const struct vmmio_series *all)
{
	struct vmmio_series zero = *like;
	struct vmmio_series_set one = {.s = &zero, .n = 1};
	int err = -ENOMEM;

	zero.n = all->n;
	zero.v = calloc(all->n ? all->n : 1, sizeof(*zero.v));
	zero.c = all->c ? calloc(all->n ? all->n : 1, sizeof(*zero.c)) : NULL;
	if (zero.v && (zero.c || !all->c)) {
		for (size_t i = 0; i < all->n; i++) {
			zero.v[i] = isnan(all->v[i]) ? NAN : 0;
			if (zero.c)
				zero.c[i] = (struct vmmio_count){zero.v[i], all->c[i].den};
		}
		err = vmmio_series_extend(to, &one);
	}
	free(zero.v);
	free(zero.c);
	return err;
}

/*
 * Registers and queues of @of that @other has none of, although it counted: a side that
 * never touched a register did so 0 times.
 */
static int add_zeros(struct vmmio_series_set *to, const struct vmmio_series_set *of,
		     const struct vmmio_series_set *other)
{
	int err = 0;

	for (size_t i = 0; i < of->n && !err; i++) {
		const struct vmmio_series *s = &of->s[i], *all;
		bool reg = s->id == VMMIO_M_REGISTER;

		if ((!reg && s->id != VMMIO_M_QUEUE) || vmmio_series_find(other, s->labels, s->key))
			continue;
		all = vmmio_series_get(other, s->labels,
				       reg ? VMMIO_M_ACCESSES_PER_IO : VMMIO_M_KICKS_PER_IO);
		if (all)
			err = add_zero(to, s, all);
	}
	return err;
}

static int known_median(const struct vmmio_series *s, double *out)
{
	double *v = malloc((s->n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	*out = vmmio_stats_median(v, vmmio_series_known(s, v));
	free(v);
	return 0;
}

static int take_row(struct vmmio_ab *out, const struct vmmio_series *a,
		    const struct vmmio_series *b, const struct vmmio_ab_options *o)
{
	struct vmmio_ab_row *r = &out->row[out->n];

	if (!takes_part(a, o))
		return 0;
	out->n++;
	r->a = a;
	r->b = b;
	r->median_b = NAN;
	if (b)
		return compare_row(r, o);
	r->finding = VMMIO_AB_GONE;
	return known_median(a, &r->median_a);
}

static int take_rows(const struct vmmio_series_set *a, const struct vmmio_series_set *b,
		     const struct vmmio_ab_options *o, struct vmmio_ab *out)
{
	int err = add_zeros(&out->zero[0], b, a) ?: add_zeros(&out->zero[1], a, b);
	size_t most = a->n + out->zero[0].n;

	out->row = calloc(most ? most : 1, sizeof(*out->row));
	out->new = calloc(b->n ? b->n : 1, sizeof(*out->new));
	if (err || !out->row || !out->new)
		return err ?: -ENOMEM;
	for (size_t i = 0; i < most && !err; i++) {
		const struct vmmio_series *s = i < a->n ? &a->s[i] : &out->zero[0].s[i - a->n];
		const struct vmmio_series *t = vmmio_series_find(b, s->labels, s->key);

		err = take_row(out, s, t ?: vmmio_series_find(&out->zero[1], s->labels, s->key), o);
	}
	for (size_t i = 0; i < b->n; i++) {
		const struct vmmio_series *s = &b->s[i];

		if (takes_part(s, o) && !vmmio_series_find(a, s->labels, s->key) &&
		    !vmmio_series_find(&out->zero[0], s->labels, s->key))
			out->new[out->nnew++] = s;
	}
	return err;
}

static bool undecided(const struct vmmio_ab_row *r, const struct vmmio_ab_options *o)
{
	if (r->open)
		return true;
	switch (r->finding) {
	case VMMIO_AB_GONE:
	case VMMIO_AB_LOST:
		return decides(r, o);
	case VMMIO_AB_TOO_FEW:
		return r->judged && decides(r, o) && (!o->sequential || r->required);
	default:
		return false;
	}
}

int vmmio_ab_compare(const struct vmmio_series_set *a, const struct vmmio_series_set *b,
		     const struct vmmio_ab_options *o, struct vmmio_ab *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	out->floor = 1;
	err = take_rows(a, b, o, out);
	for (int c = VMMIO_STRUCTURAL; c <= VMMIO_TIME && !err; c++)
		err = correct(out, o, c);
	for (size_t i = 0; i < out->n && !err; i++) {
		struct vmmio_ab_row *r = &out->row[i];

		vmmio_limits_of(o->limits, r->a, r->median_a, o->threshold, &r->soft, &r->hard);
		r->required = vmmio_ab_requires(r->a, o);
		weigh(r, o);
		r->hides = hides(r, o);
		r->open = o->sequential && r->required && is_open(r, o);
		r->more = r->open ? more_for(r, o) : NAN;
		out->different += r->finding == VMMIO_AB_DIFFERENT;
		out->regressions += r->regression;
		out->warnings += r->warning;
	}
	for (size_t i = 0; i < out->n && !err; i++) {
		struct vmmio_ab_row *r = &out->row[i];

		r->open &= !out->regressions; /* it ends there: nothing else was asked */
		out->open += r->open;
		out->undecided += undecided(r, o);
	}
	if (err)
		vmmio_ab_free(out);
	return err;
}

const char *vmmio_ab_verdict(const struct vmmio_ab *ab)
{
	return ab->regressions ? "REGRESSION" : ab->undecided ? "UNDECIDED" : "no regression";
}

void vmmio_ab_free(struct vmmio_ab *ab)
{
	free(ab->row);
	free(ab->new);
	vmmio_series_free(&ab->zero[0]);
	vmmio_series_free(&ab->zero[1]);
	memset(ab, 0, sizeof(*ab));
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes of series over results (history.h): a walk with counts, a search by ranks.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/changes.h"
#include "history.h"

/* What one result says of a series. */
struct point {
	size_t result;
	const struct vmmio_series *s;
	struct vmmio_series zero; /* s points to it where the result met none, and counted */
	double v;
	struct vmmio_count all; /* den 0: not counted */
	bool exact;		/* its boots agree; one does with itself */
};

/* Consecutive points. */
struct span {
	const struct point *p;
	size_t n;
};

struct walk {
	struct vmmio_history_line *line;
	struct point *p;
	size_t n;
	double alpha; /* of this line */
};

static bool derived_or_not_compared(const struct vmmio_series *s, const struct vmmio_ab_options *o)
{
	return !vmmio_ab_judges(s, o) && s->id != VMMIO_M_REGISTER;
}

static void take_values(struct point *p)
{
	double *v = malloc((p->s->n + 1) * sizeof(*v));
	struct vmmio_count *c = malloc((p->s->n + 1) * sizeof(*c));
	size_t n = v ? vmmio_series_known(p->s, v) : 0, counted;

	p->v = vmmio_stats_median(v, n);
	counted = c ? vmmio_series_counts(p->s, c) : 0;
	for (size_t i = 0; i < counted; i++) {
		p->all.num += c[i].num;
		p->all.den += c[i].den;
	}
	p->exact = n == p->s->n;
	for (size_t i = 1; i < p->s->n && p->exact; i++)
		p->exact = vmmio_series_equal(p->s->v[i], p->s->c ? &p->s->c[i] : NULL, p->s->v[0],
					      p->s->c ? &p->s->c[0] : NULL);
	if (p->all.den > 0 && !p->exact)
		p->v = p->all.num / p->all.den * (strcmp(p->s->unit, "%") ? 1 : 100);
	free(v);
	free(c);
}

/* A register or queue that @set has none of, although it counted: 0 times. */
static bool make_zero(struct point *p, const struct vmmio_series *like,
		      const struct vmmio_series_set *set)
{
	const struct vmmio_series *all = NULL;

	if (like->id == VMMIO_M_REGISTER)
		all = vmmio_series_get(set, like->labels, VMMIO_M_ACCESSES_PER_IO);
	else if (like->id == VMMIO_M_QUEUE)
		all = vmmio_series_get(set, like->labels, VMMIO_M_KICKS_PER_IO);
	if (!all)
		return false;
	p->zero = *like;
	p->zero.n = all->n;
	p->zero.v = calloc(all->n + 1, sizeof(*p->zero.v));
	p->zero.c = all->c ? calloc(all->n + 1, sizeof(*p->zero.c)) : NULL;
	if (!p->zero.v)
		return false;
	for (size_t i = 0; i < all->n; i++) {
		p->zero.v[i] = isnan(all->v[i]) ? NAN : 0;
		if (p->zero.c)
			p->zero.c[i] = (struct vmmio_count){p->zero.v[i], all->c[i].den};
	}
	p->s = &p->zero;
	return true;
}

/* All that know the series @w->line->like, on @machine (NULL: on any). */
static int take_points(struct walk *w, const struct vmmio_history_result *r, size_t n,
		       const char *machine)
{
	const struct vmmio_series *like = w->line->like;
	bool last = true; /* whether the last result that could know it does */

	w->p = calloc(n + 1, sizeof(*w->p));
	w->line->at = calloc(n + 1, sizeof(*w->line->at));
	w->line->v = calloc(n + 1, sizeof(*w->line->v));
	if (!w->p || !w->line->at || !w->line->v)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct point *p = &w->p[w->n];

		if (machine && strcmp(machine, r[i].machine))
			continue;
		p->result = i;
		p->s = vmmio_series_find(&r[i].set, like->labels, like->key);
		last = p->s || make_zero(p, like, &r[i].set);
		if (!last)
			continue;
		take_values(p);
		last = !isnan(p->v);
		if (!last) {
			if (p->s == &p->zero) {
				free(p->zero.v);
				free(p->zero.c);
			}
			memset(p, 0, sizeof(*p));
			continue;
		}
		w->line->at[w->n] = i;
		w->line->v[w->n++] = p->v;
	}
	w->line->n = w->line->open = w->n;
	w->line->gone = !last;
	return 0;
}

static void free_points(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->p[i].s != &w->p[i].zero)
			continue;
		free(w->p[i].zero.v);
		free(w->p[i].zero.c);
	}
	free(w->p);
}

static size_t boots(const struct span *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->n; i++)
		n += x->p[i].s->n;
	return n;
}

static bool same(const struct point *x, const struct point *y)
{
	return x->exact && y->exact &&
	       vmmio_series_equal(x->s->v[0], x->s->c ? &x->s->c[0] : NULL, y->s->v[0],
				  y->s->c ? &y->s->c[0] : NULL);
}

static bool agrees(const struct span *x)
{
	for (size_t i = 0; i < x->n; i++)
		if (!same(&x->p[i], &x->p[0]))
			return false;
	return x->n > 0;
}

/* Counts of all boots of @x, to free; their number in *@n, 0 unless all have some. */
static struct vmmio_count *counts(const struct span *x, size_t *n)
{
	struct vmmio_count *c = malloc((boots(x) + 1) * sizeof(*c));

	*n = 0;
	for (size_t i = 0; c && i < x->n; i++) {
		size_t got = vmmio_series_counts(x->p[i].s, c + *n);

		*n += got;
		if (!got) {
			*n = 0;
			break;
		}
	}
	return c;
}

/*
 * p that @x and @y are of one rate: by their events, or, where the boots of each agree, by how
 * seldom chance parts them so. 1 where neither can tell.
 */
static double one_rate_p(const struct span *x, const struct span *y)
{
	struct vmmio_events_test t = {.p = 1};
	size_t m, n;
	struct vmmio_count *a = counts(x, &m), *b = counts(y, &n);
	double parted = 1;

	if (!a || !b || !m || !n || vmmio_stats_events_test(a, m, b, n, agrees(x), &t))
		t.p = 1;
	free(a);
	free(b);
	if (agrees(x) && agrees(y) && !same(x->p, y->p))
		parted = vmmio_stats_rank_floor(boots(x), boots(y));
	return fmin(1, 2 * fmin(t.p, parted)); /* two questions */
}

/* The level of @x: the rate of all its events, or the median. */
static double level(const struct span *x)
{
	struct vmmio_count all = {0, 0};
	double *v;
	double median;

	if (agrees(x))
		return x->p[0].v;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): each point has its series */
	for (size_t i = 0; i < x->n && x->p[i].s->cls == VMMIO_STRUCTURAL; i++) {
		if (!(x->p[i].all.den > 0)) {
			all.den = 0;
			break;
		}
		all.num += x->p[i].all.num;
		all.den += x->p[i].all.den;
	}
	if (all.den > 0)
		return all.num / all.den * (strcmp(x->p[0].s->unit, "%") ? 1 : 100);
	v = malloc((x->n + 1) * sizeof(*v));
	if (!v)
		return NAN;
	for (size_t i = 0; i < x->n; i++)
		v[i] = x->p[i].v;
	median = vmmio_stats_median(v, x->n);
	free(v);
	return median;
}

static int by_place(const void *a, const void *b)
{
	const struct vmmio_history_change *x = a, *y = b;

	return (x->after > y->after) - (x->after < y->after);
}

/* Results of a change are points until it is complete. */
static int add_change(struct walk *w, size_t at, double p, bool exact)
{
	struct vmmio_history_line *l = w->line;
	struct vmmio_history_change *all =
		realloc(l->change, (l->changes + 1) * sizeof(*l->change));

	if (!all)
		return -ENOMEM;
	l->change = all;
	l->change[l->changes++] = (struct vmmio_history_change){
		.before = at - 1, .after = at, .p = p, .exact = exact};
	qsort(l->change, l->changes, sizeof(*l->change), by_place);
	return 0;
}

/*
 * Result by result against the level since the last change: *@loose are the points of levels whose
 * boots do not agree.
 */
static int walk_counts(struct walk *w, double alpha, bool *loose)
{
	struct span level_now = {w->p, 1}, apart = {w->p + 1, 0};
	bool strict = agrees(&level_now);
	int err = 0;

	for (size_t i = 1; i < w->n && !err; i++) {
		struct span joined = {level_now.p, i + 1 - (size_t)(level_now.p - w->p)};
		double p;

		if (strict && same(&w->p[i], level_now.p)) {
			strict = !apart.n; /* what was apart is of this level: it has no rule */
			level_now = joined;
			apart = (struct span){w->p + i + 1, 0};
			continue;
		}
		apart.n++;
		p = one_rate_p(&level_now, &apart);
		if (p < alpha) {
			err = add_change(w, apart.p - w->p, p, strict && agrees(&apart));
			level_now = apart;
			strict = agrees(&level_now);
		} else if (!strict) {
			level_now = joined;
		} else {
			continue;
		}
		apart = (struct span){w->p + i + 1, 0};
	}
	if (apart.n)
		w->line->open = apart.p - w->p;
	for (size_t i = 0; i < w->n; i++)
		loose[i] = false;
	for (size_t c = 0; c <= w->line->changes && !err; c++) {
		size_t lo = c ? w->line->change[c - 1].after : 0;
		size_t hi = c < w->line->changes ? w->line->change[c].after : w->line->open;
		struct span x = {w->p + lo, hi - lo};

		for (size_t i = lo; i < hi && !agrees(&x); i++)
			loose[i] = true;
	}
	return err;
}

/* The points lo .. hi - 1 by their ranks. */
static int search_ranks(struct walk *w, size_t lo, size_t hi, double alpha)
{
	struct vmmio_change found[VMMIO_CHANGES_MAX];
	size_t n;
	int err = vmmio_stats_changes(w->line->v + lo, hi - lo, alpha, found, &n);

	for (size_t i = 0; i < n && !err; i++)
		err = add_change(w, lo + found[i].at, found[i].p, false);
	return err;
}

static int find_changes(struct walk *w)
{
	bool structural = w->line->like->cls == VMMIO_STRUCTURAL;
	bool *loose;
	int err;

	if (!structural) {
		w->line->few = vmmio_stats_changes_floor(w->n) > w->alpha;
		return search_ranks(w, 0, w->n, w->alpha);
	}
	loose = calloc(w->n + 1, sizeof(*loose));
	if (!loose)
		return -ENOMEM;
	/* half of its alpha for the looks, each from each result on, half for what the ranks may
	 * say */
	err = walk_counts(w, w->n > 1 ? w->alpha / (w->n * (w->n - 1.0)) : w->alpha, loose);
	for (size_t lo = 0, hi; lo < w->n && !err && w->line->judged; lo = hi) {
		size_t changes = w->line->changes;
		bool inner = true;

		hi = lo + 1;
		while (hi < w->n && loose[hi] == loose[lo] && inner) {
			for (size_t c = 0; c < changes && inner; c++)
				inner = w->line->change[c].after != hi;
			hi += inner;
		}
		if (loose[lo])
			err = search_ranks(w, lo, hi, w->alpha / 2);
	}
	free(loose);
	return err;
}

/* Levels between changes, and what the last one is against the best. */
static void weigh(struct walk *w, const struct vmmio_ab_options *o)
{
	struct vmmio_history_line *l = w->line;
	int dir = vmmio_ab_direction(l->like->id);
	double last = NAN;

	for (size_t c = 0; c <= l->changes; c++) {
		size_t lo = c ? l->change[c - 1].after : 0;
		size_t hi = c < l->changes ? l->change[c].after : l->open;
		struct span x = {w->p + lo, hi - lo};
		double now = level(&x);

		if (c) {
			l->change[c - 1].was = last;
			l->change[c - 1].is = now;
		}
		if (!c || dir * (l->best - now) > 0)
			l->best = now;
		last = now;
	}
	l->level = last;
	for (size_t c = 0; c < l->changes; c++) {
		l->change[c].before = l->at[l->change[c].before];
		l->change[c].after = l->at[l->change[c].after];
	}
	vmmio_limits_of(o->limits, l->like, l->best, o->threshold, &l->soft, &l->hard);
	if (!l->judged || !l->changes || vmmio_series_emulated(l->like, l->accel))
		return;
	l->regression = dir * (l->level - l->best) > 0 && dir * (l->level - l->best) >= l->hard;
	l->warning = !l->regression && dir * (l->level - l->best) > 0 &&
		     dir * (l->level - l->best) >= l->soft;
}

static struct vmmio_ab_options options_of(const struct vmmio_ab_options *o, enum vmmio_accel accel)
{
	struct vmmio_ab_options one = *o;

	one.accel = accel;
	one.one_run = false;
	return one;
}

/* Is @s of result @i the first of its line? */
static bool is_new(const struct vmmio_history_result *r, size_t i, const struct vmmio_series *s)
{
	for (size_t k = 0; k < i; k++)
		if ((s->cls == VMMIO_STRUCTURAL || !strcmp(r[k].machine, r[i].machine)) &&
		    vmmio_series_find(&r[k].set, s->labels, s->key))
			return false;
	return true;
}

static int add_lines(const struct vmmio_history_result *r, size_t n,
		     const struct vmmio_ab_options *o, struct vmmio_history *h, size_t judged[4])
{
	for (size_t i = 0; i < n; i++) {
		struct vmmio_ab_options one = options_of(o, r[i].accel);

		for (size_t k = 0; k < r[i].set.n; k++) {
			const struct vmmio_series *s = &r[i].set.s[k];
			struct vmmio_history_line *all;

			if (derived_or_not_compared(s, &one) || !is_new(r, i, s) ||
			    (s->cls != VMMIO_STRUCTURAL && !vmmio_ab_judges(s, &one)))
				continue;
			all = realloc(h->line, (h->n + 1) * sizeof(*all));
			if (!all)
				return -ENOMEM;
			h->line = all;
			h->line[h->n++] = (struct vmmio_history_line){
				.like = s, .accel = r[i].accel, .judged = vmmio_ab_judges(s, &one)};
			judged[s->cls] += vmmio_ab_judges(s, &one);
		}
	}
	return 0;
}

/* The machine on which the series of @l was first met: of its first result. */
static const char *machine_of(const struct vmmio_history_line *l,
			      const struct vmmio_history_result *r, size_t n)
{
	if (l->like->cls == VMMIO_STRUCTURAL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (l->like >= r[i].set.s && l->like < r[i].set.s + r[i].set.n)
			return r[i].machine;
	return NULL;
}

static int judge_line(struct vmmio_history_line *l, const struct vmmio_history_result *r, size_t n,
		      const struct vmmio_ab_options *o, double alpha)
{
	struct vmmio_ab_options one = options_of(o, l->accel);
	struct walk w = {.line = l, .alpha = alpha};
	int err = take_points(&w, r, n, machine_of(l, r, n));

	if (!err && w.n)
		err = find_changes(&w);
	if (!err && w.n)
		weigh(&w, o);
	l->undecided = !l->regression && vmmio_ab_requires(l->like, &one) &&
		       (l->few || l->gone || l->open < l->n || !l->n);
	free_points(&w);
	return err;
}

int vmmio_history_judge(const struct vmmio_history_result *r, size_t n,
			const struct vmmio_ab_options *o, struct vmmio_history *h)
{
	size_t judged[4] = {0}, classes = 0;
	int err;

	memset(h, 0, sizeof(*h));
	h->alpha = o->alpha;
	err = add_lines(r, n, o, h, judged);
	for (int c = 0; c < 4; c++)
		classes += judged[c] > 0;
	for (size_t i = 0; i < h->n && !err; i++) {
		struct vmmio_history_line *l = &h->line[i];

		err = judge_line(l, r, n, o,
				 o->alpha / (classes ? classes : 1) /
					 (judged[l->like->cls] ? judged[l->like->cls] : 1));
		h->changes += l->changes;
		h->regressions += l->regression;
		h->warnings += l->warning;
		h->undecided += l->undecided;
	}
	if (err)
		vmmio_history_free(h);
	return err;
}

void vmmio_history_free(struct vmmio_history *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->line[i].at);
		free(h->line[i].v);
		free(h->line[i].change);
	}
	free(h->line);
	memset(h, 0, sizeof(*h));
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The choice of tune (tune.h).
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tune.h"

static struct vmmio_tune_setting *find(const struct vmmio_tune *t, unsigned int queue_size,
				       bool event_idx, const char *transport)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->s[i].queue_size == queue_size && t->s[i].event_idx == event_idx &&
		    !strcmp(t->s[i].transport, transport))
			return &t->s[i];
	return NULL;
}

int vmmio_tune_setting(struct vmmio_tune *t, unsigned int queue_size, bool event_idx,
		       const char *transport)
{
	struct vmmio_tune_setting *s = realloc(t->s, (t->n + 1) * sizeof(*s));

	if (!s)
		return -ENOMEM;
	t->s = s;
	s += t->n++;
	memset(s, 0, sizeof(*s));
	s->queue_size = queue_size;
	s->event_idx = event_idx;
	snprintf(s->transport, sizeof(s->transport), "%s", transport);
	return 0;
}

int vmmio_tune_add(struct vmmio_tune *t, unsigned int queue_size, bool event_idx,
		   const char *transport, double value)
{
	struct vmmio_tune_setting *s = find(t, queue_size, event_idx, transport);
	double *v;

	if (!s)
		return -ENOENT;
	if (isnan(value))
		return -ENODATA;
	v = realloc(s->v, (s->n + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	s->v = v;
	s->v[s->n++] = value;
	return 0;
}

size_t vmmio_tune_best(const struct vmmio_tune *t)
{
	double least = INFINITY;
	size_t best = 0;

	for (size_t i = 0; i < t->n; i++) {
		double m = vmmio_stats_median(t->s[i].v, t->s[i].n);

		if (m < least || (m == least && t->s[i].queue_size < t->s[best].queue_size)) {
			least = m;
			best = i;
		}
	}
	return best;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/*
 * The median of @all values of which @s holds some and the rest is @rest,
 * infinite. NAN for want of memory. The lower one of the middle two, so that
 * an infinite half does not make all medians infinite.
 */
static double median_if(const struct vmmio_tune_setting *s, unsigned int all, double rest)
{
	double *v = malloc(all * sizeof(*v)), m;

	if (!v)
		return NAN;
	for (unsigned int i = 0; i < all; i++)
		v[i] = i < s->n ? s->v[i] : rest;
	qsort(v, all, sizeof(*v), ascending);
	m = v[(all - 1) / 2];
	free(v);
	return m;
}

bool vmmio_tune_settled(const struct vmmio_tune *t, unsigned int done, unsigned int all,
			size_t *best)
{
	double worst;

	*best = vmmio_tune_best(t);
	if (done >= all)
		return true;
	worst = median_if(&t->s[*best], all, INFINITY);
	if (!isfinite(worst))
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (i != *best && !(worst <= median_if(&t->s[i], all, -INFINITY)))
			return false;
	return true;
}

int vmmio_tune_difference(const struct vmmio_tune *t, size_t of, size_t against,
			  struct vmmio_interval *ci)
{
	const struct vmmio_tune_setting *a = &t->s[of], *b = &t->s[against];
	size_t n = a->n < b->n ? a->n : b->n;
	double *d = malloc((n ? n : 1) * sizeof(*d));
	int err;

	if (!d)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		d[i] = a->v[i] - b->v[i];
	err = vmmio_stats_median_interval(d, n, 0.95, ci);
	free(d);
	return err;
}

void vmmio_tune_free(struct vmmio_tune *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->s[i].v);
	free(t->s);
	memset(t, 0, sizeof(*t));
}

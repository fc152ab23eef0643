// SPDX-License-Identifier: GPL-2.0-only
/*
 * The choice of tune (tune.h).
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_cdf.h>

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

bool vmmio_tune_on(const struct vmmio_tune *t, size_t i, const char *bus)
{
	return !strncmp(t->s[i].transport, bus, strlen(bus));
}

/* More of what a device has if nothing is set. */
static bool more_usual(const struct vmmio_tune_setting *s, const struct vmmio_tune_setting *than)
{
	bool intx = !strcmp(s->transport, "pci-intx"), other = !strcmp(than->transport, "pci-intx");

	if (intx != other)
		return other;
	if (s->event_idx != than->event_idx)
		return s->event_idx;
	return s->queue_size > than->queue_size;
}

size_t vmmio_tune_usual(const struct vmmio_tune *t, const char *bus)
{
	size_t found = t->n;

	for (size_t i = 0; i < t->n; i++)
		if (vmmio_tune_on(t, i, bus) &&
		    (found == t->n || more_usual(&t->s[i], &t->s[found])))
			found = i;
	return found;
}

size_t vmmio_tune_family(const struct vmmio_tune *t)
{
	static const char *const buses[] = {"mmio", "pci"};
	size_t n = t->n;

	for (size_t i = 0; i < sizeof(buses) / sizeof(buses[0]); i++)
		n -= vmmio_tune_usual(t, buses[i]) < t->n;
	return n;
}

unsigned int vmmio_tune_least_boots(size_t family, double alpha)
{
	unsigned int n = 1;

	while (family && ldexp(1, -(int)n) * family > alpha)
		n++;
	return n;
}

/* Boots in which @of is less than @than, and those both have. A tie is no gain. */
static unsigned int wins(const struct vmmio_tune_setting *of, const struct vmmio_tune_setting *than,
			 unsigned int *n)
{
	unsigned int less = 0;

	*n = of->n < than->n ? of->n : than->n;
	for (unsigned int i = 0; i < *n; i++)
		less += of->v[i] < than->v[i];
	return less;
}

/* One-sided sign test: @less of @n or more if neither were less, corrected. */
static double sign_p(unsigned int less, unsigned int n, size_t family)
{
	double p = less ? gsl_cdf_binomial_Q(less - 1, 0.5, n) : 1;

	return fmin(1, p * family);
}

int vmmio_tune_choose(const struct vmmio_tune *t, const char *bus, size_t family, double alpha,
		      struct vmmio_tune_choice *out)
{
	size_t u = vmmio_tune_usual(t, bus);

	if (u == t->n)
		return -ENOENT;
	*out = (struct vmmio_tune_choice){.usual = u, .best = u, .p = 1};
	for (size_t i = 0; i < t->n; i++) {
		struct vmmio_interval ci;
		unsigned int n, less;
		double p;

		if (i == u || !vmmio_tune_on(t, i, bus))
			continue;
		less = wins(&t->s[i], &t->s[u], &n);
		p = sign_p(less, n, family);
		if (!vmmio_tune_difference(t, u, i, 1 - 2 * alpha / family, &ci) &&
		    ci.high > out->hidden)
			out->hidden = ci.high;
		if (p > alpha || (out->best != u &&
				  vmmio_stats_median(t->s[i].v, t->s[i].n) >=
					  vmmio_stats_median(t->s[out->best].v, t->s[out->best].n)))
			continue;
		out->best = i;
		out->p = p;
	}
	return 0;
}

bool vmmio_tune_futile(const struct vmmio_tune *t, unsigned int done, unsigned int all,
		       size_t family, double alpha)
{
	static const char *const buses[] = {"mmio", "pci"};

	for (size_t b = 0; b < sizeof(buses) / sizeof(buses[0]); b++) {
		size_t u = vmmio_tune_usual(t, buses[b]);

		for (size_t i = 0; i < t->n; i++) {
			unsigned int n;

			if (u < t->n && i != u && vmmio_tune_on(t, i, buses[b]) &&
			    sign_p(wins(&t->s[i], &t->s[u], &n) + all - done, all, family) <= alpha)
				return false;
		}
	}
	return true;
}

int vmmio_tune_difference(const struct vmmio_tune *t, size_t of, size_t against, double level,
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
	err = vmmio_stats_median_interval(d, n, level, ci);
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks of a growing comparison and their parts of alpha (looks.h).
 */
#include <math.h>
#include <string.h>

#include "looks.h"
#include "bench/data/stats.h"

void vmmio_looks_plan(unsigned int most, struct vmmio_looks *l)
{
	unsigned int n = 1, step = 1;

	memset(l, 0, sizeof(*l));
	while (n < most && l->n + 1 < VMMIO_LOOKS_MAX) {
		l->pairs[l->n++] = n;
		if (n >= 4 && !(n & (n - 1)))
			step = n / 2;
		n += step;
	}
	l->pairs[l->n++] = most;
}

/* How many looks, of the last ones, can show anything of @m series with an equal part each. */
static size_t useful(const struct vmmio_looks *l, double alpha, size_t m)
{
	size_t k = l->n;

	while (k > 1) {
		unsigned int first = l->pairs[l->n - k];

		if (m * vmmio_stats_rank_floor(first, first) <= alpha / k)
			break;
		k--;
	}
	return k;
}

void vmmio_sequence_next(struct vmmio_sequence *q, const struct vmmio_series_set *a,
			 struct vmmio_ab_options *o)
{
	size_t classes = 0;

	if (!q->begun) {
		for (size_t i = 0; i < a->n; i++)
			q->judged[a->s[i].cls] += vmmio_ab_judges(&a->s[i], o);
		for (int c = 0; c < 4; c++)
			classes += q->judged[c] > 0;
		for (int c = 0; c < 4; c++)
			q->left[c] = classes ? o->alpha / classes : 0;
		q->begun = true;
	}
	for (int c = 0; c < 4; c++)
		classes += q->judged[c] > 0;
	for (int c = 0; c < 4; c++) {
		size_t rest = q->looks.n - q->look;
		size_t from =
			c == VMMIO_STRUCTURAL
				? 0
				: q->looks.n - useful(&q->looks, o->alpha / classes, q->judged[c]);

		q->spend[c] = q->look < from || !q->judged[c] ? 0 : q->left[c] / rest;
		q->left[c] -= q->spend[c];
		o->spend[c] = q->spend[c];
	}
	o->sequential = true;
	/* one side of it: 5 in 100 over all looks that a limit is passed unseen */
	o->level = 1 - 0.1 / q->looks.n;
	q->look++;
}

bool vmmio_sequence_goes_on(const struct vmmio_sequence *q, const struct vmmio_ab *ab)
{
	if (q->look >= q->looks.n || ab->regressions)
		return false;
	for (size_t i = 0; i < ab->n; i++)
		if (!ab->row[i].b && ab->row[i].required)
			return false;
	return ab->open > 0;
}

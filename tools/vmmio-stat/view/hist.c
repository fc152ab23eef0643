// SPDX-License-Identifier: GPL-2.0-only
/*
 * See hist.h. The layout is the one that users of bcc's tools know.
 */
#include <math.h>
#include <string.h>

#include "hist.h"
#include "view.h"

#define STARS 40

const char *const vmmio_hist_meanings[VMMIO_HIST_COUNT] = {
#define MEANING(id, key, unit, meaning) meaning,
	VMMIO_HISTS(MEANING)
#undef MEANING
};

/* The counter that sums up the samples of each. */
static const int sums[VMMIO_HIST_COUNT] = {
	[VMMIO_HIST_KICK] = VMMIO_C_KICK_NS,	    [VMMIO_HIST_IRQ] = VMMIO_C_LATENCY_NS,
	[VMMIO_HIST_BATCH] = VMMIO_C_KICK_BUFFERS,  [VMMIO_HIST_COALESCE] = VMMIO_C_USED_BUFFERS,
	[VMMIO_HIST_ACCESS] = VMMIO_C_ACCESS_NS,    [VMMIO_HIST_REQUEST] = VMMIO_C_REQUEST_NS,
	[VMMIO_HIST_OCCUPANCY] = VMMIO_C_OCCUPANCY,
};

int vmmio_hist_find(const char *key)
{
	int id;

	for (id = 0; id < VMMIO_HIST_COUNT; id++)
		if (!strcmp(key, vmmio_hist_keys[id]))
			return id;
	return -1;
}

void vmmio_log2_project(struct vmmio_log2_hist *to, const struct vmmio_hist *from)
{
	int b, row;

	memset(to, 0, sizeof(*to));
	for (b = 0; b < VMMIO_HIST_BUCKETS; b++) {
		if (!from->n[b])
			continue;
		row = vmmio_hist_low(b) ? (int)vmmio_log2(vmmio_hist_low(b)) : 0;
		to->n[row] += from->n[b];
		to->rows = row + 1; /* buckets come in rising order */
		if (to->n[row] > to->max)
			to->max = to->n[row];
	}
}

void vmmio_log2_print(FILE *out, const struct vmmio_log2_hist *h, const char *unit)
{
	char stars[STARS + 1];
	int row, n;

	if (!h->rows)
		return;
	fprintf(out, "     %-19s : count    distribution\n", unit);
	for (row = 0; row < h->rows && !h->n[row]; row++)
		;
	for (; row < h->rows; row++) {
		n = (int)((double)h->n[row] * STARS / (double)h->max);
		memset(stars, '*', n);
		stars[n] = '\0';
		fprintf(out, "%10llu -> %-10llu : %-8llu |%-*s|\n",
			(unsigned long long)vmmio_log2_low(row),
			(unsigned long long)vmmio_log2_low(row + 1) - 1,
			(unsigned long long)h->n[row], STARS, stars);
	}
}

__u64 vmmio_hist_max(const struct vmmio_hist *h)
{
	int b;

	for (b = VMMIO_HIST_BUCKETS - 1; b > 0 && !h->n[b]; b--)
		;
	return vmmio_hist_low(b + 1) - 1;
}

static __u64 lowest(const struct vmmio_hist *h)
{
	int b;

	for (b = 0; b < VMMIO_HIST_BUCKETS - 1 && !h->n[b]; b++)
		;
	return vmmio_hist_low(b);
}

struct vmmio_value vmmio_hist_mean(const struct vmmio_snapshot *d, size_t row, int id)
{
	const struct vmmio_row *r = &d->rows[row];
	const struct vmmio_hist *h = vmmio_row_hist(d, row, id);
	__u64 samples = h ? vmmio_hist_total(h) : 0;
	struct vmmio_value v = {};

	if (!vmmio_row_has(r, sums[id]) || !samples)
		return v;
	v.known = true;
	v.v = (double)r->c[sums[id]] / (double)samples;
	/* sum and samples are read one after the other, and under load one has more in it */
	v.v = fmax(v.v, (double)lowest(h));
	if (!h->n[VMMIO_HIST_BUCKETS - 1]) /* which has no upper bound */
		v.v = fmin(v.v, (double)vmmio_hist_max(h));
	return v;
}

char *vmmio_hist_summary(char *buf, size_t size, const struct vmmio_snapshot *d, size_t row, int id)
{
	static const struct {
		const char *name;
		double p;
	} points[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}};
	const struct vmmio_hist *h = vmmio_row_hist(d, row, id);
	size_t used, i;
	char text[32];

	used = snprintf(buf, size, "n %llu", (unsigned long long)(h ? vmmio_hist_total(h) : 0));
	if (!h || !vmmio_hist_total(h))
		return buf;
	used += snprintf(
		buf + used, size - used, ", mean %s",
		vmmio_format_value(text, sizeof(text), 8, vmmio_hist_mean(d, row, id), false));
	for (i = 0; i < sizeof(points) / sizeof(points[0]) && used < size; i++)
		used += snprintf(buf + used, size - used, ", %s %s", points[i].name,
				 vmmio_format_value(text, sizeof(text), 8,
						    vmmio_hist_percentile(h, points[i].p), false));
	if (used < size)
		snprintf(buf + used, size - used, ", max <= %llu",
			 (unsigned long long)vmmio_hist_max(h));
	return buf;
}

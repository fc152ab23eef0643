// SPDX-License-Identifier: GPL-2.0-only
/*
 * Latencies of a load generator (latency.h).
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "latency.h"

int vmmio_latency_init(struct vmmio_latency *l, __u64 count)
{
	memset(l, 0, sizeof(*l));
	l->min = UINT64_MAX;
	if (count > VMMIO_LATENCY_SAMPLES)
		return 0;
	l->samples = malloc(count * sizeof(*l->samples));
	if (!l->samples)
		return -ENOMEM;
	memset(l->samples, 0, count * sizeof(*l->samples));
	return 0;
}

void vmmio_latency_add(struct vmmio_latency *l, __u64 ns)
{
	l->n++;
	l->sum += ns;
	if (ns < l->min)
		l->min = ns;
	if (ns > l->max)
		l->max = ns;
	l->hist.n[vmmio_hist_bucket(ns)]++;
	if (l->samples)
		l->samples[l->sampled++] = ns;
}

static int compare_samples(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

/*
 * Nearest rank where all samples were kept (sorted by then), else the middle
 * of the bucket that holds the percentile, within what was seen.
 */
static __u64 percentile(const struct vmmio_latency *l, unsigned int pct)
{
	__u64 seen = 0, value;
	__u32 b;

	if (l->samples && l->sampled)
		return l->samples[(l->sampled * pct + 99) / 100 - 1];

	for (b = 0; b < VMMIO_HIST_BUCKETS - 1; b++) {
		seen += l->hist.n[b];
		if (seen && seen >= l->n * pct / 100.0)
			break;
	}
	value = (vmmio_hist_low(b) + vmmio_hist_low(b + 1)) / 2;
	if (value < l->min)
		return l->min;
	return value > l->max ? l->max : value;
}

static void number_or_null(struct vmmio_json *j, const char *key, bool known, __u64 value)
{
	if (known)
		vmmio_json_u64(j, key, value);
	else
		vmmio_json_null(j, key);
}

void vmmio_latency_json(struct vmmio_latency *l, bool hist, struct vmmio_json *j)
{
	if (l->samples)
		qsort(l->samples, l->sampled, sizeof(*l->samples), compare_samples);
	number_or_null(j, "mean_ns", l->n, l->n ? l->sum / l->n : 0);
	number_or_null(j, "min_ns", l->n, l->min);
	number_or_null(j, "p50_ns", l->n, percentile(l, 50));
	number_or_null(j, "p90_ns", l->n, percentile(l, 90));
	number_or_null(j, "p99_ns", l->n, percentile(l, 99));
	number_or_null(j, "max_ns", l->n, l->max);
	if (!hist)
		return;
	vmmio_json_open(j, "hist", '[');
	for (__u32 b = 0; b < VMMIO_HIST_BUCKETS; b++) {
		if (!l->hist.n[b])
			continue;
		vmmio_json_open(j, NULL, '[');
		vmmio_json_u64(j, NULL, vmmio_hist_low(b));
		vmmio_json_u64(j, NULL, l->hist.n[b]);
		vmmio_json_close(j, ']');
	}
	vmmio_json_close(j, ']');
}

void vmmio_load_open(struct vmmio_json *j, const char *tool)
{
	*j = (struct vmmio_json){stdout};
	vmmio_json_open(j, NULL, '{');
	vmmio_json_u64(j, "schema", 1);
	vmmio_json_text(j, "tool", tool);
}

int vmmio_load_close(struct vmmio_json *j, const char *tool)
{
	vmmio_json_close(j, '}');
	putchar('\n');
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	fprintf(stderr, "%s: cannot write the result: %s\n", tool, strerror(errno));
	return 1;
}

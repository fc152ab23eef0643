/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Latencies of a load generator in the guest: taken without disturbing the measurement, and printed
 * as JSON. They are those of the caller, not of the transport: for these see vmmio-stat.
 */
#ifndef VMMIO_BENCH_LATENCY_H
#define VMMIO_BENCH_LATENCY_H

#include <stdbool.h>

#include <vmmio/hist.h>

#include "lib/json.h"

/* Up to this many requests percentiles are exact, beyond from the histogram. */
#define VMMIO_LATENCY_SAMPLES (1u << 20)

struct vmmio_latency {
	__u64 n, sum, min, max;
	struct vmmio_hist hist;
	__u64 *samples; /* all latencies, where they are few enough to keep */
	__u64 sampled;
};

/* Room for @count requests, touched now: a page fault inside would be measured. -ENOMEM. */
int vmmio_latency_init(struct vmmio_latency *l, __u64 count);
void vmmio_latency_add(struct vmmio_latency *l, __u64 ns);

/* "mean_ns" to "max_ns", null where nothing was taken; with @hist also the histogram. */
void vmmio_latency_json(struct vmmio_latency *l, bool hist, struct vmmio_json *j);

/* The object that a generator prints on standard output: begun, and ended: 0 or 1, its exit. */
void vmmio_load_open(struct vmmio_json *j, const char *tool);
int vmmio_load_close(struct vmmio_json *j, const char *tool);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The metrics of --textfile and of serve: sums since vmmio-stat began, in
 * Prometheus' text format or in OpenMetrics'. It keeps sums of its own, 64 bits
 * wide: buckets of a snapshot wrap.
 */
#ifndef VMMIO_METRICS_H
#define VMMIO_METRICS_H

#include "view.h"

struct vmmio_metrics_row;

/* One virtqueue, as stalls sees it. */
struct vmmio_metrics_look {
	struct vmmio_slot_info info; /* who it is; no slot */
	bool unread;		     /* its ring cannot be read: nothing else is known */
	bool counted;		     /* the next two are known */
	__u32 in_flight, to_take;    /* buffers */
	bool have_age;
	__u64 age_ns;	/* of the oldest in flight, at least */
	char cause[16]; /* of its stall; empty: it is not stalled */
};

struct vmmio_metrics {
	struct vmmio_metrics_row *rows;
	size_t n, cap;
	__u64 events_lost;
	__u64 wall_ms;		/* end of the last interval, since 1970; 0: not known */
	__u32 unseen, unplaced; /* in the last interval */
	bool untold;		/* a recording that says neither */
	bool added;		/* an interval at least */
	bool have_lost;
	/* The last looks at the rings; borrowed. looked: somebody looks, or tries to. */
	bool looked, watched;
	const struct vmmio_metrics_look *looks;
	size_t nlooks;
	__u32 unlooked; /* devices and virtqueues that could not be looked at */
};

enum vmmio_metrics_format {
	VMMIO_METRICS_PROMETHEUS,  /* text/plain; version=0.0.4 */
	VMMIO_METRICS_OPENMETRICS, /* application/openmetrics-text; version=1.0.0 */
};

/* Adds the report's delta to the sums. Returns 0 or -ENOMEM. */
int vmmio_metrics_add(struct vmmio_metrics *t, const struct vmmio_report *r);

void vmmio_metrics_print(const struct vmmio_metrics *t, const struct vmmio_view *v,
			 enum vmmio_metrics_format format, FILE *out);

void vmmio_metrics_free(struct vmmio_metrics *t);

#endif

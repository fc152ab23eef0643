/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The serving process's data, and the texts made of them. A text is made at the first request, once
 * for each interval, and shared by all clients that receive it.
 */
#ifndef VMMIO_SERVE_KNOWN_H
#define VMMIO_SERVE_KNOWN_H

#include "feed.h"
#include "tools/vmmio-stat/core/options.h"
#include "tools/vmmio-stat/view/metrics.h"

/* One text, with a reference count. */
struct vmmio_body {
	unsigned int refs;
	size_t len;
	char *data;
};

enum vmmio_body_id {
	VMMIO_BODY_PROMETHEUS,
	VMMIO_BODY_OPENMETRICS,
	VMMIO_BODY_ROWS,   /* the last interval, as --json has it */
	VMMIO_BODY_FULL,   /* as --json=full has it */
	VMMIO_BODY_STALLS, /* as stalls --json has it */
	VMMIO_BODY_COUNT,
};

struct vmmio_known {
	struct vmmio_options opt;
	struct vmmio_feed_hello hello;
	bool have_hello, have_delta, have_looks, ended;
	struct vmmio_snapshot delta;
	size_t *index; /* 0, 1, ... delta.n - 1 */
	struct vmmio_metrics metrics;
	struct vmmio_metrics_look *looks;
	char *stalls; /* the line of JSON */
	struct vmmio_body *made[VMMIO_BODY_COUNT];
};

void vmmio_known_init(struct vmmio_known *k, const struct vmmio_options *opt);
void vmmio_known_free(struct vmmio_known *k);

/* One frame of the feed. Returns 0 or -errno; -EPROTO: it is none. */
int vmmio_known_take(struct vmmio_known *k, __u32 type, const void *frame, size_t len);

/* A reference to the text, or NULL: nothing is known yet, or there is no memory. */
struct vmmio_body *vmmio_known_body(struct vmmio_known *k, enum vmmio_body_id id);
void vmmio_body_put(struct vmmio_body *b);

#endif

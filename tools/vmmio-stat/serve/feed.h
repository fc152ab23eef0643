/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data from the watching process to the serving one, through a pipe: frames, one way only. Both are
 * one program, so structs are sent as they are.
 */
#ifndef VMMIO_SERVE_FEED_H
#define VMMIO_SERVE_FEED_H

#include "tools/vmmio-stat/core/env.h"
#include "tools/vmmio-stat/core/snapshot.h"
#include "tools/vmmio-stat/view/metrics.h"

enum vmmio_feed_type {
	VMMIO_FEED_HELLO = 1, /* first, once: struct vmmio_feed_hello */
	VMMIO_FEED_DELTA,     /* struct vmmio_feed_delta and what follows it */
	VMMIO_FEED_LOOKS,     /* struct vmmio_feed_looks, the looks, a line of JSON */
	VMMIO_FEED_BLIND,     /* the rings can no longer be looked at: why, a text */
	VMMIO_FEED_END,	      /* a recording is over */
};

struct vmmio_feed_head {
	__u32 type;
	__u32 len; /* of what follows */
};

/* No frame is longer. */
#define VMMIO_FEED_MAX (256u << 20)

struct vmmio_feed_hello {
	struct vmmio_env env;
	struct vmmio_want want;
	char engine[64];
	char detail[128];
	char blind[320]; /* why the rings cannot be looked at; empty: they are */
};

/* A snapshot without its storage; n rows, their histograms, their registers follow. */
struct vmmio_feed_delta {
	struct vmmio_snapshot s;
};

struct vmmio_feed_looks {
	__u32 n;
	__u32 unlooked;
};

/*
 * Each writes one frame; they wait for the reader, and return 0 or -errno: -EPIPE if there
 * is none any more, -EINTR if a signal asked this process to end.
 */
int vmmio_feed_hello(int fd, const struct vmmio_feed_hello *h);
/* The rows @rows of @d, @n of them. */
int vmmio_feed_delta(int fd, const struct vmmio_snapshot *d, const size_t *rows, size_t n);
int vmmio_feed_looks(int fd, const struct vmmio_metrics_look *looks, size_t n, __u32 unlooked,
		     const char *json, size_t len);
int vmmio_feed_text(int fd, enum vmmio_feed_type type, const char *text);

/*
 * @len bytes of a delta's frame into @d, which must have been initialised with the wants of
 * the hello. Returns 0, -ENOMEM or -EPROTO.
 */
int vmmio_feed_read_delta(struct vmmio_snapshot *d, const void *frame, size_t len);

#endif

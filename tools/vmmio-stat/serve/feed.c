// SPDX-License-Identifier: GPL-2.0-only
/*
 * See feed.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed.h"
#include "tools/vmmio-stat/core/program.h"

static int put(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR && !vmmio_stop)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int put_head(int fd, enum vmmio_feed_type type, size_t len)
{
	struct vmmio_feed_head h = {type, (__u32)len};

	return len > VMMIO_FEED_MAX ? -EMSGSIZE : put(fd, &h, sizeof(h));
}

int vmmio_feed_hello(int fd, const struct vmmio_feed_hello *h)
{
	int err = put_head(fd, VMMIO_FEED_HELLO, sizeof(*h));

	return err ? err : put(fd, h, sizeof(*h));
}

/* What of a row lies beside it. */
static size_t beside(const struct vmmio_snapshot *s)
{
	return s->nhist * sizeof(*s->hists) + (s->want.regs ? sizeof(*s->regs) : 0);
}

int vmmio_feed_delta(int fd, const struct vmmio_snapshot *d, const size_t *rows, size_t n)
{
	size_t len = sizeof(struct vmmio_feed_delta) + n * (sizeof(*d->rows) + beside(d)), i;
	struct vmmio_feed_delta f = {.s = *d};
	char *frame, *p;
	int err;

	f.s.n = n;
	f.s.cap = 0;
	f.s.rows = NULL;
	f.s.hists = NULL;
	f.s.regs = NULL;
	err = put_head(fd, VMMIO_FEED_DELTA, len);
	if (err)
		return err;
	frame = p = malloc(len);
	if (!frame)
		return -ENOMEM;
	p = mempcpy(p, &f, sizeof(f));
	for (i = 0; i < n; i++)
		p = mempcpy(p, &d->rows[rows[i]], sizeof(*d->rows));
	for (i = 0; i < n && d->nhist; i++)
		p = mempcpy(p, &d->hists[rows[i] * d->nhist], d->nhist * sizeof(*d->hists));
	for (i = 0; i < n && d->want.regs; i++)
		p = mempcpy(p, &d->regs[rows[i]], sizeof(*d->regs));
	err = put(fd, frame, len);
	free(frame);
	return err;
}

int vmmio_feed_looks(int fd, const struct vmmio_metrics_look *looks, size_t n, __u32 unlooked,
		     const char *json, size_t len)
{
	struct vmmio_feed_looks f = {(__u32)n, unlooked};
	int err;

	err = put_head(fd, VMMIO_FEED_LOOKS, sizeof(f) + n * sizeof(*looks) + len);
	if (!err)
		err = put(fd, &f, sizeof(f));
	if (!err)
		err = put(fd, looks, n * sizeof(*looks));
	return err ? err : put(fd, json, len);
}

int vmmio_feed_text(int fd, enum vmmio_feed_type type, const char *text)
{
	int err = put_head(fd, type, strlen(text));

	return err ? err : put(fd, text, strlen(text));
}

int vmmio_feed_read_delta(struct vmmio_snapshot *d, const void *frame, size_t len)
{
	struct vmmio_feed_delta f;
	const char *p = frame;
	size_t n;

	if (len < sizeof(f))
		return -EPROTO;
	memcpy(&f, p, sizeof(f));
	p += sizeof(f);
	n = f.s.n;
	if (f.s.nhist != d->nhist || f.s.want.regs != d->want.regs || n > VMMIO_FEED_MAX ||
	    len != sizeof(f) + n * (sizeof(*d->rows) + beside(d)))
		return -EPROTO;
	vmmio_snapshot_clear(d);
	while (d->n < n)
		if (!vmmio_snapshot_add(d))
			return -ENOMEM;
	if (n) {
		memcpy(d->rows, p, n * sizeof(*d->rows));
		p += n * sizeof(*d->rows);
	}
	if (n && d->nhist) {
		memcpy(d->hists, p, n * d->nhist * sizeof(*d->hists));
		p += n * d->nhist * sizeof(*d->hists);
	}
	if (n && d->want.regs)
		memcpy(d->regs, p, n * sizeof(*d->regs));
	/* of the rest only what is no storage */
	f.s.rows = d->rows;
	f.s.hists = d->hists;
	f.s.regs = d->regs;
	f.s.cap = d->cap;
	*d = f.s;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * See known.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "known.h"
#include "lib/json.h"
#include "tools/vmmio-stat/view/view.h"

void vmmio_known_init(struct vmmio_known *k, const struct vmmio_options *opt)
{
	memset(k, 0, sizeof(*k));
	k->opt = *opt;
}

static void forget_bodies(struct vmmio_known *k)
{
	int i;

	for (i = 0; i < VMMIO_BODY_COUNT; i++) {
		vmmio_body_put(k->made[i]);
		k->made[i] = NULL;
	}
}

void vmmio_known_free(struct vmmio_known *k)
{
	forget_bodies(k);
	vmmio_snapshot_free(&k->delta);
	vmmio_metrics_free(&k->metrics);
	free(k->index);
	free(k->looks);
	free(k->stalls);
	memset(k, 0, sizeof(*k));
}

void vmmio_body_put(struct vmmio_body *b)
{
	if (!b || --b->refs)
		return;
	free(b->data);
	free(b);
}

static int take_hello(struct vmmio_known *k, const void *frame, size_t len)
{
	if (k->have_hello || len != sizeof(k->hello))
		return -EPROTO;
	memcpy(&k->hello, frame, len);
	vmmio_snapshot_init(&k->delta, &k->hello.want);
	k->metrics.looked = true;
	k->metrics.watched = !k->hello.blind[0];
	k->have_hello = true;
	return 0;
}

static int take_delta(struct vmmio_known *k, const void *frame, size_t len)
{
	struct vmmio_report r = {.delta = &k->delta};
	size_t *index;
	size_t i;
	int err = vmmio_feed_read_delta(&k->delta, frame, len);

	if (err)
		return err;
	index = reallocarray(k->index, k->delta.n + 1, sizeof(*index));
	if (!index)
		return -ENOMEM;
	k->index = index;
	for (i = 0; i < k->delta.n; i++)
		index[i] = i;
	r.rows = index;
	r.n = k->delta.n;
	err = vmmio_metrics_add(&k->metrics, &r);
	k->have_delta = !err;
	return err;
}

static int take_looks(struct vmmio_known *k, const void *frame, size_t len)
{
	struct vmmio_feed_looks f;
	const char *p = frame;
	size_t size;

	if (len < sizeof(f))
		return -EPROTO;
	memcpy(&f, p, sizeof(f));
	size = f.n * sizeof(*k->looks);
	if (len - sizeof(f) < size)
		return -EPROTO;
	free(k->looks);
	free(k->stalls);
	k->looks = malloc(size + 1);
	k->stalls = strndup(p + sizeof(f) + size, len - sizeof(f) - size);
	k->metrics.nlooks = 0;
	k->have_looks = false;
	if (!k->looks || !k->stalls)
		return -ENOMEM;
	memcpy(k->looks, p + sizeof(f), size);
	k->metrics.looks = k->looks;
	k->metrics.nlooks = f.n;
	k->metrics.unlooked = f.unlooked;
	k->have_looks = true;
	return 0;
}

static void take_blind(struct vmmio_known *k, const void *frame, size_t len)
{
	snprintf(k->hello.blind, sizeof(k->hello.blind), "%.*s", (int)len, (const char *)frame);
	k->metrics.watched = false;
	k->metrics.nlooks = 0;
	k->have_looks = false;
}

int vmmio_known_take(struct vmmio_known *k, __u32 type, const void *frame, size_t len)
{
	if (type != VMMIO_FEED_HELLO && !k->have_hello)
		return -EPROTO;
	forget_bodies(k);
	switch (type) {
	case VMMIO_FEED_HELLO:
		return take_hello(k, frame, len);
	case VMMIO_FEED_DELTA:
		return take_delta(k, frame, len);
	case VMMIO_FEED_LOOKS:
		return take_looks(k, frame, len);
	case VMMIO_FEED_BLIND:
		take_blind(k, frame, len);
		return 0;
	case VMMIO_FEED_END:
		k->ended = true;
		return 0;
	}
	return -EPROTO;
}

static void write_rows(struct vmmio_known *k, bool full, FILE *out)
{
	struct vmmio_view v = {.out = out,
			       .opt = &k->opt,
			       .env = &k->hello.env,
			       .engine = k->hello.engine,
			       .detail = k->hello.detail};
	struct vmmio_report r = {.delta = &k->delta, .rows = k->index, .n = k->delta.n};

	k->opt.json_full = full;
	vmmio_view_json(&v, &r);
}

static void write_metrics(struct vmmio_known *k, enum vmmio_metrics_format format, FILE *out)
{
	struct vmmio_view v = {.env = &k->hello.env, .engine = k->hello.engine};

	vmmio_metrics_print(&k->metrics, &v, format, out);
}

/* Rings that are not looked at are unknown: null, with the reason. */
static void write_stalls(struct vmmio_known *k, FILE *out)
{
	struct vmmio_json j = {.out = out};

	if (k->have_looks) {
		fputs(k->stalls, out);
		return;
	}
	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", 1);
	vmmio_json_text(&j, "tool", "vmmio-stat stalls");
	vmmio_json_null(&j, "rows");
	vmmio_json_text(&j, "why", k->hello.blind);
	vmmio_json_close(&j, '}');
	fputc('\n', out);
}

static void write_body(struct vmmio_known *k, enum vmmio_body_id id, FILE *out)
{
	switch (id) {
	case VMMIO_BODY_PROMETHEUS:
		write_metrics(k, VMMIO_METRICS_PROMETHEUS, out);
		break;
	case VMMIO_BODY_OPENMETRICS:
		write_metrics(k, VMMIO_METRICS_OPENMETRICS, out);
		break;
	case VMMIO_BODY_ROWS:
	case VMMIO_BODY_FULL:
		write_rows(k, id == VMMIO_BODY_FULL, out);
		break;
	case VMMIO_BODY_STALLS:
		write_stalls(k, out);
		break;
	case VMMIO_BODY_COUNT:
		break;
	}
}

static struct vmmio_body *make(struct vmmio_known *k, enum vmmio_body_id id)
{
	struct vmmio_body *b = calloc(1, sizeof(*b));
	FILE *out;
	bool bad;

	if (!b)
		return NULL;
	b->refs = 1;
	out = open_memstream(&b->data, &b->len);
	if (!out)
		goto err_free;
	write_body(k, id, out);
	bad = ferror(out);
	if (fclose(out) || bad)
		goto err_free;
	return b;

err_free:
	vmmio_body_put(b);
	return NULL;
}

struct vmmio_body *vmmio_known_body(struct vmmio_known *k, enum vmmio_body_id id)
{
	bool known = k->have_delta;

	/* a first look takes as long as the first interval; none may ever come */
	if (id == VMMIO_BODY_STALLS)
		known = k->have_looks || (k->have_hello && k->hello.blind[0]);
	if (!known)
		return NULL;
	if (!k->made[id])
		k->made[id] = make(k, id);
	if (k->made[id])
		k->made[id]->refs++;
	return k->made[id];
}

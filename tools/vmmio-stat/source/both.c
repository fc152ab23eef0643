// SPDX-License-Identifier: GPL-2.0-only
/*
 * What "auto" tries first: our driver's devices by source "bpf" and mainline's
 * by source "mainline" in one snapshot. The hooks in virtio_ring also serve our
 * own queues: what only they can tell (notification checks, packed rings) is
 * added to ours.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

struct both {
	struct vmmio_source ours, stock;
	bool have_ours, have_stock;
	struct vmmio_snapshot aux;
};

static int both_open(struct vmmio_source *src, const struct vmmio_source_opts *opts)
{
	struct both *b = calloc(1, sizeof(*b));
	struct vmmio_source_opts so = *opts;
	int err, err2;

	if (!b)
		return -ENOMEM;
	b->ours.ops = &vmmio_source_bpf;
	b->stock.ops = &vmmio_source_stock;
	err = b->ours.ops->open(&b->ours, opts);
	b->have_ours = !err;
	so.ring_of_ours = b->have_ours;
	so.max_slots = 0;
	err2 = b->stock.ops->open(&b->stock, &so);
	b->have_stock = !err2;
	if (err && err2) {
		/* no module is not what to complain of where there is no virtio at all */
		const struct vmmio_source *which = err == -ENODEV ? &b->stock : &b->ours;

		snprintf(src->why, sizeof(src->why), "%s", which->why);
		free(b);
		return err == -ENODEV ? err2 : err;
	}
	if (err && err != -ENODEV)
		snprintf(src->note, sizeof(src->note), "our devices are not seen: %.200s",
			 b->ours.why);
	else if (err2 && err2 != -ENODEV)
		snprintf(src->note, sizeof(src->note), "no notification checks: %.200s",
			 b->stock.why);
	snprintf(src->engine, sizeof(src->engine), "%.10s%s%.10s", b->ours.engine,
		 b->have_ours && b->have_stock ? "+" : "", b->stock.engine);
	snprintf(src->detail, sizeof(src->detail), "%s", b->stock.detail);
	src->sees =
		(b->have_ours ? VMMIO_SEES_OURS : 0) | (b->have_stock ? VMMIO_SEES_MAINLINE : 0);
	vmmio_snapshot_init(&b->aux, &opts->want);
	src->priv = b;
	return 0;
}

static int append(struct vmmio_snapshot *s, const struct vmmio_snapshot *from, size_t i)
{
	struct vmmio_row *r = vmmio_snapshot_add(s);

	if (!r)
		return -ENOMEM;
	*r = from->rows[i];
	if (s->nhist)
		memcpy(&s->hists[(s->n - 1) * s->nhist], &from->hists[i * s->nhist],
		       s->nhist * sizeof(*s->hists));
	return 0;
}

/* Into our row of the same queue, if there is one. */
static void add_to_ours(struct vmmio_snapshot *s, const struct vmmio_snapshot *aux, size_t k)
{
	const struct vmmio_row *from = &aux->rows[k];
	size_t i;
	int c;

	for (i = 0; i < s->n; i++) {
		struct vmmio_row *r = &s->rows[i];

		if (r->info.kind != from->info.kind || r->info.queue != from->info.queue ||
		    strcmp(r->info.device, from->info.device))
			continue;
		for (c = 0; c < VMMIO_C_COUNT; c++)
			if (vmmio_row_has(from, c) && !vmmio_row_has(r, c))
				vmmio_row_set(r, c, from->c[c]);
		for (c = 0; c < VMMIO_HIST_COUNT; c++) {
			const struct vmmio_hist *h = vmmio_row_hist(aux, k, c);

			if (!h || !(from->have_hist & ~r->have_hist & 1u << c))
				continue;
			r->have_hist |= 1u << c;
			*vmmio_row_hist(s, i, c) = *h;
		}
		return;
	}
}

static int merge(struct vmmio_snapshot *s, const struct vmmio_snapshot *aux)
{
	size_t i;
	int err;

	for (i = 0; i < aux->n; i++) {
		if (aux->rows[i].ours) {
			add_to_ours(s, aux, i);
			continue;
		}
		err = append(s, aux, i);
		if (err)
			return err;
	}
	return 0;
}

static int fill(struct vmmio_source *src, struct vmmio_snapshot *s, bool counters)
{
	struct both *b = src->priv;
	const struct vmmio_source_ops *o = b->ours.ops, *m = b->stock.ops;
	int err = 0;

	vmmio_snapshot_clear(s);
	if (b->have_ours) {
		err = counters ? o->snapshot(&b->ours, s) : o->discover(&b->ours, s);
		if (err)
			snprintf(src->why, sizeof(src->why), "%s", b->ours.why);
	}
	if (err || !b->have_stock)
		return err;
	err = counters ? m->snapshot(&b->stock, &b->aux) : m->discover(&b->stock, &b->aux);
	if (err) {
		snprintf(src->why, sizeof(src->why), "%s", b->stock.why);
		return err;
	}
	if (!b->have_ours)
		s->time_ns = b->aux.time_ns;
	s->events_lost += b->aux.events_lost;
	s->unplaced = b->aux.unplaced;
	s->have_lost = b->aux.have_lost; /* our driver's sources always know, or lose nothing */
	return merge(s, &b->aux);
}

static int both_discover(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	return fill(src, s, false);
}

static int both_snapshot(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	return fill(src, s, true);
}

static void both_close(struct vmmio_source *src)
{
	struct both *b = src->priv;

	if (b->have_ours)
		b->ours.ops->close(&b->ours);
	if (b->have_stock)
		b->stock.ops->close(&b->stock);
	vmmio_snapshot_free(&b->aux);
	free(b);
}

const struct vmmio_source_ops vmmio_source_both = {
	.name = "auto",
	.what = "the best there is for each device",
	.open = both_open,
	.discover = both_discover,
	.snapshot = both_snapshot,
	.close = both_close,
};

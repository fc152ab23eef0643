// SPDX-License-Identifier: GPL-2.0-only
/* The difference of two snapshots. It computes no fields and drops only rows that vanished. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "snapshot.h"

static void counters(struct vmmio_row *d, const struct vmmio_row *old)
{
	int c;

	d->have &= old->have;
	for (c = 0; c < VMMIO_C_COUNT; c++) {
		if (!vmmio_row_has(d, c))
			continue;
		if (d->c[c] < old->c[c])
			d->have &= ~(1ull << c); /* ran backwards: somebody reset it */
		else
			d->c[c] -= old->c[c];
	}
}

/* The counter of each histogram's samples. */
static const __u8 samples[VMMIO_HIST_COUNT] = {
	[VMMIO_HIST_KICK] = VMMIO_C_KICKS_TIMED,      [VMMIO_HIST_IRQ] = VMMIO_C_LATENCIES,
	[VMMIO_HIST_BATCH] = VMMIO_C_KICKS_INDEXED,   [VMMIO_HIST_COALESCE] = VMMIO_C_IRQS_INDEXED,
	[VMMIO_HIST_ACCESS] = VMMIO_C_ACCESSES_TIMED, [VMMIO_HIST_REQUEST] = VMMIO_C_REQUESTS_TIMED,
	[VMMIO_HIST_OCCUPANCY] = VMMIO_C_OCCUPANCIES,
};

/*
 * Buckets are 32 bits wide and may wrap between snapshots: the difference holds unless one wrapped
 * more than once.
 */
static void hists(struct vmmio_snapshot *d, size_t i, const struct vmmio_snapshot *old, size_t j)
{
	int id, b;

	for (id = 0; id < VMMIO_HIST_COUNT; id++) {
		struct vmmio_hist *h = vmmio_row_hist(d, i, id);
		const struct vmmio_hist *o = vmmio_row_hist(old, j, id);

		if (!h || !o || !(d->rows[i].have_hist >> id & 1))
			continue;
		if (!(old->rows[j].have_hist >> id & 1) ||
		    (vmmio_row_has(&d->rows[i], samples[id]) &&
		     d->rows[i].c[samples[id]] > ~(__u32)0)) {
			d->rows[i].have_hist &= ~(1u << id);
			continue;
		}
		for (b = 0; b < VMMIO_HIST_BUCKETS; b++)
			h->n[b] -= o->n[b];
	}
}

static void registers(struct vmmio_snapshot *d, size_t i, const struct vmmio_snapshot *old,
		      size_t j)
{
	struct vmmio_reg_counts *r = vmmio_row_regs(d, i);
	const struct vmmio_reg_counts *o = vmmio_row_regs(old, j);
	int k;

	if (!r || !o || !d->rows[i].have_regs)
		return;
	if (!old->rows[j].have_regs) {
		d->rows[i].have_regs = false;
		return;
	}
	for (k = 0; k < VMMIO_REG_MAX; k++) {
		if (r->reads[k] < o->reads[k] || r->writes[k] < o->writes[k]) {
			d->rows[i].have_regs = false;
			return;
		}
		r->reads[k] -= o->reads[k];
		r->writes[k] -= o->writes[k];
		r->read_ns[k] -= o->read_ns[k];
		r->write_ns[k] -= o->write_ns[k];
	}
}

static void gone(struct vmmio_snapshot *d, const struct vmmio_row *r)
{
	if (!d->gone++) {
		if (r->info.kind == VMMIO_SLOT_QUEUE)
			snprintf(d->gone_name, sizeof(d->gone_name), "%s queue %u",
				 vmmio_row_device(r), r->info.queue);
		else
			snprintf(d->gone_name, sizeof(d->gone_name), "%s", vmmio_row_device(r));
	}
}

int vmmio_delta(struct vmmio_snapshot *d, const struct vmmio_snapshot *old,
		const struct vmmio_snapshot *new)
{
	size_t i, j = 0;
	int err;

	err = vmmio_snapshot_copy(d, new);
	if (err)
		return err;
	d->time_ns = new->time_ns > old->time_ns ? new->time_ns - old->time_ns : 0;
	d->events_lost =
		new->events_lost > old->events_lost ? new->events_lost - old->events_lost : 0;
	for (i = 0; i < d->n; i++) {
		struct vmmio_row *r = &d->rows[i];

		while (j < old->n && old->rows[j].info.slot < r->info.slot)
			gone(d, &old->rows[j++]);
		if (j == old->n || old->rows[j].info.slot != r->info.slot) {
			r->reset = true;
			continue;
		}
		if (old->rows[j].info.gen != r->info.gen) {
			gone(d, &old->rows[j++]);
			r->reset = true;
			continue;
		}
		counters(r, &old->rows[j]);
		hists(d, i, old, j);
		registers(d, i, old, j);
		j++;
	}
	while (j < old->n)
		gone(d, &old->rows[j++]);
	return 0;
}

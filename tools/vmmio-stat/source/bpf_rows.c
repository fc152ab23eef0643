// SPDX-License-Identifier: GPL-2.0-only
/*
 * See bpf_rows.h. It knows neither which object counts nor what a slot is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf_rows.h"
#include "guest.h"

int vmmio_bpf_rows_init(struct vmmio_bpf_rows *b, unsigned int slots, __u32 hists,
			size_t value_size)
{
	int id;

	memset(b, 0, sizeof(*b));
	b->slots = slots;
	for (id = 0; id < VMMIO_HIST_COUNT; id++)
		b->pos[id] = hists >> id & 1 ? b->stride++ : VMMIO_HIST_ABSENT;
	b->cpus = libbpf_num_possible_cpus();
	if (b->cpus < 1)
		return b->cpus ? b->cpus : -EINVAL;
	if (value_size < sizeof(struct vmmio_bpf_row))
		value_size = sizeof(struct vmmio_bpf_row);
	if (value_size < sizeof(struct vmmio_hist))
		value_size = sizeof(struct vmmio_hist);
	b->values = calloc(b->cpus, value_size);
	b->live = calloc(b->cpus, sizeof(*b->live));
	if (b->values && b->live)
		return 0;
	vmmio_bpf_rows_free(b);
	return -ENOMEM;
}

void vmmio_bpf_rows_free(struct vmmio_bpf_rows *b)
{
	free(b->values);
	free(b->live);
	b->values = NULL;
	b->live = NULL;
}

void vmmio_bpf_rows_size(struct vmmio_bpf_rows *b, struct bpf_map *rows, struct bpf_map *hists)
{
	bpf_map__set_max_entries(rows, b->slots);
	bpf_map__set_max_entries(hists, b->stride ? b->slots * b->stride : 1);
	b->rows = rows;
	b->hists = hists;
}

__u32 vmmio_bpf_rows_index(const struct vmmio_bpf_rows *b, __u32 slot)
{
	if (slot < b->slots - 1)
		return slot;
	return slot == VMMIO_SLOT_OVERFLOW ? b->slots - 1 : ~0u;
}

static void add_hist(struct vmmio_bpf_rows *b, struct vmmio_snapshot *s, size_t i, __u32 index,
		     int id)
{
	struct vmmio_hist *to = vmmio_row_hist(s, i, id), *from = b->values;
	__u32 key = index * b->stride + b->pos[id];
	int cpu, k;

	if (!to || b->pos[id] == VMMIO_HIST_ABSENT)
		return;
	s->rows[i].have_hist |= 1u << id;
	if (bpf_map_lookup_elem(bpf_map__fd(b->hists), &key, from))
		return;
	for (cpu = 0; cpu < b->cpus; cpu++) {
		if (!b->live[cpu])
			continue;
		for (k = 0; k < VMMIO_HIST_BUCKETS; k++)
			to->n[k] += from[cpu].n[k];
	}
}

__u32 vmmio_bpf_have_row(const struct vmmio_bpf_have *have, struct vmmio_row *r)
{
	switch (r->info.kind) {
	case VMMIO_SLOT_DEVICE:
		r->have = have->device;
		return have->device_hists;
	case VMMIO_SLOT_QUEUE:
		r->have = have->queue;
		return have->queue_hists;
	default:
		r->have = have->device | have->queue;
		return have->device_hists | have->queue_hists;
	}
}

void vmmio_bpf_rows_count(struct vmmio_bpf_rows *b, struct vmmio_snapshot *s, size_t i,
			  const struct vmmio_bpf_have *have)
{
	struct vmmio_row *r = &s->rows[i];
	struct vmmio_bpf_row *rows = b->values;
	__u32 index = vmmio_bpf_rows_index(b, r->info.slot), hists;
	bool any = false;
	int cpu, c, id;

	if (index == ~0u || bpf_map_lookup_elem(bpf_map__fd(b->rows), &index, rows))
		return;
	hists = vmmio_bpf_have_row(have, r);
	for (cpu = 0; cpu < b->cpus; cpu++) {
		/* another generation's counts are not this row's, nor its histograms */
		b->live[cpu] = rows[cpu].gen == r->info.gen;
		any |= b->live[cpu];
		for (c = 0; b->live[cpu] && c < VMMIO_C_COUNT; c++)
			r->c[c] += rows[cpu].c[c];
	}
	if (!any) {
		/* idle so far: all zero, and known to be */
		r->have_hist = hists & s->want.hists;
		return;
	}
	for (id = 0; id < VMMIO_HIST_COUNT; id++)
		if (hists >> id & 1)
			add_hist(b, s, i, index, id);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * See mem_rows.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem_rows.h"

int vmmio_mem_rows_init(struct vmmio_mem_rows *m, __u32 hists, bool regs)
{
	int id;

	memset(m, 0, sizeof(*m));
	for (id = 0; id < VMMIO_HIST_COUNT; id++)
		m->pos[id] = hists >> id & 1 ? m->stride++ : VMMIO_HIST_ABSENT;
	m->rows = calloc(VMMIO_SLOTS, sizeof(*m->rows));
	if (m->stride)
		m->hists = calloc((size_t)VMMIO_SLOTS * m->stride, sizeof(*m->hists));
	if (regs)
		m->regs = calloc(VMMIO_SLOTS, sizeof(*m->regs));
	if (m->rows && (m->hists || !m->stride) && (m->regs || !regs))
		return 0;
	vmmio_mem_rows_free(m);
	return -ENOMEM;
}

void vmmio_mem_rows_free(struct vmmio_mem_rows *m)
{
	free(m->rows);
	free(m->hists);
	free(m->regs);
	m->rows = NULL;
	m->hists = NULL;
	m->regs = NULL;
}

struct vmmio_bpf_row *vmmio_mem_rows_get(struct vmmio_mem_rows *m, __u32 slot, __u32 gen)
{
	struct vmmio_bpf_row *row;

	if (slot >= VMMIO_SLOTS) {
		m->lost++;
		return NULL;
	}
	row = &m->rows[slot];
	if (row->gen == gen)
		return row;
	memset(row, 0, sizeof(*row));
	if (m->stride)
		memset(&m->hists[(size_t)slot * m->stride], 0, m->stride * sizeof(*m->hists));
	if (m->regs)
		memset(&m->regs[slot], 0, sizeof(m->regs[slot]));
	row->gen = gen;
	return row;
}

void vmmio_mem_rows_hist(struct vmmio_mem_rows *m, __u32 slot, int id, __u64 value)
{
	if (m->pos[id] != VMMIO_HIST_ABSENT)
		m->hists[(size_t)slot * m->stride + m->pos[id]].n[vmmio_hist_bucket(value)]++;
}

void vmmio_mem_rows_count(const struct vmmio_mem_rows *m, struct vmmio_snapshot *s, size_t i,
			  __u32 slot, const struct vmmio_bpf_have *have)
{
	struct vmmio_row *r = &s->rows[i];
	__u32 hists = vmmio_bpf_have_row(have, r);
	struct vmmio_hist *to;
	int id;

	r->have_hist = hists & s->want.hists;
	/* another generation's counts are not this row's: idle so far */
	if (slot >= VMMIO_SLOTS || m->rows[slot].gen != r->info.gen)
		return;
	memcpy(r->c, m->rows[slot].c, sizeof(r->c));
	for (id = 0; id < VMMIO_HIST_COUNT; id++) {
		to = vmmio_row_hist(s, i, id);
		if (to && (r->have_hist >> id & 1) && m->pos[id] != VMMIO_HIST_ABSENT)
			*to = m->hists[(size_t)slot * m->stride + m->pos[id]];
	}
}

void vmmio_mem_rows_fill(const struct vmmio_mem_rows *m, struct vmmio_snapshot *s,
			 const struct vmmio_bpf_have *have)
{
	struct vmmio_reg_counts *to;

	for (size_t i = 0; i < s->n; i++) {
		__u32 slot = s->rows[i].info.slot;

		vmmio_mem_rows_count(m, s, i, slot, have);
		to = vmmio_row_regs(s, i);
		if (!to || s->rows[i].info.kind != VMMIO_SLOT_DEVICE)
			continue;
		s->rows[i].have_regs = s->rows[i].have_reg_ns = true;
		if (slot < VMMIO_SLOTS && m->rows[slot].gen == s->rows[i].info.gen)
			memcpy(to, m->regs[slot].reads, sizeof(*to));
	}
}

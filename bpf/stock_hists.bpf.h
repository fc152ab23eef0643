/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Histograms of stock.bpf.c. Those of the first slots are in one map for all CPUs, which
 * takes no call to find: a hook that runs on several CPUs for one virtqueue adds to them
 * atomically. Behind these is a row by CPU as in rows.bpf.h.
 */
#ifndef VMMIO_BPF_STOCK_HISTS_H
#define VMMIO_BPF_STOCK_HISTS_H

/* The loader says how long a value is, and for how many slots. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct vmmio_hist));
} near SEC(".maps");

static __always_inline struct vmmio_hist *near_of(__u32 slot)
{
	return bpf_map_lookup_elem(&near, &slot);
}

static __always_inline struct vmmio_hist *hists_of(const struct vmmio_stock_state *s)
{
	return near_of(s->slot);
}

/* Another owner has the slot: what the one before counted is forgotten. */
static __always_inline void hists_clear(__u32 slot)
{
	struct vmmio_hist *all = opt_hist_stride ? near_of(slot) : NULL;

	if (all)
		zero(all, opt_hist_stride * sizeof(*all));
}

/* Seldom: of a slot beyond those. */
__noinline int hist_far(__u32 slot, __u32 gen, __u32 pos, __u64 value)
{
	struct vmmio_bpf_row *row = row_get(slot, gen);
	struct vmmio_hist *all;

	if (!row || !opt_hist_stride || pos >= opt_hist_stride)
		return 0;
	all = (void *)(row + 1);
	all[pos].n[vmmio_hist_bucket(value) & (VMMIO_HIST_BUCKETS - 1)]++;
	return 0;
}

/* Of what one CPU at a time does for a virtqueue. */
static __always_inline void hist_count(const struct vmmio_stock_state *s, enum vmmio_hist_id id,
				       __u64 value)
{
	__u32 pos = opt_hist_pos[id];
	struct vmmio_hist *all;

	if (pos == VMMIO_HIST_ABSENT)
		return;
	all = hists_of(s);
	if (all)
		all[pos].n[vmmio_hist_bucket(value) & (VMMIO_HIST_BUCKETS - 1)]++;
	else
		hist_far(s->slot, s->gen, pos, value);
}

/* Of what several may do at once. @all: hists_of() it. */
static __always_inline void hist_shared(const struct vmmio_stock_state *s, struct vmmio_hist *all,
					enum vmmio_hist_id id, __u64 value)
{
	__u32 pos = opt_hist_pos[id];

	if (pos == VMMIO_HIST_ABSENT)
		return;
	if (all)
		__sync_fetch_and_add(
			&all[pos].n[vmmio_hist_bucket(value) & (VMMIO_HIST_BUCKETS - 1)], 1);
	else
		hist_far(s->slot, s->gen, pos, value);
}

#endif

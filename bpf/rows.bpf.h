/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows and histograms in per-CPU arrays by slot: what the objects that count
 * in a guest (guest.bpf.c, stock.bpf.c) have in common. Each object that
 * includes this gets maps of its own; the loader sizes them and sets the
 * options.
 */
#ifndef VMMIO_BPF_ROWS_H
#define VMMIO_BPF_ROWS_H

/* Set between open and load. */
const volatile __u32 opt_slots = VMMIO_SLOTS; /* entries of rows */
const volatile __u32 opt_hist_stride = 0;     /* histograms kept per slot */
const volatile __u8 opt_hist_pos[VMMIO_HIST_COUNT] = {};

/* Events that found no place: slot beyond the maps, or a failed lookup. */
__u64 events_lost = 0;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vmmio_bpf_row);
} rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vmmio_hist);
} hists SEC(".maps");

/*
 * Zeroes in two instructions: a read of what cannot be read leaves them. Written
 * out, they were most of each program, and of the time to load it.
 */
static __always_inline void zero(void *p, __u32 size)
{
	bpf_probe_read_kernel(p, size, NULL);
}

static __always_inline void lost(void)
{
	__sync_fetch_and_add(&events_lost, 1);
}

/* The overflow slot is always the last entry; a slot beyond the others has none. */
static __always_inline __u32 slot_index(__u32 slot)
{
	if (slot < opt_slots - 1)
		return slot;
	return slot == VMMIO_SLOT_OVERFLOW ? opt_slots - 1 : ~0u;
}

/* Another generation took the slot: forget what the previous one counted. */
static __noinline int row_clear(__u32 slot, __u32 gen)
{
	__u32 i = slot_index(slot), pos, key;
	struct vmmio_bpf_row *row = bpf_map_lookup_elem(&rows, &i);

	if (!row)
		return 0;
	zero(row, sizeof(*row));
	row->gen = gen;
	for (pos = 0; pos < VMMIO_HIST_COUNT; pos++) {
		struct vmmio_hist *h;

		if (pos >= opt_hist_stride)
			break;
		key = i * opt_hist_stride + pos;
		h = bpf_map_lookup_elem(&hists, &key);
		if (h)
			zero(h, sizeof(*h));
	}
	return 0;
}

static __always_inline struct vmmio_bpf_row *row_get(__u32 slot, __u32 gen)
{
	__u32 i = slot_index(slot);
	struct vmmio_bpf_row *row = bpf_map_lookup_elem(&rows, &i);

	if (!row) {
		lost();
		return NULL;
	}
	if (row->gen != gen)
		row_clear(slot, gen);
	return row;
}

static __always_inline void hist_add(__u32 slot, enum vmmio_hist_id id, __u64 value)
{
	__u32 key, b;
	struct vmmio_hist *h;

	if (opt_hist_pos[id] == VMMIO_HIST_ABSENT)
		return;
	key = slot_index(slot) * opt_hist_stride + opt_hist_pos[id];
	h = bpf_map_lookup_elem(&hists, &key);
	if (!h) {
		lost();
		return;
	}
	b = vmmio_hist_bucket(value);
	if (b < VMMIO_HIST_BUCKETS)
		h->n[b]++;
}

#endif

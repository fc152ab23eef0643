/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows and histograms in per-CPU arrays by slot: shared by the objects that count in a guest
 * (guest.bpf.c, stock.bpf.c). Each object that includes this has its own maps; the loader sizes
 * them and sets the options.
 */
#ifndef VMMIO_BPF_ROWS_H
#define VMMIO_BPF_ROWS_H

/* Set between open and load. */
const volatile __u32 opt_slots = VMMIO_SLOTS; /* entries of rows */
const volatile __u32 opt_hist_stride = 0;     /* histograms kept per slot */
const volatile __u8 opt_hist_pos[VMMIO_HIST_COUNT] = {};

/* Events without a place: slot beyond the maps, or a failed lookup. */
__u64 events_lost = 0;

/* Generation of a slot that has counted anything; the loader need not read other slots. */
__u32 rows_counted[VMMIO_SLOTS] = {};

/*
 * Parts of VMMIO_BPF_CHUNK slots, which the loader adds as slots come into use: room for all
 * possible slots on all possible CPUs is hundreds of MB on some machines. A row's histograms follow
 * it, so that a hook makes one lookup for all that it counts; the loader sets the length of a
 * value.
 */
struct rows_chunk {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VMMIO_BPF_CHUNK);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct vmmio_bpf_row));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, VMMIO_BPF_CHUNKS);
	__type(key, __u32);
	__array(values, struct rows_chunk);
} rows SEC(".maps");

/*
 * Zeroes in two instructions: a failed read leaves zeroes. Written out, they were most of each
 * program, and of the time to load it.
 */
static __always_inline void zero(void *p, __u32 size)
{
	bpf_probe_read_kernel(p, size, NULL);
}

static __always_inline void lost(void)
{
	__sync_fetch_and_add(&events_lost, 1);
}

static __always_inline bool slot_fits(__u32 slot)
{
	return slot < opt_slots - 1 || slot == VMMIO_SLOT_OVERFLOW;
}

/* The part of @map that holds @slot, or NULL. */
static __always_inline void *chunk_of(void *map, __u32 slot)
{
	__u32 chunk = slot / VMMIO_BPF_CHUNK;

	return slot_fits(slot) ? bpf_map_lookup_elem(map, &chunk) : NULL;
}

static __always_inline struct vmmio_bpf_row *row_at(__u32 slot)
{
	void *chunk = chunk_of(&rows, slot);
	__u32 at = slot % VMMIO_BPF_CHUNK;

	return chunk ? bpf_map_lookup_elem(chunk, &at) : NULL;
}

/* Another generation took the slot: clear the counts of the previous one. */
static __noinline int row_clear(__u32 slot, __u32 gen)
{
	struct vmmio_bpf_row *row = row_at(slot);

	if (!row)
		return 0;
	zero(row, sizeof(*row) + opt_hist_stride * sizeof(struct vmmio_hist));
	row->gen = gen;
	rows_counted[slot & (VMMIO_SLOTS - 1)] = gen;
	return 0;
}

static __always_inline struct vmmio_bpf_row *row_get(__u32 slot, __u32 gen)
{
	struct vmmio_bpf_row *row = row_at(slot);

	if (!row) {
		lost();
		return NULL;
	}
	if (row->gen != gen)
		row_clear(slot, gen);
	return row;
}

static __always_inline void hist_in(struct vmmio_bpf_row *row, enum vmmio_hist_id id, __u64 value)
{
	struct vmmio_hist *all = (void *)(row + 1);
	__u32 pos = opt_hist_pos[id], b;

	if (pos == VMMIO_HIST_ABSENT)
		return;
	b = vmmio_hist_bucket(value);
	if (b < VMMIO_HIST_BUCKETS)
		all[pos].n[b]++;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far a ring has come, as stock.bpf.c needs it: the indices of either kind
 * of ring in one form.
 *
 * A split ring has running indices of buffers. A packed ring has positions of
 * descriptors, each with a bit that turns over at the ring's end, so that they
 * repeat after twice the ring's size. Made available is a running count kept
 * here, brought forward at each notification check; used is that less what is in
 * flight. With indirect descriptors a buffer takes one descriptor.
 */
#ifndef VMMIO_BPF_STOCK_RINGS_H
#define VMMIO_BPF_STOCK_RINGS_H

#include "rings.bpf.h"
#include "flight.bpf.h"

struct virtio_mmio_device___f {
	struct virtio_device vdev;
} FLAVOUR;
struct virtio_pci_device___f {
	struct virtio_device vdev;
	int msix_enabled;
} FLAVOUR;

/* Called where the driver excludes other users of the queue. */
static __always_inline void packed_observe(struct virtqueue *vq, struct vmmio_stock_state *s)
{
	__u32 at = packed_avail(vq, s->ring);
	__u64 then = s->avail;

	s->avail = ((then >> 32) + packed_ahead(at, (__u32)then, s->ring)) << 32 | at;
}

/*
 * Indices of a packed ring as a split one would have them: used in the high half. With
 * @pending a descriptor that the driver has not seen used yet counts, if it is: the device
 * may have used more of them. A function of its own: inlined, it took registers from the
 * way of a split ring. It is in stock_queues.bpf.h.
 */
__u32 packed_now(__u32 slot, bool pending);

static __always_inline void packed_indices(const struct vmmio_stock_state *s, __u16 *avail,
					   __u16 *used, bool pending)
{
	__u32 now = packed_now(s->slot, pending);

	*avail = now;
	*used = now >> 16;
}

/* Buffers that may pass between two samples of a split ring, whose indices have 16 bits. */
#define SAMPLED 16384

/* Where the device's index of a split ring is, which stays there while the ring does. */
static __always_inline void split_placed(struct virtqueue *vq, struct vmmio_stock_state *s,
					 __u32 size)
{
	struct vring_virtqueue___f *ring = (void *)vq;

	s->used_at = (__u64)&BPF_CORE_READ(ring, split.vring.used)->idx;
	s->cookies = (__u64)BPF_CORE_READ(ring, split.desc_state);
	/* between two opportunities at most a ring of them becomes available; a power of two */
	s->sampled = size && size < SAMPLED ? SAMPLED / size - 1 : 0;
}

/*
 * Split rings, by slot, as pointers that have a type: these are read without a call. Linux from
 * 5.19 to 6.1 keeps such a pointer for a program; the only functions that have it for an argument
 * are those by which buffers leave the ring.
 */
#define KEPT __attribute__((btf_type_tag("kptr")))
struct typed {
	const struct vring_virtqueue KEPT *ring; /* clang 14 forgets the tag without const */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VMMIO_STOCK_SLOTS);
	__type(key, __u32);
	__type(value, struct typed);
} typed SEC(".maps");

/* Set between open and load: there is that map. */
const volatile bool opt_typed = false;

static __always_inline void ring_typed(struct virtqueue *vq, struct vmmio_stock_state *s)
{
	__u32 slot = s->slot;
	struct typed *t;

	if (!opt_typed || s->typed)
		return;
	t = bpf_map_lookup_elem(&typed, &slot);
	if (!t)
		return;
	t->ring = (void *)vq;
	s->typed = 1;
}

/* NULL: it is not known. */
static __always_inline const struct vring_virtqueue *typed_ring(const struct vmmio_stock_state *s)
{
	__u32 slot = s->slot;
	struct typed *t;

	if (!opt_typed || !s->typed)
		return NULL;
	t = bpf_map_lookup_elem(&typed, &slot);
	return t ? t->ring : NULL;
}

static __always_inline __u16 ring_used(struct virtqueue *vq, const struct vmmio_stock_state *s)
{
	__u16 avail, used = 0;

	if (s->packed)
		packed_indices(s, &avail, &used, true);
	else
		bpf_probe_read_kernel(&used, sizeof(used), (void *)s->used_at);
	return used;
}

/* Has the device used more than the driver has taken back? @used as ring_used() has it. */
static __always_inline bool ring_more(struct virtqueue *vq, const struct vmmio_stock_state *s,
				      __u16 *used)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	const struct vring_virtqueue *typed = typed_ring(s);
	__u16 avail, taken;

	if (typed) {
		*used = typed->split.vring.used->idx;
		return *used != typed->last_used_idx;
	}
	if (s->packed)
		packed_indices(s, &avail, &taken, false);
	else
		taken = BPF_CORE_READ(ring, last_used_idx);
	*used = ring_used(vq, s);
	return *used != taken;
}

static __always_inline __u16 ring_avail(struct virtqueue *vq, const struct vmmio_stock_state *s)
{
	struct vring_virtqueue___f *ring = (void *)vq;

	return s->packed ? (__u16)(s->avail >> 32) : BPF_CORE_READ(ring, split.avail_idx_shadow);
}

/*
 * What is counted of a split ring by samples: how far it has come is as good as the last
 * index of it, so that a ring is read every so many opportunities and at each of the
 * loader's looks. The caller excludes other users of the queue.
 */
static __always_inline void split_sample(struct virtqueue *vq, struct vmmio_stock_state *s)
{
	struct vring_virtqueue___f *ring = (void *)vq;

	s->avail_run += (__u16)(ring_avail(vq, s) - (__u16)s->avail_run);
	s->used_run += (__u16)(ring_used(vq, s) - (__u16)s->used_run);
	s->kicks_at = s->kicks;
	s->irqs_at = s->irqs;
	if (s->begun)
		return;
	/* what this opportunity is about is counted, which the driver knows until it is over */
	s->avail_first = s->avail_run - BPF_CORE_READ(ring, num_added) - s->avail_skip;
	s->used_first = s->used_run - s->used_skip;
	s->first_turn = s->turn;
	s->begun = 1;
}

/* The ring starts again at 0: what came after the last sample is not known. */
static __always_inline void split_again(struct vmmio_stock_state *s)
{
	__u64 avail = s->avail_run, used = s->used_run;

	s->look = 0;
	s->turn++;
	s->kicks_blind += s->kicks - s->kicks_at;
	s->irqs_blind += s->irqs - s->irqs_at;
	s->kicks_at = s->kicks;
	s->irqs_at = s->irqs;
	s->avail_run = (avail | 0xffff) + 1;
	s->used_run = (used | 0xffff) + 1;
	s->avail_skip += s->avail_run - avail;
	s->used_skip += s->used_run - used;
}

/* Set between open and load: what is taken back is seen where it leaves the ring. */
const volatile bool opt_taken = false;

/* Does the driver take buffers back? The hooks may not see it, see the loader. */
static __always_inline void taken_look(struct virtqueue *vq, struct vmmio_stock_state *s)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	__u16 at = s->packed ? packed_taken(vq, s->ring) : BPF_CORE_READ(ring, last_used_idx);

	if (s->met && at != s->taken_at)
		s->moved = 1;
	s->taken_at = at;
	s->met = 1;
}

/* The indices now, for the loader: it adds what came after the last sample. */
static __always_inline void ring_look(struct virtqueue *vq, struct vmmio_stock_state *s, __u32 n)
{
	__u64 flight;

	if (s->again)
		return;
	if (opt_taken)
		taken_look(vq, s);
	if (s->packed) {
		flight = packed_flight(s->key);
		if (flight == FLIGHT_UNKNOWN)
			return;
		s->look_avail = flight; /* the low half: fewer than a ring has */
		s->look_used = 0;
	} else {
		s->look_avail = ring_avail(vq, s);
		s->look_used = ring_used(vq, s);
	}
	barrier();
	s->look = n;
}

/* Both; used is what the driver has taken back or, of a split ring, what is there for it. */
static __always_inline void ring_indices(struct virtqueue *vq, const struct vmmio_stock_state *s,
					 __u16 *avail, __u16 *used)
{
	const struct vring_virtqueue *typed = typed_ring(s);

	if (typed) {
		*avail = typed->split.avail_idx_shadow;
		*used = typed->split.vring.used->idx;
		return;
	}
	if (s->packed) {
		packed_indices(s, avail, used, false);
		return;
	}
	*avail = ring_avail(vq, s);
	*used = ring_used(vq, s);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far a ring has come: the structures of virtio_ring that stock.bpf.c
 * reads, and the indices of either kind of ring in one form.
 *
 * A split ring has running indices of buffers. A packed ring has positions of
 * descriptors, each with a bit that turns over at the ring's end, so that they
 * repeat after twice the ring's size. Made available is a running count kept
 * here, brought forward at each kick opportunity; used is that less what is in
 * flight. With indirect descriptors a buffer takes one descriptor.
 */
#ifndef VMMIO_BPF_STOCK_RINGS_H
#define VMMIO_BPF_STOCK_RINGS_H

#define FEATURE_PACKED 34
#define PACKED_AVAIL (1 << 7) /* bits of a descriptor's flags */
#define PACKED_USED (1 << 15)
#define PACKED_WRAP (1 << 15) /* of last_used_idx */

/* Private to virtio_ring, the transports and, on kernels that have virtio as
 * modules, to those: only the members used, found by name. */
#define FLAVOUR __attribute__((preserve_access_index))
struct vring_used___f {
	__u16 flags;
	__u16 idx;
} FLAVOUR;
struct vring___f {
	unsigned int num;
	struct vring_used___f *used;
} FLAVOUR;
struct vring_virtqueue_split___f {
	struct vring___f vring;
	__u16 avail_idx_shadow;
} FLAVOUR;
struct vring_packed_desc___f {
	__u64 addr;
	__u32 len;
	__u16 id;
	__u16 flags;
} FLAVOUR;
struct vring_packed___f {
	unsigned int num;
	struct vring_packed_desc___f *desc;
} FLAVOUR;
struct vring_virtqueue_packed___f {
	struct vring_packed___f vring;
	bool avail_wrap_counter;
	bool used_wrap_counter; /* until 5.18; since then a bit of last_used_idx */
	__u16 next_avail_idx;
} FLAVOUR;
struct vring_virtqueue___f {
	bool indirect;
	__u16 last_used_idx;
	struct vring_virtqueue_split___f split;
	struct vring_virtqueue_packed___f packed;
} FLAVOUR;
struct virtio_mmio_device___f {
	struct virtio_device vdev;
} FLAVOUR;
struct virtio_pci_device___f {
	struct virtio_device vdev;
} FLAVOUR;

/* Where the next descriptor goes, 0 .. 2 * size - 1. */
static __always_inline __u32 packed_avail(struct virtqueue *vq, __u32 size)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	__u32 at = BPF_CORE_READ(ring, packed.next_avail_idx);

	return BPF_CORE_READ(ring, packed.avail_wrap_counter) ? at : at + size;
}

/* By how much position @to is beyond @from. */
static __always_inline __u32 packed_ahead(__u32 to, __u32 from, __u32 size)
{
	return to >= from ? to - from : to + 2 * size - from;
}

/* Called where the driver excludes other users of the queue. */
static __always_inline void packed_observe(struct virtqueue *vq, struct vmmio_stock_state *s)
{
	__u32 at = packed_avail(vq, s->ring);
	__u64 then = s->avail;

	s->avail = ((then >> 32) + packed_ahead(at, (__u32)then, s->ring)) << 32 | at;
}

/*
 * Indices of a packed ring as a split one would have them. With @pending a
 * descriptor that the driver has not seen used yet counts, if it is: the device
 * may have used more of them.
 */
static __always_inline void packed_indices(struct virtqueue *vq, const struct vmmio_stock_state *s,
					   __u16 *avail, __u16 *used, bool pending)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	__u16 at = BPF_CORE_READ(ring, last_used_idx), flags = 0;
	__u64 now = s->avail;
	__u32 size = s->ring, flight;
	bool wrap;

	if (bpf_core_field_exists(ring->packed.used_wrap_counter)) {
		wrap = BPF_CORE_READ(ring, packed.used_wrap_counter);
	} else {
		wrap = at & PACKED_WRAP;
		at &= ~PACKED_WRAP;
	}
	flight = packed_ahead((__u32)now, wrap ? at : at + size, size);
	/* what was added and used since the count was brought forward */
	if (flight > size)
		flight -= 2 * size;
	*avail = now >> 32;
	*used = *avail - flight;
	if (!pending)
		return;
	bpf_probe_read_kernel(&flags, sizeof(flags),
			      &BPF_CORE_READ(ring, packed.vring.desc)[at].flags);
	if (!!(flags & PACKED_USED) == wrap && !!(flags & PACKED_AVAIL) == wrap)
		*used += 1;
}

static __always_inline void ring_indices(struct virtqueue *vq, const struct vmmio_stock_state *s,
					 __u16 *avail, __u16 *used, bool pending)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	/* the pointer and what follows it, in one go */
	struct {
		struct vring_used___f *used;
		__u64 more;
	} near;
	__u32 at;

	if (s->packed) {
		packed_indices(vq, s, avail, used, pending);
		return;
	}
	__builtin_memset(&near, 0, sizeof(near));
	bpf_probe_read_kernel(&near, sizeof(near), &ring->split.vring.used);
	at = bpf_core_field_offset(ring->split.avail_idx_shadow) -
	     bpf_core_field_offset(ring->split.vring.used);
	if (at <= sizeof(near) - sizeof(*avail))
		*avail = *(__u16 *)((void *)&near + at);
	else
		*avail = BPF_CORE_READ(ring, split.avail_idx_shadow);
	bpf_probe_read_kernel(used, sizeof(*used), &near.used->idx);
}

#endif

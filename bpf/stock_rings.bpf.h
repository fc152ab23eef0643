/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far a ring has come, as stock.bpf.c needs it: the indices of either kind
 * of ring in one form.
 *
 * A split ring has running indices of buffers. A packed ring has positions of
 * descriptors, each with a bit that turns over at the ring's end, so that they
 * repeat after twice the ring's size. Made available is a running count kept
 * here, brought forward at each kick opportunity; used is that less what is in
 * flight. With indirect descriptors a buffer takes one descriptor.
 */
#ifndef VMMIO_BPF_STOCK_RINGS_H
#define VMMIO_BPF_STOCK_RINGS_H

#include "rings.bpf.h"

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
 * Indices of a packed ring as a split one would have them. With @pending a
 * descriptor that the driver has not seen used yet counts, if it is: the device
 * may have used more of them.
 */
static __always_inline void packed_indices(struct virtqueue *vq, const struct vmmio_stock_state *s,
					   __u16 *avail, __u16 *used, bool pending)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	__u64 now = s->avail;
	__u32 size = s->ring, seen = packed_taken(vq, size), flight;
	bool wrap = seen < size;
	__u16 flags = 0;

	flight = packed_ahead((__u32)now, seen, size);
	/* what was added and used since the count was brought forward */
	if (flight > size)
		flight -= 2 * size;
	*avail = now >> 32;
	*used = *avail - flight;
	if (!pending)
		return;
	bpf_probe_read_kernel(
		&flags, sizeof(flags),
		&BPF_CORE_READ(ring, packed.vring.desc)[wrap ? seen : seen - size].flags);
	if (!!(flags & PACKED_USED) == wrap && !!(flags & PACKED_AVAIL) == wrap)
		*used += 1;
}

/* The device's index of a split ring, which stays where it is while the ring does. */
static __always_inline __u64 split_used_at(struct virtqueue *vq)
{
	struct vring_virtqueue___f *ring = (void *)vq;

	return (__u64)&BPF_CORE_READ(ring, split.vring.used)->idx;
}

static __always_inline __u16 ring_used(struct virtqueue *vq, const struct vmmio_stock_state *s)
{
	__u16 avail, used = 0;

	if (s->packed)
		packed_indices(vq, s, &avail, &used, true);
	else
		bpf_probe_read_kernel(&used, sizeof(used), (void *)s->used_at);
	return used;
}

static __always_inline __u16 ring_avail(struct virtqueue *vq, const struct vmmio_stock_state *s)
{
	struct vring_virtqueue___f *ring = (void *)vq;

	return s->packed ? (__u16)(s->avail >> 32) : BPF_CORE_READ(ring, split.avail_idx_shadow);
}

/* Both; used is what the driver has taken back or, of a split ring, what is there for it. */
static __always_inline void ring_indices(struct virtqueue *vq, const struct vmmio_stock_state *s,
					 __u16 *avail, __u16 *used)
{
	if (s->packed) {
		packed_indices(vq, s, avail, used, false);
		return;
	}
	*avail = ring_avail(vq, s);
	*used = ring_used(vq, s);
}

#endif

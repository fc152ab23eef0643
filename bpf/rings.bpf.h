/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The structures of virtio_ring that BPF programs read, and positions in a packed ring: where a
 * descriptor goes, counted over two turns, because the ownership bits change their sense at the
 * ring's end.
 */
#ifndef VMMIO_BPF_RINGS_H
#define VMMIO_BPF_RINGS_H

#define FEATURE_PACKED 34
#define FEATURE_IN_ORDER 35
#define PACKED_AVAIL (1 << 7) /* bits of a descriptor's flags */
#define PACKED_USED (1 << 15)
#define PACKED_WRAP (1 << 15) /* of last_used_idx */

/*
 * Private to virtio_ring and the transports, or to these modules: only the used members, found by
 * name.
 */
#define FLAVOUR __attribute__((preserve_access_index))
struct vring_used___f {
	__u16 flags;
	__u16 idx;
} FLAVOUR;
struct vring_avail___f {
	__u16 flags;
	__u16 idx;
} FLAVOUR;
struct vring___f {
	unsigned int num;
	struct vring_avail___f *avail;
	struct vring_used___f *used;
} FLAVOUR;
struct vring_desc_state_split___f {
	void *data; /* the driver's cookie */
} FLAVOUR;
struct vring_virtqueue_split___f {
	struct vring___f vring;
	__u16 avail_flags_shadow;
	__u16 avail_idx_shadow;
	struct vring_desc_state_split___f *desc_state;
} FLAVOUR;
struct vring_packed_desc___f {
	__u64 addr;
	__u32 len;
	__u16 id;
	__u16 flags;
} FLAVOUR;
struct vring_packed_desc_event___f {
	__u16 off_wrap;
	__u16 flags;
} FLAVOUR;
struct vring_packed___f {
	unsigned int num;
	struct vring_packed_desc___f *desc;
	struct vring_packed_desc_event___f *driver;
	struct vring_packed_desc_event___f *device;
} FLAVOUR;
struct vring_desc_state_packed___f {
	void *data;
	__u16 num; /* descriptors that the buffer takes */
} FLAVOUR;
struct vring_virtqueue_packed___f {
	struct vring_packed___f vring;
	bool avail_wrap_counter;
	bool used_wrap_counter; /* until 5.18; since then a bit of last_used_idx */
	__u16 next_avail_idx;
	__u16 event_flags_shadow;
	struct vring_desc_state_packed___f *desc_state;
} FLAVOUR;
struct vring_virtqueue___f {
	bool broken;
	bool indirect;
	bool event;
	unsigned int num_added;
	__u16 last_used_idx;
	bool event_triggered; /* since 5.13 */
	struct vring_virtqueue_split___f split;
	struct vring_virtqueue_packed___f packed;
} FLAVOUR;

/* The same under the kernel's name, for pointers that it keeps with their type. */
struct vring_virtqueue {
	__u16 last_used_idx;
	struct vring_virtqueue_split___f split;
} FLAVOUR;

/* Where the next descriptor goes, 0 .. 2 * size - 1. */
static __always_inline __u32 packed_avail(struct virtqueue *vq, __u32 size)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	__u32 at = BPF_CORE_READ(ring, packed.next_avail_idx);

	return BPF_CORE_READ(ring, packed.avail_wrap_counter) ? at : at + size;
}

/* The distance of position @to from @from. */
static __always_inline __u32 packed_ahead(__u32 to, __u32 from, __u32 size)
{
	return to >= from ? to - from : to + 2 * size - from;
}

/* The driver's own: the next used descriptor it will take. */
static __always_inline __u32 packed_taken(struct virtqueue *vq, __u32 size)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	__u16 at = BPF_CORE_READ(ring, last_used_idx);
	bool wrap;

	if (bpf_core_field_exists(ring->packed.used_wrap_counter)) {
		wrap = BPF_CORE_READ(ring, packed.used_wrap_counter);
	} else {
		wrap = at & PACKED_WRAP;
		at &= ~PACKED_WRAP;
	}
	return wrap ? at : at + size;
}

#endif

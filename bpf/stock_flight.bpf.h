/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a packed ring has in flight, for stock.bpf.c's looks. The ring has no index for
 * it: the driver's list of buffers by id has those that it has not taken back, and
 * the descriptors behind the last one it took tell which of them the device has used.
 */
#ifndef VMMIO_BPF_STOCK_FLIGHT_H
#define VMMIO_BPF_STOCK_FLIGHT_H

#define IDS_TURN 512 /* looked at by one call: the verifier goes through each */
#define USED_TURN 64 /* of what is used */
#define RING_MAX 32768
#define FLIGHT_TRIES 4

/* Set between open and load: what is in flight is wanted. */
const volatile bool opt_flight = false;

/* Is the buffer @id with the driver or the device? */
static __always_inline bool packed_holds(__u64 buffers, __u32 id)
{
	__u64 data = 0;

	bpf_probe_read_kernel(&data, sizeof(data),
			      (void *)buffers +
				      id * bpf_core_type_size(struct vring_desc_state_packed___f));
	return data;
}

/* Of the buffers from @id on, up to @end, those that are. */
__noinline int packed_held(__u64 buffers, __u32 id, __u32 end)
{
	int n = 0, i;

	for (i = 0; i < IDS_TURN && opt_flight && id + i < end; i++)
		n += packed_holds(buffers, id + i);
	return n;
}

/*
 * Buffers that the device has used from position @at on, in the high half, and the position
 * behind them. Where it is not to be had, or more than fit are used, the position is @at of
 * none or the next one.
 */
__noinline __u64 packed_used(__u32 slot, __u32 at)
{
	const struct vmmio_stock_state *s = state_at(slot);
	struct vring_virtqueue___f *ring = (void *)s->key;
	struct vring_packed_desc___f *desc = BPF_CORE_READ(ring, packed.vring.desc);
	__u32 size = s->ring, n = 0;
	int i;

	for (i = 0; i < USED_TURN && opt_flight; i++) {
		bool wrap = at < size;
		struct vring_packed_desc___f *d = &desc[wrap ? at : at - size];
		__u16 flags = 0, id = 0, num = 0;

		bpf_probe_read_kernel(&flags, sizeof(flags), &d->flags);
		if (!!(flags & PACKED_USED) != wrap || !!(flags & PACKED_AVAIL) != wrap)
			break;
		bpf_probe_read_kernel(&id, sizeof(id), &d->id);
		if (id >= size)
			break;
		bpf_probe_read_kernel(
			&num, sizeof(num),
			(void *)s->cookies +
				id * bpf_core_type_size(struct vring_desc_state_packed___f) +
				bpf_core_field_offset(struct vring_desc_state_packed___f, num));
		/* one that is just being taken back is the driver's already */
		n += packed_holds(s->cookies, id);
		at += num ?: 1;
		if (at >= 2 * size)
			at -= 2 * size;
	}
	return (__u64)n << 32 | at;
}

/* One try: -1 if the ring went on meanwhile. */
__noinline int packed_flight_once(__u32 slot)
{
	const struct vmmio_stock_state *s = state_at(slot);
	struct virtqueue *vq = (void *)s->key;
	struct vring_virtqueue___f *ring = (void *)vq;
	__u32 size = s->ring, at = packed_taken(vq, size), begin = at;
	__u32 avail = packed_avail(vq, size), free = BPF_CORE_READ(vq, num_free), i;
	__u32 held = 0, used = 0, next;
	__u64 turn;

	if (!opt_flight || free >= size)
		return opt_flight && free == size ? 0 : -1;
	/* a buffer that is a list is one descriptor, but for want of memory */
	if (BPF_CORE_READ(ring, indirect)) {
		held = size - free;
	} else {
		for (i = 0; i < RING_MAX / IDS_TURN && i * IDS_TURN < size; i++)
			held += packed_held(s->cookies, i * IDS_TURN, size);
	}
	for (i = 0; i < RING_MAX / USED_TURN; i++) {
		turn = packed_used(slot, at);
		used += turn >> 32;
		next = (__u32)turn;
		if (next == at || !(turn >> 32))
			break;
		at = next;
	}
	/* of several that are used at once only the last is written */
	if (used && BPF_CORE_READ(vq, vdev, features) >> FEATURE_IN_ORDER & 1)
		return -1;
	if (used > held || packed_taken(vq, size) != begin || packed_avail(vq, size) != avail ||
	    BPF_CORE_READ(vq, num_free) != free)
		return -1;
	return held - used;
}

__noinline int packed_flight(__u32 slot)
{
	int i, n;

	for (i = 0; i < FLIGHT_TRIES && opt_flight; i++) {
		n = packed_flight_once(slot);
		if (n >= 0)
			return n;
	}
	return -1;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers that a packed ring has in flight, for looks at it. The ring has no index for
 * it: the driver's list of buffers by id has those that it has not taken back, and
 * the descriptors behind the last one it took tell which of them the device has used.
 */
#ifndef VMMIO_BPF_FLIGHT_H
#define VMMIO_BPF_FLIGHT_H

#include "rings.bpf.h"

/* In one loop: the verifier goes through each turn, and once through what is called in it. */
#define TURNS 32
#define RING_MAX (TURNS * TURNS * TURNS)
#define FLIGHT_TRIES 4
#define FLIGHT_UNKNOWN (~0ull)

/* Set between open and load, or by the object before: what is in flight is wanted. */
#ifndef FLIGHT_WANTED
#define FLIGHT_WANTED false
#endif
const volatile bool opt_flight = FLIGHT_WANTED;

#define BUFFER_SIZE bpf_core_type_size(struct vring_desc_state_packed___f)

/* Is the buffer @id with the driver or the device? */
static __always_inline bool packed_holds(__u64 buffers, __u32 id)
{
	__u64 data = 0;

	bpf_probe_read_kernel(&data, sizeof(data), (void *)buffers + id * BUFFER_SIZE);
	return data;
}

/* The descriptors that it takes. */
static __always_inline __u16 packed_length(__u64 buffers, __u32 id)
{
	__u16 num = 0;

	bpf_probe_read_kernel(
		&num, sizeof(num),
		(void *)buffers + id * BUFFER_SIZE +
			bpf_core_field_offset(struct vring_desc_state_packed___f, num));
	return num;
}

/* Of the buffers from @id on, up to @end, those that are; in the high half their descriptors. */
__noinline __u64 packed_held(__u64 buffers, __u32 id, __u32 end)
{
	__u64 n = 0;
	int i;

	for (i = 0; i < TURNS && opt_flight && id + i < end; i++)
		if (packed_holds(buffers, id + i))
			n += (__u64)packed_length(buffers, id + i) << 32 | 1;
	return n;
}

/* The same in more turns. */
__noinline __u64 packed_held_many(__u64 buffers, __u32 id, __u32 end)
{
	__u64 n = 0;
	int i;

	for (i = 0; i < TURNS && opt_flight && id < end; i++, id += TURNS)
		n += packed_held(buffers, id, end);
	return n;
}

/* Of all. */
__noinline __u64 packed_held_all(__u64 buffers, __u32 size)
{
	__u64 n = 0;
	int i;

	for (i = 0; i < TURNS && opt_flight && i * TURNS * TURNS < size; i++)
		n += packed_held_many(buffers, i * TURNS * TURNS, size);
	return n;
}

/*
 * Buffers that the device has used from position @at on, in the high half, and the position
 * behind them. Where it is not to be had, or more than fit are used, the position is @at of
 * none or the next one.
 */
__noinline __u64 packed_used(__u64 key, __u32 at)
{
	struct vring_virtqueue___f *ring = (void *)key;
	struct vring_packed_desc___f *desc = BPF_CORE_READ(ring, packed.vring.desc);
	__u64 buffers = (__u64)BPF_CORE_READ(ring, packed.desc_state);
	__u32 size = BPF_CORE_READ(ring, packed.vring.num), n = 0;
	int i;

	for (i = 0; i < TURNS && opt_flight; i++) {
		bool wrap = at < size;
		struct vring_packed_desc___f *d = &desc[wrap ? at : at - size];
		__u16 flags = 0, id = 0;

		bpf_probe_read_kernel(&flags, sizeof(flags), &d->flags);
		if (!!(flags & PACKED_USED) != wrap || !!(flags & PACKED_AVAIL) != wrap)
			break;
		bpf_probe_read_kernel(&id, sizeof(id), &d->id);
		if (id >= size)
			break;
		/* one that is just being taken back is the driver's already */
		n += packed_holds(buffers, id);
		at += packed_length(buffers, id) ?: 1;
		if (at >= 2 * size)
			at -= 2 * size;
	}
	return (__u64)n << 32 | at;
}

/* The same in more turns. */
__noinline __u64 packed_used_many(__u64 key, __u32 at)
{
	__u32 n = 0, next;
	__u64 turn;
	int i;

	for (i = 0; i < TURNS && opt_flight; i++) {
		turn = packed_used(key, at);
		n += turn >> 32;
		next = (__u32)turn;
		if (next == at || !(turn >> 32))
			break;
		at = next;
	}
	return (__u64)n << 32 | at;
}

/*
 * One try: in the high half those that the device has used and the driver has not taken back.
 * FLIGHT_UNKNOWN if the ring went on meanwhile. With @lists each buffer takes one descriptor, so
 * that the driver's buffers need not be gone through.
 */
__noinline __u64 packed_flight_once(__u64 key, bool lists)
{
	struct virtqueue *vq = (void *)key;
	struct vring_virtqueue___f *ring = (void *)vq;
	__u64 buffers = (__u64)BPF_CORE_READ(ring, packed.desc_state);
	__u32 size = BPF_CORE_READ(ring, packed.vring.num), at = packed_taken(vq, size);
	__u32 begin = at, avail = packed_avail(vq, size), free = BPF_CORE_READ(vq, num_free);
	__u32 held, used = 0, next, i;
	__u64 turn;

	if (!opt_flight || free >= size)
		return opt_flight && free == size ? 0 : FLIGHT_UNKNOWN;
	held = lists ? size - free : (__u32)packed_held_all(buffers, size);
	for (i = 0; i < TURNS; i++) {
		turn = packed_used_many(key, at);
		used += turn >> 32;
		next = (__u32)turn;
		if (next == at || !(turn >> 32))
			break;
		at = next;
	}
	/* of several that are used at once only the last is written */
	if (used && BPF_CORE_READ(vq, vdev, features) >> FEATURE_IN_ORDER & 1)
		return FLIGHT_UNKNOWN;
	if (used > held || packed_taken(vq, size) != begin || packed_avail(vq, size) != avail ||
	    BPF_CORE_READ(vq, num_free) != free)
		return FLIGHT_UNKNOWN;
	return (__u64)used << 32 | (held - used);
}

/*
 * Does a buffer take one descriptor each? With indirect descriptors those do that the driver got
 * memory for. One that is there while this goes through them is seen.
 */
__noinline bool packed_lists(__u64 key)
{
	struct vring_virtqueue___f *ring = (void *)key;
	__u64 n;

	if (!opt_flight || !BPF_CORE_READ(ring, indirect))
		return false;
	n = packed_held_all((__u64)BPF_CORE_READ(ring, packed.desc_state),
			    BPF_CORE_READ(ring, packed.vring.num));
	return n >> 32 == (__u32)n;
}

/* In flight; in the high half used and not taken back. FLIGHT_UNKNOWN: not to be had. */
__noinline __u64 packed_flight(__u64 key)
{
	bool lists = packed_lists(key);
	__u64 n;
	int i;

	for (i = 0; i < FLIGHT_TRIES && opt_flight; i++) {
		n = packed_flight_once(key, lists);
		if (n != FLIGHT_UNKNOWN)
			return n;
	}
	return FLIGHT_UNKNOWN;
}

#endif

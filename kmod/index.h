/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far a split ring has come: its running indices of 16 bits, extended to 64.
 * Whether anything is traced does not matter here.
 */
#ifndef VMMIO_KMOD_INDEX_H
#define VMMIO_KMOD_INDEX_H

#include "compat.h"
#include "vmmio.h"

static __always_inline u16 vmmio_index(const struct vmmio_queue *q, const __virtio16 *idx)
{
	return virtio16_to_cpu(q->vq->vdev, READ_ONCE(*idx));
}

/*
 * A look that finds so much at once comes 16,384 buffers or more after the one before:
 * whether the index went round meanwhile, once more than it shows, cannot be told.
 */
#define VMMIO_INDEX_LEAP 0xc000

/* Says so: queue.c. */
void vmmio_index_leapt(const struct vmmio_queue *q, u16 delta);

/*
 * Extends a ring's 16-bit index to the 64 bits of @seen and returns by how much it
 * moved on; @idx gets the index, @prev the one seen before. Two CPUs may observe
 * at once: each buffer is counted once, by whoever comes first. The index is
 * read after what was seen of it and so is never the older of the two.
 */
static __always_inline u16 vmmio_observe(const struct vmmio_queue *q, atomic64_t *seen,
					 const __virtio16 *from, u16 *idx, u16 *prev)
{
	u16 delta;
	s64 old;

	do {
		/* pairs with the release below, on another CPU */
		old = vmmio_atomic64_read_acquire(seen);
		*idx = vmmio_index(q, from);
		delta = *idx - (u16)old;
	} while (delta && atomic64_cmpxchg_release(seen, old, old + delta) != old);
	*prev = (u16)old;
	if (unlikely(delta >= VMMIO_INDEX_LEAP))
		vmmio_index_leapt(q, delta);
	return delta;
}

/* The same, out of line: queue.c. */
void vmmio_observe_turn(const struct vmmio_queue *q, atomic64_t *seen, const __virtio16 *from);

/*
 * With nothing traced the index matters to nobody until it is read: it is
 * enough to observe it each time it has gone half way round. Exact while fewer
 * than 32,768 buffers pass between two looks; where more might, vmmio_index_leapt()
 * says it. Packed rings look at a constant 0.
 */
static __always_inline bool vmmio_index_turned(const struct vmmio_queue *q, const atomic64_t *seen,
					       const __virtio16 *from)
{
	return (vmmio_index(q, from) ^ (u16)atomic64_read(seen)) & 0x8000;
}

#endif

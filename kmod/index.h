/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The progress of a split ring: its running 16-bit indices, extended to 64 bits. Works with and
 * without tracing.
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
 * A read that finds so many new buffers may have missed a whole turn of the index: it comes 16,384
 * buffers or more after the read before.
 */
#define VMMIO_INDEX_LEAP 0xc000

/* Says so: queue.c. */
void vmmio_index_leapt(const struct vmmio_queue *q, u16 delta);

/*
 * Extends a ring's 16-bit index to the 64 bits of @seen and returns the difference; @idx gets the
 * index, @prev the one seen before. Two CPUs may observe at once: each buffer is counted once, by
 * the first. The index is read after @seen and so is never the older of the two.
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
 * With tracing off nobody needs the index until it is read, so it is enough to observe it at each
 * half turn. Exact while fewer than 32,768 buffers pass between two reads; vmmio_index_leapt()
 * reports where more might. Packed rings read a constant 0.
 */
static __always_inline bool vmmio_index_turned(const struct vmmio_queue *q, const atomic64_t *seen,
					       const __virtio16 *from)
{
	return (vmmio_index(q, from) ^ (u16)atomic64_read(seen)) & 0x8000;
}

#endif

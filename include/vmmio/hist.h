/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log-linear histogram shared by BPF (which fills it) and the tools
 * (which read it): 8 sub-buckets per octave, so a bucket is at most 12.5 %
 * wide and percentiles can be printed. Values 0..7 have a bucket each;
 * everything from 2^34 up lands in the last bucket.
 */
#ifndef VMMIO_HIST_H
#define VMMIO_HIST_H

#include "types.h"

#define VMMIO_HIST_SUB_BITS 3
#define VMMIO_HIST_SUB (1 << VMMIO_HIST_SUB_BITS)
#define VMMIO_HIST_BUCKETS 256

struct vmmio_hist {
	__u32 n[VMMIO_HIST_BUCKETS];
};

_Static_assert(sizeof(struct vmmio_hist) == 1024, "vmmio_hist layout");

/* Floor of log2; @v must not be 0. Branches only: BPF has no bit scan. */
static inline __u32 vmmio_log2(__u64 v)
{
	__u32 r = 0;

	if (v >> 32) {
		v >>= 32;
		r += 32;
	}
	if (v >> 16) {
		v >>= 16;
		r += 16;
	}
	if (v >> 8) {
		v >>= 8;
		r += 8;
	}
	if (v >> 4) {
		v >>= 4;
		r += 4;
	}
	if (v >> 2) {
		v >>= 2;
		r += 2;
	}
	if (v >> 1)
		r += 1;
	return r;
}

/* The bucket that holds @v: always below VMMIO_HIST_BUCKETS. */
static inline __u32 vmmio_hist_bucket(__u64 v)
{
	__u32 e, b;

	if (v < VMMIO_HIST_SUB)
		return (__u32)v;
	e = vmmio_log2(v);
	b = ((e - VMMIO_HIST_SUB_BITS + 1) << VMMIO_HIST_SUB_BITS) +
	    ((__u32)(v >> (e - VMMIO_HIST_SUB_BITS)) & (VMMIO_HIST_SUB - 1));
	return b < VMMIO_HIST_BUCKETS ? b : VMMIO_HIST_BUCKETS - 1;
}

/* Smallest value of bucket @b; vmmio_hist_low(b + 1) bounds it above. */
static inline __u64 vmmio_hist_low(__u32 b)
{
	__u32 e;

	if (b < VMMIO_HIST_SUB)
		return b;
	e = (b >> VMMIO_HIST_SUB_BITS) + VMMIO_HIST_SUB_BITS - 1;
	return ((__u64)(VMMIO_HIST_SUB | (b & (VMMIO_HIST_SUB - 1)))) << (e - VMMIO_HIST_SUB_BITS);
}

/* X(ID, key, unit, what one sample is) */
#define VMMIO_HISTS(X)                                                                    \
	X(KICK, "kick", "ns", "cost of one doorbell write")                               \
	X(IRQ, "irq", "ns", "kick to interrupt")                                          \
	X(BATCH, "batch", "buffers", "buffers made available per kick")                   \
	X(COALESCE, "coalesce", "buffers", "used buffers per interrupt that found any")   \
	X(ACCESS, "access", "ns", "cost of one register access, doorbells left out")      \
	X(REQUEST, "request", "ns", "request latency: buffer added to buffer taken back") \
	X(OCCUPANCY, "occupancy", "buffers", "buffers in flight at a kick")

enum vmmio_hist_id {
#define VMMIO_HIST_ENUM(id, key, unit, meaning) VMMIO_HIST_##id,
	VMMIO_HISTS(VMMIO_HIST_ENUM)
#undef VMMIO_HIST_ENUM
	VMMIO_HIST_COUNT,
};

#endif

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

/* Floor of log2; @v must not be 0. */
static inline __u32 vmmio_log2(__u64 v)
{
	__u32 r = 0;

	while (v >>= 1)
		r++;
	return r;
}

/* The barrier keeps one jump per step in BPF; clang would split the step into two conditions. */
#ifdef __bpf__
#define VMMIO_HIST_STEP(v, b) asm volatile("" : "+r"(v), "+r"(b))
#else
#define VMMIO_HIST_STEP(v, b)
#endif

/*
 * The bucket that holds @v: always below VMMIO_HIST_BUCKETS. BPF has no bit scan, so the value is
 * shifted until it is below 16; the rest is its position from the octave's first bucket on.
 */
static inline __u32 vmmio_hist_bucket(__u64 value)
{
	__u32 b = 0, shift;
	__u64 v = value;

	if (v >> 34)
		return VMMIO_HIST_BUCKETS - 1;
	for (shift = 16; shift; shift >>= 1) {
		if (v < (__u64)VMMIO_HIST_SUB << shift)
			continue;
		v >>= shift;
		b += shift << VMMIO_HIST_SUB_BITS;
		VMMIO_HIST_STEP(v, b);
	}
	return b + (__u32)v;
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

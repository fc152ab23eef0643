/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which function tells of a notification check: stock.bpf.c counts it by
 * opportunity(), once for each, whatever the compiler inlined.
 */
#ifndef VMMIO_BPF_STOCK_WHOLE_H
#define VMMIO_BPF_STOCK_WHOLE_H

/*
 * Does virtqueue_kick() call virtqueue_kick_prepare()? Since 7.x it can have it
 * inlined, and is a notification check of its own then. The first call tells.
 */
static enum {
	KICK_UNKNOWN,
	KICK_CALLS,
	KICK_INLINED
} kick_does = KICK_UNKNOWN;

/*
 * Whose virtqueue_kick() began last. Not by CPU: many drivers never call it, and then this is
 * asked at each check. Another's in between leaves the question open.
 */
static __u64 whole_now = 0;

static __always_inline int kick_prepare(struct virtqueue *vq)
{
	if (kick_does == KICK_UNKNOWN && whole_now == (__u64)vq)
		kick_does = KICK_CALLS;
	return opportunity(vq);
}

static __always_inline int whole_kick(struct virtqueue *vq)
{
	struct cpu_scratch *x;

	if (kick_does == KICK_INLINED)
		return opportunity(vq);
	if (kick_does == KICK_UNKNOWN) {
		x = scratch();
		if (x)
			x->whole_vq = (__u64)vq;
		whole_now = (__u64)vq;
	}
	return 0;
}

static __always_inline int whole_kick_done(void)
{
	struct cpu_scratch *x;
	struct virtqueue *vq;
	__u64 now = whole_now;

	if (kick_does != KICK_UNKNOWN)
		return 0;
	whole_now = 0;
	x = scratch();
	if (!x || !x->whole_vq)
		return 0;
	vq = (void *)x->whole_vq;
	x->whole_vq = 0;
	if (now != (__u64)vq)
		return 0;
	kick_does = KICK_INLINED;
	return opportunity(vq);
}

#endif

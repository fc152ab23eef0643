/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contents of a record, whether our driver's tracepoint or a probe on a mainline function made
 * it. For readers that follow single kicks (a recording's journeys); sums need none of it.
 */
#ifndef VMMIO_STEPS_H
#define VMMIO_STEPS_H

#include <stdbool.h>

#include "vmmio/types.h"

enum vmmio_step_kind {
	VMMIO_STEP_OPPORTUNITY, /* virtqueue_kick_prepare() */
	VMMIO_STEP_KICK,	/* before the doorbell write */
	VMMIO_STEP_KICK_DONE,	/* after it */
	VMMIO_STEP_QUEUE_IRQ,	/* a handler looked at the queue */
	VMMIO_STEP_QUEUE_DONE,	/* its callback came back; mainline's only */
	VMMIO_STEP_IRQ,		/* a handler of a device begins; mainline's only */
	VMMIO_STEP_IRQ_DONE,	/* it ended */
	VMMIO_STEP_ACCESS,	/* of a register that is no doorbell */
	VMMIO_STEP_KINDS,
};

struct vmmio_step {
	enum vmmio_step_kind kind;
	__u64 ns;	  /* of the record */
	__u64 begin_ns;	  /* of what it tells, by the driver's own clock; 0: not told */
	__u64 cost_ns;	  /* how long it took; 0: not told */
	__u64 latency_ns; /* kick to interrupt, with VMMIO_EV_LATENCY */
	__u32 slot, gen;  /* as in a snapshot's row */
	__u32 flags;	  /* VMMIO_EV_* */
	__u32 buffers;	  /* made available, or used */
	__u16 reg;	  /* enum vmmio_reg, of an access */
	bool write;
	bool found;    /* of QUEUE_IRQ and the two DONE: there was something */
	bool mainline; /* a probe's record: its times include what the probe costs */
	int cpu;
	__s32 pid;
};

struct vmmio_steps {
	void (*take)(void *data, const struct vmmio_step *step); /* NULL: nobody listens */
	void *data;
};

#endif

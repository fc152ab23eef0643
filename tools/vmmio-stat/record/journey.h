/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps of a recording joined into journeys: from the kick that starts the wait for an interrupt,
 * by the rule of kick-to-interrupt, to the end of the handler. Keeps the slowest of each virtqueue.
 */
#ifndef VMMIO_JOURNEY_H
#define VMMIO_JOURNEY_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/vmmio-stat/source/steps.h"
#include "vmmio/slots.h"

#define VMMIO_JOURNEY_LOOKED 256
#define VMMIO_JOURNEY_SLOTS (2 * VMMIO_SLOTS) /* ours, then mainline's */

/* Nanoseconds of the rings' clock; 0: that step was not seen. */
struct vmmio_journey {
	__u32 slot, gen;
	__u64 asked_ns;	       /* mainline's: virtqueue_kick_prepare() before it */
	__u64 kick_ns;	       /* before the doorbell write */
	__u64 write_ns;	       /* ours: how long the write took */
	__u64 irq_ns;	       /* ours: the handler began; mainline's: it looked at the queue */
	__u64 latency_ns;      /* from the kick to that */
	__u64 end_ns;	       /* the handler, or the queue's callback, ended */
	__u32 merged;	       /* kicks that came meanwhile */
	__u32 used;	       /* ours: buffers that the interrupt found */
	int kick_cpu, irq_cpu; /* -1: not seen */
	__s32 pid;	       /* of the task that kicked */
	bool mainline;
};

struct vmmio_journeys {
	unsigned int keep; /* slowest of each virtqueue */
	struct journey_queue *queues;
	/* ours: those whose handler has not ended yet */
	__u32 looked[VMMIO_JOURNEY_LOOKED];
	unsigned int nlooked;
	__u64 finished;
	void (*take)(void *data, const struct vmmio_journey *x); /* each; NULL: nobody */
	/* those without an interrupt: @taken, its buffers were found by the next kick; NULL: nobody
	 */
	void (*left)(void *data, const struct vmmio_journey *x, bool taken);
	void *data;
	int err; /* -ENOMEM: some are missing */
};

/* Returns 0 or -ENOMEM. */
int vmmio_journeys_init(struct vmmio_journeys *j, unsigned int keep);
void vmmio_journeys_free(struct vmmio_journeys *j);

/* In the order of the records; for struct vmmio_steps. */
void vmmio_journeys_step(void *journeys, const struct vmmio_step *s);
/* No more will come. */
void vmmio_journeys_finish(struct vmmio_journeys *j);

/* From the kick to the last step seen, ns. */
__u64 vmmio_journey_whole(const struct vmmio_journey *x);

/*
 * The @max slowest of those that @wanted says yes to, slowest first, into @list.
 * Returns how many.
 */
size_t vmmio_journeys_slowest(const struct vmmio_journeys *j,
			      bool (*wanted)(void *data, const struct vmmio_journey *x), void *data,
			      const struct vmmio_journey **list, size_t max);

#endif

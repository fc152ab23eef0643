/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The history of each virtqueue over a series of looks: buffers in flight, the age of the oldest,
 * and for how long nothing moved. Looks come from stall/sample.c, or from a test; nothing is read
 * here.
 */
#ifndef VMMIO_STALL_WATCH_H
#define VMMIO_STALL_WATCH_H

#include "judge.h"
#include "tools/vmmio-stat/core/irqs.h"
#include "vmmio/slots.h"

#define VMMIO_STALL_MARKS 64

struct vmmio_stall_queue {
	struct vmmio_slot_info info; /* who it is; no slot */
	/* Kind DEVICE: a driver is at it, and only this is known of it. */
	struct vmmio_stall_binding binding;
	bool ours;   /* vmmio.ko serves it */
	bool hooked; /* its doorbell is */
	struct vmmio_stall_sample now;
	__u64 avail_total; /* since the first look, and what was in flight then */
	__u64 look;	   /* number of the last one */
	/* Awake time of the watch at which it began, plus one; 0: it is not so. */
	__u64 idle, pending, added, broken, bound, full, spurious;
	/* Within (prev_ns, ns] the queue came to avail; prev_ns 0: it was there before. */
	struct vmmio_stall_mark {
		__u64 prev_ns, ns, avail;
	} marks[VMMIO_STALL_MARKS];
	unsigned int nmarks;
	bool have_irqs, have_base;
	__u32 irqs, base; /* of its interrupt, modulo 2^32: before this look; before pending */
	/* What the kernel said last of what its interrupt found, and what came since the time
	 * before. */
	struct vmmio_stall_found {
		bool have;
		__u32 count, none;
		__u64 awake_ns, used;
	} found;
	__u32 taken, none;
	/* What was found since the last report, by vmmio_stall_watch_judge(). */
	enum vmmio_stall_cause cause, next; /* next: another one, in the last look only */
	bool over;			    /* it is no more */
	__u64 stalled_ns;
	char evidence[320];
};

struct vmmio_stall_watch {
	__u64 bound_ns, period_ns;
	__u64 now_ns, awake_ns, look;
	struct vmmio_stall_queue *list;
	size_t n, cap;
	bool wants_irqs; /* the next look, begins with the state of the interrupts */
	__u64 found_ns; /* awake time at which they were last asked for what they found, plus one */
};

/* How often it should be looked for what is to be told of a bound. */
__u64 vmmio_stall_period(__u64 bound_ns);
/* @period_ns: how often it is going to be looked. */
void vmmio_stall_watch_init(struct vmmio_stall_watch *w, __u64 bound_ns, __u64 period_ns);
void vmmio_stall_watch_free(struct vmmio_stall_watch *w);

/*
 * One look: begin, a queue each, and each device that a driver is at, end, which forgets the queues
 * that are gone. @steal_ns is the most that a CPU was without its host's since the look before. A
 * gap between looks counts as three periods at most: who did not look knows nothing of it.
 * @irqs may be NULL; without w->wants_irqs it need not be read. add returns 0 or
 * -ENOMEM.
 */
void vmmio_stall_watch_begin(struct vmmio_stall_watch *w, __u64 now_ns, __u64 steal_ns);
int vmmio_stall_watch_binding(struct vmmio_stall_watch *w, const struct vmmio_stall_queue *who,
			      const struct vmmio_stall_binding *b);
int vmmio_stall_watch_add(struct vmmio_stall_watch *w, const struct vmmio_stall_queue *who,
			  const struct vmmio_stall_sample *s, const struct vmmio_irqs *irqs);
void vmmio_stall_watch_end(struct vmmio_stall_watch *w);

/*
 * Is it time, twice in the bound, to say what the interrupts found? Then that of each is to be
 * said before the look ends: @count runs of its handlers, @none of them had nothing to do, both
 * as the kernel keeps them (kernel/irq/spurious.c): they begin again every 100,000, and @none
 * where there was none for a tenth of a second.
 */
bool vmmio_stall_watch_asks_found(struct vmmio_stall_watch *w);
void vmmio_stall_watch_found(struct vmmio_stall_watch *w, __u32 irq, __u32 count, __u32 none);

/* What vmmio_stall_judge() takes; the state of the interrupt is the caller's to add. */
void vmmio_stall_facts(const struct vmmio_stall_watch *w, const struct vmmio_stall_queue *q,
		       struct vmmio_stall_facts *f);

/*
 * Judges every queue; @look, if not NULL, says what it can of a queue's interrupt where
 * that decides. A
 * cause stays with the queue until vmmio_stall_watch_reported(). Returns how many are
 * stalled now.
 */
size_t vmmio_stall_watch_judge(struct vmmio_stall_watch *w,
			       void (*look)(void *with, const struct vmmio_stall_queue *q,
					    struct vmmio_stall_irq *irq),
			       void *with);
void vmmio_stall_watch_reported(struct vmmio_stall_watch *w);

/* @rows of w->list, @n of them, by device and then by queue. */
void vmmio_stall_watch_sort(const struct vmmio_stall_watch *w, size_t *rows, size_t n);

/*
 * Age of the oldest buffer in flight, if they are used in order; else it is older.
 * Between @min_ns and @max_ns; @max_ns 0: not known, it was there before the first
 * look. False: none is in flight.
 */
bool vmmio_stall_age(const struct vmmio_stall_watch *w, const struct vmmio_stall_queue *q,
		     __u64 *min_ns, __u64 *max_ns);

#endif

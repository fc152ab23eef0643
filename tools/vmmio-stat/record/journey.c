// SPDX-License-Identifier: GPL-2.0-only
/*
 * See journey.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmmio/events.h"
#include "journey.h"

struct journey_queue {
	bool open;		     /* waits for its interrupt */
	bool closed;		     /* waits for what may come after it */
	struct vmmio_journey now;    /* if open */
	struct vmmio_journey before; /* if closed */
	__u64 asked_ns;		     /* the last virtqueue_kick_prepare() */
	__s32 asked_pid;
	__u64 looked_ns; /* mainline's: the handler looks at it now */
	int looked_cpu;
	struct vmmio_journey *slow; /* a heap of n, the fastest on top */
	unsigned int n;
};

int vmmio_journeys_init(struct vmmio_journeys *j, unsigned int keep)
{
	memset(j, 0, sizeof(*j));
	j->keep = keep;
	j->queues = calloc(VMMIO_JOURNEY_SLOTS, sizeof(*j->queues));
	return j->queues ? 0 : -ENOMEM;
}

void vmmio_journeys_free(struct vmmio_journeys *j)
{
	size_t i;

	for (i = 0; j->queues && i < VMMIO_JOURNEY_SLOTS; i++)
		free(j->queues[i].slow);
	free(j->queues);
	j->queues = NULL;
}

__u64 vmmio_journey_whole(const struct vmmio_journey *x)
{
	__u64 end = x->end_ns ? x->end_ns : x->irq_ns;

	return end > x->kick_ns ? end - x->kick_ns : 0;
}

static void swap(struct vmmio_journey *a, struct vmmio_journey *b)
{
	struct vmmio_journey t = *a;

	*a = *b;
	*b = t;
}

static void sift_down(struct vmmio_journey *heap, unsigned int n)
{
	unsigned int i = 0, least, k;

	for (;; i = least) {
		for (least = i, k = 2 * i + 1; k <= 2 * i + 2 && k < n; k++)
			if (vmmio_journey_whole(&heap[k]) < vmmio_journey_whole(&heap[least]))
				least = k;
		if (least == i)
			return;
		swap(&heap[i], &heap[least]);
	}
}

/* Among the slowest, if it is one of them. */
static void keep(struct vmmio_journeys *j, struct journey_queue *q, const struct vmmio_journey *x)
{
	unsigned int i;

	j->finished++;
	if (j->take)
		j->take(j->data, x);
	if (!j->keep)
		return;
	if (!q->slow) {
		q->slow = calloc(j->keep, sizeof(*q->slow));
		if (!q->slow) {
			j->err = -ENOMEM;
			return;
		}
	}
	if (q->n == j->keep) {
		if (vmmio_journey_whole(x) <= vmmio_journey_whole(&q->slow[0]))
			return;
		q->slow[0] = *x;
		sift_down(q->slow, q->n);
		return;
	}
	i = q->n++;
	q->slow[i] = *x;
	for (; i && vmmio_journey_whole(&q->slow[i]) < vmmio_journey_whole(&q->slow[(i - 1) / 2]);
	     i = (i - 1) / 2)
		swap(&q->slow[i], &q->slow[(i - 1) / 2]);
}

static void finish_before(struct vmmio_journeys *j, struct journey_queue *q)
{
	if (q->closed)
		keep(j, q, &q->before);
	q->closed = false;
}

static void on_kick(struct vmmio_journeys *j, struct journey_queue *q, const struct vmmio_step *s)
{
	bool opens = s->mainline ? !q->open : s->flags & VMMIO_EV_OPENED;

	if (!opens) {
		q->now.merged++;
		return;
	}
	if (q->open && j->left)
		j->left(j->data, &q->now, s->flags & VMMIO_EV_POLLED);
	q->now = (struct vmmio_journey){
		.slot = s->slot,
		.gen = s->gen,
		.asked_ns = q->asked_pid == s->pid ? q->asked_ns : 0,
		.kick_ns = s->begin_ns ? s->begin_ns : s->ns,
		.kick_cpu = s->cpu,
		.irq_cpu = -1,
		.pid = s->pid,
		.mainline = s->mainline,
	};
	q->asked_ns = 0;
	q->open = true;
}

static void on_kick_done(struct journey_queue *q, const struct vmmio_step *s)
{
	if (q->open && q->now.kick_ns == s->begin_ns)
		q->now.write_ns = s->cost_ns;
	if (q->closed && q->before.kick_ns == s->begin_ns)
		q->before.write_ns = s->cost_ns;
}

/* The wait is over; what began it may be among what was lost. */
static void close_it(struct vmmio_journeys *j, struct journey_queue *q, const struct vmmio_step *s,
		     __u64 irq_ns, __u64 latency_ns, int irq_cpu)
{
	finish_before(j, q);
	if (q->open)
		q->before = q->now;
	else
		q->before = (struct vmmio_journey){
			.kick_ns = irq_ns - latency_ns, .kick_cpu = -1, .pid = -1};
	q->before.slot = s->slot;
	q->before.gen = s->gen;
	q->before.mainline = s->mainline;
	q->before.irq_ns = irq_ns;
	q->before.latency_ns = latency_ns;
	q->before.irq_cpu = irq_cpu;
	q->before.used = s->buffers;
	q->open = false;
	q->closed = true;
}

static void on_queue_irq(struct vmmio_journeys *j, struct journey_queue *q,
			 const struct vmmio_step *s)
{
	if (s->mainline) {
		q->looked_ns = s->ns;
		q->looked_cpu = s->cpu;
	} else if (s->flags & VMMIO_EV_LATENCY) {
		close_it(j, q, s, s->begin_ns, s->latency_ns, s->cpu);
		if (j->nlooked == VMMIO_JOURNEY_LOOKED) /* ends were lost */
			j->nlooked = 0;
		j->looked[j->nlooked++] = s->slot;
	}
}

static void on_queue_done(struct vmmio_journeys *j, struct journey_queue *q,
			  const struct vmmio_step *s)
{
	if (!s->found || !q->open || q->looked_ns < q->now.kick_ns)
		return;
	close_it(j, q, s, q->looked_ns, q->looked_ns - q->now.kick_ns, q->looked_cpu);
	q->before.end_ns = s->ns;
	finish_before(j, q);
}

/* Of all queues that this run of a handler looked at. */
static void on_irq_done(struct vmmio_journeys *j, const struct vmmio_step *s)
{
	unsigned int i, left = 0;

	for (i = 0; i < j->nlooked; i++) {
		struct journey_queue *q = &j->queues[j->looked[i]];

		if (q->closed && q->before.irq_ns == s->begin_ns && q->before.irq_cpu == s->cpu)
			q->before.end_ns = s->begin_ns + s->cost_ns;
		else if (q->closed && !q->before.end_ns)
			j->looked[left++] = j->looked[i]; /* by a handler on another CPU */
	}
	j->nlooked = left;
}

void vmmio_journeys_step(void *journeys, const struct vmmio_step *s)
{
	struct vmmio_journeys *j = journeys;
	struct journey_queue *q;

	if (s->slot >= VMMIO_JOURNEY_SLOTS)
		return;
	q = &j->queues[s->slot];
	switch (s->kind) {
	case VMMIO_STEP_OPPORTUNITY:
		q->asked_ns = s->ns;
		q->asked_pid = s->pid;
		break;
	case VMMIO_STEP_KICK:
		on_kick(j, q, s);
		break;
	case VMMIO_STEP_KICK_DONE:
		on_kick_done(q, s);
		break;
	case VMMIO_STEP_QUEUE_IRQ:
		on_queue_irq(j, q, s);
		break;
	case VMMIO_STEP_QUEUE_DONE:
		on_queue_done(j, q, s);
		break;
	case VMMIO_STEP_IRQ_DONE:
		if (!s->mainline)
			on_irq_done(j, s);
		break;
	default:
		break;
	}
}

void vmmio_journeys_finish(struct vmmio_journeys *j)
{
	size_t i;

	for (i = 0; i < VMMIO_JOURNEY_SLOTS; i++) {
		finish_before(j, &j->queues[i]);
		if (j->queues[i].open && j->left)
			j->left(j->data, &j->queues[i].now, false);
	}
}

size_t vmmio_journeys_slowest(const struct vmmio_journeys *j,
			      bool (*wanted)(void *data, const struct vmmio_journey *x), void *data,
			      const struct vmmio_journey **list, size_t max)
{
	size_t n = 0, i, k, at;

	for (i = 0; i < VMMIO_JOURNEY_SLOTS; i++) {
		for (k = 0; k < j->queues[i].n; k++) {
			const struct vmmio_journey *x = &j->queues[i].slow[k];

			if (!wanted(data, x))
				continue;
			for (at = n;
			     at && vmmio_journey_whole(list[at - 1]) < vmmio_journey_whole(x); at--)
				;
			if (at == max)
				continue;
			n += n < max;
			memmove(&list[at + 1], &list[at], (n - at - 1) * sizeof(*list));
			list[at] = x;
		}
	}
	return n;
}

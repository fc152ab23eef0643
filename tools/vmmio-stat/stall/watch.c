// SPDX-License-Identifier: GPL-2.0-only
/*
 * See watch.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "watch.h"

#define GAP 3 /* periods */

#define LOOKS 10 /* within the bound, and at least as often as: */
#define PERIOD_MAX_NS 100000000ull
#define PERIOD_MIN_NS 10000000ull

/* Interrupts within half a bound that are enough to speak of a share. */
#define FOUND_MIN 32

__u64 vmmio_stall_period(__u64 bound_ns)
{
	__u64 period = bound_ns / LOOKS;

	period = period > PERIOD_MAX_NS ? PERIOD_MAX_NS : period;
	return period < PERIOD_MIN_NS ? PERIOD_MIN_NS : period;
}

void vmmio_stall_watch_init(struct vmmio_stall_watch *w, __u64 bound_ns, __u64 period_ns)
{
	memset(w, 0, sizeof(*w));
	w->bound_ns = bound_ns;
	w->period_ns = period_ns;
	w->wants_irqs = true;
}

void vmmio_stall_watch_free(struct vmmio_stall_watch *w)
{
	free(w->list);
	memset(w, 0, sizeof(*w));
}

void vmmio_stall_watch_begin(struct vmmio_stall_watch *w, __u64 now_ns, __u64 steal_ns)
{
	__u64 passed = w->look ? now_ns - w->now_ns : 0;

	passed = passed > steal_ns ? passed - steal_ns : 0;
	if (passed > GAP * w->period_ns)
		passed = GAP * w->period_ns;
	w->awake_ns += passed;
	w->now_ns = now_ns;
	w->look++;
	w->wants_irqs = false;
}

static struct vmmio_stall_queue *find(struct vmmio_stall_watch *w, __u64 vq, const char *device)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->list[i].now.vq == vq && !strcmp(w->list[i].info.device, device))
			return &w->list[i];
	return NULL;
}

static struct vmmio_stall_queue *make(struct vmmio_stall_watch *w)
{
	if (w->n == w->cap) {
		size_t cap = w->cap ? 2 * w->cap : 16;
		void *p = reallocarray(w->list, cap, sizeof(*w->list));

		if (!p)
			return NULL;
		w->list = p;
		w->cap = cap;
	}
	memset(&w->list[w->n], 0, sizeof(w->list[0]));
	return &w->list[w->n++];
}

/* Since when something holds: now, if it did not before, or is another one. */
static void follow(const struct vmmio_stall_watch *w, __u64 *since, bool is, bool still)
{
	if (!is)
		*since = 0;
	else if (!*since || !still)
		*since = w->awake_ns + 1;
}

static void mark(struct vmmio_stall_queue *q, __u64 now_ns, __u64 prev_ns)
{
	unsigned int i, k;

	if (q->nmarks == VMMIO_STALL_MARKS) {
		/* every other one, with the time of both: coarser, and still true */
		for (i = 1, k = 0; i < q->nmarks; i += 2, k++) {
			q->marks[i].prev_ns = q->marks[i - 1].prev_ns;
			q->marks[k] = q->marks[i];
		}
		q->nmarks = k;
	}
	q->marks[q->nmarks++] = (struct vmmio_stall_mark){prev_ns, now_ns, q->avail_total};
}

static __u64 used_total(const struct vmmio_stall_queue *q)
{
	return q->avail_total - vmmio_stall_flight(&q->now);
}

/* Drops the entries whose buffers are all used. */
static void forget_marks(struct vmmio_stall_queue *q)
{
	unsigned int n = 0;

	while (n < q->nmarks && q->marks[n].avail <= used_total(q))
		n++;
	memmove(q->marks, q->marks + n, (q->nmarks - n) * sizeof(q->marks[0]));
	q->nmarks -= n;
}

static bool is_known(const struct vmmio_stall_sample *s)
{
	return s->flags & VMMIO_LOOK_EVENT && s->flags & VMMIO_LOOK_KNOWS;
}

static void take_irqs(struct vmmio_stall_queue *q, const struct vmmio_irqs *irqs)
{
	size_t i;

	q->have_irqs = false;
	if (!irqs)
		return;
	if (!q->info.irq)
		vmmio_irqs_identify(irqs, &q->info);
	for (i = 0; q->info.irq && i < irqs->n; i++) {
		if (irqs->list[i].irq != q->info.irq)
			continue;
		q->irqs = irqs->list[i].count;
		q->have_irqs = true;
	}
}

/* A ring that began again is another one: its queue is met anew. */
static bool same_ring(const struct vmmio_stall_sample *a, const struct vmmio_stall_sample *b)
{
	return a->ring == b->ring && a->modulus == b->modulus && a->features == b->features;
}

int vmmio_stall_watch_add(struct vmmio_stall_watch *w, const struct vmmio_stall_queue *who,
			  const struct vmmio_stall_sample *s, const struct vmmio_irqs *irqs)
{
	struct vmmio_stall_queue *q = find(w, s->vq, who->info.device);
	struct vmmio_stall_sample before;
	bool met = q && same_ring(&q->now, s) && q->look + 1 == w->look, had_irqs;
	__u32 pending = vmmio_stall_pending(s), flight = vmmio_stall_flight(s), moved, irqs_before;
	__u64 prev_ns;

	if (!q)
		q = make(w);
	if (!q)
		return -ENOMEM;
	if (!met) {
		*q = *who;
		q->avail_total = s->modulus + flight;
	}
	before = met ? q->now : *s;
	prev_ns = met ? before.time_ns : 0;
	had_irqs = q->have_irqs;
	irqs_before = q->irqs;
	q->look = w->look;
	q->now = *s;
	take_irqs(q, irqs);
	moved = vmmio_stall_ahead(s, s->avail, before.avail);
	q->avail_total += moved;
	if (moved || (!met && flight))
		mark(q, s->time_ns, prev_ns);
	forget_marks(q);
	follow(w, &q->idle, flight, vmmio_stall_flight(&before) && s->used == before.used);
	follow(w, &q->added, s->added, s->added == before.added + moved);
	follow(w, &q->broken, s->flags & VMMIO_LOOK_BROKEN, true);
	follow(w, &q->full, s->busy == s->ring && !flight && !pending, !moved);
	if (pending && (!q->pending || s->seen != before.seen)) {
		/* what came before the look before, when nothing was pending, is for others */
		q->have_base = met && had_irqs;
		q->base = irqs_before;
	} else if (pending && is_known(s) && !q->have_base && q->have_irqs) {
		/* the driver itself knows whether one came; those from here on are told */
		q->have_base = true;
		q->base = q->irqs;
	}
	follow(w, &q->pending, pending, s->seen == before.seen);
	w->wants_irqs |= !q->info.irq_mode || !is_known(s) ||
			 (pending && vmmio_stall_pending(&before) && s->seen == before.seen);
	return 0;
}

int vmmio_stall_watch_binding(struct vmmio_stall_watch *w, const struct vmmio_stall_queue *who,
			      const struct vmmio_stall_binding *b)
{
	struct vmmio_stall_queue *q = find(w, b->key, who->info.device);
	bool met = q && q->look + 1 == w->look;

	if (!q)
		q = make(w);
	if (!q)
		return -ENOMEM;
	if (!met)
		*q = *who;
	follow(w, &q->bound, true, met && q->binding.state == b->state);
	q->info.kind = VMMIO_SLOT_DEVICE;
	q->binding = *b;
	q->now.vq = b->key;
	q->look = w->look;
	return 0;
}

bool vmmio_stall_watch_asks_found(struct vmmio_stall_watch *w)
{
	if (w->found_ns && w->awake_ns + 1 - w->found_ns < w->bound_ns / 2)
		return false;
	w->found_ns = w->awake_ns + 1;
	return true;
}

static void take_found(const struct vmmio_stall_watch *w, struct vmmio_stall_queue *q, __u32 count,
		       __u32 none)
{
	struct vmmio_stall_found *f = &q->found, before = q->found;

	*f = (struct vmmio_stall_found){true, count, none, w->awake_ns, used_total(q)};
	/* where the count began again, what came in between is not known */
	if (!before.have || count < before.count)
		return;
	q->taken = count - before.count;
	q->none = none >= before.none ? none - before.none : none;
	if (q->taken < FOUND_MIN || q->none < q->taken - q->taken / 10 ||
	    (f->used == before.used && !vmmio_stall_pending(&q->now)))
		q->spurious = 0;
	else if (!q->spurious)
		q->spurious = before.awake_ns + 1;
}

void vmmio_stall_watch_found(struct vmmio_stall_watch *w, __u32 irq, __u32 count, __u32 none)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->list[i].info.irq == irq)
			take_found(w, &w->list[i], count, none);
}

void vmmio_stall_watch_end(struct vmmio_stall_watch *w)
{
	size_t i, k = 0;

	for (i = 0; i < w->n; i++)
		if (w->list[i].look == w->look)
			w->list[k++] = w->list[i];
	w->n = k;
}

static __u64 lasted(const struct vmmio_stall_watch *w, __u64 since)
{
	return since ? w->awake_ns + 1 - since : 0;
}

void vmmio_stall_facts(const struct vmmio_stall_watch *w, const struct vmmio_stall_queue *q,
		       struct vmmio_stall_facts *f)
{
	memset(f, 0, sizeof(*f));
	f->s = q->now;
	f->hooked = q->hooked;
	f->idle_ns = lasted(w, q->idle);
	f->pending_ns = lasted(w, q->pending);
	f->added_ns = lasted(w, q->added);
	f->broken_ns = lasted(w, q->broken);
	f->full_ns = lasted(w, q->full);
	f->spurious_ns = lasted(w, q->spurious);
	f->binding = q->binding;
	f->binding_ns = lasted(w, q->bound);
	f->driver = q->info.driver;
	f->bound_ns = w->bound_ns;
	f->patient = vmmio_stall_patient(q->now.device_id, q->now.index, q->now.name);
	f->lazy = vmmio_stall_lazy(q->now.device_id, q->now.index, q->now.name);
	f->irq.irq = q->info.irq;
	f->irq.have_count = q->have_base && q->have_irqs;
	f->irq.count = f->irq.have_count ? (__u32)(q->irqs - q->base) : 0;
	f->irq.taken = q->taken;
	f->irq.none = q->none;
}

/* For how long the cause has held. */
static __u64 lasts(const struct vmmio_stall_facts *f, enum vmmio_stall_cause cause)
{
	__u64 waits = f->idle_ns > f->pending_ns ? f->idle_ns : f->pending_ns;

	switch (cause) {
	case VMMIO_STALL_IN_PROBE:
	case VMMIO_STALL_IN_REMOVE:
		return f->binding_ns;
	case VMMIO_STALL_BROKEN:
		return f->broken_ns;
	case VMMIO_STALL_FULL:
		return f->full_ns;
	case VMMIO_STALL_SPURIOUS:
		return f->spurious_ns;
	default:
		return waits;
	}
}

size_t vmmio_stall_watch_judge(struct vmmio_stall_watch *w,
			       void (*look)(void *with, const struct vmmio_stall_queue *q,
					    struct vmmio_stall_irq *irq),
			       void *with)
{
	struct vmmio_stall_facts f;
	size_t i, n = 0;

	for (i = 0; i < w->n; i++) {
		struct vmmio_stall_queue *q = &w->list[i];
		enum vmmio_stall_cause cause;

		vmmio_stall_facts(w, q, &f);
		if (look && vmmio_stall_asks(&f))
			look(with, q, &f.irq);
		cause = vmmio_stall_judge(&f);
		q->over = !cause && q->cause;
		if (!cause)
			continue;
		n++;
		/*
		 * The ring is looked at before its interrupt: one that comes in between makes
		 * another cause of it, for this look.
		 */
		if (q->cause && cause != q->cause && cause != q->next) {
			q->next = cause;
			continue;
		}
		q->next = VMMIO_STALL_NONE;
		q->cause = cause;
		q->stalled_ns = lasts(&f, cause);
		vmmio_stall_evidence(&f, cause, q->evidence, sizeof(q->evidence));
	}
	return n;
}

void vmmio_stall_watch_reported(struct vmmio_stall_watch *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		if (!w->list[i].over)
			continue;
		w->list[i].cause = VMMIO_STALL_NONE;
		w->list[i].over = false;
	}
}

bool vmmio_stall_age(const struct vmmio_stall_watch *w, const struct vmmio_stall_queue *q,
		     __u64 *min_ns, __u64 *max_ns)
{
	const struct vmmio_stall_mark *m = &q->marks[0];

	if (!q->nmarks)
		return false;
	*min_ns = q->now.time_ns - m->ns;
	*max_ns = m->prev_ns ? q->now.time_ns - m->prev_ns : 0;
	return true;
}

/* qsort() has no argument of its own. */
static const struct vmmio_stall_watch *sorting;

static int by_name(const void *a, const void *b)
{
	const struct vmmio_slot_info *x = &sorting->list[*(const size_t *)a].info;
	const struct vmmio_slot_info *y = &sorting->list[*(const size_t *)b].info;
	int order = strverscmp(x->device, y->device);

	return order ? order : (x->queue > y->queue) - (x->queue < y->queue);
}

void vmmio_stall_watch_sort(const struct vmmio_stall_watch *w, size_t *rows, size_t n)
{
	sorting = w;
	if (n)
		qsort(rows, n, sizeof(*rows), by_name);
}

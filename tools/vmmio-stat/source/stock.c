// SPDX-License-Identifier: GPL-2.0-only
/*
 * Source "mainline": mainline's drivers by bpf/stock.bpf.c, which stock_load.c
 * loads and attaches. It reads rows and identities. Its slots are numbered
 * from VMMIO_SLOTS up, so that they never meet those of our driver.
 * Long because what a counter takes, how it is read and where it is unknown belong together.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpf_rows.h"
#include "tools/vmmio-stat/core/irqs.h"
#include <vmmio/devices.h>
#include "source.h"
#include "stock_load.h"
#include "stock_sysfs.h"
#include "lib/clock.h"

#define MAINLINE_MMIO "/sys/bus/platform/drivers/virtio-mmio"
#define MAINLINE_PCI "/sys/bus/pci/drivers/virtio-pci"

#define BIT(c) (1ull << VMMIO_C_##c)

#define LOOKED (BIT(LOOKS) | BIT(IN_FLIGHT)) /* what a reading of the ring tells */

static const struct vmmio_bpf_have have = {
	.queue = BIT(KICKS) | BIT(OPPORTUNITIES) | BIT(KICKS_INDEXED) | BIT(KICK_BUFFERS) |
		 BIT(KICKS_TIMED) | BIT(KICK_NS) | BIT(KICKS_INTERRUPTED) | BIT(KICKS_MERGED) |
		 BIT(KICKS_POLLED) | BIT(LATENCIES) | BIT(LATENCY_NS) | BIT(LATENCIES_EMPTY) |
		 BIT(LATENCY_EMPTY_NS) | BIT(IRQS) | BIT(IRQS_FOUND) | BIT(IRQS_SPURIOUS) |
		 BIT(IRQS_NOTHING) | BIT(IRQS_INDEXED) | BIT(USED_BUFFERS) | BIT(OCCUPANCIES) |
		 BIT(OCCUPANCY) | BIT(LATENCIES_PREEMPTED) | LOOKED,
	.device = BIT(IRQS) | BIT(IRQS_SPURIOUS) | BIT(CONFIG_IRQS) | BIT(HANDLER_TIMED) |
		  BIT(HANDLER_NS),
	.queue_hists = 1u << VMMIO_HIST_KICK | 1u << VMMIO_HIST_IRQ | 1u << VMMIO_HIST_BATCH |
		       1u << VMMIO_HIST_COALESCE | 1u << VMMIO_HIST_OCCUPANCY,
};
/* Of a queue that our own driver serves: what only virtio_ring can tell. */
static const __u64 have_ours = BIT(OPPORTUNITIES) | LOOKED;
/* The same if the ring is packed: its positions are known to virtio_ring only. */
static const struct vmmio_bpf_have have_packed = {
	.queue = BIT(KICKS_INDEXED) | BIT(KICK_BUFFERS) | BIT(KICKS_MERGED) | BIT(KICKS_POLLED) |
		 BIT(LATENCIES) | BIT(LATENCY_NS) | BIT(LATENCIES_EMPTY) | BIT(LATENCY_EMPTY_NS) |
		 BIT(IRQS_INDEXED) | BIT(USED_BUFFERS) | BIT(OCCUPANCIES) | BIT(OCCUPANCY),
	.queue_hists = 1u << VMMIO_HIST_IRQ | 1u << VMMIO_HIST_BATCH | 1u << VMMIO_HIST_COALESCE |
		       1u << VMMIO_HIST_OCCUPANCY,
};
/* Only with the request hooks, then of both. */
static const __u64 have_requests = BIT(REQUESTS) | BIT(ADDED) | BIT(RING_FULL) | BIT(SGS_OUT) |
				   BIT(SGS_IN) | BIT(BYTES_OUT) | BIT(BYTES_IN);
/* If they are of fentry. */
static const __u64 have_times = BIT(REQUESTS_TIMED) | BIT(REQUEST_NS);

/* What /proc/interrupts says of a slot before its first interrupt. */
struct identity {
	__u32 gen; /* it was asked for; 0: not yet */
	__u32 irq;
	__u8 irq_mode;
};

/* Counters and histograms of a need: without it they are not counted. */
static const struct part {
	unsigned int need;
	__u64 counters;
	__u32 hists;
} parts[] = {
	{VMMIO_STOCK_RUNS_SEEN, BIT(IRQS_SPURIOUS), 0},
	{VMMIO_STOCK_FOUND, BIT(IRQS_FOUND) | BIT(IRQS_SPURIOUS) | BIT(IRQS_NOTHING), 0},
	{VMMIO_STOCK_OPPORTUNITIES, BIT(OPPORTUNITIES), 0},
	{VMMIO_STOCK_BUFFERS, BIT(KICKS_INDEXED) | BIT(KICK_BUFFERS), 0},
	{VMMIO_STOCK_USED, BIT(IRQS_INDEXED) | BIT(USED_BUFFERS), 0},
	{VMMIO_STOCK_INDICES, 0, 1u << VMMIO_HIST_BATCH | 1u << VMMIO_HIST_COALESCE},
	{VMMIO_STOCK_OCCUPANCY, BIT(OCCUPANCIES) | BIT(OCCUPANCY), 1u << VMMIO_HIST_OCCUPANCY},
	{VMMIO_STOCK_LATENCY,
	 BIT(KICKS_MERGED) | BIT(KICKS_POLLED) | BIT(LATENCIES) | BIT(LATENCY_NS) |
		 BIT(LATENCIES_PREEMPTED),
	 1u << VMMIO_HIST_IRQ},
	{VMMIO_STOCK_EMPTY, BIT(LATENCIES_EMPTY) | BIT(LATENCY_EMPTY_NS), 0},
	{VMMIO_STOCK_KICK_COST, BIT(KICKS_TIMED) | BIT(KICK_NS) | BIT(KICKS_INTERRUPTED),
	 1u << VMMIO_HIST_KICK},
	{VMMIO_STOCK_RUNS, BIT(HANDLER_TIMED) | BIT(HANDLER_NS), 0},
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* Buffers of a split ring, as far as its indices have told look by look. */
struct passed {
	__u64 n;
	__u64 at;   /* where the ring was at the previous look */
	bool begun; /* that is as samples have it, else an index alone */
};

/* What is kept of a slot between two looks. */
struct kept {
	__u32 gen;
	bool seen; /* it was looked at before */
	__u8 turn; /* how often the ring had started again then */
	struct passed avail, used;
	/* Of a device: */
	__u64 open_at; /* runs when one was open, plus one */
	__u64 spurious;
	bool counted;
	__u32 count; /* of its line, the kernel's, at the previous look */
	__u64 came;  /* of it since it was met */
	__u64 blank; /* runs that looked at no virtqueue */
	/* Of a virtqueue: looks, and what was in flight then. */
	__u64 looks, flight;
};

struct source {
	struct vmmio_stock stock;
	struct identity known[VMMIO_STOCK_SLOTS];
	struct kept kept[VMMIO_STOCK_SLOTS];
	struct vmmio_irqs irqs;
	bool asked; /* irqs is of this snapshot */
	bool keep_ours;
};

static void source_free(struct source *b)
{
	vmmio_stock_free(&b->stock);
	vmmio_irqs_free(&b->irqs);
	free(b);
}

/* What is asked for takes. */
static unsigned int needs(const struct vmmio_want *want)
{
	unsigned int need = 0;
	size_t i;

	for (i = 0; i < PARTS; i++)
		if ((!want->counters && parts[i].counters) ||
		    (want->counters & parts[i].counters) || (want->hists & parts[i].hists))
			need |= parts[i].need;
	if (need & VMMIO_STOCK_EMPTY)
		need |= VMMIO_STOCK_LATENCY;
	if (need & VMMIO_STOCK_INDICES)
		need |= VMMIO_STOCK_BUFFERS | VMMIO_STOCK_USED;
	if (need & VMMIO_STOCK_USED) /* of a packed ring they are counted there */
		need |= VMMIO_STOCK_FOUND;
	if (!(need & (VMMIO_STOCK_FOUND | VMMIO_STOCK_INDICES | VMMIO_STOCK_RUNS)))
		need |= VMMIO_STOCK_IRQS_ONLY;
	return need;
}

static void leave_out(const struct vmmio_stock *b, __u32 irq_mode, struct vmmio_bpf_have *all)
{
	unsigned int need = b->need;
	size_t i;

	/* of a device that has a line, or one vector for all, only its handler tells, or its one
	 * queue */
	if (b->fentry && !(need & (VMMIO_STOCK_RUNS_SEEN | VMMIO_STOCK_RUNS)) && !b->alone &&
	    !b->begins && irq_mode != VMMIO_IRQ_MSIX)
		all->device &= ~BIT(IRQS);

	/* how often a handler looks at each virtqueue is not seen then, nor one that has no line */
	if (b->runs_only && (!b->irqs || irq_mode == VMMIO_IRQ_LINE || irq_mode == VMMIO_IRQ_INTX))
		all->queue &= ~BIT(IRQS);
	if (b->runs_only && !b->irqs && irq_mode != VMMIO_IRQ_LINE && irq_mode != VMMIO_IRQ_INTX)
		all->device &= ~BIT(IRQS);

	for (i = 0; i < PARTS; i++) {
		if (need & parts[i].need)
			continue;
		all->queue &= ~parts[i].counters;
		all->device &= ~parts[i].counters;
		all->queue_hists &= ~parts[i].hists;
	}
}

static int stock_open(struct vmmio_source *src, const struct vmmio_source_opts *opts)
{
	unsigned int slots = opts->max_slots ? opts->max_slots : VMMIO_STOCK_SLOTS;
	struct source *b = calloc(1, sizeof(*b));
	int err = 0;

	if (!b)
		return -ENOMEM;
	b->keep_ours = opts->ring_of_ours;
	b->stock.need = needs(&opts->want);
	b->stock.flight = !opts->want.counters || (opts->want.counters & LOOKED);
	b->stock.device_driven = opts->want.device_driven;
	b->stock.handlers = opts->want.handlers;
	b->stock.requests = opts->want.requests || (opts->want.hists >> VMMIO_HIST_REQUEST & 1);
	if (access(VMMIO_VIRTIO_DEVICES, F_OK)) {
		err = -ENODEV;
		snprintf(src->why, sizeof(src->why),
			 "no virtio here: neither vmmio nor mainline's transports are loaded");
	} else if (!b->keep_ours && access(MAINLINE_MMIO, F_OK) && access(MAINLINE_PCI, F_OK)) {
		err = -ENODEV;
		snprintf(
			src->why, sizeof(src->why),
			"no transport of mainline's is loaded: neither virtio_mmio nor virtio_pci");
	}
	if (!err)
		err = vmmio_bpf_rows_init(
			&b->stock.rows, slots < VMMIO_STOCK_SLOTS ? slots : VMMIO_STOCK_SLOTS,
			opts->want.hists & (have.queue_hists | 1u << VMMIO_HIST_REQUEST), 0);
	if (!err)
		err = vmmio_stock_load(src, &b->stock);
	if (err) {
		source_free(b);
		return err;
	}
	vmmio_stock_touch();
	vmmio_stock_place(&b->stock);
	b->stock.seen = *b->stock.mainline_seen + *b->stock.packed_seen;
	src->priv = b;
	src->sees = VMMIO_SEES_MAINLINE;
	if (*b->stock.pair_ns)
		snprintf(src->detail, sizeof(src->detail), "pair %llu ns subtracted",
			 (unsigned long long)*b->stock.pair_ns);
	else if (b->stock.requests && !b->stock.fentry)
		snprintf(src->detail, sizeof(src->detail), "no request latency without fentry");
	return 0;
}

/* Its interrupt, by name until one has come. */
static void identify(struct source *b, struct vmmio_slot_info *i)
{
	struct identity *k = &b->known[i->slot];

	if (k->gen != i->gen || k->irq_mode == VMMIO_IRQ_UNKNOWN) {
		if (!b->asked)
			vmmio_irqs_now(&b->irqs);
		b->asked = true;
		vmmio_irqs_identify(&b->irqs, i);
		*k = (struct identity){i->gen, i->irq, i->irq_mode};
	}
	i->irq = k->irq;
	i->irq_mode = k->irq_mode;
}

/* The hook's number holds; a name that was cut is in no list, and then it has a vector. */
static void believe(struct source *b, struct vmmio_slot_info *i, __u32 irq)
{
	char name[40];

	i->irq = irq;
	if (i->irq_mode != VMMIO_IRQ_NONE)
		return;
	snprintf(name, sizeof(name), "%s-virtqueues", i->device);
	i->irq_mode = vmmio_irqs_has(&b->irqs, irq, name) ? VMMIO_IRQ_MSIX_SHARED : VMMIO_IRQ_MSIX;
}

static void complete(struct source *b, struct vmmio_row *r, const struct vmmio_stock_info *in,
		     const struct vmmio_stock_state *state)
{
	const char *bus = in->bus_driver;

	r->info = in->info;
	r->info.irq = state->irq;
	r->info.irq_mode = state->irq_mode; /* none where begins of handlers are not hooked */
	r->info.device[sizeof(r->info.device) - 1] = '\0';
	r->info.parent[sizeof(r->info.parent) - 1] = '\0';
	r->info.driver[sizeof(r->info.driver) - 1] = '\0';
	r->info.queue_name[sizeof(r->info.queue_name) - 1] = '\0';
	r->ours = !strncmp(bus, "vmmio-", 6);
	if (!strncmp(bus, "virtio-pci", sizeof(in->bus_driver)))
		r->info.transport = VMMIO_TRANSPORT_PCI;
	else if (!strncmp(bus, "virtio-mmio", sizeof(in->bus_driver)))
		r->info.transport = VMMIO_TRANSPORT_MMIO;
	if (!(state->irq && state->irq_mode) && !r->ours)
		identify(b, &r->info);
	if (state->irq && !r->ours)
		believe(b, &r->info, state->irq);
	if (r->info.transport == VMMIO_TRANSPORT_MMIO)
		r->info.irq_mode = VMMIO_IRQ_LINE;
	else if (r->info.transport == VMMIO_TRANSPORT_UNKNOWN && !r->ours)
		r->info.irq_mode = VMMIO_IRQ_UNKNOWN;
	if (r->info.kind == VMMIO_SLOT_QUEUE &&
	    vmmio_queue_driven(r->info.device_id, r->info.queue, r->info.queue_name))
		r->info.flags |= VMMIO_SLOT_DEVICE_DRIVEN;
}

/* Where a split ring is and was first, as the program has it. */
struct place {
	__u64 run, skip, first;
	__u16 index;
	bool begun;	/* it was sampled, or there is but the index */
	bool broken;	/* it started again since the previous look */
	bool unrelated; /* and that was before the first sample */
};

/* By how much @p has gone on. */
static void pass(struct passed *p, bool seen, const struct place *x)
{
	__u64 now = x->begun ? x->run + (__s16)(x->index - (__u16)x->run) - x->skip : x->index;
	__u64 then = p->at;

	if (!x->begun && (!seen || x->broken))
		then = now;
	else if (x->begun && !(seen && p->begun))
		then = x->first;
	if (x->begun && seen && !p->begun && !x->unrelated)
		then += (__s16)((__u16)p->at - (__u16)x->first); /* not a ring's length before it */
	if (x->begun && now < then)
		return; /* a look that came late */
	p->n += x->begun ? now - then : (__u16)(now - then);
	p->at = now;
	p->begun = x->begun;
}

/* Buffers of a split ring. They are unknown if the look did not come to it, or it started again. */
static void take_passed(struct source *b, struct vmmio_row *r,
			const struct vmmio_stock_state volatile *state)
{
	struct kept *k = &b->kept[r->info.slot];
	struct place x = {
		.run = state->avail_run,
		.skip = state->avail_skip,
		.first = state->avail_first,
		.index = state->look_avail,
		.begun = state->begun,
		.broken = k->turn != state->turn,
		.unrelated = k->turn != state->first_turn,
	};
	struct place y = x;

	y.run = state->used_run;
	y.skip = state->used_skip;
	y.first = state->used_first;
	y.index = state->look_used;
	/* if it starts again meanwhile, this is undone */
	if (state->look != *b->stock.look) {
		r->have &= ~(BIT(KICKS_INDEXED) | BIT(KICK_BUFFERS) | BIT(IRQS_INDEXED) |
			     BIT(USED_BUFFERS));
		return;
	}
	pass(&k->avail, k->seen, &x);
	pass(&k->used, k->seen, &y);
	k->turn = state->turn;
	k->seen = true;
	r->c[VMMIO_C_KICKS_INDEXED] = state->kicks - state->kicks_blind;
	r->c[VMMIO_C_KICK_BUFFERS] = k->avail.n;
	r->c[VMMIO_C_IRQS_INDEXED] = state->irqs - state->irqs_blind;
	r->c[VMMIO_C_USED_BUFFERS] = k->used.n;
}

/*
 * What is in flight at this look, of either driver's ring: it takes no hook. The device
 * goes on between the two indices; none is what it has used beyond the first. A packed ring has
 * no such indices, and the program has counted.
 */
static void take_flight(struct source *b, struct vmmio_row *r,
			const struct vmmio_stock_state volatile *state)
{
	struct kept *k = &b->kept[r->info.slot];
	__u16 flight = state->look_avail - state->look_used;

	if (!b->stock.flight || state->look != *b->stock.look) {
		r->have &= ~LOOKED;
		return;
	}
	/* as many as the ring has, or the device is ahead by as many: anything else is torn */
	if (flight > r->info.ring_size && (__u16)-flight > r->info.ring_size) {
		r->have &= ~LOOKED;
		return;
	}
	k->looks++;
	if (flight <= r->info.ring_size)
		k->flight += flight;
	r->c[VMMIO_C_LOOKS] = k->looks;
	r->c[VMMIO_C_IN_FLIGHT] = k->flight;
}

/* Runs that found nothing. One that is open counts if it was then, too: it is over. */
static __u64 runs_spurious(struct kept *k, const struct vmmio_stock_state volatile *state)
{
	__u64 found = state->irqs_found;
	bool open = state->open;
	__u64 irqs = state->irqs, n = irqs > found ? irqs - found : 0;

	if (n && open && k->open_at != irqs + 1)
		n--;
	if (n > k->spurious)
		k->spurious = n;
	return k->spurious;
}

/* Handlers that may be at work, which are given the time to come to their end. */
static void wait_for_handlers(struct source *b)
{
	const struct timespec while_they_run = {.tv_nsec = 5000000};
	bool any = false;
	__u32 slot;

	for (slot = 0; slot < b->stock.rows.slots - 1; slot++) {
		const struct vmmio_stock_state volatile *state = &b->stock.states[slot];

		b->kept[slot].open_at = state->key && state->open ? state->irqs + 1 : 0;
		any |= b->kept[slot].open_at;
	}
	if (any)
		nanosleep(&while_they_run, NULL);
}

/* Histograms, those of the first slots from one place; what is counted of it. */
static int take_hists(struct source *b, struct vmmio_snapshot *s, size_t i,
		      const struct vmmio_bpf_have *all)
{
	const struct vmmio_hist *from = b->stock.rows.values;
	struct vmmio_row *r = &s->rows[i];
	__u32 slot = r->info.slot, hists;
	int id, k;

	if (slot >= VMMIO_STOCK_NEAR || !b->stock.fentry)
		vmmio_bpf_rows_count(&b->stock.rows, s, i, all);
	if (slot >= VMMIO_STOCK_NEAR)
		return 0;
	hists = vmmio_bpf_have_row(all, r);
	if (b->stock.near < 0 || !(hists & s->want.hists))
		return 0;
	if (bpf_map_lookup_elem(b->stock.near, &slot, b->stock.rows.values))
		return -errno;
	for (id = 0; id < VMMIO_HIST_COUNT; id++) {
		struct vmmio_hist *to = hists >> id & 1 ? vmmio_row_hist(s, i, id) : NULL;

		if (!to || b->stock.rows.pos[id] == VMMIO_HIST_ABSENT)
			continue;
		r->have_hist |= 1u << id;
		for (k = 0; k < VMMIO_HIST_BUCKETS; k++)
			to->n[k] += from[b->stock.rows.pos[id]].n[k];
	}
	return 0;
}

/*
 * Buffers are seen to leave the ring in a function of virtio_ring's own, which a compiler may
 * put into one of its callers: then the driver gets on without one being seen, or more were added
 * than that and what a ring has, and how many came back is not known.
 */
static void doubt_requests(struct vmmio_row *r, const struct vmmio_stock_state volatile *state)
{
	__u64 added = state->added; /* first: what comes back meanwhile is no doubt */

	if (added <= state->requests + state->returned + r->info.ring_size &&
	    (state->requests || !state->moved))
		return;
	r->have &= ~(BIT(REQUESTS) | have_times);
	r->have_hist &= ~(1u << VMMIO_HIST_REQUEST);
}

/* What the program keeps by slot and not by CPU. */
static void take_state(struct source *b, struct vmmio_row *r, const struct vmmio_stock_state *state)
{
	bool alone = r->info.irq_mode == VMMIO_IRQ_MSIX || r->info.kind == VMMIO_SLOT_DEVICE;
	struct kept *k = &b->kept[r->info.slot];
	__u64 irqs = state->irqs, found = state->irqs_found;
	__u64 nothing = irqs > found ? irqs - found : 0;

	if (k->gen != r->info.gen)
		*k = (struct kept){.gen = r->info.gen};
	if (b->stock.begins && !b->stock.runs_only && r->info.kind == VMMIO_SLOT_DEVICE)
		nothing = runs_spurious(k, state);
	r->c[VMMIO_C_IRQS] = irqs;
	r->c[VMMIO_C_IRQS_SPURIOUS] = alone ? nothing : 0;
	r->c[VMMIO_C_CONFIG_IRQS] = state->config_irqs;
	r->c[VMMIO_C_HANDLER_TIMED] = state->handler_timed;
	r->c[VMMIO_C_HANDLER_NS] = state->handler_ns;
	if (r->info.kind != VMMIO_SLOT_QUEUE)
		return;
	r->c[VMMIO_C_OPPORTUNITIES] = state->opportunities;
	take_flight(b, r, state);
	r->c[VMMIO_C_KICKS] = state->kicks;
	r->c[VMMIO_C_KICKS_INDEXED] = state->kicks_indexed;
	r->c[VMMIO_C_KICK_BUFFERS] = state->kick_buffers;
	r->c[VMMIO_C_KICKS_MERGED] = state->kicks_merged;
	r->c[VMMIO_C_KICKS_POLLED] = state->kicks_polled;
	r->c[VMMIO_C_KICKS_TIMED] = state->kicks_timed;
	r->c[VMMIO_C_KICK_NS] = state->kick_ns;
	r->c[VMMIO_C_KICKS_INTERRUPTED] = state->kicks_interrupted;
	r->c[VMMIO_C_OCCUPANCIES] = state->occupancies;
	r->c[VMMIO_C_OCCUPANCY] = state->occupancy;
	r->c[VMMIO_C_LATENCIES_PREEMPTED] = state->latencies_preempted;
	r->c[VMMIO_C_IRQS_FOUND] = found;
	r->c[VMMIO_C_IRQS_NOTHING] = alone ? 0 : nothing;
	r->c[VMMIO_C_IRQS_INDEXED] = state->irqs_indexed;
	r->c[VMMIO_C_USED_BUFFERS] = state->used_buffers;
	r->c[VMMIO_C_LATENCIES] = state->latencies;
	r->c[VMMIO_C_LATENCY_NS] = state->latency_ns;
	r->c[VMMIO_C_LATENCIES_EMPTY] = state->latencies_empty;
	r->c[VMMIO_C_LATENCY_EMPTY_NS] = state->latency_empty_ns;
	if (b->stock.fentry) { /* else they are in the row */
		r->c[VMMIO_C_ADDED] = state->added;
		r->c[VMMIO_C_RING_FULL] = state->ring_full;
		r->c[VMMIO_C_SGS_OUT] = state->sgs_out;
		r->c[VMMIO_C_SGS_IN] = state->sgs_in;
		r->c[VMMIO_C_BYTES_OUT] = state->bytes_out;
		r->c[VMMIO_C_BYTES_IN] = state->bytes_in;
		r->c[VMMIO_C_REQUESTS] = state->requests;
		r->c[VMMIO_C_REQUESTS_TIMED] = state->requests_timed;
		r->c[VMMIO_C_REQUEST_NS] = state->request_ns;
	}
	if (vmmio_stock_looks(&b->stock) && !state->packed && !r->ours)
		take_passed(b, r, state);
	if (b->stock.taken)
		doubt_requests(r, state);
}

/*
 * Runs of a device's handler that looks at one virtqueue, @q: the looks, and those without
 * one, by the kernel's count of its line. That was read before; what it counted and no look
 * tells of now, a while after, was none. A change of the configuration takes none.
 */
static void add_looks(struct source *b, struct vmmio_row *dev, const struct vmmio_row *q)
{
	const struct vmmio_stock_state volatile *state =
		&b->stock.states[q->info.slot - VMMIO_SLOTS];
	const struct timespec while_it_runs = {.tv_nsec = 5000000};
	struct kept *k = &b->kept[dev->info.slot - VMMIO_SLOTS];
	__u64 looks = q->c[VMMIO_C_IRQS], changes = dev->c[VMMIO_C_CONFIG_IRQS];
	__u32 count;

	if (dev->info.queues > 1 || !vmmio_irqs_count(&b->irqs, dev->info.irq, &count)) {
		dev->have &= ~(BIT(IRQS) | BIT(IRQS_SPURIOUS));
		return;
	}
	if (k->counted)
		k->came += (__u32)(count - k->count);
	else
		k->came = looks;
	k->count = count;
	k->counted = true;
	if (k->came > looks + k->blank) {
		nanosleep(&while_it_runs, NULL);
		if (k->came > state->irqs + k->blank)
			k->blank = k->came - state->irqs;
	}
	if (k->blank > changes + k->spurious)
		k->spurious = k->blank - changes;
	dev->c[VMMIO_C_IRQS] = looks + k->blank;
	dev->c[VMMIO_C_IRQS_SPURIOUS] = q->c[VMMIO_C_IRQS_NOTHING] + k->spurious;
}

/* A queue's own vector has no other handler: its runs are the device's, too. */
static void add_runs(struct source *b, struct vmmio_row *dev, const struct vmmio_row *q)
{
	if (q->ours)
		return;
	if (b->stock.alone && vmmio_row_has(dev, VMMIO_C_IRQS) &&
	    (q->info.irq_mode == VMMIO_IRQ_LINE || q->info.irq_mode == VMMIO_IRQ_INTX))
		add_looks(b, dev, q);
	if (q->info.irq_mode != VMMIO_IRQ_MSIX)
		return;
	dev->c[VMMIO_C_IRQS] += q->c[VMMIO_C_IRQS];
	dev->c[VMMIO_C_IRQS_SPURIOUS] += q->c[VMMIO_C_IRQS_SPURIOUS];
}

/* What a device inherits from its queues: how it interrupts, how often, how many there are. */
static void complete_devices(struct source *b, struct vmmio_snapshot *s)
{
	size_t i, k;

	for (i = 0; i < s->n; i++) {
		struct vmmio_slot_info *dev = &s->rows[i].info;

		if (dev->kind != VMMIO_SLOT_DEVICE)
			continue;
		for (k = 0; k < s->n; k++) {
			const struct vmmio_slot_info *q = &s->rows[k].info;

			if (q->kind != VMMIO_SLOT_QUEUE || q->dev_slot != dev->slot)
				continue;
			dev->queues++;
			add_runs(b, &s->rows[i], &s->rows[k]);
			if (!dev->irq_mode || dev->irq_mode == VMMIO_IRQ_UNKNOWN)
				dev->irq_mode = q->irq_mode;
		}
	}
}

/*
 * What virtio_ring tells of a queue on a transport that is not known: its doorbell is
 * not hooked, and whether a handler looks at one queue or at all, nobody says.
 */
static const struct vmmio_bpf_have have_unknown = {
	.queue = BIT(OPPORTUNITIES) | BIT(IRQS) | BIT(IRQS_FOUND) | BIT(IRQS_INDEXED) |
		 BIT(USED_BUFFERS) | LOOKED,
	.queue_hists = 1u << VMMIO_HIST_COALESCE,
};

struct vmmio_bpf_have vmmio_stock_counts(const struct vmmio_stock *b, const struct vmmio_row *r)
{
	struct vmmio_bpf_have all = {.queue = have_ours};

	if (!r->ours && r->info.transport == VMMIO_TRANSPORT_UNKNOWN) {
		if (b->irqs)
			all = have_unknown;
	} else if (!r->ours && (r->info.transport == VMMIO_TRANSPORT_PCI ? b->pci : b->mmio)) {
		all = have;
	}
	if (r->ours && b->packed && (r->info.flags & VMMIO_SLOT_PACKED)) {
		all.queue |= have_packed.queue;
		all.queue_hists |= have_packed.queue_hists;
	}
	if (b->requests)
		all.queue |= have_requests;
	if (b->requests && b->fentry) {
		all.queue |= have_times;
		all.queue_hists |= 1u << VMMIO_HIST_REQUEST;
	}
	leave_out(b, r->info.irq_mode, &all);
	if (r->info.irq_mode == VMMIO_IRQ_MSIX_SHARED && !b->vectors)
		all.device &=
			~(BIT(IRQS) | BIT(IRQS_SPURIOUS) | BIT(HANDLER_TIMED) | BIT(HANDLER_NS));
	if (!b->fentry) /* where ends of doorbells can be missed it is not known */
		all.queue &= ~BIT(LATENCIES_PREEMPTED);
	if (b->untimed) {
		all.queue &= ~(BIT(KICKS_TIMED) | BIT(KICK_NS) | BIT(KICKS_INTERRUPTED));
		all.queue_hists &= ~(1u << VMMIO_HIST_KICK);
	}
	return all;
}

static int read_rows(struct vmmio_source *src, struct vmmio_snapshot *s, bool counters)
{
	struct source *b = src->priv;
	int err;
	__u32 slot;

	vmmio_snapshot_clear(s);
	s->time_ns = vmmio_now_ns();
	b->asked = false;
	if (counters && b->stock.begins && !b->stock.runs_only)
		wait_for_handlers(b);
	if (counters && b->stock.alone)
		b->asked = !vmmio_irqs_now(&b->irqs);
	if (counters && (vmmio_stock_looks(&b->stock) || b->stock.flight || b->stock.taken)) {
		++*b->stock.look;
		vmmio_stock_touch();
	}
	for (slot = 0; slot < b->stock.rows.slots - 1; slot++) {
		const struct vmmio_stock_state *state = &b->stock.states[slot];
		struct vmmio_bpf_have all;
		struct vmmio_stock_info in;
		struct vmmio_row *r;

		if (!state->key || bpf_map_lookup_elem(b->stock.infos, &slot, &in) ||
		    in.info.kind == VMMIO_SLOT_FREE)
			continue;
		if (!b->keep_ours && !strncmp(in.bus_driver, "vmmio-", 6))
			continue;
		r = vmmio_snapshot_add(s);
		if (!r)
			return -ENOMEM;
		complete(b, r, &in, state);
		if (counters) {
			all = vmmio_stock_counts(&b->stock, r);
			err = take_hists(b, s, s->n - 1, &all);
			if (err)
				return err;
			take_state(b, r, state);
			r->packed_counted = true;
		}
		r->info.slot += VMMIO_SLOTS;
		r->info.dev_slot += VMMIO_SLOTS;
	}
	complete_devices(b, s);
	return 0;
}

static int stock_discover(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	return read_rows(src, s, false);
}

static int stock_snapshot(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	struct source *b = src->priv;
	int err = read_rows(src, s, true);

	if (err)
		return err;
	s->have_lost = !b->stock.blind;
	s->events_lost = vmmio_stock_lost(&b->stock);
	s->unplaced = b->stock.without;
	/* last: what it attaches counts from here on */
	vmmio_stock_follow(&b->stock);
	vmmio_snapshot_finish(s);
	return 0;
}

static void stock_close(struct vmmio_source *src)
{
	source_free(src->priv);
}

const struct vmmio_source_ops vmmio_source_stock = {
	.name = "mainline",
	.what = "mainline's drivers, functions hooked by BPF",
	.open = stock_open,
	.discover = stock_discover,
	.snapshot = stock_snapshot,
	.close = stock_close,
};

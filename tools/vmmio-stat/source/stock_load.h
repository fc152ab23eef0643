/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loader of bpf/stock.bpf.c: which of its hooks are wanted on this kernel, by
 * which flavour, and what is attached later, when devices of mainline's
 * drivers appear. It reads no counters.
 */
#ifndef VMMIO_STOCK_LOAD_H
#define VMMIO_STOCK_LOAD_H

#include <stdbool.h>

#include "bpf_rows.h"
#include "source.h"
#include "stock.h"

#define VMMIO_STOCK_LINKS 64
#define VMMIO_STOCK_OBJECTS 4

/* What a counter takes beyond a doorbell's and an interrupt's own hook. */
enum vmmio_stock_need {
	VMMIO_STOCK_RUNS_SEEN = 1 << 0,	    /* runs of a device's handlers */
	VMMIO_STOCK_FOUND = 1 << 1,	    /* ends of vring_interrupt() */
	VMMIO_STOCK_OPPORTUNITIES = 1 << 2, /* virtqueue_kick_prepare() */
	VMMIO_STOCK_INDICES = 1 << 3,	    /* of rings, at each event */
	VMMIO_STOCK_OCCUPANCY = 1 << 4,
	VMMIO_STOCK_LATENCY = 1 << 5,	/* begins of handlers */
	VMMIO_STOCK_KICK_COST = 1 << 6, /* ends of doorbells, interrupts of any kind */
	VMMIO_STOCK_RUNS = 1 << 7,	/* durations of handlers */
	VMMIO_STOCK_IRQS_ONLY = 1 << 8, /* none of these of interrupts */
	VMMIO_STOCK_BUFFERS =
		1 << 9, /* made available: indices at looks, a packed ring's at events */
	VMMIO_STOCK_EMPTY = 1 << 11, /* with latency: was the queue empty at the kick? */
	VMMIO_STOCK_USED = 1 << 10,  /* the same of those used */
	/* set by the loader: of latencies, whose kick was preempted; ends of doorbells */
	VMMIO_STOCK_PREEMPTED = 1 << 12,
};

struct vmmio_stock {
	struct vmmio_bpf_rows rows;
	unsigned int need;  /* in: enum vmmio_stock_need */
	bool device_driven; /* in: requests of queues that the device drives, too */
	bool requests;	    /* in: the request hooks are wanted; out: they are there */
	bool typed;	    /* split rings are read by pointers that have their type */
	bool taken;	    /* what is taken back is seen where it leaves the ring */
	bool flight;	    /* in: what is in flight is wanted */
	bool in_order;	    /* in the functions that this kernel has for rings in order */

	/* All share the maps of the first. */
	struct stock_bpf *objects[VMMIO_STOCK_OBJECTS];
	int nobjects;
	struct bpf_link *links[VMMIO_STOCK_LINKS];
	int nlinks;
	struct bpf_link *pair[2]; /* those that measured an empty one */
	__u64 attached;		  /* bit per hook: asked for */
	__u64 linked;		  /* bit per hook: there */
	bool fentry;		  /* else kprobes */
	bool handlers;		  /* in: a device's handlers are to be hooked */
	bool begins;		  /* they are counted where they begin, those with a line */
	bool alone;		  /* each has one virtqueue to look at, whose looks are counted */
	bool runs_only; /* lines are counted by their handlers, and not by the looks of these */
	bool traced;	/* handlers are seen by the tracepoints around them */
	bool early;	/* what an interrupt finds is seen at its begin */
	bool vectors;	/* handlers of vectors that virtqueues share are hooked */
	bool events;	/* doorbells by the kernel's own tracepoints, see patches/trace */
	bool blind;	/* kprobes whose misses this kernel does not tell */
	bool untimed;	/* kprobes, of them none at the doorbell's return */
	bool packed;	/* those for packed rings of our own driver's are */
	bool irqs;	/* vring_interrupt() is hooked */
	bool mmio, pci; /* the hooks of that transport of mainline's are there */
	__u32 seen;	/* what may want more hooks, when last looked */

	/* the program's variables, mapped */
	const struct vmmio_stock_state *states;
	const __u32 *mainline_seen, *packed_seen;
	const __u64 *events_lost, *pair_ns;
	int free_slots;	       /* map of those that can be given out */
	__u32 room;	       /* slots that there are so far */
	const __u32 *unplaced; /* times that a queue was met and there was no slot for it */
	__u32 placed, without; /* of these, those that were looked after; queues without a slot */
	__u32 *look;	       /* counted up before each look at the rings' indices */
	int infos;	       /* map of struct vmmio_stock_info by slot */
	int near;	       /* map of the first slots' histograms, -1: there is none */
};

/* Are buffers of split rings counted by looks? */
static inline bool vmmio_stock_looks(const struct vmmio_stock *b)
{
	return (b->need & (VMMIO_STOCK_BUFFERS | VMMIO_STOCK_USED)) &&
	       !(b->need & VMMIO_STOCK_INDICES);
}

/*
 * Loads and attaches; rows must have been initialised. Returns 0 or -errno
 * with src->why set; vmmio_stock_free() is due in either case.
 */
int vmmio_stock_load(struct vmmio_source *src, struct vmmio_stock *b);

/*
 * Attaches what devices of mainline's that have appeared need. Called with
 * each snapshot; cheap when nothing is new.
 */
void vmmio_stock_follow(struct vmmio_stock *b);

/* Between open and load. Returns 0 or -errno. */
int vmmio_stock_near_size(const struct vmmio_bpf_rows *rows, struct bpf_map *near);

/* Slots, if few are left. Returns 0 or -errno. */
int vmmio_stock_room(struct vmmio_stock *b);

/* Makes the program see all queues, and room for them; those without are b->without. */
void vmmio_stock_place(struct vmmio_stock *b);

/* What is counted of a row, as the hooks are now. */
struct vmmio_bpf_have vmmio_stock_counts(const struct vmmio_stock *b, const struct vmmio_row *r);

/* Events dropped so far, by the program and by the kernel. */
__u64 vmmio_stock_lost(const struct vmmio_stock *b);

/* The hooks go when the process does, a while after it. */
void vmmio_stock_free(struct vmmio_stock *b);

#endif

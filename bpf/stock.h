/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What bpf/stock.bpf.c and its loader (tools/vmmio-stat/source/stock_load.c) share.
 * Mainline's drivers publish no slots: the program gives them out itself, one
 * per virtqueue and one per device, at the first event of each, and writes
 * down who they are. A slot whose owner is gone is given out again, under
 * another generation.
 */
#ifndef VMMIO_BPF_STOCK_H
#define VMMIO_BPF_STOCK_H

#include "guest.h"
#include "vmmio/devices.h"
#include "vmmio/slots.h"

struct vmmio_stock_info {
	struct vmmio_slot_info info; /* kind FREE: not complete, or gone */
	char bus_driver[24];	     /* of the bus device: "virtio-mmio", "virtio-pci" */
};

/* Slots that can be given out; a power of two. */
#define VMMIO_STOCK_SLOTS 1024

/* Queues of one device found by walking its list. */
#define VMMIO_STOCK_QUEUES 512

/* Requests in flight whose latency can be told, besides those that have a place of their own. */
#define VMMIO_STOCK_REQUESTS 16384
#define VMMIO_STOCK_FEW 64    /* of these, for tests */
#define VMMIO_STOCK_PLACES 32 /* of each virtqueue, a power of two */

/* Slots whose histograms are in one map for all CPUs; those of others follow their rows. */
#define VMMIO_STOCK_NEAR 128

/* Of one virtqueue or device, by slot. */
struct vmmio_stock_state {
	__u64 key; /* address of the virtqueue or virtio device; 0: nobody's */
	__u64 t0;  /* of the open kick-to-interrupt sample, 0: none; device: its handler's begin */
	__u64 opportunities; /* the caller of virtqueue_kick_prepare() excludes others */
	__u64 avail;	     /* packed ring: position in the low half, running count above */
	/* Of a virtqueue's doorbell, which its callers may ring at once: added to atomically. */
	__u64 kicks, kicks_indexed, kick_buffers, kicks_merged, kicks_polled;
	__u64 kicks_timed, kick_ns, kicks_interrupted, occupancies, occupancy;
	/* Of a virtqueue's interrupt or a device's line: one handler at a time. */
	__u64 irqs, irqs_found, irqs_indexed, used_buffers;
	__u64 latencies, latency_ns, latencies_empty, latency_empty_ns, latencies_preempted;
	/* Of a device's handlers, which may run at once. */
	__u64 handler_timed, handler_ns, config_irqs;
	/* Of its adds and of what is taken back: whoever calls for these excludes others. */
	__u64 added, ring_full, sgs_out, sgs_in, bytes_out, bytes_in;
	__u64 requests, requests_timed, request_ns;
	__u64 returned; /* buffers given back to the driver unused */
	__u64 vring_t0; /* begin of its interrupt; device: of a change of configuration */
	__u64 used_at;	/* split ring: address of the device's index */
	__u64 cookies;	/* address of the ring's own state of buffers, which begins with the cookie
			 */
	__u64 name;	/* of a device: address of its name, which its line's handler has, too */
	__u64 kicker;	/* task that opened the sample, while it is in its kick; 0: it is not */
	__u64 switches; /* how often it had been preempted then */
	/*
	 * Split ring, by samples: how far it has come as of the last and of the first, with the
	 * indices as low halves, and what was skipped where it started again.
	 */
	__u64 avail_run, used_run, avail_skip, used_skip;
	__u64 avail_first, used_first; /* less what was skipped before */
	/* Kicks and interrupts as of the last sample; those whose buffers are not known. */
	__u64 kicks_at, irqs_at, kicks_blind, irqs_blind;
	__u32 look;		     /* number of the loader's look that these are of, 0: none */
	__u16 look_avail, look_used; /* the indices then */
	__u32 gen;
	__u32 device; /* slot of its device */
	__u32 queues; /* of a device: how many have slots */
	__u32 irq;
	__u32 ring; /* packed ring: its size */
	__u16 pad;
	__u16 a0;	  /* available index before the sample's kick */
	__u16 avail_prev; /* at the previous kick */
	__u16 used_prev;  /* at the previous interrupt */
	__u8 packed;
	__u8 kicked;	  /* avail_prev is valid */
	__u8 interrupted; /* used_prev is valid */
	__u8 empty;	  /* the sample's kick found the queue empty */
	__u8 irq_mode;	  /* enum vmmio_irq_mode */
	__u8 ours;	  /* our own driver serves it */
	__u8 untracked;	  /* its requests are counted, not timed */
	__u8 again;	  /* its ring is being reset: not looked at before the next opportunity */
	__u8 late;	  /* the sample's kicker was preempted in its kick */
	__u8 open;	  /* of a device: its handler has not found anything yet */
	__u8 begun;	  /* split ring: it was sampled */
	__u8 unused;	  /* buffers are given back to the driver unused */
	__u16 sampled;	  /* split ring: opportunities between two samples, less one */
	__u8 turn;	  /* how often it started again, modulo 256 */
	__u8 first_turn;  /* the same at its first sample */
	__u32 slot;	  /* its own */
	__u8 typed;	  /* its ring is known by its type, see stock_rings.bpf.h */
	__u8 met;	  /* taken_at is of a look since the ring began */
	__u8 moved;	  /* the driver took buffers back between two looks */
	__u8 pad8[3];
	__u16 taken_at; /* how far it had at the last look */
};

_Static_assert(sizeof(struct vmmio_stock_state) == 480, "vmmio_stock_state layout");

#endif

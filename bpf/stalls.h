/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What bpf/stalls.bpf.c and its loader (tools/vmmio-stat/stall/sample.c) share: one look at a
 * virtqueue. Only the kicks are counted; all else is read from the ring and from virtio_ring's
 * state of it.
 *
 * Positions are running ones, modulo 2^16 in a split ring; in a packed ring they are of
 * descriptors, modulo twice its size.
 */
#ifndef VMMIO_BPF_STALLS_H
#define VMMIO_BPF_STALLS_H

#include "vmmio/types.h"

/* Queues of one device, and of all. */
#define VMMIO_STALL_DEVICE 512
#define VMMIO_STALL_QUEUES 2048

/* vmmio_stall_sample.flags */
#define VMMIO_LOOK_PACKED (1u << 0)
#define VMMIO_LOOK_EVENT (1u << 1)     /* EVENT_IDX was negotiated */
#define VMMIO_LOOK_CALLBACK (1u << 2)  /* its driver has a function for interrupts */
#define VMMIO_LOOK_BROKEN (1u << 3)    /* virtio_ring gave it up */
#define VMMIO_LOOK_QUIET (1u << 4)     /* the driver wants no interrupts now */
#define VMMIO_LOOK_KNOWS (1u << 5)     /* this kernel has the next bit */
#define VMMIO_LOOK_TRIGGERED (1u << 6) /* one came since they were last asked for */
#define VMMIO_LOOK_UNREAD (1u << 7)    /* the ring could not be read */
#define VMMIO_LOOK_MORE (1u << 8)      /* used is too low: packed, many used descriptors */
#define VMMIO_LOOK_IRQS (1u << 9)      /* its interrupts have a hook: irqs, seen_at_irq */
#define VMMIO_LOOK_COUNTED (1u << 10)  /* packed: flight and to_take are known */

struct vmmio_stall_sample {
	__u64 time_ns;	/* CLOCK_MONOTONIC */
	__u64 vq;	/* owner: address of the virtqueue */
	__u64 kicks;	/* kicks since the first look */
	__u64 kick_ns;	/* the last of them */
	__u64 features; /* negotiated */
	__u32 device_id;
	__u32 index;
	__u32 ring;	     /* entries */
	__u32 modulus;	     /* of positions */
	__u32 avail;	     /* the driver has made available, up to here */
	__u32 used;	     /* the device has used */
	__u32 seen;	     /* the driver has taken back */
	__u32 avail_at_kick; /* of the last one; at the first look where there was none */
	__u32 device_event;  /* the device asks for a kick when this one is available, */
	__u32 driver_event;  /* the driver for an interrupt when it is used; EVENT only */
	__u32 busy;	     /* entries of the ring that are not free */
	__u32 added;	     /* buffers since the driver last asked whether to kick */
	__u32 irqs;	     /* that found something, since they have a hook */
	__u32 seen_at_irq;   /* what the driver had taken back when the last of them came */
	__u16 device_flags;  /* as they stand in the ring; of a packed one the event flags */
	__u16 driver_flags;
	__u32 flags;
	__u32 flight;  /* packed, buffers: the device has, */
	__u32 to_take; /* the driver has to take back */
	char name[24];
};

_Static_assert(sizeof(struct vmmio_stall_sample) == 136, "vmmio_stall_sample layout");

/* vmmio_stall_binding.state: the kernel's enum dl_dev_state */
#define VMMIO_BINDING_NONE 0
#define VMMIO_BINDING_PROBING 1
#define VMMIO_BINDING_BOUND 2
#define VMMIO_BINDING_REMOVING 3

/* A device and its driver, in the same look. */
struct vmmio_stall_binding {
	__u64 key; /* owner: address of the virtio device; 0: none was read */
	__u32 state;
	__u32 holder; /* thread with the device's lock, as the first namespace has it; 0: unknown */
	char comm[16]; /* its name */
};

/* What the hooks keep of a queue. */
struct vmmio_stall_kicks {
	__u64 kicks;
	__u64 ns;
	__u32 avail;
	__u32 irqs, seen_at_irq; /* only for queues whose ring does not show it */
	__u32 counts_irqs;
};

#endif

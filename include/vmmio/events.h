/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tracepoints of system "vmmio" carry: each passes a pointer to one
 * of these, valid for the duration of the call. No program needs the module's
 * own BTF to read them.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC (bpf_ktime_get_ns() compares).
 * Every event names the slot and its generation (slots.h).
 */
#ifndef VMMIO_EVENTS_H
#define VMMIO_EVENTS_H

#include "types.h"

/* flags */
#define VMMIO_EV_INTERRUPTED (1u << 0) /* an interrupt or another task ran inside: no sample */
#define VMMIO_EV_NO_INDEX (1u << 1)    /* packed ring or overflow slot: no index fields */
#define VMMIO_EV_OPENED (1u << 2)      /* kick: opened a kick-to-interrupt sample */
#define VMMIO_EV_MERGED (1u << 3)      /* kick: a sample was already open */
#define VMMIO_EV_POLLED (1u << 4)      /* kick: closed the previous sample, no interrupt came */
#define VMMIO_EV_EMPTY (1u << 5)       /* the queue was empty before the kick that opened it */
#define VMMIO_EV_LATENCY (1u << 6)     /* vq_irq: kick_to_irq_ns is a sample */
#define VMMIO_EV_NONE (1u << 7)	       /* irq, vq_irq: nothing found */
#define VMMIO_EV_DEDICATED (1u << 8)   /* vq_irq: the vector serves this queue only */
#define VMMIO_EV_CONFIG (1u << 9)      /* irq: a configuration change was signalled */
#define VMMIO_EV_EARLY (1u << 10)      /* irq: before DRIVER_OK or after reset */
#define VMMIO_EV_GONE (1u << 11)       /* irq: status read all-ones */
#define VMMIO_EV_DEVICE_DRIVEN                                            \
	(1u << 12) /* queue that the device drives: no latency by default \
		    */

/* vmmio_reg_read, vmmio_reg_write: one register access, all but doorbells' cost */
struct vmmio_ev_reg {
	__u64 time_ns; /* before the access */
	__u64 value;
	__u32 cost_ns; /* saturates */
	__u32 slot;    /* of the device */
	__u32 gen;
	__u32 flags;
	__u32 offset; /* bytes into the MMIO window or the PCI structure */
	__u16 reg;    /* enum vmmio_reg */
	__u8 width;   /* bytes */
	__u8 pad;
};

_Static_assert(sizeof(struct vmmio_ev_reg) == 40, "vmmio_ev_reg layout");

/*
 * vmmio_kick: fires before the doorbell write. Indices are the ring's free
 * running 16-bit ones, as published at this moment.
 */
struct vmmio_ev_kick {
	__u64 time_ns;
	__u32 slot;
	__u32 gen;
	__u32 flags;
	__u32 value; /* what will be written to the doorbell */
	__u16 queue;
	__u16 avail_idx;
	__u16 used_idx;
	__u16 avail_delta; /* buffers made available since the previous kick */
};

_Static_assert(sizeof(struct vmmio_ev_kick) == 32, "vmmio_ev_kick layout");

/* vmmio_kick_done: fires after the doorbell write. The interrupt may have come in between. */
struct vmmio_ev_kick_done {
	__u64 time_ns; /* of the kick, before the write */
	__u32 cost_ns; /* duration of the doorbell write; saturates */
	__u32 slot;
	__u32 gen;
	__u32 flags;
};

_Static_assert(sizeof(struct vmmio_ev_kick_done) == 24, "vmmio_ev_kick_done layout");

/* vmmio_vq_irq: one queue checked for used buffers by an interrupt handler */
struct vmmio_ev_vq_irq {
	__u64 time_ns;	      /* handler start */
	__u64 kick_to_irq_ns; /* with VMMIO_EV_LATENCY */
	__u32 slot;
	__u32 gen;
	__u32 flags;
	__u16 queue;
	__u16 used_idx;
	__u16 used_delta; /* buffers used since the previous check */
	__u16 pad0;
	__u32 pad1;
};

_Static_assert(sizeof(struct vmmio_ev_vq_irq) == 40, "vmmio_ev_vq_irq layout");

/*
 * vmmio_irq: one run of an interrupt handler, at its end: after the vq_irq
 * events of the queues it checked.
 */
struct vmmio_ev_irq {
	__u64 time_ns; /* handler start */
	__u32 cost_ns; /* whole handler, callbacks included; saturates */
	__u32 slot;    /* of the device */
	__u32 gen;
	__u32 flags;
	__u32 irq;    /* Linux interrupt number */
	__u32 status; /* InterruptStatus or ISR as read; 0 with MSI-X */
	__u16 vqs_checked;
	__u16 vqs_worked; /* of these, how many had used buffers */
	__u16 mode;	  /* enum vmmio_irq_mode */
	__u16 pad;
};

_Static_assert(sizeof(struct vmmio_ev_irq) == 40, "vmmio_ev_irq layout");

/* vmmio_vq_setup, vmmio_vq_reset: a queue was set up, or reset alone */
struct vmmio_ev_vq {
	__u64 time_ns;
	__u32 slot;
	__u32 gen;
	__u32 dev_slot;
	__u32 flags;
	__u16 queue;
	__u16 ring_size;
	__u16 ring_max;
	__u16 vector;
};

_Static_assert(sizeof(struct vmmio_ev_vq) == 32, "vmmio_ev_vq layout");

/* vmmio_status, vmmio_features, vmmio_config_change: the device as a whole */
struct vmmio_ev_device {
	__u64 time_ns;
	__u64 old_value; /* status before; features the device offered */
	__u64 new_value; /* status written; features the driver accepted */
	__u32 slot;
	__u32 gen;
};

_Static_assert(sizeof(struct vmmio_ev_device) == 32, "vmmio_ev_device layout");

/*
 * X(name, struct): the tracepoints by name.
 */
#define VMMIO_TRACEPOINTS(X)                   \
	X(vmmio_reg_read, vmmio_ev_reg)        \
	X(vmmio_reg_write, vmmio_ev_reg)       \
	X(vmmio_kick, vmmio_ev_kick)           \
	X(vmmio_kick_done, vmmio_ev_kick_done) \
	X(vmmio_irq, vmmio_ev_irq)             \
	X(vmmio_vq_irq, vmmio_ev_vq_irq)       \
	X(vmmio_vq_setup, vmmio_ev_vq)         \
	X(vmmio_vq_reset, vmmio_ev_vq)         \
	X(vmmio_status, vmmio_ev_device)       \
	X(vmmio_features, vmmio_ev_device)     \
	X(vmmio_config_change, vmmio_ev_device)

#endif

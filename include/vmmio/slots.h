/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slots: the small dense numbers by which events, counters and BPF maps name
 * a virtqueue, or a device as a whole. A device takes one slot for itself
 * (register accesses, handler runs, config interrupts) and one per virtqueue.
 *
 * The module publishes three binary files, arrays indexed by slot:
 *   /sys/kernel/vmmio/slots     struct vmmio_slot_info      who a slot is
 *   /sys/kernel/vmmio/counters  struct vmmio_slot_counters  always-on counts
 *   /sys/kernel/vmmio/regs      struct vmmio_slot_regs      accesses by register
 * A record is consistent in itself; compare its gen with the event's or with
 * the other file's: a slot that was freed and taken again has another gen.
 */
#ifndef VMMIO_SLOTS_H
#define VMMIO_SLOTS_H

#include "types.h"
#include "regs.h"

#define VMMIO_SYSFS "/sys/kernel/vmmio"

/* Slots 0 .. VMMIO_SLOTS-2; the last one takes all that found no slot. */
#define VMMIO_SLOTS 2048
#define VMMIO_SLOT_OVERFLOW (VMMIO_SLOTS - 1)

enum vmmio_slot_kind {
	VMMIO_SLOT_FREE,
	VMMIO_SLOT_DEVICE,
	VMMIO_SLOT_QUEUE,
	VMMIO_SLOT_SHARED, /* the overflow slot, once it is in use */
};

enum vmmio_transport {
	VMMIO_TRANSPORT_UNKNOWN,
	VMMIO_TRANSPORT_MMIO,
	VMMIO_TRANSPORT_PCI,
	VMMIO_TRANSPORT_AMBA,
};

enum vmmio_irq_mode {
	VMMIO_IRQ_NONE, /* the queue takes no interrupts */
	VMMIO_IRQ_LINE, /* virtio-mmio: one line for the device */
	VMMIO_IRQ_INTX,
	VMMIO_IRQ_MSIX,	       /* a vector of its own */
	VMMIO_IRQ_MSIX_SHARED, /* one vector for all queues */
	VMMIO_IRQ_UNKNOWN,     /* never from the module: the observer could not tell */
};

/* vmmio_slot_info.flags */
#define VMMIO_SLOT_PACKED (1u << 0)	   /* packed ring: it has no running indices */
#define VMMIO_SLOT_DEVICE_DRIVEN (1u << 1) /* filled ahead, served when the device has data */
#define VMMIO_SLOT_LEGACY (1u << 2)	   /* MMIO version 1 */
#define VMMIO_SLOT_LAZY_STATUS (1u << 3)
#define VMMIO_SLOT_REREAD_STATUS (1u << 4)

struct vmmio_slot_info {
	__u32 slot;
	__u32 gen;	/* 0: never used */
	__u32 dev_slot; /* slot of the device this belongs to */
	__u32 irq;	/* Linux interrupt number, 0 = none */
	__u8 kind;	/* enum vmmio_slot_kind */
	__u8 transport; /* enum vmmio_transport */
	__u8 irq_mode;	/* enum vmmio_irq_mode */
	__u8 pad0;
	__u32 flags;
	__u16 queue;	     /* index within the device */
	__u16 ring_size;     /* entries in use; 0 for a device */
	__u16 ring_max;	     /* what the device offered */
	__u16 vector;	     /* MSI-X vector, 0xffff = none */
	__u32 device_id;     /* virtio device type, spec chapter 5 */
	__u32 queues;	     /* of a device: how many it uses */
	__u64 features;	     /* negotiated, bits 0..63 */
	char device[24];     /* "virtio0" */
	char parent[40];     /* bus device: "LNRO0005:00", "0000:00:01.0" */
	char driver[24];     /* driver of the virtio device: "virtio_blk" */
	char queue_name[24]; /* as the driver named it: "req.0" */
};

_Static_assert(sizeof(struct vmmio_slot_info) == 160, "vmmio_slot_info layout");

/*
 * The driver keeps these counts whether or not tracing is on. They count since the slot was taken
 * and only grow. Fields that do not apply are 0.
 */
struct vmmio_slot_counters {
	__u32 slot;
	__u32 gen;
	__u64 kicks;	    /* doorbell writes */
	__u64 kick_buffers; /* buffers made available; split rings */
	__u64 irqs;	    /* queue: times its ring was checked; device: handler runs */
	__u64 irqs_none;    /* of these, vring_interrupt() said IRQ_NONE;
			     * device: runs that found nothing */
	__u64 used_buffers; /* buffers used; split rings */
	__u64 config_irqs;  /* device: configuration changes signalled */
	__u64 irqs_early;   /* device: runs before DRIVER_OK or after reset */
	__u64 irqs_gone;    /* device: status read all-ones */
	__u64 reserved[6];
};

_Static_assert(sizeof(struct vmmio_slot_counters) == 120, "vmmio_slot_counters layout");

struct vmmio_slot_regs {
	__u32 slot;
	__u32 gen;
	__u64 reads[VMMIO_REG_MAX]; /* by enum vmmio_reg; only device slots count */
	__u64 writes[VMMIO_REG_MAX];
};

_Static_assert(sizeof(struct vmmio_slot_regs) == 8 + 16 * VMMIO_REG_MAX, "vmmio_slot_regs layout");

#endif

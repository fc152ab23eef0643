/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a virtqueue stalled, and whose fault is it? The specification's rules applied to one look at
 * the ring and to how long nothing moved; nothing is read here.
 */
#ifndef VMMIO_STALL_JUDGE_H
#define VMMIO_STALL_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "stalls.h"

/* X(id, name, meaning) */
#define VMMIO_STALL_CAUSES(X)                                                                     \
	X(NONE, "none", "nothing has waited for longer than the bound")                           \
	X(IN_PROBE, "in-probe", "the driver's probe of the device does not come back")            \
	X(IN_REMOVE, "in-remove", "the driver's removal from the device does not come back")      \
	X(BROKEN, "broken", "the kernel gave the virtqueue up after what the device did")         \
	X(NOT_KICKED, "not-kicked",                                                               \
	  "the driver made buffers available and has not come to its kick")                       \
	X(LOST_KICK, "lost-kick",                                                                 \
	  "buffers are available and a kick was owed: none was sent, or the device has not "      \
	  "looked since")                                                                         \
	X(DEVICE_STUCK, "device-stuck",                                                           \
	  "the device knows of the buffers, or wants to hear of none, and uses none")             \
	X(IRQ_DISABLED, "irq-disabled", "the kernel has switched the interrupt off")              \
	X(IRQ_MASKED, "irq-masked", "the device's interrupts are masked in PCI configuration")    \
	X(IRQ_OFFLINE, "irq-offline", "the interrupt goes to a CPU that is offline")              \
	X(LOST_IRQ, "lost-irq", "buffers are used and an interrupt was owed: none came")          \
	X(ASLEEP, "driver-asleep", "buffers are used, the driver was interrupted and takes none") \
	X(FULL, "ring-full",                                                                      \
	  "the ring has no room, and neither side has a buffer of it: entries were lost")         \
	X(SPURIOUS, "spurious",                                                                   \
	  "nine of ten interrupts find nothing: somebody polls, or a line stays up")

enum vmmio_stall_cause {
#define VMMIO_STALL_ID(id, name, meaning) VMMIO_STALL_##id,
	VMMIO_STALL_CAUSES(VMMIO_STALL_ID)
#undef VMMIO_STALL_ID
	VMMIO_STALL_CAUSE_COUNT
};

extern const char *const vmmio_stall_causes[VMMIO_STALL_CAUSE_COUNT];
extern const char *const vmmio_stall_meanings[VMMIO_STALL_CAUSE_COUNT];

/* A fact that may be unknown. */
enum vmmio_known {
	VMMIO_UNKNOWN,
	VMMIO_NO,
	VMMIO_YES,
};

/* The interrupt of a queue. */
struct vmmio_stall_irq {
	__u32 irq;		   /* its number, 0: not known */
	enum vmmio_known disabled; /* in the kernel */
	bool spurious;		   /* by itself, since nobody cared */
	enum vmmio_known masked;   /* MSI-X function mask, or INTX_DISABLE */
	enum vmmio_known offline;  /* no CPU that it goes to is online */
	char cpus[32];		   /* that it goes to; empty: not known */
	bool have_count;
	__u64 count; /* of it, since the used buffers were there */
	/* Of the last time that they were counted by what they found; 0, 0: not known. */
	__u32 taken, none;
};

struct vmmio_stall_facts {
	struct vmmio_stall_sample s;
	bool hooked; /* its doorbell is */
	/* Time that the guest was awake, ns; 0: it is not so. */
	__u64 idle_ns;	  /* the device has buffers and has used none for */
	__u64 pending_ns; /* used buffers are there and the driver has taken none for */
	__u64 added_ns;	  /* buffers are available and not yet kicked for since */
	__u64 broken_ns;
	__u64 full_ns;	   /* the ring has no room, though nobody has anything of it */
	__u64 spurious_ns; /* nearly all interrupts found nothing */
	__u64 binding_ns;  /* the driver core is at the device since, of which no more is known */
	struct vmmio_stall_binding binding;
	const char *driver;
	__u64 bound_ns;
	bool patient; /* the device keeps buffers until it has something to say */
	bool lazy;    /* the driver takes buffers back when it sends the next ones */
	struct vmmio_stall_irq irq;
};

/* By how much position @to is beyond @from. */
__u32 vmmio_stall_ahead(const struct vmmio_stall_sample *s, __u32 to, __u32 from);
/* What the device has, and what the driver has to take back, by positions; packed: descriptors. */
__u32 vmmio_stall_flight(const struct vmmio_stall_sample *s);
__u32 vmmio_stall_pending(const struct vmmio_stall_sample *s);
/* Both in buffers. False: they are not known, of a packed ring that went on meanwhile. */
bool vmmio_stall_buffers(const struct vmmio_stall_sample *s, __u32 *flight, __u32 *to_take);

/*
 * Queues that may rest without fault: a device that waits for input, a driver that reaps as it
 * goes. By virtio device id, index and name of the queue.
 */
bool vmmio_stall_patient(__u32 device_id, __u32 index, const char *name);
bool vmmio_stall_lazy(__u32 device_id, __u32 index, const char *name);

/*
 * Would the interrupt's state decide? True when the cause will be one of those that f->irq tells
 * apart.
 */
bool vmmio_stall_asks(const struct vmmio_stall_facts *f);

enum vmmio_stall_cause vmmio_stall_judge(const struct vmmio_stall_facts *f);

/* The driver at work on a device, and where to see what its thread waits for, in @buf. */
void vmmio_stall_holder(const struct vmmio_stall_binding *b, char *buf, size_t size);

/* The evidence in numbers, in @buf: one line. Empty for VMMIO_STALL_NONE. */
const char *vmmio_stall_evidence(const struct vmmio_stall_facts *f, enum vmmio_stall_cause cause,
				 char *buf, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Identities of mainline's devices and virtqueues without BPF: devices by tracefs_known.h,
 * virtqueues from the members of struct virtqueue that the probes fetch. Its layout is assumed, not
 * read from the kernel, so every record is compared with facts from elsewhere; a contradiction ends
 * the counting, so that no count is wrong.
 */
#ifndef VMMIO_TRACEFS_DEVICES_H
#define VMMIO_TRACEFS_DEVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "tracefs_known.h"
#include "tracefs_ring.h"
#include "vmmio/slots.h"

/* Fetched by each probe that has a virtqueue in hand; words are pointers. */
struct vq_record {
	unsigned long vq, vdev;
	unsigned long next, prev; /* its neighbours in the list of the device's queues */
	__u32 index;		  /* of the queue */
	__u32 dev;		  /* of the device: N of virtioN */
	__u32 irq;		  /* with vring_interrupt() only */
	char name[TRACE_TEXT];
};

/* struct virtqueue: list, callback, name, vdev, index; struct virtio_device: index. */
#define VQ_NEXT 0
#define VQ_PREV sizeof(long)
#define VQ_NAME (3 * sizeof(long))
#define VQ_VDEV (4 * sizeof(long))
#define VQ_INDEX (5 * sizeof(long))
#define VDEV_INDEX 0

#define DEVICES_MAX 4096 /* N of virtioN */
#define DEVICES_HASH 1024

struct tracefs_queue {
	unsigned long vq, vdev;
	__u16 next; /* 1 + slot of the next one of its hash; 0: none */
};

struct tracefs_devices {
	const struct tracefs_known *known;
	void *ctx;
	__u32 next_slot;	       /* they are never given out twice */
	struct vmmio_slot_info *infos; /* by slot; kind FREE: gone */
	bool *ours;		       /* by slot: vmmio.ko drives it */
	struct tracefs_queue *queues;  /* by slot */
	__u16 of_device[DEVICES_MAX];  /* 1 + slot */
	__u16 of_hash[DEVICES_HASH];
	bool identified;  /* some record named a device that is there */
	char broken[120]; /* why nothing is counted any more; empty: all is well */
};

/* Returns 0 or -ENOMEM. */
int tracefs_devices_init(struct tracefs_devices *d, const struct tracefs_known *known, void *ctx);
void tracefs_devices_free(struct tracefs_devices *d);

/* Adds new devices and drops those that went. */
void tracefs_devices_scan(struct tracefs_devices *d);

/* Slot of virtio<index>, or -1: there is no such device. */
int tracefs_devices_find(struct tracefs_devices *d, __u32 index);

/*
 * Slot of the queue a record is about, or -1: its device is gone, or the record
 * is implausible (d->broken). @sure: no record was lost so far.
 */
int tracefs_devices_queue(struct tracefs_devices *d, const struct vq_record *v, bool sure);

/* The interrupt that a queue is served by; says how in infos. */
void tracefs_devices_irq(struct tracefs_devices *d, int slot, __u32 irq);

/* vring_del_virtqueue(): the queue and what is known of its device. */
void tracefs_devices_gone(struct tracefs_devices *d, unsigned long vq);

#endif

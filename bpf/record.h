/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What bpf/record.bpf.c and its reader (tools/vmmio-stat/record/bpfring.c) share: a ring of events
 * for each CPU, in shared memory. The CPU reserves places by @head, an interrupt on top of it the
 * next one; a place is filled once it contains its own number. The reader gives places back by
 * @tail. Events that come while a ring is full are counted, not stored.
 */
#ifndef VMMIO_BPF_RECORD_H
#define VMMIO_BPF_RECORD_H

#include "vmmio/events.h"

#define VMMIO_RECORD_EVENT 40 /* bytes of the largest event */
#define VMMIO_RECORD_MASK 1   /* with this as opt_mask two events fit: what the loader replaces */
/* programs that may run on a CPU at once, nested: so many places stay free */
#define VMMIO_RECORD_NESTED 16
#define VMMIO_RECORD_COMMS 8192 /* tasks with names */
#define VMMIO_RECORD_COMM 16	/* TASK_COMM_LEN */

enum vmmio_record_kind {
#define VMMIO_RECORD_KIND(name, type) VMMIO_RECORD_##name,
	VMMIO_TRACEPOINTS(VMMIO_RECORD_KIND)
#undef VMMIO_RECORD_KIND
	VMMIO_RECORD_KINDS /* and as a kind: an event that could not be read */
};

struct vmmio_record_place {
	__u64 ns; /* CLOCK_MONOTONIC */
	__u32 pid;
	__u16 kind;
	__u16 pad;
	__u8 event[VMMIO_RECORD_EVENT];
	__u64 number; /* of the event on its CPU, from 1 on: all before it is written */
};

_Static_assert(sizeof(struct vmmio_record_place) == 64, "vmmio_record_place layout");

struct vmmio_record_ring {
	__u64 head, lost;	      /* the CPU's */
	char comm[VMMIO_RECORD_COMM]; /* of @pid: the last known name */
	__u32 pid;
	__u32 pad;
	__u64 renames;		   /* renames of any task when the name was read */
	__u64 renamed, renamed_ns; /* the task that got a name last on this CPU, and when */
	__u64 tail;		   /* the reader's, in a line of its own */
	__u64 pad3[7];
	struct vmmio_record_place places[];
};

_Static_assert(sizeof(struct vmmio_record_ring) == 128, "vmmio_record_ring layout");

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mainline's drivers by kprobe events: what counting (tracefs_stock.c) and setting
 * up (tracefs_stock_open.c) share.
 */
#ifndef VMMIO_TRACEFS_STOCK_H
#define VMMIO_TRACEFS_STOCK_H

#include "tracefs_devices.h"
#include "tracefs_parts.h"
#include "tracefs_probes.h"

enum need {
	RING,
	MMIO,
	PCI
};

/* Handlers of a whole device, by what they are called for. */
enum run {
	RUN_LINE,
	RUN_INTX,
	RUN_SHARED,
	RUN_CONFIG,
	RUNS
};

/* A handler that is running on a CPU. */
struct open_call {
	int slot; /* -1: none */
	__s32 pid;
};

struct cpu {
	struct open_call vring, run[RUNS];
	struct open_call kick; /* virtqueue_kick() */
	bool prepared;	       /* it has called virtqueue_kick_prepare() */
	bool disturbed;	       /* something else was recorded meanwhile */
};

/* Does virtqueue_kick() call virtqueue_kick_prepare(), or has the compiler put it in? */
enum inlined {
	UNDECIDED,
	CALLED,
	INLINED
};

struct tracefs_stock {
	struct trace_probes probes;
	struct tracefs_devices devices;
	struct vmmio_mem_rows rows;
	struct cpu *cpus;
	__u64 missed; /* hits, at the last look */
	__u64 recorded_missed;
	bool recorded; /* records of a recording: queues by number, not by address */
	struct vmmio_steps steps;
	enum inlined inlined;
	__u32 *kicks; /* by slot: calls of virtqueue_kick() while that is undecided */
};

/* A function that is probed, and what a record of it counts. */
struct tracefs_hook {
	const char *name, *module, *function;
	enum need need;
	enum fetch fetch;
	bool optional; /* some kernels have no such function, or have it inlined */
	void (*handle)(void *data, int arg, const struct trace_context *at, const void *values);
	int arg;
};

/* Ends with a NULL name. */
extern const struct tracefs_hook tracefs_stock_hooks[];

#endif

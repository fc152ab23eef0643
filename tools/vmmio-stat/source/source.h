/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A source delivers snapshots and knows nothing of views. One ops table each:
 *   bpf      our driver's tracepoints, counted by bpf/guest.bpf.c
 *   mainline mainline's drivers, functions hooked by bpf/stock.bpf.c
 *   tracefs  both, from records of the kernel's tracing: where there is no BPF
 *   sysfs    our driver's always-on counters: no BPF, no tracefs, few fields
 *   file     a recording, of --json=full or of single events: every view without a kernel
 * A new source is a new file with a table, and a line in source.c.
 */
#ifndef VMMIO_SOURCE_H
#define VMMIO_SOURCE_H

#include <stdbool.h>

#include "tools/vmmio-stat/core/program.h"
#include "tools/vmmio-stat/core/snapshot.h"
#include "steps.h"

struct vmmio_source_opts {
	struct vmmio_want want;
	const char *path; /* of source "file:PATH" */
	/* Entries of the BPF maps; 0: the slots in use plus headroom. */
	unsigned int max_slots;
	/* source mainline: count notification checks of our driver's queues, too. */
	bool ring_of_ours;
	/* Of a recording of single events: what to take of it, and who follows them. */
	__u64 interval_ns;	   /* of it, from snapshot to snapshot; 0: all at once */
	__u64 from_ns, until_ns;   /* since its beginning; 0: to its end */
	const unsigned char *cpus; /* VMMIO_CPUS_MAX bits; NULL: all */
	const char *task;	   /* name or number: only what happened in it; NULL: all */
	struct vmmio_steps steps;
};

#define VMMIO_CPUS_MAX 8192

struct vmmio_source;

struct vmmio_source_ops {
	const char *name; /* of --source */
	const char *what; /* for --help */
	bool asked_only;  /* never chosen by "auto" */
	/* Each returns 0 or -errno, with src->why set on error. */
	int (*open)(struct vmmio_source *src, const struct vmmio_source_opts *opts);
	/* Identities only; may be called without counters being read. */
	int (*discover)(struct vmmio_source *src, struct vmmio_snapshot *s);
	/* Identities and counters; fills time_ns, events_lost, calls _finish(). */
	int (*snapshot)(struct vmmio_source *src, struct vmmio_snapshot *s);
	void (*close)(struct vmmio_source *src);
};

#define VMMIO_SEES_OURS 1
#define VMMIO_SEES_MAINLINE 2

struct vmmio_source {
	const struct vmmio_source_ops *ops;
	void *priv;
	unsigned int sees;	 /* whose devices: VMMIO_SEES_* */
	char engine[24];	 /* "tp_btf", "raw_tp", "sysfs": what came of it */
	char note[320];		 /* what could not be had and why; empty if nothing */
	char detail[80];	 /* more about the engine, for the heading */
	char why[VMMIO_WHY_MAX]; /* after an error: what failed, and the remedy */
	bool damaged;		 /* of a recording: not all that it had could be read */
	/* Of a recording: where it was made. Empty: here. */
	char accel[16];
	char clocksource[32];
};

extern const struct vmmio_source_ops vmmio_source_bpf;
extern const struct vmmio_source_ops vmmio_source_stock;
extern const struct vmmio_source_ops vmmio_source_tracefs;
extern const struct vmmio_source_ops vmmio_source_sysfs;
extern const struct vmmio_source_ops vmmio_source_both; /* what "auto" tries first */
extern const struct vmmio_source_ops vmmio_source_file;
extern const struct vmmio_source_ops vmmio_source_dat; /* what source "file" opens a trace.dat by */

/* NULL-terminated, best first. */
extern const struct vmmio_source_ops *const vmmio_sources[];

/* By name ("file:PATH": up to the colon), or NULL. */
const struct vmmio_source_ops *vmmio_source_find(const char *name);

/*
 * Opens source @name, or with "auto" the best that opens (never a file); src->note says what a
 * better one lacked. Returns 0 or -errno with src->why set.
 */
int vmmio_source_open(struct vmmio_source *src, const char *name,
		      const struct vmmio_source_opts *opts);
void vmmio_source_close(struct vmmio_source *src);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How "exits" shows a snapshot: table (exitview.c), JSON (exitjson.c), and
 * findings in sentences (exitfind.c).
 */
#ifndef VMMIO_EXITVIEW_H
#define VMMIO_EXITVIEW_H

#include "exitlat.h"
#include "exitsrc.h"

struct vmmio_exit_view {
	const struct vmmio_exit_rows *rows;
	const struct vmmio_exit_interrupts *interrupts;
	const struct vmmio_exit_health *health;
	const char *engine; /* "bpf", "perf" */
	const char *accel;
	bool emulated;				    /* this machine is: times are nobody's */
	const struct vmmio_exit_latencies *latency; /* NULL: not asked for */
	double interval_s;
	double scan_ms;
	bool by_time;	   /* sort key; else samples */
	bool totals;	   /* since the start, not of the last interval */
	bool ends;	   /* the last of this run: findings go with it */
	__u32 pid;	   /* 0: all */
	const char *guest; /* NULL: all */
};

/* Is VM @vm wanted? Unattributed rows are, unless a filter is set. */
bool vmmio_exit_view_wants(const struct vmmio_exit_view *v, size_t vm);

/* Rows to show, in order; the caller frees. */
const struct vmmio_exit_row **vmmio_exit_view_rows(const struct vmmio_exit_view *v, size_t *n);
bool vmmio_exit_same_group(const struct vmmio_exit_row *a, const struct vmmio_exit_row *b);

/* Interrupts sent to @vm, and its exits, as shown. */
__u64 vmmio_exit_interrupts_of(const struct vmmio_exit_view *v, size_t vm, __u64 *exits);

const char *vmmio_exit_how_name(__u32 how);

void vmmio_exit_table(const struct vmmio_exit_view *v, FILE *out);
void vmmio_exit_json(const struct vmmio_exit_view *v, FILE *out);

/* What could be better; nothing is printed where nothing could. */
void vmmio_exit_findings(const struct vmmio_exit_view *v, FILE *out);

__u64 vmmio_exit_shown(const struct vmmio_exit_view *v, const struct vmmio_exit_row *r, int what);
__u64 vmmio_exit_sent(const struct vmmio_exit_view *v, const struct vmmio_exit_interrupt *x);

#endif

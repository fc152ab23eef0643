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

/*
 * Interrupts of devices that @vm accepted, and its exits, as shown. False: of some it is not
 * known whether they were delivered.
 */
bool vmmio_exit_interrupts_of(const struct vmmio_exit_view *v, size_t vm, __u64 *sum, __u64 *exits);

const char *vmmio_exit_how_name(const struct vmmio_exit_interrupt *x);
const char *vmmio_exit_kind_name(__u32 kind);

/*
 * Samples of @r as shown: kvm_exit events that it names, or, where that event does
 * not fire, what was seen of it.
 */
__u64 vmmio_exit_samples(const struct vmmio_exit_view *v, const struct vmmio_exit_row *r);

/* ns of all exits of @r as shown, by what those took that were timed. 0: none was. */
double vmmio_exit_time_shown(const struct vmmio_exit_view *v, const struct vmmio_exit_row *r,
			     int what);

/* What of a group is shown: known only where kvm_exit fires, and never 0 for unknown. */
struct vmmio_exit_sums {
	bool known;
	__u64 exits; /* kvm_exit events */
	__u64 named; /* of these, in rows */
	__u64 left;  /* of these, that left the kernel */
	__u64 user;  /* kvm_userspace_exit events */
};

struct vmmio_exit_sums vmmio_exit_sums_of(const struct vmmio_exit_view *v,
					  const struct vmmio_exit_row *const *list, size_t n);
__u64 vmmio_exit_user_shown(const struct vmmio_exit_view *v, const struct vmmio_exit_times *t,
			    int reason);
__u64 vmmio_exit_exits_shown(const struct vmmio_exit_view *v, const struct vmmio_exit_times *t);

/* An EOI row's counts as shown. */
struct vmmio_exit_vector vmmio_exit_eoi_shown(const struct vmmio_exit_view *v,
					      const struct vmmio_exit_eoi *e);

/*
 * The owner: by its vector, or by the irqfd that raises it (a line of arm64's GICv2m is a message
 * of a device); "" if unknown.
 */
void vmmio_exit_interrupt_device(const struct vmmio_exit_view *v,
				 const struct vmmio_exit_interrupt *x, char *buf, size_t size);

void vmmio_exit_table(const struct vmmio_exit_view *v, FILE *out);
void vmmio_exit_json(const struct vmmio_exit_view *v, FILE *out);

/* Findings; prints nothing if there are none. */
void vmmio_exit_findings(const struct vmmio_exit_view *v, FILE *out);

__u64 vmmio_exit_shown(const struct vmmio_exit_view *v, const struct vmmio_exit_row *r, int what);
__u64 vmmio_exit_accepted(const struct vmmio_exit_view *v, const struct vmmio_exit_interrupt *x);
/*
 * Is that known? No event tells what an i8259 delivered: a line that it may have, and that
 * no local APIC ever took, was delivered or not.
 */
bool vmmio_exit_accepted_known(const struct vmmio_exit_interrupt *x);
__u64 vmmio_exit_raised(const struct vmmio_exit_view *v, const struct vmmio_exit_interrupt *x);

#endif

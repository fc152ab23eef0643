/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows of "exits": counted keys resolved to kind, path, device, queue and register, and summed per
 * VM. No kernel is queried here: unit tests feed it.
 */
#ifndef VMMIO_EXITROWS_H
#define VMMIO_EXITROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/vmmio-stat/core/fields.h"
#include "hostmap.h"
#include "hostscan.h"
#include "vmmio/hostexit.h"

enum vmmio_exit_what {
	VMMIO_WHAT_KICK,
	VMMIO_WHAT_STATUS_READ,
	VMMIO_WHAT_ACK,
	VMMIO_WHAT_CONFIG,
	VMMIO_WHAT_MMIO,
	VMMIO_WHAT_PIO,
	VMMIO_WHAT_EOI,
	VMMIO_WHAT_MSR,
	VMMIO_WHAT_OTHER,
};

/* The meaning of a counted key in its VM. */
struct vmmio_exit_label {
	enum vmmio_exit_what what;
	enum vmmio_transport_guess transport;
	const char *path;     /* "fast", "ioeventfd", …; "-" where none applies */
	int queue;	      /* -1: none, or not known */
	bool could_ioeventfd; /* a kick that reached userspace with nothing in its way */
	char name[32];	      /* first column */
	char device[40];      /* "" if not known */
	char reg[32];	      /* register, or address; "" if none */
};

/* A VM as this run knows it; outlives the VM. */
struct vmmio_exit_vm {
	__u64 kvm;
	__u64 start_ns; /* of the process: its number may be used again */
	__u32 pid;
	__u32 fd;
	int nth;
	bool alive;
	__u64 last_seen; /* number of the scan */
	char name[64];
	struct vmmio_host_range *ranges; /* all ever seen */
	size_t nranges;
	struct vmmio_host_irqfd *irqfds; /* of the last scan */
	size_t nirqfds;
	__u64 windows[64]; /* virtio-mmio windows that answered "virt" */
	size_t nwindows;
};

#define VMMIO_NO_VCPU 0xffffffffu

/* Of what a row has sums. */
enum {
	VMMIO_SUM_COUNT,  /* events */
	VMMIO_SUM_EXITS,  /* kvm_exit events that the row names */
	VMMIO_SUM_LEFT,	  /* of these, that left the kernel */
	VMMIO_SUM_TIMED,  /* of these, with a duration */
	VMMIO_SUM_WEIGHT, /* exits that they stand for */
	VMMIO_SUM_NS,	  /* by weight */
	VMMIO_SUM_USER,	  /* ns of that outside the kernel */
	VMMIO_SUMS
};

struct vmmio_exit_row {
	size_t vm;  /* index; SIZE_MAX: unattributed */
	__u32 vcpu; /* VMMIO_NO_VCPU: all of them */
	__u32 tid;  /* unattributed: the thread */
	struct vmmio_exit_key key;
	struct vmmio_exit_label label;
	bool fires;				   /* kvm_exit does: exits are known */
	__u64 sum[VMMIO_SUMS], before[VMMIO_SUMS]; /* now and last time */
	__u64 min_ns, max_ns;			   /* since the start */
};

/*
 * The values that one VM (or vCPU, or thread) has once: the number of exits, the userspace exits by
 * reason, and their durations.
 */
struct vmmio_exit_times {
	size_t vm; /* as in a row */
	__u32 vcpu;
	__u32 tid;
	__u64 exits, exits_before; /* kvm_exit events; 0 in all: it does not fire */
	__u64 user_exits[VMMIO_KVM_EXITS], user_exits_before[VMMIO_KVM_EXITS];
	struct vmmio_hist kvm, user; /* in the kernel; outside, of those that left it */
	struct vmmio_hist kvm_before, user_before;
};

/* Ends of interrupts of one vector, in such a group. */
struct vmmio_exit_eoi {
	size_t vm;
	__u32 vcpu;
	__u32 tid;
	__u32 vector;
	bool mixed; /* on one vCPU of the group it is one device's, on another another's */
	struct vmmio_exit_vector sum, before;
};

/* A thread's totals, besides its cells. */
struct vmmio_exit_totals {
	__u64 exits;
	__u64 user[VMMIO_KVM_EXITS];
	struct vmmio_hist kvm_time, user_time;
	struct vmmio_exit_vector vectors[VMMIO_EXIT_VECTORS];
};

struct vmmio_exit_rows {
	struct vmmio_exit_vm *vms;
	size_t nvms;
	__u64 scans;	  /* taken over */
	__u64 scans_read; /* of these, up to the snapshot before the current one */
	__u64 scans_now;  /* up to the current one */
	struct vmmio_exit_row *rows;
	size_t nrows;
	struct vmmio_exit_times *times;
	size_t ntimes;
	struct vmmio_exit_eoi *eois;
	size_t neois;
	size_t hint; /* where the next row is looked for first */
	const struct vmmio_hostmap *map;
	bool by_vcpu;
	bool no_left; /* kvm_userspace_exit is not seen: what left the kernel is not known */
};

/* Takes over a scan's results; VMs that are gone are kept. 0 or -errno. */
int vmmio_exit_rows_learn(struct vmmio_exit_rows *x, const struct vmmio_host *host);

/* Did a scan since the last snapshot see VM @i? Then new counts can be its. */
static inline bool vmmio_exit_rows_was_there(const struct vmmio_exit_rows *x, size_t i)
{
	return x->vms[i].alive || x->vms[i].last_seen >= x->scans_read;
}

/* Index of the living (or last) VM of that identity; SIZE_MAX if none. */
size_t vmmio_exit_rows_vm(const struct vmmio_exit_rows *x, __u64 kvm);

/* Starts a new snapshot: the present counts become `before`. */
void vmmio_exit_rows_begin(struct vmmio_exit_rows *x);

/* Adds one thread's cell. @vm SIZE_MAX: unattributed. 0 or -errno. */
int vmmio_exit_rows_add(struct vmmio_exit_rows *x, size_t vm, __u32 vcpu, __u32 tid,
			const struct vmmio_exit_cell *cell);

/* Of an attributed thread only VM and, if asked for, vCPU matter: what makes a group. */
void vmmio_exit_rows_group(const struct vmmio_exit_rows *x, size_t vm, __u32 *vcpu, __u32 *tid);

/* Adds one thread's totals. 0 or -errno. */
int vmmio_exit_rows_add_totals(struct vmmio_exit_rows *x, size_t vm, __u32 vcpu, __u32 tid,
			       const struct vmmio_exit_totals *t);

/* What was is `before` now; vmmio_exit_rows_begin() calls it. */
void vmmio_exit_rows_begin_totals(struct vmmio_exit_rows *x);

/* Does any thread of @vm (SIZE_MAX: of nobody's) see kvm_exit? */
bool vmmio_exit_rows_fires(const struct vmmio_exit_rows *x, size_t vm);

/*
 * The owner of interrupts with vector @vector in @vm: a name, or "" if unknown. Each vCPU has
 * its own vectors: with @vcpu VMMIO_NO_VCPU, a vector that two devices have on different vCPUs
 * is unknown.
 */
void vmmio_exit_rows_vector(const struct vmmio_exit_rows *x, size_t vm, __u32 vcpu, __u32 vector,
			    char *buf, size_t size);

/* The times of @r's group; NULL if there are none. */
const struct vmmio_exit_times *vmmio_exit_rows_times(const struct vmmio_exit_rows *x,
						     const struct vmmio_exit_row *r);

/* Percentile @q (0..100) of @h less @before (NULL: nothing), in ns; unknown without samples. */
struct vmmio_value vmmio_exit_percentile(const struct vmmio_hist *h,
					 const struct vmmio_hist *before, double q);

/* At @base is a window of virtio-mmio registers. */
void vmmio_exit_vm_window(struct vmmio_exit_vm *v, __u64 base);

/*
 * Resolves all rows after a snapshot is complete. Where no_left is set, a write that nothing known
 * serves has no path: it may have left the kernel or not.
 */
void vmmio_exit_rows_resolve(struct vmmio_exit_rows *x);

void vmmio_exit_rows_free(struct vmmio_exit_rows *x);

/* @key in @vm (NULL: unattributed). */
void vmmio_exit_resolve(const struct vmmio_exit_vm *vm, const struct vmmio_hostmap *map,
			const struct vmmio_exit_key *key, struct vmmio_exit_label *label);

static inline __u64 vmmio_exit_delta(const struct vmmio_exit_row *r, int what)
{
	/* Smaller than before: a thread found its VM, and its past went along. */
	return r->sum[what] > r->before[what] ? r->sum[what] - r->before[what] : 0;
}

#endif

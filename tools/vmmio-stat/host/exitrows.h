/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows of "exits": counted keys resolved to kind, path, device, queue and
 * register, and summed per VM. No kernel is asked anything here: unit tests
 * feed it.
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
	VMMIO_WHAT_OTHER,
};

/* What a counted key means in its VM. */
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

/* A VM as this run came to know it; outlives the VM. */
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

struct vmmio_exit_row {
	size_t vm;  /* index; SIZE_MAX: unattributed */
	__u32 vcpu; /* VMMIO_NO_VCPU: all of them */
	__u32 tid;  /* unattributed: the thread */
	struct vmmio_exit_key key;
	struct vmmio_exit_label label;
	__u64 sum[4], before[4]; /* count, timed, ns, user ns; now and last time */
	__u64 min_ns, max_ns;	 /* since the start */
};

enum {
	VMMIO_SUM_COUNT,
	VMMIO_SUM_TIMED,
	VMMIO_SUM_NS,
	VMMIO_SUM_USER
};

/* How long exits take, of one VM (or vCPU, or thread): now and last time. */
struct vmmio_exit_times {
	size_t vm; /* as in a row */
	__u32 vcpu;
	__u32 tid;
	struct vmmio_hist kvm, user; /* in the kernel; outside, of those that left it */
	struct vmmio_hist kvm_before, user_before;
};

struct vmmio_exit_rows {
	struct vmmio_exit_vm *vms;
	size_t nvms;
	__u64 scans; /* taken over */
	struct vmmio_exit_row *rows;
	size_t nrows;
	struct vmmio_exit_times *times;
	size_t ntimes;
	size_t hint; /* where the next row is looked for first */
	const struct vmmio_hostmap *map;
	bool by_vcpu;
};

/* Takes over what a scan found; VMs that are gone are kept. 0 or -errno. */
int vmmio_exit_rows_learn(struct vmmio_exit_rows *x, const struct vmmio_host *host);

/* Index of the living (or last) VM of that identity; SIZE_MAX if none. */
size_t vmmio_exit_rows_vm(const struct vmmio_exit_rows *x, __u64 kvm);

/* Starts a new snapshot: what was is `before` now. */
void vmmio_exit_rows_begin(struct vmmio_exit_rows *x);

/* Adds one thread's cell. @vm SIZE_MAX: unattributed. 0 or -errno. */
int vmmio_exit_rows_add(struct vmmio_exit_rows *x, size_t vm, __u32 vcpu, __u32 tid,
			const struct vmmio_exit_cell *cell);

/* Of an attributed thread only VM and, if asked for, vCPU matter: what makes a group. */
void vmmio_exit_rows_group(const struct vmmio_exit_rows *x, size_t vm, __u32 *vcpu, __u32 *tid);

/* Adds how long one thread's exits took. 0 or -errno. */
int vmmio_exit_rows_add_times(struct vmmio_exit_rows *x, size_t vm, __u32 vcpu, __u32 tid,
			      const struct vmmio_hist *kvm, const struct vmmio_hist *user);

/* The times of @r's group; NULL if there are none. */
const struct vmmio_exit_times *vmmio_exit_rows_times(const struct vmmio_exit_rows *x,
						     const struct vmmio_exit_row *r);

/* Percentile @q (0..100) of @h less @before (NULL: nothing), in ns; unknown without samples. */
struct vmmio_value vmmio_exit_percentile(const struct vmmio_hist *h,
					 const struct vmmio_hist *before, double q);

/* Resolves all rows, once all is known that this snapshot tells. */
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

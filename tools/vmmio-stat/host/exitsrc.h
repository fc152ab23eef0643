/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where "exits" gets its numbers: an engine that is attached, read, and leaves
 * nothing behind. The BPF engine sees every event of every thread; the
 * perf_event engine counts events of the vCPU threads it was opened on.
 */
#ifndef VMMIO_EXITSRC_H
#define VMMIO_EXITSRC_H

#include <stdbool.h>

#include "exitrows.h"

struct vmmio_exit_interrupt {
	size_t vm; /* SIZE_MAX: unattributed */
	bool msi;
	__u32 how;  /* enum vmmio_inject_how */
	__u64 data; /* GSI, or MSI address << 32 | data */
	__u64 count, before;
};

/*
 * Whose a sender's interrupts were when that could be told: it may be gone, and
 * what it is known by another's.
 */
struct vmmio_exit_sender {
	struct vmmio_inject_key key;
	size_t vm;     /* SIZE_MAX: never known */
	__u64 counted; /* of its interrupts, those that are some VM's already */
};

struct vmmio_exit_interrupts {
	struct vmmio_exit_interrupt *v;
	size_t n;
	struct vmmio_exit_sender *senders;
	size_t nsenders;
};

/* Adds @count to the entry of that VM and key; makes it if need be. 0 or -errno. */
int vmmio_exit_interrupts_add(struct vmmio_exit_interrupts *x, size_t vm,
			      const struct vmmio_inject_key *k, __u64 count);

/* Reads the BPF map @fd anew; @vm_of_thread tells SIZE_MAX for a thread it does not know. */
int vmmio_exit_interrupts_read(struct vmmio_exit_interrupts *x, int fd,
			       const struct vmmio_host *host, const struct vmmio_exit_rows *rows,
			       size_t (*vm_of_thread)(const void *source, __u32 tid),
			       const void *source);
void vmmio_exit_interrupts_free(struct vmmio_exit_interrupts *x);

struct vmmio_exit_health {
	__u64 lost;	   /* events that were seen and not counted: no room */
	__u64 misses;	   /* events that the kernel did not show us */
	bool has_time;	   /* kvm_exit and kvm_entry are attached */
	bool has_fast;	   /* kvm_fast_mmio is */
	bool has_irqs;	   /* interrupts are counted */
	char missing[160]; /* event classes that this kernel lacks: "-" if none */
};

struct vmmio_exit_source;
struct host_bpf;

/*
 * Attaches. @pid: this process only, 0 = all. @room: vCPU threads at a time, 0 = by
 * the VMs there are. @host: a first scan, for that and for doorbells that need a
 * look at the value; @rows has learnt it. -errno with a line in @why.
 */
int vmmio_exit_bpf_open(struct vmmio_exit_source **source, __u32 pid, __u32 room,
			const struct vmmio_host *host, const struct vmmio_exit_rows *rows,
			char *why, size_t size);

/* Before loading: room for @threads, and for @others in each other map. */
void vmmio_exit_bpf_size(struct host_bpf *skel, __u32 threads, __u32 others);

/*
 * One snapshot into @rows and @interrupts (which must be zero at first).
 * @host: the latest scan, for who is whose. @final: detach first, and count
 * what is still open. 0 or -errno.
 */
int vmmio_exit_bpf_read(struct vmmio_exit_source *source, const struct vmmio_host *host,
			struct vmmio_exit_rows *rows, struct vmmio_exit_interrupts *interrupts,
			bool final);
void vmmio_exit_bpf_health(struct vmmio_exit_source *source, struct vmmio_exit_health *health);
void vmmio_exit_bpf_close(struct vmmio_exit_source *source);

#endif

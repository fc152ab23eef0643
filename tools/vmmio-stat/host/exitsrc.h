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
#include "vmmio/hostirq.h"

struct vmmio_exit_interrupt {
	size_t vm;    /* SIZE_MAX: unattributed */
	__u32 kind;   /* enum vmmio_inject_kind */
	__u32 how;    /* enum vmmio_inject_how */
	__u64 data;   /* as in the key */
	__u32 vector; /* of the last that was accepted; VMMIO_NO_VECTOR: none */
	__u32 vcpu;   /* that took the last; VMMIO_NO_VCPU: not known, or the sum of all */
	__u64 raised, raised_before;
	__u64 accepted, accepted_before;
};

/*
 * The owner of a sender's interrupts at the time it was known: the sender may be gone, and its key
 * reused.
 */
struct vmmio_exit_sender {
	struct vmmio_inject_key key;
	size_t vm; /* SIZE_MAX: never known */
	/* of its interrupts, those that are some VM's already */
	__u64 raised, accepted;
};

struct vmmio_exit_interrupts {
	struct vmmio_exit_interrupt *v;
	size_t n;
	struct vmmio_exit_sender *senders;
	size_t nsenders;
	struct vmmio_host_fd *fds; /* eventfds of the last scan: their process may have ended */
	size_t nfds;
};

/* Adds @count to the entry of that VM and key; makes it if need be. 0 or -errno. */
int vmmio_exit_interrupts_add(struct vmmio_exit_interrupts *x, size_t vm,
			      const struct vmmio_inject_key *k,
			      const struct vmmio_inject_count *count);

/* Stores which descriptors are which eventfds, as of @host. 0 or -errno. */
int vmmio_exit_interrupts_follow(struct vmmio_exit_interrupts *x, const struct vmmio_host *host);

/*
 * Reads the first @n entries of the BPF map @fd and, if not NULL, @slots, which hold sends that are
 * not counted yet. @vm_of_thread returns SIZE_MAX for an unknown thread.
 */
int vmmio_exit_interrupts_read(struct vmmio_exit_interrupts *x, int fd, __u32 n,
			       const struct vmmio_inject_slot *slots, const struct vmmio_host *host,
			       const struct vmmio_exit_rows *rows,
			       size_t (*vm_of_thread)(const void *source, __u32 tid, __u32 *vcpu),
			       const void *source);
void vmmio_exit_interrupts_free(struct vmmio_exit_interrupts *x);

struct vmmio_exit_health {
	__u64 lost;	   /* events that were seen and not counted: no room */
	__u64 misses;	   /* events that the kernel did not show us */
	bool has_time;	   /* kvm_exit and kvm_entry are attached */
	bool has_fast;	   /* kvm_fast_mmio is */
	bool has_irqs;	   /* interrupts are counted: what accepts them is attached */
	bool has_eois;	   /* kvm_eoi is */
	bool has_left;	   /* kvm_userspace_exit is: else see no_left of struct vmmio_exit_rows */
	char missing[160]; /* event classes that this kernel lacks: "-" if none */
};

struct vmmio_exit_source;
struct host_bpf;

struct vmmio_exit_how {
	__u32 pid;     /* this process only; 0: all */
	__u32 room;    /* vCPU threads at a time; 0: by the VMs there are */
	bool time_all; /* time each exit, also of those that have many */
};

/*
 * Attaches. @host: a first scan, for the room and for doorbells that need a
 * look at the value; @rows has learnt it. -errno with a line in @why.
 */
int vmmio_exit_bpf_open(struct vmmio_exit_source **source, const struct vmmio_exit_how *how,
			const struct vmmio_host *host, const struct vmmio_exit_rows *rows,
			char *why, size_t size);

/* Before loading: room for @threads, and for @others in each other map. */
void vmmio_exit_bpf_size(struct host_bpf *skel, __u32 threads, __u32 others);

/*
 * One snapshot into @rows and @interrupts (which must be zero at first). @host: the latest scan,
 * for the owners. @final: detach first, and count what is still open. 0 or -errno.
 */
int vmmio_exit_bpf_read(struct vmmio_exit_source *source, const struct vmmio_host *host,
			struct vmmio_exit_rows *rows, struct vmmio_exit_interrupts *interrupts,
			bool final);
/* Between two snapshots: finds owners before they are gone. 0 or -errno. */
int vmmio_exit_bpf_follow(struct vmmio_exit_source *source, const struct vmmio_host *host,
			  const struct vmmio_exit_rows *rows);
void vmmio_exit_bpf_health(struct vmmio_exit_source *source, struct vmmio_exit_health *health);
void vmmio_exit_bpf_close(struct vmmio_exit_source *source);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Discovery of the KVM VMs of this host (bpf/vms.bpf.c): the loader, the scan and its result as a
 * tree. hostmap.h guesses devices and queues from addresses.
 */
#ifndef VMMIO_HOSTSCAN_H
#define VMMIO_HOSTSCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "vmmio/host.h"

enum vmmio_transport_guess {
	VMMIO_GUESS_NONE, /* an address, nothing more */
	VMMIO_GUESS_MMIO,
	VMMIO_GUESS_PCI,
	VMMIO_GUESS_PCI_LEGACY,
};

/* One doorbell: an eventfd and every address that signals it. */
struct vmmio_host_range {
	__u32 type; /* VMMIO_HOST_IOEVENTFD, _COALESCED or _KERNEL */
	__u32 bus;  /* VMMIO_BUS_* of the first address */
	__u64 addr;
	__u32 len;
	bool wildcard;
	bool fast;  /* on the fast MMIO bus as well */
	bool alias; /* its eventfd was already seen at another address */
	__u64 datamatch;
	__u64 eventfd;
	__u32 eventfd_id;
	/* hostmap.c */
	enum vmmio_transport_guess transport;
	__u64 base; /* of the device's window */
	int queue;  /* -1: not known */
	char device[40];
};

struct vmmio_host_irqfd {
	__u32 gsi;
	__u32 route; /* VMMIO_ROUTE_*, 0: through more than one chip */
	bool resample;
	__u64 eventfd;
	__u32 eventfd_id;
	__u64 msi_addr;
	__u32 msi_data;
};

struct vmmio_host_vcpu {
	__u64 vcpu;
	__u32 id;
	__u32 tid;	/* 0: never ran */
	__u64 start_ns; /* of that thread; 0: it is dead */
};

struct vmmio_host_vm {
	__u64 kvm;
	__u32 pid; /* lowest process that has it open */
	__u32 fd;
	__u64 start_ns; /* of that process */
	__u32 online;	/* vCPUs */
	int nth;	/* of several VMs of one process, from 1; 0: the only one */
	bool cut;	/* the walk ended early: something is missing */
	char name[64];
	struct vmmio_host_vcpu *vcpus;
	size_t nvcpus;
	struct vmmio_host_range *ranges; /* by bus, address, datamatch */
	size_t nranges;
	struct vmmio_host_irqfd *irqfds; /* by GSI */
	size_t nirqfds;
};

struct vmmio_host_fd {
	__u32 pid;
	__u32 fd;
	__u64 eventfd;
};

struct vmmio_host {
	struct vmmio_host_vm *vms; /* by pid, fd */
	size_t nvms;
	struct vmmio_host_fd *fds; /* eventfds of all processes, by pid, fd; if asked for */
	size_t nfds;
	__u64 stale;   /* objects that changed under the walk */
	__u64 scan_ns; /* the walk alone */
	__u32 records;
};

struct vmmio_hostscan;

/*
 * Loads the scanner. @eventfds: also list who has which eventfd open. On error
 * returns -errno with one line in @why; -EOPNOTSUPP means that this kernel has
 * no KVM.
 */
int vmmio_hostscan_open(struct vmmio_hostscan **scan, bool eventfds, char *why, size_t size);
void vmmio_hostscan_close(struct vmmio_hostscan *scan);

/* One walk over the machine; free with vmmio_host_free(). 0 or -errno. */
int vmmio_hostscan_run(struct vmmio_hostscan *scan, struct vmmio_host *host);
void vmmio_host_free(struct vmmio_host *host);

/* From records to a tree, without a kernel: what unit tests feed. */
int vmmio_host_build(const struct vmmio_host_rec *recs, size_t n, struct vmmio_host *host);

/* The VM whose identity is @kvm, or NULL. */
struct vmmio_host_vm *vmmio_host_find(const struct vmmio_host *host, __u64 kvm);

struct vmmio_ksym {
	const char *name;
	__u64 addr; /* 0: not there, or hidden */
};

/* Fills addresses from /proc/kallsyms; -EPERM if they are hidden from us. */
int vmmio_ksyms_read(struct vmmio_ksym *syms, size_t n);

#endif

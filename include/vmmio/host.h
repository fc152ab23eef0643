/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host-side BPF objects and their loaders exchange: the records of a
 * discovery scan (bpf/vms.bpf.c). Kernel pointers in them are identities, to
 * be compared and never followed.
 */
#ifndef VMMIO_HOST_H
#define VMMIO_HOST_H

#include "types.h"

enum vmmio_host_type {
	VMMIO_HOST_VM = 1,    /* a file descriptor of a VM */
	VMMIO_HOST_VCPU,      /* a file descriptor of a vCPU */
	VMMIO_HOST_IOEVENTFD, /* an address that signals an eventfd */
	VMMIO_HOST_COALESCED, /* an address range served by the coalesced ring */
	VMMIO_HOST_KERNEL,    /* an address range of a device in the kernel */
	VMMIO_HOST_IRQFD,     /* an eventfd that raises an interrupt */
	VMMIO_HOST_EVENTFD,   /* a file descriptor of an eventfd */
};

/* Positions in struct kvm.buses, the same on every architecture and version. */
#define VMMIO_BUS_MMIO 0
#define VMMIO_BUS_PIO 1
#define VMMIO_BUS_CCW 2
#define VMMIO_BUS_FAST_MMIO 3
#define VMMIO_BUS_MAX 8

/* Of struct kvm_kernel_irq_routing_entry.type; 0: none single, see irqfd */
#define VMMIO_ROUTE_IRQCHIP 1
#define VMMIO_ROUTE_MSI 2

#define VMMIO_HOST_WILDCARD (1u << 0) /* ioeventfd: any value */
#define VMMIO_HOST_RESAMPLE (1u << 1) /* irqfd: level, with a resampler */
#define VMMIO_HOST_CUT (1u << 2)      /* VM: a list ended early, see stale */

struct vmmio_host_rec {
	__u32 type;
	__u32 flags;
	__u32 pid; /* process (VM, VCPU, EVENTFD) */
	__u32 fd;
	__u64 kvm;     /* identity of the VM; 0 for EVENTFD */
	__u64 eventfd; /* identity of the eventfd (IOEVENTFD, IRQFD, EVENTFD) */
	__u64 addr;    /* IOEVENTFD, COALESCED, KERNEL; IRQFD with MSI: message address;
			* VCPU: identity of the vCPU */
	__u64 value;   /* VM: when its process started, ns; VCPU: when that thread did, 0 if it is
			* dead; IOEVENTFD: datamatch; IRQFD with MSI: message data */
	__u32 len;     /* IOEVENTFD, COALESCED, KERNEL: bytes */
	__u32 bus;     /* of these */
	__u32 id;      /* IOEVENTFD, IRQFD: eventfd id; VCPU: its number; VM: vCPUs online */
	__u32 tid;     /* VCPU: thread that ran it last, 0 = none; IRQFD: GSI */
	__u32 route;   /* IRQFD: VMMIO_ROUTE_*; VM: process that made it */
	__u32 pad;
};

_Static_assert(sizeof(struct vmmio_host_rec) == 72, "vmmio_host_rec layout");

#endif

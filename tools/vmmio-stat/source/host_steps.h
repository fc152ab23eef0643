/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contents of a KVM host's record: KVM's tracepoints, and the scheduler's about the threads of
 * VMs. tracefs_host.c lists the events once, for the recorder and for readers.
 */
#ifndef VMMIO_HOST_STEPS_H
#define VMMIO_HOST_STEPS_H

#include <stdbool.h>

#include "tracefs_ring.h"
#include "vmmio/hostexit.h"

enum vmmio_host_kind {
	VMMIO_HOST_EXIT,  /* a: reason, b: instruction set, c: vCPU, or VMMIO_HOST_UNSAID */
	VMMIO_HOST_ENTRY, /* c: the same */
	VMMIO_HOST_MMIO,  /* a: VMMIO_KVM_MMIO_*, b: bytes, addr, data: value */
	VMMIO_HOST_FAST,  /* addr: a doorbell that needed no emulation */
	VMMIO_HOST_PIO,	  /* a: write, b: bytes, c: port */
	VMMIO_HOST_MSR,	  /* a: write, b: register */
	/* clang-format off */
#define VMMIO_HOST_NAMED(id, event, label, arg, field) VMMIO_HOST_##id, /* addr: the number */
	VMMIO_EXIT_NAMED(VMMIO_HOST_NAMED)
	/* clang-format on */
	VMMIO_HOST_USER,    /* a: KVM_EXIT_*, b: error, negative */
	VMMIO_HOST_EOI,	    /* a: vector */
	VMMIO_HOST_PV_EOI,  /* a: vector */
	VMMIO_HOST_INJECT,  /* a: vector */
	VMMIO_HOST_ACCEPT,  /* a: APIC, mode, vector */
	VMMIO_HOST_MSI,	    /* addr, data */
	VMMIO_HOST_LINE,    /* a: GSI, b: level */
	VMMIO_HOST_IOAPIC,  /* data: redirection */
	VMMIO_HOST_IPI,	    /* a: what the guest wrote */
	VMMIO_HOST_WAKE,    /* a: thread */
	VMMIO_HOST_SWITCH,  /* a: thread that goes, b: that comes */
	VMMIO_HOST_PENDING, /* arm64: a: interrupt number, addr: vCPU, vector: level */
	VMMIO_HOST_KINDS,
};

/* Of @addr to @flags only what the kind has is set. */
struct vmmio_host_step {
	enum vmmio_host_kind kind;
	int cpu;
	__u64 ns;
	__u64 addr, data;
	__u32 a, b, c;
	__s32 pid; /* the thread that it happened in */
	__u16 mode;
	__u8 vector;
	__u8 flags; /* of WAKE: VMMIO_HOST_IN_IRQ: an interrupt's handler did it */
};

#define VMMIO_HOST_UNSAID ~0u  /* arm64's KVM names no vCPU at an exit */
#define VMMIO_HOST_IN_IRQ 0x18 /* as the kernel's records have it: hard or soft */

struct vmmio_host_steps {
	void (*take)(void *data, const struct vmmio_host_step *step);
	void *data;
};

enum vmmio_host_machine {
	VMMIO_HOST_ANY,
	VMMIO_HOST_X86,
	VMMIO_HOST_ARM,
};

/* Events by number, "kvm" and "sched" systems; NULL name: there are no more. */
struct vmmio_host_event {
	const char *system, *name;
	enum vmmio_host_machine machine; /* whose KVM has it */
};
const struct vmmio_host_event *vmmio_host_event(int i);

/*
 * Hands the records of a recording to @steps, which must stay. Events that it lacks are no
 * error, but if it has none: -ENOENT with @why. Returns 0 or -errno with @why.
 */
int vmmio_host_steps_open(struct trace_ring *ring, const struct vmmio_host_steps *steps, char *why,
			  size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts of VMs, from their sender to the virtual processor that accepts them: bpf/host.bpf.c
 * counts them and the reader of "exits" sums them up.
 *
 * A raised line or a message need not become an interrupt: a line can be masked or up already, and
 * KVM makes messages only to look at them when it scans its routes (kvm_msi_set_irq fires for
 * each). So the sender notes what it sends, and the virtual processor's acceptance, which comes in
 * the same context, counts it.
 */
#ifndef VMMIO_HOSTIRQ_H
#define VMMIO_HOSTIRQ_H

#include "types.h"

enum vmmio_inject_how {
	VMMIO_INJECT_IOCTL,   /* by the VMM; fd: of the VM */
	VMMIO_INJECT_IRQFD,   /* a write to an eventfd; fd: of the eventfd, or -1 */
	VMMIO_INJECT_WORK,    /* an irqfd's work item, in a kworker; kvm known */
	VMMIO_INJECT_KTHREAD, /* another kernel thread (kvm-pit, vhost); fd: thread */
	VMMIO_INJECT_GUEST,   /* inside KVM_RUN: a device in the kernel, or an ioeventfd that
			       * is an irqfd */
	VMMIO_INJECT_OTHER,
	VMMIO_INJECT_INTERRUPT, /* a host interrupt that signals an irqfd (VFIO) */
};

enum vmmio_inject_kind {
	VMMIO_INJECT_LINE,     /* data: GSI; on arm64 that of a shared one, its number less 32 */
	VMMIO_INJECT_MSI,      /* data: message address << 32 | data */
	VMMIO_INJECT_IPI,      /* data: vector */
	VMMIO_INJECT_LOCAL,    /* data: vector; the processor's own: timer, performance counter */
	VMMIO_INJECT_EXTERNAL, /* data: vector; of a local APIC in userspace, whoever sent it */
};

struct vmmio_inject_key {
	__u64 kvm; /* 0: see pid and fd */
	__u64 data;
	__u32 pid;
	__u32 fd;
	__u32 kind; /* enum vmmio_inject_kind */
	__u32 how;  /* enum vmmio_inject_how */
};

_Static_assert(sizeof(struct vmmio_inject_key) == 32, "vmmio_inject_key layout");

#define VMMIO_NO_VECTOR 0xffffffffu

struct vmmio_inject_count {
	__u64 raised;	/* lines that went up, messages that were sent */
	__u64 accepted; /* by a virtual processor */
	__u32 vector;	/* of the last; arm64: interrupt number; VMMIO_NO_VECTOR: none yet */
	__u32 vcpu;	/* who took the last, vectors are its own; VMMIO_NO_VECTOR: not known */
};

_Static_assert(sizeof(struct vmmio_inject_count) == 24, "vmmio_inject_count layout");

/* A sender and what it sends: looked up once, then counted by its number. */
struct vmmio_inject_entry {
	struct vmmio_inject_key key;
	struct vmmio_inject_count count;
};

_Static_assert(sizeof(struct vmmio_inject_entry) == 56, "vmmio_inject_entry layout");

/* What a context is sending, indexed by the context. */
struct vmmio_inject_slot {
	struct vmmio_inject_key key;
	__u64 who;    /* vmmio_inject_who(); 0: nobody */
	__u32 vector; /* the expected vector; VMMIO_NO_VECTOR until an event tells */
	__u32 entry;  /* number + 1 of the key's entry; 0: not looked for yet */
	__u64 raised; /* a line or message that is not counted yet */
};

/* In KVM_RUN, or in an unknown call: probably a look at a route. */
static inline int vmmio_inject_is_sent(const struct vmmio_inject_key *key)
{
	return key->kind == VMMIO_INJECT_LINE ||
	       (key->kind == VMMIO_INJECT_MSI && key->how != VMMIO_INJECT_GUEST &&
		key->how != VMMIO_INJECT_OTHER);
}

_Static_assert(sizeof(struct vmmio_inject_slot) == 56, "vmmio_inject_slot layout");

#define VMMIO_INJECT_SLOTS 2048 /* one half is for interrupts */

/*
 * The sending context: a task, by its kernel address (each processor's idle task has its own), or
 * an interrupt on top of it. Never 0, which means no context.
 */
static inline __u64 vmmio_inject_who(__u64 task, int in_irq)
{
	return task | (in_irq != 0);
}

/* Its slot; tasks and interrupts never share one. */
static inline __u32 vmmio_inject_at(__u64 who)
{
	__u32 half = VMMIO_INJECT_SLOTS / 2;

	return (__u32)((who & ~1ull) * 0x9e3779b97f4a7c15ull >> 54) | (who & 1 ? half : 0);
}

#endif

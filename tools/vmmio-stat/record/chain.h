/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One kick from end to end: the guest's events and its host's, joined by vCPU and order on the
 * guest's clock. A kick without a complete chain has the reason. Nothing is read or shown here.
 */
#ifndef VMMIO_CHAIN_H
#define VMMIO_CHAIN_H

#include "tools/vmmio-stat/source/host_steps.h"
#include "tools/vmmio-stat/source/steps.h"
#include "clockmap.h"
#include "journey.h"

/* In the order of time. */
enum vmmio_mark {
	VMMIO_MARK_BEGIN,    /* the load began the request; with its list only */
	VMMIO_MARK_KICK,     /* the guest: before the doorbell write */
	VMMIO_MARK_EXIT,     /* the host: kvm_exit */
	VMMIO_MARK_SERVED,   /* an eventfd was found for it, or it left for the VMM */
	VMMIO_MARK_RUNS,     /* the thread that was woken runs */
	VMMIO_MARK_SENT,     /* the interrupt was sent */
	VMMIO_MARK_INJECTED, /* and put before the vCPU */
	VMMIO_MARK_HANDLER,  /* the guest: its handler began */
	VMMIO_MARK_HANDLED,  /* and ended */
	VMMIO_MARK_END,	     /* the load has its answer; with its list only */
	VMMIO_MARKS,
};

enum vmmio_chain_why {
	VMMIO_CHAIN_WHOLE,
	VMMIO_CHAIN_MERGED,
	VMMIO_CHAIN_DRIVEN,
	VMMIO_CHAIN_NO_IRQ,
	VMMIO_CHAIN_NO_END,
	VMMIO_CHAIN_NO_CPU,
	VMMIO_CHAIN_NO_VCPU,
	VMMIO_CHAIN_NO_EXIT,
	VMMIO_CHAIN_OTHER,
	VMMIO_CHAIN_NO_SENT,
	VMMIO_CHAIN_ORDER,
	VMMIO_CHAIN_NO_REQUEST,
	VMMIO_CHAIN_SHARED,
	VMMIO_CHAIN_WHYS,
};

/* For people: "another kick was waiting for this interrupt". */
const char *vmmio_chain_why(enum vmmio_chain_why why);

enum vmmio_chain_path {
	VMMIO_CHAIN_EVENTFD,
	VMMIO_CHAIN_FAST, /* the same, without emulation */
	VMMIO_CHAIN_USER,
};

struct vmmio_chain {
	__u32 slot, gen;
	int cpu, irq_cpu;
	enum vmmio_chain_why why;
	enum vmmio_chain_path path;
	__u64 done_ns;		    /* after the doorbell write; 0: not told */
	__u64 doorbell;		    /* address, or port */
	enum vmmio_chain_why guest; /* what the guest's half alone says */
	__u64 irq_ns, end_ns;	    /* of the handler, of the guest's half */
	__u64 mark[VMMIO_MARKS];    /* ns of the guest's clock; 0: not seen, or not asked for */
	__s32 backend;		    /* the thread that was woken; 0: none */
	__u32 vcpu, irq_vcpu;	    /* of a whole one: KVM's numbers of them */
};

struct vmmio_request {
	__u64 begin_ns, ns;
};

struct vmmio_chains {
	/* what is put in */
	struct vmmio_journeys journeys;
	struct vmmio_chain *v; /* one for each kick, in order */
	size_t n;
	struct vmmio_host_step *steps; /* in order */
	size_t nsteps;
	int err; /* -ENOMEM: some are missing */
	/* what comes out */
	__u64 requests_without; /* of the load, that have no kick */
	__u64 strangers;	/* doorbell writes meanwhile that are no kick's */
	__u64 clamped_ns;	/* by as much were steps out of order, within the clocks' error */
	bool cpus_measured;	/* which vCPU a CPU is was not told, but seen by its doorbells */
};

/* Returns 0 or -ENOMEM. */
int vmmio_chains_init(struct vmmio_chains *c);
void vmmio_chains_free(struct vmmio_chains *c);

/* In the order of the records; for struct vmmio_steps, struct vmmio_host_steps. */
void vmmio_chains_guest(void *chains, const struct vmmio_step *s);
void vmmio_chains_host(void *chains, const struct vmmio_host_step *s);

/*
 * Joins them with @vm, whose clock @map knows; may be tried with others. @requests in order of
 * time, none in flight with another; NULL: none. Returns 0 or -errno.
 */
int vmmio_chains_join(struct vmmio_chains *c, const struct dat_vm *vm,
		      const struct vmmio_clockmap *map, const struct vmmio_request *requests,
		      size_t nrequests);

/*
 * *@map by the doorbells of both, where the host's half has no offset of @vm's counter
 * (vmmio_clockmap_measure()).
 */
int vmmio_chains_measure(const struct vmmio_chains *c, const struct dat_vm *vm,
			 const struct dat_facts *guest, const struct dat_facts *host,
			 struct vmmio_clockmap *map, char *why, size_t size);

/* A write that can be a doorbell: to address, or port, *@addr. */
bool vmmio_chain_is_write(const struct vmmio_host_step *s, __u64 *addr);
/* When the kick's write was over at the latest, on the guest's clock. */
__u64 vmmio_chain_until(const struct vmmio_chain *x);

/* By the guest's half alone, before a join. */
void vmmio_chain_begin(struct vmmio_chain *x);

/*
 * The leg that ends at @mark, from the last mark before it that was seen; false: it was
 * not seen. The first mark ends none.
 */
bool vmmio_chain_leg(const struct vmmio_chain *x, enum vmmio_mark mark, __u64 *ns);
/* Do the legs of a complete chain add up to it, with none negative? True for an incomplete one. */
bool vmmio_chain_adds_up(const struct vmmio_chain *x);
/* From the first mark that was seen to the last. */
__u64 vmmio_chain_whole(const struct vmmio_chain *x);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock of a host's recording in that of a guest's: each ties its clock to the processor's
 * counter, and KVM gives the offset between the guest's counter and the host's.
 */
#ifndef VMMIO_CLOCKMAP_H
#define VMMIO_CLOCKMAP_H

#include "tools/vmmio-stat/source/dat_facts.h"

struct vmmio_clockmap {
	const struct dat_facts *guest, *host;
	struct dat_vcpu tsc;
	__u64 error_ns; /* of what it says, at most, as far as can be known */
	size_t paired;	/* the offset is measured, by as many pairs; 0: KVM said it */
};

/* From one moment to another of one clock. */
struct vmmio_clock_span {
	__u64 from_ns, to_ns;
};

/*
 * For the VM @vm of @host. Both facts must stay. Returns 0, or -errno with one line in
 * @why: there are no such pairs, or a clock jumps.
 */
int vmmio_clockmap_init(struct vmmio_clockmap *m, const struct dat_facts *guest,
			const struct dat_facts *host, const struct dat_vm *vm, char *why,
			size_t size);

/*
 * Measures the offset where KVM does not give it. Each of @kicks, on the guest's clock, contains
 * one of @exits, on the host's, so the right offset gives most kicks an exit, and the error is half
 * of the range left open. Returns 0, -ENOMEM, or -errno with one line in @why: there are too few,
 * or several offsets fit as well.
 */
int vmmio_clockmap_measure(struct vmmio_clockmap *m, const struct dat_facts *guest,
			   const struct dat_facts *host, const struct vmmio_clock_span *kicks,
			   size_t nkicks, const struct vmmio_clock_span *exits, size_t nexits,
			   char *why, size_t size);

/* A moment of the host's clock in the guest's; what was before it began is 0. */
__u64 vmmio_clockmap_guest(const struct vmmio_clockmap *m, __u64 host_ns);

#endif

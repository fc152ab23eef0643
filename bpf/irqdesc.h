/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What bpf/irqdesc.bpf.c and its loader (tools/vmmio-stat/stall/irqstate.c) share: the state of one
 * interrupt that the kernel exposes nowhere.
 */
#ifndef VMMIO_BPF_IRQDESC_H
#define VMMIO_BPF_IRQDESC_H

#include "vmmio/types.h"

struct vmmio_irqdesc {
	__u32 irq;
	__u32 seen;	/* times that it was found */
	__u32 depth;	/* of disable_irq(); 0: enabled */
	__u32 spurious; /* the kernel disabled it: nobody cared */
};

#endif

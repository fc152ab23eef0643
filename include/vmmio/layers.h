/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose the processor is, between one kick of a device and its next: what
 * bpf/layers.bpf.c adds up and vmmio-layers prints. Nanoseconds; under -icount
 * one is an instruction.
 */
#ifndef VMMIO_LAYERS_H
#define VMMIO_LAYERS_H

#include "vmmio/types.h"

enum vmmio_layer {
	VMMIO_LAYER_GUEST,
	VMMIO_LAYER_KVM,
	VMMIO_LAYER_VMM,   /* the monitor's threads outside KVM_RUN, their system calls too */
	VMMIO_LAYER_OTHER, /* any other task of the host, and its kernel's threads */
	VMMIO_LAYER_IDLE,
	VMMIO_LAYER_PROBE, /* inside our own programs: nobody's */
	VMMIO_LAYERS,
};

/* as vmmio-layers says them */
#define VMMIO_LAYER_NAMES                                       \
	{                                                       \
		"guest", "kvm", "vmm", "other", "idle", "probe" \
	}

/* The kicks of one doorbell; a period is from one to the next. */
struct vmmio_layers {
	__u64 last;		  /* ns; of the last kick */
	__u64 periods;		  /* in `ns` */
	__u64 apart;		  /* kicks too far from the one before: no period */
	__u64 elapsed;		  /* ns of these periods, by the clock alone */
	__u64 seen[VMMIO_LAYERS]; /* ns of all, when the last kick came */
	__u64 ns[VMMIO_LAYERS];
	/*
	 * What surrounds a program is in the layer that it ends and in the one that it
	 * begins: how often each was either. Twice the number of programs in all.
	 */
	__u64 seen_sides[VMMIO_LAYERS], sides[VMMIO_LAYERS];
};

_Static_assert(sizeof(struct vmmio_layers) == 32 + 32 * VMMIO_LAYERS, "vmmio_layers layout");

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who uses the processor between one kick of a device and its next: bpf/layers.bpf.c adds it up and
 * vmmio-layers prints it. Nanoseconds; under -icount one is an instruction.
 */
#ifndef VMMIO_LAYERS_H
#define VMMIO_LAYERS_H

#include "vmmio/types.h"

enum vmmio_layer {
	VMMIO_LAYER_GUEST,
	VMMIO_LAYER_KVM,
	VMMIO_LAYER_VMM,   /* the monitor's threads outside KVM_RUN, their system calls too */
	VMMIO_LAYER_OTHER, /* any other task of the host, kernel threads too */
	VMMIO_LAYER_IDLE,
	VMMIO_LAYER_PROBE, /* inside our own programs: charged to no layer */
	VMMIO_LAYERS,
};

/* names as vmmio-layers prints them */
#define VMMIO_LAYER_NAMES                                       \
	{                                                       \
		"guest", "kvm", "vmm", "other", "idle", "probe" \
	}

/* The kicks of one doorbell; a period is from one to the next. */
struct vmmio_layers {
	__u64 last;		  /* ns; of the last kick */
	__u64 periods;		  /* in `ns` */
	__u64 apart;		  /* kicks too far after the one before: no period */
	__u64 elapsed;		  /* ns of these periods, by the clock alone */
	__u64 seen[VMMIO_LAYERS]; /* sum over all layers at the last kick, ns */
	__u64 ns[VMMIO_LAYERS];
	/*
	 * The code around a program belongs half to the layer that it ends and half to the one that
	 * it begins. Counts how often a layer was either; the sum is twice the number of programs.
	 */
	__u64 seen_sides[VMMIO_LAYERS], sides[VMMIO_LAYERS];
};

_Static_assert(sizeof(struct vmmio_layers) == 32 + 32 * VMMIO_LAYERS, "vmmio_layers layout");

#endif

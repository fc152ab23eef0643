/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instructions of an I/O by layer, as vmmio-layers printed them on a bench host: sums over the
 * periods from one kick of a device to its next.
 */
#ifndef VMMIO_BENCH_LAYERS_H
#define VMMIO_BENCH_LAYERS_H

#include <stddef.h>
#include <vmmio/layers.h>

extern const char *const vmmio_layer_names[VMMIO_LAYERS];

/* Sums over @periods; NAN: what cannot be told (the guest apart from KVM, by calls). */
struct vmmio_layer_sums {
	double periods;
	double ns[VMMIO_LAYERS];    /* under -icount instructions */
	double sides[VMMIO_LAYERS]; /* ends and beginnings of the layer: two a probe */
};

/*
 * In @text the line "@layers " + what vmmio-layers printed by its events @by, "kvm" or
 * "calls"; of it the doorbell of @device, as exits names it (mmio@feb02e00: its
 * QueueNotify; pci@c000003000: that address). -EPROTO with one line in @why if it is
 * malformed or not there.
 */
int vmmio_layer_sums(const char *text, const char *by, const char *device,
		     struct vmmio_layer_sums *out, char *why, size_t len);

#endif

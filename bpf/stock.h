/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What bpf/stock.bpf.c and its loader (tools/vmmio-stat/source_stock.c) share.
 * Mainline's drivers publish no slots: the program gives them out itself, one
 * per virtqueue and one per device, at the first event of each, and writes
 * down who they are. They are never given out twice.
 */
#ifndef VMMIO_BPF_STOCK_H
#define VMMIO_BPF_STOCK_H

#include "guest.h"
#include "vmmio/slots.h"

struct vmmio_stock_info {
	struct vmmio_slot_info info; /* kind FREE: not complete, or gone */
	char bus_driver[24];	     /* of the bus device: "virtio-mmio", "virtio-pci" */
};

/* Devices, and queues of one device found by walking its list. */
#define VMMIO_STOCK_DEVICES 256
#define VMMIO_STOCK_QUEUES 512

#endif

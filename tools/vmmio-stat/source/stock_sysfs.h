/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtio devices in sysfs, as far as the hooks on mainline's drivers depend
 * on them. Counts nothing.
 */
#ifndef VMMIO_STOCK_SYSFS_H
#define VMMIO_STOCK_SYSFS_H

#include <stdbool.h>

#define VMMIO_VIRTIO_DEVICES "/sys/bus/virtio/devices"

/*
 * Reads an attribute of a device, for what hooks dev_attr_show(). One that waits for no
 * lock: "uevent" waits for the device's on some kernels, and a driver that is stuck in
 * its probe holds that for ever. Returns 0 or -errno.
 */
int vmmio_stock_touch_one(const char *device);

/* Makes the attached program see every device; see learn_shown() there. */
void vmmio_stock_touch(void);

/* What is bound right now, and to what. */
struct vmmio_stock_present {
	bool mmio, pci; /* mainline's drivers are there */
	bool device;	/* is bound to one of them */
	bool data;	/* one of those has its doorbells carry data (VIRTIO 6) */
	bool packed;	/* a ring of our own driver's is packed */
	bool rings;	/* any is */
	bool line;	/* one of them has an interrupt line, or vector, for all */
	bool unlined;	/* one that is driven has none, but vectors, or nobody knows what */
	bool several;	/* one of those may have several virtqueues */
	bool lines;	/* lines may have other handlers, too, or these be threads */
	bool threaded;	/* handlers may run in threads */
	bool vectors;	/* virtqueues share a vector, or it is not known */
};

void vmmio_stock_look(struct vmmio_stock_present *p);

#endif

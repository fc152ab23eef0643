/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a device and its interrupt are: NUMA nodes, by sysfs and procfs.
 */
#ifndef VMMIO_ADVISE_PLACE_H
#define VMMIO_ADVISE_PLACE_H

#include <stddef.h>

#include "vmmio/types.h"

struct vmmio_place {
	int nodes;	 /* that have CPUs or memory; 0: not known */
	int device_node; /* -1: not known */
	int irq_node;	 /* that takes the interrupt, the device's if any CPU there does; -1 */
	char device_cpus[256];
};

/*
 * For virtio device @device with interrupt @irq (0: unknown). @root is "", or a test's folder with
 * /sys and /proc. What cannot be read is unknown.
 */
void vmmio_place_read(struct vmmio_place *p, const char *root, const char *device, __u32 irq);

/*
 * The settings of vmmio.ko for the device on bus device @parent, into @buf: "" if none. False: the
 * driver's file cannot be read.
 */
_Bool vmmio_place_settings(const char *root, const char *parent, char *buf, size_t size);

#endif

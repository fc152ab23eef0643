/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the platform driver and the AMBA driver share: a window, a line, and everything in between
 * (mmio.c). The drivers only find these two.
 */
#ifndef VMMIO_KMOD_MMIO_H
#define VMMIO_KMOD_MMIO_H

#include <linux/ioport.h>
#include <linux/pm.h>
#include "vmmio.h"

/*
 * Takes the device behind @mem for @dev. The last @tail bytes of the window are not device
 * configuration space. Returns 0 or -errno; -ENODEV, without a message, where there is no device.
 */
int vmmio_mmio_probe(struct device *dev, enum vmmio_transport transport, struct resource *mem,
		     u32 tail, int irq);
void vmmio_mmio_remove(struct device *dev);

#ifdef CONFIG_PM_SLEEP
extern const struct dev_pm_ops vmmio_mmio_pm_ops;
#define VMMIO_MMIO_PM_OPS (&vmmio_mmio_pm_ops)
#else
#define VMMIO_MMIO_PM_OPS NULL
#endif

#endif

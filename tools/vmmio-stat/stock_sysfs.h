/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtio devices in sysfs, as far as the hooks on mainline's drivers depend
 * on them. Counts nothing.
 */
#ifndef VMMIO_STOCK_SYSFS_H
#define VMMIO_STOCK_SYSFS_H

#include <stdbool.h>

#define VMMIO_VIRTIO_DEVICES "/sys/bus/virtio/devices"

/* Makes the attached program see every device; see learn_device() there. */
void vmmio_stock_touch(void);

/* Some device of mainline's has negotiated doorbells that carry data. */
bool vmmio_stock_data_doorbells(void);

#endif

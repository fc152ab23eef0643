/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that nobody has.
 */
#ifndef VMMIO_COST_SLOTS_H
#define VMMIO_COST_SLOTS_H

#include <linux/types.h>

#define VMMIO_COST_QUEUES 8 /* of each device */

/* abi and slots in @dir: @n rows of generation @gen, devices and their queues; 0 or -errno. */
int vmmio_cost_slots(const char *dir, __u32 n, __u32 gen);

#endif

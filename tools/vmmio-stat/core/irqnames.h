/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owners and destinations of interrupts, from /proc/irq: a folder for each number, and in it one
 * for each handler, by the name that the driver gave it.
 */
#ifndef VMMIO_IRQNAMES_H
#define VMMIO_IRQNAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "vmmio/slots.h"

/* Is @name a handler of @irq? */
bool vmmio_irq_has(__u32 irq, const char *name);

/* The number of the interrupt that @name handles, 0: none. */
__u32 vmmio_irq_named(const char *name);

/*
 * Number and mode of the interrupt of a device or queue, by the names that
 * mainline's transports give their handlers; see vmmio_irqs_identify().
 */
void vmmio_irq_complete(struct vmmio_slot_info *x);

/* The CPUs it is delivered to ("0", "0-3"), or "-"; in @buf. */
const char *vmmio_irq_cpus(__u32 irq, char *buf, size_t size);

#endif

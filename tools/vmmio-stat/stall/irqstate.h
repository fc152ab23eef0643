/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Can an interrupt reach its handler? What the kernel, the PCI device and the CPUs say
 * of it, asked for once one is missing; nothing of it is on the way of an I/O.
 */
#ifndef VMMIO_STALL_IRQSTATE_H
#define VMMIO_STALL_IRQSTATE_H

#include "watch.h"

struct vmmio_stall_irqs;

/*
 * Before the watch begins: what is loaded only when a queue is suspected first, nobody looks
 * meanwhile, for seconds where the machine is busy. It is attached for each question only.
 * NULL: no memory.
 */
struct vmmio_stall_irqs *vmmio_stall_irqs_new(void);
void vmmio_stall_irqs_free(struct vmmio_stall_irqs *p);

/* What can be said of the interrupt of @q; @with is a struct vmmio_stall_irqs. */
void vmmio_stall_irqs_look(void *with, const struct vmmio_stall_queue *q,
			   struct vmmio_stall_irq *irq);

/* Is none of the CPUs in @cpus in @online? Lists as in sysfs: "0-2,7". */
enum vmmio_known vmmio_stall_offline(const char *cpus, const char *online);

/*
 * Does the PCI function keep its interrupts to itself? @n bytes of its configuration
 * space, and how it interrupts (enum vmmio_irq_mode).
 */
enum vmmio_known vmmio_stall_masked(const unsigned char *config, size_t n, unsigned int mode);

#endif

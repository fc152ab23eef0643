/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Can an interrupt reach its handler? The state in the kernel, the PCI device and the CPUs, read
 * once an interrupt is missing; the path of an I/O has no part in it.
 */
#ifndef VMMIO_STALL_IRQSTATE_H
#define VMMIO_STALL_IRQSTATE_H

#include "watch.h"

struct vmmio_stall_irqs;

/*
 * Call it before the watch begins: loading at the first suspicion would stop the looks for seconds
 * on a busy machine. The program is attached for each question only. NULL: no memory.
 */
struct vmmio_stall_irqs *vmmio_stall_irqs_new(void);
void vmmio_stall_irqs_free(struct vmmio_stall_irqs *p);

/* What can be said of the interrupt of @q; @with is a struct vmmio_stall_irqs. */
void vmmio_stall_irqs_look(void *with, const struct vmmio_stall_queue *q,
			   struct vmmio_stall_irq *irq);

/* Is none of the CPUs in @cpus in @online? Lists as in sysfs: "0-2,7". */
enum vmmio_known vmmio_stall_offline(const char *cpus, const char *online);

/*
 * Does the PCI function mask its interrupts? @n bytes of its configuration space, and its kind of
 * interrupt (enum vmmio_irq_mode).
 */
enum vmmio_known vmmio_stall_masked(const unsigned char *config, size_t n, unsigned int mode);

#endif

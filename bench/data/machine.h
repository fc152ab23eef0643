/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine a result was taken on, without what identifies it: no host
 * name, no user, no path.
 */
#ifndef VMMIO_BENCH_MACHINE_H
#define VMMIO_BENCH_MACHINE_H

#include <stddef.h>
#include <jansson.h>

#include "lib/accel.h"

/* A new reference, or NULL for want of memory. @qemu: its version as a number, see guest.h. */
json_t *vmmio_machine_describe(enum vmmio_accel accel, unsigned int qemu);

/* "<date>-<cpu>-<accel>", the folder of a result set. */
void vmmio_machine_set_name(enum vmmio_accel accel, char *buf, size_t len);

/* Processors that can run guests now. */
int vmmio_machine_cpus(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kinds of load share (load.h): the device of a column, and the lines
 * of script that find it in the guest.
 */
#ifndef VMMIO_BENCH_LOAD_KINDS_H
#define VMMIO_BENCH_LOAD_KINDS_H

#include "load.h"

/* -device virtio-@type (or vhost-...) of @column as @d says, with @more properties. */
void vmmio_kind_device(const char *type, const char *column, const struct vmmio_device *d,
		       const char *more, struct vmmio_args *a);

/* The place of @column in this boot, from 1: it numbers hubs, pairs of ends and targets. */
unsigned int vmmio_kind_number(const struct vmmio_load *b, const char *column);

/* $node_COLUMN by the guest's helper @find, $dev_COLUMN from it, for all columns. */
void vmmio_kind_find_devices(const struct vmmio_load *b, const char *find, FILE *f);

#endif

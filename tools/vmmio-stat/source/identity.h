/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The identity of a device or virtqueue, from the JSON that view/json.c writes: in a recording of
 * --json=full, and in the facts of a trace.dat.
 */
#ifndef VMMIO_IDENTITY_H
#define VMMIO_IDENTITY_H

#include <stdbool.h>

#include <jansson.h>

#include "vmmio/slots.h"

/* A count; false if @v is none (null: not known). */
bool vmmio_json_count(const json_t *v, __u64 *count);
/* The count @key of @object, 0 if it has none or one above @max. */
unsigned int vmmio_json_small(const json_t *object, const char *key, unsigned int max);
/* The text @key of @object, "" if it has none. */
void vmmio_json_copy(const json_t *object, const char *key, char *buf, size_t size);

/* What is not said stays 0 or empty. */
void vmmio_identity_parse(const json_t *from, struct vmmio_slot_info *i);

#endif

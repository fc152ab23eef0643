// SPDX-License-Identifier: GPL-2.0-only
/*
 * See identity.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vmmio-stat/core/snapshot.h"
#include "identity.h"

bool vmmio_json_count(const json_t *v, __u64 *count)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*count = (__u64)json_integer_value(v);
	return true;
}

unsigned int vmmio_json_small(const json_t *object, const char *key, unsigned int max)
{
	__u64 v;

	return vmmio_json_count(json_object_get(object, key), &v) && v <= max ? (unsigned int)v : 0;
}

void vmmio_json_copy(const json_t *object, const char *key, char *buf, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	snprintf(buf, size, "%s", text ? text : "");
}

/* Position of the name @of(i) that equals @text, or 0. */
static __u8 index_of(const json_t *object, const char *key, const char *(*of)(unsigned int),
		     unsigned int n)
{
	const char *text = json_string_value(json_object_get(object, key));
	unsigned int i;

	for (i = 0; text && i < n; i++)
		if (!strcmp(text, of(i)))
			return (__u8)i;
	return 0;
}

void vmmio_identity_parse(const json_t *from, struct vmmio_slot_info *i)
{
	char features[24];

	i->slot = vmmio_json_small(from, "slot", VMMIO_SLOTS - 1);
	i->gen = vmmio_json_small(from, "gen", ~0u);
	i->irq = vmmio_json_small(from, "irq", ~0u);
	i->transport = index_of(from, "transport", vmmio_transport_name, 4);
	i->irq_mode = VMMIO_IRQ_UNKNOWN;
	if (json_is_string(json_object_get(from, "irq_mode")))
		i->irq_mode = index_of(from, "irq_mode", vmmio_irq_mode_name, VMMIO_IRQ_UNKNOWN);
	i->device_id = vmmio_json_small(from, "device_id", ~0u);
	i->vector = 0xffff;
	vmmio_json_copy(from, "device", i->device, sizeof(i->device));
	vmmio_json_copy(from, "parent", i->parent, sizeof(i->parent));
	vmmio_json_copy(from, "driver", i->driver, sizeof(i->driver));
	vmmio_json_copy(from, "features", features, sizeof(features));
	i->features = strtoull(features, NULL, 0);
	if (i->slot == VMMIO_SLOT_OVERFLOW) {
		i->kind = VMMIO_SLOT_SHARED;
	} else if (json_is_integer(json_object_get(from, "queue"))) {
		i->kind = VMMIO_SLOT_QUEUE;
		i->queue = (__u16)vmmio_json_small(from, "queue", 0xffff);
		i->ring_size = (__u16)vmmio_json_small(from, "ring_size", 0xffff);
		i->ring_max = (__u16)vmmio_json_small(from, "ring_max", 0xffff);
		vmmio_json_copy(from, "queue_name", i->queue_name, sizeof(i->queue_name));
		if (json_is_true(json_object_get(from, "packed")))
			i->flags |= VMMIO_SLOT_PACKED;
	} else {
		i->kind = VMMIO_SLOT_DEVICE;
		i->queues = vmmio_json_small(from, "queues", ~0u);
	}
}

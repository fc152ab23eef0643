// SPDX-License-Identifier: GPL-2.0-only
/*
 * See tracefs_devices.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracefs_devices.h"

#define RING_PACKED 34 /* feature bit */
#define QUEUES_MAX 4096

int tracefs_devices_init(struct tracefs_devices *d, const struct tracefs_known *known, void *ctx)
{
	memset(d, 0, sizeof(*d));
	d->known = known;
	d->ctx = ctx;
	d->infos = calloc(VMMIO_SLOTS, sizeof(*d->infos));
	d->ours = calloc(VMMIO_SLOTS, sizeof(*d->ours));
	d->queues = calloc(VMMIO_SLOTS, sizeof(*d->queues));
	return d->infos && d->ours && d->queues ? 0 : -ENOMEM;
}

void tracefs_devices_free(struct tracefs_devices *d)
{
	free(d->infos);
	free(d->ours);
	free(d->queues);
}

static int take_slot(struct tracefs_devices *d)
{
	return d->next_slot < VMMIO_SLOTS ? (int)d->next_slot++ : -1;
}

static __u16 *hash(struct tracefs_devices *d, unsigned long vq)
{
	return &d->of_hash[(vq >> 6 ^ vq >> 16) % DEVICES_HASH];
}

static void drop_queue(struct tracefs_devices *d, int slot)
{
	__u16 *p = hash(d, d->queues[slot].vq);

	while (*p && *p != slot + 1)
		p = &d->queues[*p - 1].next;
	if (*p)
		*p = d->queues[slot].next;
	d->infos[slot].kind = VMMIO_SLOT_FREE;
}

static void drop_device(struct tracefs_devices *d, __u32 index)
{
	int device = d->of_device[index] - 1;
	__u32 i;

	if (device < 0)
		return;
	for (i = 0; i < d->next_slot; i++)
		if (d->infos[i].kind == VMMIO_SLOT_QUEUE && (int)d->infos[i].dev_slot == device)
			drop_queue(d, (int)i);
	d->infos[device].kind = VMMIO_SLOT_FREE;
	d->of_device[index] = 0;
}

static int learn_device(struct tracefs_devices *d, __u32 index)
{
	struct vmmio_slot_info x = {};
	bool ours;
	int slot;

	if (!d->known->device(d->ctx, index, &x, &ours))
		return -1;
	slot = take_slot(d);
	if (slot < 0)
		return -1;
	x.slot = x.dev_slot = (__u32)slot;
	x.gen = 1;
	x.vector = 0xffff;
	x.kind = VMMIO_SLOT_DEVICE;
	d->ours[slot] = ours;
	d->infos[slot] = x;
	d->of_device[index] = (__u16)(slot + 1);
	if (!ours)
		d->known->irq(d->ctx, &d->infos[slot]);
	return slot;
}

void tracefs_devices_scan(struct tracefs_devices *d)
{
	int i, slot;

	for (i = 0; i < DEVICES_MAX; i++) {
		slot = d->of_device[i] - 1;
		if (slot >= 0 && !d->known->same(d->ctx, (__u32)i, &d->infos[slot], d->ours[slot]))
			drop_device(d, (__u32)i);
	}
	for (i = d->known->next(d->ctx, 0); i >= 0; i = d->known->next(d->ctx, (__u32)i + 1))
		if (!d->of_device[i])
			learn_device(d, (__u32)i);
}

int tracefs_devices_find(struct tracefs_devices *d, __u32 index)
{
	int slot;

	if (index >= DEVICES_MAX)
		return -1;
	slot = d->of_device[index] - 1;
	if (slot < 0)
		slot = learn_device(d, index);
	if (slot >= 0 && d->infos[slot].irq_mode == VMMIO_IRQ_UNKNOWN && !d->ours[slot])
		d->known->irq(d->ctx, &d->infos[slot]);
	return slot;
}

static int implausible(struct tracefs_devices *d, const struct vq_record *v, const char *what)
{
	if (!d->broken[0])
		snprintf(d->broken, sizeof(d->broken),
			 "struct virtqueue is not laid out as known: virtio%u queue %u: %s", v->dev,
			 v->index, what);
	return -1;
}

static bool printable(const char *text)
{
	const char *p;

	for (p = text; *p; p++)
		if (!isprint((unsigned char)*p))
			return false;
	return p > text && strcmp(text, "(fault)");
}

static bool kernel_address(unsigned long p)
{
	return p % sizeof(long) == 0 && (sizeof(long) == 8 ? (long)p < 0 : p >= 0x40000000);
}

/* What is wrong with a record in itself, or NULL. */
static const char *contradiction(const struct vq_record *v)
{
	if (!kernel_address(v->vq) || !kernel_address(v->vdev) || !kernel_address(v->next) ||
	    !kernel_address(v->prev))
		return "no kernel address where there must be one";
	if (!printable(v->name))
		return "its name is none";
	if (v->index >= QUEUES_MAX)
		return "no such number of a queue";
	/* a list of one element and its head; mainline numbers queues from 0 */
	if (v->next == v->prev && v->next != v->vq && v->index)
		return "an only queue has the number 0";
	return NULL;
}

static int learn_queue(struct tracefs_devices *d, const struct vq_record *v, bool sure)
{
	const char *wrong = contradiction(v);
	struct vmmio_slot_info *x;
	int device, slot;
	__u32 i;

	if (wrong)
		return implausible(d, v, wrong);
	device = tracefs_devices_find(d, v->dev);
	if (device < 0 && (!d->identified || v->dev >= DEVICES_MAX))
		return implausible(d, v, "there is no such device");
	if (device < 0)
		return -1; /* gone since */
	for (i = 0; i < d->next_slot; i++) {
		if (d->infos[i].kind != VMMIO_SLOT_QUEUE || (int)d->infos[i].dev_slot != device)
			continue;
		if (d->infos[i].queue == v->index && sure)
			return implausible(d, v, "two queues of one number");
		if (d->infos[i].queue == v->index)
			drop_queue(d, (int)i); /* its end was among what was lost */
		else if (d->queues[i].vdev != v->vdev && sure)
			return implausible(d, v, "two devices of one number");
	}
	slot = take_slot(d);
	if (slot < 0)
		return -1;
	x = &d->infos[slot];
	*x = d->infos[device];
	x->slot = (__u32)slot;
	x->dev_slot = (__u32)device;
	x->queue = (__u16)v->index;
	x->queues = 0;
	x->irq = 0;
	if (x->features >> RING_PACKED & 1)
		x->flags |= VMMIO_SLOT_PACKED;
	snprintf(x->queue_name, sizeof(x->queue_name), "%.*s", (int)sizeof(x->queue_name) - 1,
		 v->name);
	x->kind = VMMIO_SLOT_QUEUE;
	if (!d->ours[device])
		d->known->irq(d->ctx, x);
	d->infos[device].queues++;
	d->identified = true;
	d->ours[slot] = d->ours[device];
	d->queues[slot] = (struct tracefs_queue){v->vq, v->vdev, *hash(d, v->vq)};
	*hash(d, v->vq) = (__u16)(slot + 1);
	return slot;
}

static int slot_of(struct tracefs_devices *d, unsigned long vq)
{
	int slot = *hash(d, vq) - 1;

	while (slot >= 0 && d->queues[slot].vq != vq)
		slot = d->queues[slot].next - 1;
	return slot;
}

int tracefs_devices_queue(struct tracefs_devices *d, const struct vq_record *v, bool sure)
{
	int slot = slot_of(d, v->vq), device;

	if (d->broken[0])
		return -1;
	if (slot < 0)
		return learn_queue(d, v, sure);
	device = (int)d->infos[slot].dev_slot;
	if (d->infos[slot].queue == v->index && d->queues[slot].vdev == v->vdev &&
	    v->dev < DEVICES_MAX && d->of_device[v->dev] == device + 1)
		return slot;
	if (sure)
		return implausible(d, v, "it was another one before");
	drop_queue(d, slot);
	return learn_queue(d, v, sure);
}

void tracefs_devices_irq(struct tracefs_devices *d, int slot, __u32 irq)
{
	struct vmmio_slot_info *x = &d->infos[slot];
	struct vq_record v = {.index = x->queue, .dev = (__u32)strtoul(x->device + 6, NULL, 10)};
	char own[64], all[48];

	if (x->irq == irq || !d->known->irqs_known(d->ctx))
		return;
	snprintf(own, sizeof(own), "%s-%s", x->device, x->queue_name);
	snprintf(all, sizeof(all), "%s-virtqueues", x->device);
	if (d->known->irq_has(d->ctx, irq, own))
		x->irq_mode = VMMIO_IRQ_MSIX;
	else if (d->known->irq_has(d->ctx, irq, all))
		x->irq_mode = VMMIO_IRQ_MSIX_SHARED;
	else if (d->known->irq_has(d->ctx, irq, x->device))
		x->irq_mode = x->transport == VMMIO_TRANSPORT_PCI ? VMMIO_IRQ_INTX : VMMIO_IRQ_LINE;
	else if (d->known->irq_named(d->ctx, own) || d->known->irq_named(d->ctx, all) ||
		 d->known->irq_named(d->ctx, x->device))
		implausible(d, &v, "its interrupt is another device's"); /* not: being removed */
	x->irq = irq;
	if (x->irq_mode != VMMIO_IRQ_NONE && x->irq_mode != VMMIO_IRQ_UNKNOWN)
		d->infos[x->dev_slot].irq_mode = x->irq_mode;
}

void tracefs_devices_gone(struct tracefs_devices *d, unsigned long vq)
{
	int slot = slot_of(d, vq);

	if (slot < 0)
		return;
	drop_device(d, (__u32)strtoul(d->infos[slot].device + 6, NULL, 10));
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * See witness.h. It prints nothing and knows nothing of hooks.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source.h"
#include "tools/vmmio-stat/core/probing.h"
#include "witness.h"

#define VIRTIO_DEVICES "/sys/bus/virtio/devices"
/* Slots of rows that no source gave out. */
#define UNSEEN_SLOTS (4 * VMMIO_SLOTS)

/* The last part of what a link names, "" if there is none. */
static void target_of(const char *device, const char *link, char *text, size_t size)
{
	char path[320], target[512];
	const char *slash;
	ssize_t n;

	snprintf(path, sizeof(path), VIRTIO_DEVICES "/%s/%s", device, link);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	slash = strrchr(target, '/');
	snprintf(text, size, "%.*s", (int)size - 1, slash ? slash + 1 : target);
}

static int grow(struct vmmio_witness *w)
{
	size_t cap = w->cap ? 2 * w->cap : 8;
	void *p;

	if (w->n < w->cap)
		return 0;
	p = reallocarray(w->devices, cap, sizeof(*w->devices));
	if (!p)
		return -ENOMEM;
	w->devices = p;
	p = reallocarray(w->ours, cap, sizeof(*w->ours));
	if (!p)
		return -ENOMEM;
	w->ours = p;
	w->cap = cap;
	return 0;
}

static int add_device(struct vmmio_witness *w, const char *name)
{
	struct vmmio_slot_info x = {
		.kind = VMMIO_SLOT_DEVICE, .irq_mode = VMMIO_IRQ_UNKNOWN, .vector = 0xffff};
	char bus[32];
	int err;

	target_of(name, "driver", x.driver, sizeof(x.driver));
	if (!x.driver[0])
		return 0; /* it has no queues */
	snprintf(x.device, sizeof(x.device), "%.*s", (int)sizeof(x.device) - 1, name);
	target_of(name, "../driver", bus, sizeof(bus));
	if (!strcmp(bus, "virtio-pci"))
		x.transport = VMMIO_TRANSPORT_PCI;
	else if (!strcmp(bus, "virtio-mmio"))
		x.transport = VMMIO_TRANSPORT_MMIO;
	err = grow(w);
	if (err)
		return err;
	w->ours[w->n] = !strncmp(bus, "vmmio-", 6);
	w->devices[w->n++] = x;
	return 0;
}

static int read_devices(struct vmmio_witness *w)
{
	DIR *d = opendir(VIRTIO_DEVICES);
	struct dirent *e;
	int err = 0;

	w->n = 0;
	while (d && !err && (e = readdir(d)))
		if (e->d_name[0] != '.')
			err = add_device(w, e->d_name);
	if (d)
		closedir(d);
	return err;
}

int vmmio_witness_before(struct vmmio_witness *w)
{
	int err = read_devices(w);

	w->taken = false;
	return err ? err : vmmio_irqs_now(&w->irqs.before);
}

int vmmio_witness_after(struct vmmio_witness *w)
{
	int err = vmmio_irqs_now(&w->irqs.after);

	w->taken = !err;
	w->tracing_off = vmmio_probing_off("", false);
	return err;
}

void vmmio_witness_free(struct vmmio_witness *w)
{
	vmmio_irqs_free(&w->irqs.before);
	vmmio_irqs_free(&w->irqs.after);
	free(w->devices);
	free(w->ours);
	memset(w, 0, sizeof(*w));
}

/* The same device, under the same driver of its transport, at both ends. */
static bool stayed(const struct vmmio_witness *from, const struct vmmio_slot_info *x, bool ours)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		if (!strcmp(from->devices[i].device, x->device))
			return from->ours[i] == ours && from->devices[i].transport == x->transport;
	return false;
}

/*
 * A zero of these rows may be a hook that never fired. Handler runs that only the kernel's
 * tracepoints saw go with them: of a device whose hooks are dead nothing is said.
 */
static void forget_zeros(struct vmmio_snapshot *d, const char *device)
{
	size_t i;
	int c;

	for (i = 0; i < d->n; i++) {
		struct vmmio_row *r = &d->rows[i];

		if (strcmp(r->info.device, device))
			continue;
		for (c = 0; c < VMMIO_C_COUNT; c++)
			if (!r->c[c] || (c == VMMIO_C_IRQS && r->info.kind == VMMIO_SLOT_DEVICE))
				r->have &= ~(1ull << c);
		r->have_hist = 0;
		r->have_regs = false;
	}
}

static const struct vmmio_row *device_row(const struct vmmio_snapshot *d, const char *device)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->rows[i].info.kind == VMMIO_SLOT_DEVICE &&
		    !strcmp(d->rows[i].info.device, device))
			return &d->rows[i];
	return NULL;
}

/* Did nothing of its virtqueues show? The kernel's tracepoints around its handler may have. */
static bool silent(const struct vmmio_snapshot *d, const char *device)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		const struct vmmio_row *r = &d->rows[i];
		bool queue = r->info.kind == VMMIO_SLOT_QUEUE;

		if (strcmp(r->info.device, device))
			continue;
		if (queue ? r->c[VMMIO_C_KICKS] || r->c[VMMIO_C_IRQS] : r->c[VMMIO_C_CONFIG_IRQS])
			return false;
	}
	return true;
}

static int unseen(struct vmmio_snapshot *d, const struct vmmio_slot_info *x, bool row)
{
	struct vmmio_row *r;

	d->unseen++;
	if (row) {
		forget_zeros(d, x->device);
		return 0;
	}
	r = vmmio_snapshot_add(d);
	if (!r)
		return -ENOMEM;
	r->info = *x;
	r->info.slot = r->info.dev_slot = UNSEEN_SLOTS + (__u32)d->n;
	return 0;
}

int vmmio_witness_check(struct vmmio_snapshot *d, const struct vmmio_witness *from,
			const struct vmmio_witness *to, unsigned int sees, char *why, size_t size)
{
	size_t i;
	int err = 0;

	if (!from->taken || !to->taken) {
		/* a recording has what its own witness said */
		if (d->unseen)
			snprintf(why, size, "%u device%s worked unseen when this was recorded",
				 d->unseen, d->unseen == 1 ? "" : "s");
		return 0;
	}
	d->unseen = 0;
	for (i = 0; i < to->n && !err; i++) {
		const struct vmmio_slot_info *x = &to->devices[i];
		const struct vmmio_row *r = device_row(d, x->device);
		bool off = to->tracing_off && !to->ours[i] && silent(d, x->device);
		__u64 moved, irqs;

		if (!(sees & (to->ours[i] ? VMMIO_SEES_OURS : VMMIO_SEES_MAINLINE)) ||
		    !stayed(from, x, to->ours[i]))
			continue;
		/* counted but not to be had, or seen; one lost is said to be lost */
		if (r && !off &&
		    (!vmmio_device_irqs(d, r, &irqs) || irqs || d->events_lost || r->reset))
			continue;
		moved = vmmio_irqs_moved(d, x->device, &from->irqs, &to->irqs);
		/* a single one may be under way at the edge */
		if (moved < (r ? 2 : 1))
			continue;
		if (!d->unseen)
			snprintf(
				why, size,
				"%s: %llu interrupts by /proc/interrupts, and no hook saw any: its "
				"counts are not to be had (vmmio-stat doctor)",
				x->device, (unsigned long long)moved);
		err = unseen(d, x, r);
	}
	return err;
}

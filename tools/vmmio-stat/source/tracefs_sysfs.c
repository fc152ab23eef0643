// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this machine's sysfs says of virtio devices, and /proc of whose an
 * interrupt is; see tracefs_known.h.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/vmmio-stat/core/irqnames.h"
#include "lib/num.h"
#include "tracefs_devices.h"
#include "tracefs_known.h"

#define VIRTIO_DEVICES "/sys/bus/virtio/devices"

static void text_of(const char *dir, const char *file, char *text, int size)
{
	char path[160];
	FILE *f;

	text[0] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(text, size, f))
		text[strcspn(text, "\n")] = '\0';
	fclose(f);
}

/* The last part of what a link names, "" if there is none. */
static void target_of(const char *dir, const char *link, char *text, size_t size)
{
	char path[160], target[512];
	const char *slash;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, link);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	slash = strrchr(target, '/');
	snprintf(text, size, "%.*s", (int)size - 1, slash ? slash + 1 : target);
}

/* "../../../devices/platform/LNRO0005:00/virtio0": the one before the last. */
static void parent_of(const char *name, char *text, size_t size)
{
	char path[64], target[512], *slash;
	ssize_t n;

	snprintf(path, sizeof(path), VIRTIO_DEVICES "/%s", name);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	slash = strrchr(target, '/');
	if (slash)
		*slash = '\0';
	slash = strrchr(target, '/');
	snprintf(text, size, "%.*s", (int)size - 1, slash ? slash + 1 : "");
}

static bool known_device(void *ctx, __u32 index, struct vmmio_slot_info *x, bool *ours)
{
	char name[24], dir[64], bus[32], text[80];
	size_t bit;

	snprintf(name, sizeof(name), "virtio%u", index);
	snprintf(dir, sizeof(dir), VIRTIO_DEVICES "/%s", name);
	if (access(dir, F_OK))
		return false;
	memcpy(x->device, name, sizeof(x->device));
	parent_of(name, x->parent, sizeof(x->parent));
	target_of(dir, "driver", x->driver, sizeof(x->driver));
	target_of(dir, "../driver", bus, sizeof(bus));
	*ours = !strncmp(bus, "vmmio-", 6);
	if (!strcmp(bus, "virtio-pci"))
		x->transport = VMMIO_TRANSPORT_PCI;
	else if (!strcmp(bus, "virtio-mmio"))
		x->transport = VMMIO_TRANSPORT_MMIO;
	text_of(dir, "device", text, sizeof(text));
	x->device_id = (__u32)strtoul(text, NULL, 16);
	text_of(dir, "features", text, sizeof(text));
	for (bit = 0; bit < 64 && text[bit]; bit++)
		x->features |= (__u64)(text[bit] == '1') << bit;
	return true;
}

static bool known_same(void *ctx, __u32 index, struct vmmio_slot_info *x, bool ours)
{
	char dir[64], parent[40], bus[32];

	snprintf(dir, sizeof(dir), VIRTIO_DEVICES "/virtio%u", index);
	if (access(dir, F_OK))
		return false;
	parent_of(x->device, parent, sizeof(parent));
	target_of(dir, "../driver", bus, sizeof(bus));
	if (strcmp(parent, x->parent) || ours != !strncmp(bus, "vmmio-", 6))
		return false;
	target_of(dir, "driver", x->driver, sizeof(x->driver));
	return true;
}

static int known_next(void *ctx, __u32 from)
{
	DIR *dir = opendir(VIRTIO_DEVICES);
	struct dirent *e;
	__u64 index;
	int best = -1;

	while (dir && (e = readdir(dir)))
		if (!strncmp(e->d_name, "virtio", 6) &&
		    !vmmio_parse_u64(e->d_name + 6, from, DEVICES_MAX - 1, &index) &&
		    (best < 0 || (int)index < best))
			best = (int)index;
	if (dir)
		closedir(dir);
	return best;
}

static void known_irq(void *ctx, struct vmmio_slot_info *x)
{
	vmmio_irq_complete(x);
}

static bool irqs_known(void *ctx)
{
	return !access("/proc/irq", F_OK);
}

static bool irq_has(void *ctx, __u32 irq, const char *name)
{
	return vmmio_irq_has(irq, name);
}

static bool irq_named(void *ctx, const char *name)
{
	return vmmio_irq_named(name);
}

const struct tracefs_known tracefs_known_here = {
	.device = known_device,
	.same = known_same,
	.next = known_next,
	.irq = known_irq,
	.irqs_known = irqs_known,
	.irq_has = irq_has,
	.irq_named = irq_named,
};

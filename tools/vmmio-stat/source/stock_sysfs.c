// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the source "mainline" needs of sysfs, see stock_sysfs.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/vmmio-stat/core/irqs.h"
#include "stock_sysfs.h"

#define RING_PACKED 34 /* feature bits */
#define NOTIFICATION_DATA 38
#define DISK_QUEUES 12

#define VIRTIO_DISK 2 /* types of devices */
#define VIRTIO_ENTROPY 4

int vmmio_stock_touch_one(const char *device)
{
	char path[320], buf[64];
	int fd, err = 0;

	snprintf(path, sizeof(path), VMMIO_VIRTIO_DEVICES "/%s/vendor", device);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (read(fd, buf, sizeof(buf)) < 0)
		err = -errno;
	close(fd);
	return err;
}

void vmmio_stock_touch(void)
{
	DIR *d = opendir(VMMIO_VIRTIO_DEVICES);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			vmmio_stock_touch_one(e->d_name); /* it vanished: so will its row */
	closedir(d);
}

/* The features file has one character for each bit, the lowest first. */
static bool has_feature(const char *device, int bit)
{
	char path[320], bits[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), VMMIO_VIRTIO_DEVICES "/%s/features", device);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, bits, sizeof(bits));
	close(fd);
	return n > bit && bits[bit] == '1';
}

/* How the interrupts of virtio devices are shared, by the names of their handlers. */
static void look_at_interrupts(struct vmmio_stock_present *p, struct vmmio_irqs *q)
{
	size_t i;

	if (vmmio_irqs_now(q))
		p->lines = p->vectors = p->threaded = true;
	p->threaded |= q->threaded;
	p->lines |= p->threaded;
	for (i = 0; i < q->n; i++) {
		p->lines |= strstr(q->list[i].names, "virtio") && strchr(q->list[i].names, ',');
		p->vectors |= strstr(q->list[i].names, "-virtqueues") != NULL;
	}
}

static unsigned int type_of(const char *device)
{
	char path[320], text[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), VMMIO_VIRTIO_DEVICES "/%s/device", device);
	f = fopen(path, "re");
	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	return (unsigned int)strtoul(text, NULL, 16);
}

/* Types of devices that have one virtqueue: entropy sources, disks that were not given more. */
static bool has_several(const char *device)
{
	unsigned int type = type_of(device);

	return type != VIRTIO_ENTROPY && (type != VIRTIO_DISK || has_feature(device, DISK_QUEUES));
}

static bool is_driven(const char *device)
{
	char path[320];

	snprintf(path, sizeof(path), VMMIO_VIRTIO_DEVICES "/%s/driver", device);
	return !access(path, F_OK);
}

void vmmio_stock_look(struct vmmio_stock_present *p)
{
	DIR *d = opendir(VMMIO_VIRTIO_DEVICES);
	char path[320], driver[256];
	struct vmmio_irqs q = {};
	struct dirent *e;
	ssize_t n;

	memset(p, 0, sizeof(*p));
	p->mmio = !access("/sys/bus/platform/drivers/virtio-mmio", F_OK);
	p->pci = !access("/sys/bus/pci/drivers/virtio-pci", F_OK);
	look_at_interrupts(p, &q);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), VMMIO_VIRTIO_DEVICES "/%s/../driver", e->d_name);
		n = readlink(path, driver, sizeof(driver) - 1);
		if (n < 0)
			continue;
		driver[n] = 0;
		p->rings |= has_feature(e->d_name, RING_PACKED);
		if (!strstr(driver, "/vmmio-")) {
			p->device = true; /* of any transport but ours */
			p->data |= has_feature(e->d_name, NOTIFICATION_DATA);
			p->line |= vmmio_irqs_number(&q, e->d_name) != 0;
			p->unlined |= !vmmio_irqs_number(&q, e->d_name) && is_driven(e->d_name);
			p->several |= vmmio_irqs_number(&q, e->d_name) && has_several(e->d_name);
		} else {
			p->packed |= has_feature(e->d_name, RING_PACKED);
		}
	}
	vmmio_irqs_free(&q);
	if (d)
		closedir(d);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the source "stock" needs of sysfs, see stock_sysfs.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stock_sysfs.h"

#define RING_PACKED 34 /* feature bits */
#define NOTIFICATION_DATA 38

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

void vmmio_stock_look(struct vmmio_stock_present *p)
{
	DIR *d = opendir(VMMIO_VIRTIO_DEVICES);
	char path[320], driver[256];
	struct dirent *e;
	ssize_t n;

	memset(p, 0, sizeof(*p));
	p->mmio = !access("/sys/bus/platform/drivers/virtio-mmio", F_OK);
	p->pci = !access("/sys/bus/pci/drivers/virtio-pci", F_OK);
	if (!d)
		return;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), VMMIO_VIRTIO_DEVICES "/%s/../driver", e->d_name);
		n = readlink(path, driver, sizeof(driver) - 1);
		if (n < 0)
			continue;
		driver[n] = 0;
		if (!strstr(driver, "/vmmio-")) {
			p->device = true; /* of any transport but ours */
			p->data |= has_feature(e->d_name, NOTIFICATION_DATA);
		} else {
			p->packed |= has_feature(e->d_name, RING_PACKED);
		}
	}
	closedir(d);
}

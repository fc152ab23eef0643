// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the source "stock" needs of sysfs, see stock_sysfs.h.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stock_sysfs.h"

#define NOTIFICATION_DATA 38 /* feature bit */

/* Makes the program see every device; see learn_device() there. */
void vmmio_stock_touch(void)
{
	DIR *d = opendir(VMMIO_VIRTIO_DEVICES);
	struct dirent *e;
	char path[320], buf[4096];
	int fd;

	if (!d)
		return;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), VMMIO_VIRTIO_DEVICES "/%s/uevent", e->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (read(fd, buf, sizeof(buf)) < 0)
			buf[0] = '\0'; /* it vanished: so will its row */
		close(fd);
	}
	closedir(d);
}

/*
 * Does a device of mainline's have NOTIFICATION_DATA (VIRTIO 6)? Kernels that know it
 * ring its doorbell in a function of its own, which others have not. The features
 * file has one character for each bit, the lowest first.
 */
bool vmmio_stock_data_doorbells(void)
{
	DIR *d = opendir(VMMIO_VIRTIO_DEVICES);
	char path[320], driver[256], bits[64];
	bool found = false;
	struct dirent *e;
	ssize_t n;
	int fd;

	if (!d)
		return false;
	while (!found && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), VMMIO_VIRTIO_DEVICES "/%s/../driver", e->d_name);
		n = readlink(path, driver, sizeof(driver) - 1);
		if (n < 0)
			continue;
		driver[n] = 0;
		if (!strstr(driver, "/virtio-"))
			continue; /* our own */
		snprintf(path, sizeof(path), VMMIO_VIRTIO_DEVICES "/%s/features", e->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		found = read(fd, bits, sizeof(bits)) > NOTIFICATION_DATA &&
			bits[NOTIFICATION_DATA] == '1';
		close(fd);
	}
	closedir(d);
	return found;
}

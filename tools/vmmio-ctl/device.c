// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices as sysfs shows them: from any name a user knows to the device on
 * the bus, which alone keeps its name when the driver changes. Reads only.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

struct ctl_paths ctl_paths = {
	.sys = "/sys", .proc = "/proc", .dev = "/dev", .rules = "/etc/udev/rules.d"};

static const struct {
	const char *bus, *ours, *stock;
} buses[] = {
	{"platform", "vmmio-mmio", "virtio-mmio"},
	{"pci", "vmmio-pci", "virtio-pci"},
	{"amba", "vmmio-amba", NULL},
};

#define BUSES (sizeof(buses) / sizeof(buses[0]))

void ctl_say(struct ctl_text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(t->s, sizeof(t->s), format, args);
	va_end(args);
}

int ctl_read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	int err = 0;

	buf[0] = '\0';
	if (!f)
		return -errno;
	if (!fgets(buf, (int)size, f) && ferror(f))
		err = -EIO;
	fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
	if (!strcmp(buf, "(null)"))
		buf[0] = '\0';
	return err;
}

/* The last component of the target of link @path; empty if there is none. */
static void link_name(const char *path, char *buf, size_t size)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *base;

	buf[0] = '\0';
	if (n < 0)
		return;
	target[n] = '\0';
	base = strrchr(target, '/');
	snprintf(buf, size, "%.*s", (int)size - 1, base ? base + 1 : target);
}

/* "virtio" and a number, nothing else. */
static bool is_virtio_name(const char *name)
{
	if (strncmp(name, "virtio", 6) || !name[6])
		return false;
	return !name[6 + strspn(name + 6, "0123456789")];
}

/* The virtio device that the transport's driver made of the device @path. */
static void find_child(const char *path, char *buf, size_t size)
{
	struct dirent *e;
	DIR *dir = opendir(path);

	buf[0] = '\0';
	if (!dir)
		return;
	while ((e = readdir(dir)))
		if (is_virtio_name(e->d_name))
			snprintf(buf, size, "%.*s", (int)size - 1, e->d_name);
	closedir(dir);
}

/* Is this a virtio device, whatever driver it has now? */
static bool speaks_virtio(const struct ctl_device *d, const char *path)
{
	char file[PATH_MAX], text[256];

	if (d->virtio[0])
		return true;
	if (!strcmp(d->bus, "pci")) {
		unsigned long id;

		snprintf(file, sizeof(file), "%s/vendor", path);
		if (ctl_read_line(file, text, sizeof(text)) || strcmp(text, "0x1af4"))
			return false;
		snprintf(file, sizeof(file), "%s/device", path);
		if (ctl_read_line(file, text, sizeof(text)))
			return false;
		id = strtoul(text, NULL, 16);
		return id >= 0x1000 && id <= 0x107f; /* 4.1.2 */
	}
	snprintf(file, sizeof(file), "%s/modalias", path);
	if (ctl_read_line(file, text, sizeof(text)))
		return false;
	return strstr(text, "LNRO0005") || strstr(text, "Cvirtio,mmio") ||
	       !strcmp(text, "platform:virtio-mmio");
}

int ctl_device_read(struct ctl_device *d, const char *bus, const char *name)
{
	char path[PATH_MAX / 2], file[PATH_MAX];

	memset(d, 0, sizeof(*d));
	snprintf(d->bus, sizeof(d->bus), "%s", bus);
	snprintf(d->name, sizeof(d->name), "%s", name);
	snprintf(path, sizeof(path), "%s/bus/%s/devices/%s", ctl_paths.sys, bus, name);
	if (access(path, F_OK))
		return -ENODEV;
	find_child(path, d->virtio, sizeof(d->virtio));
	if (!speaks_virtio(d, path))
		return -EXDEV;
	snprintf(file, sizeof(file), "%s/driver", path);
	link_name(file, d->driver, sizeof(d->driver));
	if (d->virtio[0]) {
		snprintf(file, sizeof(file), "%s/%s/driver", path, d->virtio);
		link_name(file, d->virtio_driver, sizeof(d->virtio_driver));
	}
	return 0;
}

/* @path is a link into the folder of a device below its transport device. */
static int read_from_below(struct ctl_device *d, const char *path)
{
	char real[PATH_MAX], bus[32], *slash;

	if (!realpath(path, real))
		return -errno;
	for (;;) {
		char link[PATH_MAX + 16], *name;

		slash = strrchr(real, '/');
		if (!slash || slash == real)
			return -EXDEV;
		name = slash + 1;
		if (!is_virtio_name(name)) {
			*slash = '\0';
			continue;
		}
		snprintf(link, sizeof(link), "%s/subsystem", real);
		link_name(link, bus, sizeof(bus));
		*slash = '\0';
		if (!strcmp(bus, "virtio"))
			break;
	}
	{
		char link[PATH_MAX + 16];
		size_t i;

		snprintf(link, sizeof(link), "%s/subsystem", real);
		link_name(link, bus, sizeof(bus));
		slash = strrchr(real, '/');
		for (i = 0; slash && i < BUSES; i++)
			if (!strcmp(bus, buses[i].bus))
				return ctl_device_read(d, bus, slash + 1);
	}
	return -EXDEV;
}

int ctl_device_find(struct ctl_device *d, const char *what, struct ctl_text *why)
{
	static const char *const classes[] = {"bus/virtio/devices", "class/block", "class/net"};
	const char *name = what;
	char path[PATH_MAX];
	size_t i;
	int err;

	if (!strncmp(name, "/dev/", 5))
		name += 5;
	if (!*name || strlen(name) > 60 || strchr(name, '/') || name[0] == '.') {
		ctl_say(why,
			"'%s' is no device name (virtio0, a bus device, a disk or an interface)",
			what);
		return -EINVAL;
	}
	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", ctl_paths.sys, classes[i], name);
		if (access(path, F_OK))
			continue;
		err = read_from_below(d, path);
		if (err)
			ctl_say(why, "%s is not behind virtio over MMIO, PCI or AMBA", what);
		return err ? -EXDEV : 0;
	}
	for (i = 0; i < BUSES; i++) {
		err = ctl_device_read(d, buses[i].bus, name);
		if (err == -EXDEV)
			ctl_say(why, "%s (%s bus) is not a virtio device", what, buses[i].bus);
		if (err != -ENODEV)
			return err;
	}
	ctl_say(why, "no device is named '%s' (vmmio-ctl show lists them)", what);
	return -ENODEV;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int each_on(const char *bus, int (*f)(const struct ctl_device *d, void *arg), void *arg)
{
	char path[PATH_MAX], **names = NULL;
	size_t n = 0, i;
	struct dirent *e;
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/bus/%s/devices", ctl_paths.sys, bus);
	dir = opendir(path);
	if (!dir)
		return 0; /* no such bus here */
	while ((e = readdir(dir))) {
		char **more;

		if (e->d_name[0] == '.' || strlen(e->d_name) > 60)
			continue;
		more = reallocarray(names, n + 1, sizeof(*names));
		if (!more) {
			ret = -ENOMEM;
			break;
		}
		names = more;
		names[n] = strdup(e->d_name);
		if (!names[n]) {
			ret = -ENOMEM;
			break;
		}
		n++;
	}
	closedir(dir);
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n; i++) {
		struct ctl_device d;

		if (!ret && !ctl_device_read(&d, bus, names[i]))
			ret = f(&d, arg);
		free(names[i]);
	}
	free(names);
	return ret;
}

int ctl_device_each(int (*f)(const struct ctl_device *d, void *arg), void *arg)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < BUSES; i++)
		ret = each_on(buses[i].bus, f, arg);
	return ret;
}

const char *ctl_our_driver(const struct ctl_device *d)
{
	size_t i;

	for (i = 0; i < BUSES; i++)
		if (!strcmp(d->bus, buses[i].bus))
			return buses[i].ours;
	return "";
}

const char *ctl_stock_driver(const struct ctl_device *d)
{
	size_t i;

	for (i = 0; i < BUSES; i++)
		if (!strcmp(d->bus, buses[i].bus) && buses[i].stock)
			return buses[i].stock;
	return "";
}

bool ctl_driver_there(const struct ctl_device *d, const char *driver)
{
	char path[PATH_MAX];

	if (!driver[0])
		return false;
	snprintf(path, sizeof(path), "%s/bus/%s/drivers/%s", ctl_paths.sys, d->bus, driver);
	return !access(path, F_OK);
}

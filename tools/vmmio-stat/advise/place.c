// SPDX-License-Identifier: GPL-2.0-only
/*
 * See place.h.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"
#include "vmmio/slots.h"

#define CPUS_MAX 8192

static int read_line(char *buf, size_t size, const char *root, const char *path)
{
	char whole[PATH_MAX];
	FILE *f;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	f = fopen(whole, "re");
	if (!f)
		return -errno;
	buf[0] = '\0';
	if (fgets(buf, (int)size, f) && !strchr(buf, '\n') && fgetc(f) != EOF)
		buf[0] = '\0'; /* cut, in the middle of a number perhaps */
	buf[strcspn(buf, "\n")] = '\0';
	fclose(f);
	return buf[0] ? 0 : -ENODATA;
}

/*
 * The number behind @prefix in the first such name of a folder, -1: none; @n: how many there are.
 */
static int numbered(const char *root, const char *path, const char *prefix, int *n)
{
	size_t len = strlen(prefix);
	char whole[PATH_MAX], *end;
	struct dirent *e;
	int first = -1;
	long v;
	DIR *d;

	*n = 0;
	snprintf(whole, sizeof(whole), "%s%s", root, path);
	d = opendir(whole);
	if (!d)
		return -1;
	while ((e = readdir(d))) {
		if (strncmp(e->d_name, prefix, len) || !e->d_name[len])
			continue;
		v = strtol(e->d_name + len, &end, 10);
		if (*end || v < 0 || v > INT_MAX)
			continue;
		if (first < 0)
			first = (int)v;
		++*n;
	}
	closedir(d);
	return first;
}

/*
 * The node that takes the interrupt: the device's if any of its CPUs is there, else one of the
 * others.
 */
static int node_of_irq(const char *root, __u32 irq, int device_node)
{
	char path[96], list[256] = "", *p = list, *end;
	long from, to;
	int node = -1, one, n;

	snprintf(path, sizeof(path), "/proc/irq/%u/effective_affinity_list", irq);
	if (read_line(list, sizeof(list), root, path)) {
		snprintf(path, sizeof(path), "/proc/irq/%u/smp_affinity_list", irq);
		if (read_line(list, sizeof(list), root, path))
			return -1;
	}
	while (*p) {
		from = to = strtol(p, &end, 10);
		if (end == p || from < 0)
			return -1;
		if (*end == '-') {
			p = end + 1;
			to = strtol(p, &end, 10);
			if (end == p)
				return -1;
		}
		if (to < from || to >= CPUS_MAX)
			return -1;
		for (; from <= to; from++) {
			snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%ld", from);
			one = numbered(root, path, "node", &n);
			if (one < 0)
				return -1;
			node = one;
			if (one == device_node)
				return one;
		}
		p = end + (*end == ',');
		if (*end && *end != ',')
			return -1;
	}
	return node;
}

void vmmio_place_read(struct vmmio_place *p, const char *root, const char *device, __u32 irq)
{
	char path[128], text[32];

	memset(p, 0, sizeof(*p));
	p->device_node = p->irq_node = -1;
	numbered(root, "/sys/devices/system/node", "node", &p->nodes);
	if (p->nodes < 2)
		return;
	snprintf(path, sizeof(path), "/sys/bus/virtio/devices/%s/../numa_node", device);
	if (!read_line(text, sizeof(text), root, path))
		p->device_node = atoi(text);
	if (p->device_node < 0)
		return;
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", p->device_node);
	if (read_line(p->device_cpus, sizeof(p->device_cpus), root, path))
		p->device_node = -1; /* without CPUs it can take nothing */
	else if (irq)
		p->irq_node = node_of_irq(root, irq, p->device_node);
}

_Bool vmmio_place_settings(const char *root, const char *parent, char *buf, size_t size)
{
	char path[PATH_MAX], line[512];
	size_t len = strlen(parent);
	FILE *f;

	buf[0] = '\0';
	snprintf(path, sizeof(path), "%s" VMMIO_SYSFS "/options", root);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, parent, len) && line[len] == ' ')
			snprintf(buf, size, "%s", line + len + 1);
	}
	fclose(f);
	return 1;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is anything behind a device in use? Looks at what hangs below its virtio device in sysfs: disks
 * and their partitions, network interfaces, character devices. Changes nothing; the exclusive open
 * of a disk is the kernel's own test and is undone at once.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "ctl.h"

#define NODES_MAX 64

struct node {
	char name[48]; /* "vda1", "eth0", "vport2p0" */
	char path[PATH_MAX];
	dev_t dev; /* 0: network interface */
	bool block;
};

/* nftw() passes no argument of the caller's. */
static struct node *found;
static size_t nfound;
static bool too_many;

static int parse_dev(const char *text, dev_t *dev)
{
	unsigned int major, minor;
	char end;

	if (sscanf(text, "%u:%u%c", &major, &minor, &end) != 2)
		return -EINVAL;
	*dev = makedev(major, minor);
	return 0;
}

static int collect(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char file[PATH_MAX + 16], text[64], link[64];
	const char *base = path + ftw->base;
	struct node *n;
	ssize_t len;
	dev_t dev = 0;

	if (type != FTW_D)
		return 0;
	snprintf(file, sizeof(file), "%s/subsystem", path);
	len = readlink(file, text, sizeof(text) - 1);
	if (len < 0)
		return 0;
	text[len] = '\0';
	snprintf(link, sizeof(link), "%s", strrchr(text, '/') ? strrchr(text, '/') + 1 : text);
	snprintf(file, sizeof(file), "%s/dev", path);
	if (ctl_read_line(file, text, sizeof(text)) || parse_dev(text, &dev))
		dev = 0;
	if (!dev && strcmp(link, "net"))
		return 0;
	if (nfound == NODES_MAX) {
		too_many = true;
		return 1;
	}
	n = &found[nfound++];
	memset(n, 0, sizeof(*n));
	snprintf(n->name, sizeof(n->name), "%s", base);
	snprintf(n->path, sizeof(n->path), "%s", path);
	n->dev = dev;
	n->block = !strcmp(link, "block");
	return 0;
}

static int collect_nodes(const struct ctl_device *d)
{
	char path[PATH_MAX], real[PATH_MAX];

	nfound = 0;
	too_many = false;
	if (!d->virtio[0])
		return 0;
	snprintf(path, sizeof(path), "%s/bus/%s/devices/%s/%s", ctl_paths.sys, d->bus, d->name,
		 d->virtio);
	if (!realpath(path, real))
		return -errno;
	found = calloc(NODES_MAX, sizeof(*found));
	if (!found)
		return -ENOMEM;
	nftw(real, collect, 16, FTW_PHYS);
	return 0;
}

/* The mount point of @n, if it has one; filesystems of many devices are named by source. */
static int mounted(const struct node *n, struct ctl_text *why)
{
	char path[PATH_MAX], *line = NULL;
	size_t cap = 0;
	int ret = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/self/mountinfo", ctl_paths.proc);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (!ret && getline(&line, &cap, f) > 0) {
		char where[200], dev[32], source[200] = "";
		const char *rest;
		dev_t number;

		if (sscanf(line, "%*u %*u %31s %*s %199s", dev, where) != 2)
			continue;
		rest = strstr(line, " - ");
		if (rest)
			sscanf(rest, " - %*s %199s", source);
		if ((!parse_dev(dev, &number) && number == n->dev) ||
		    (!strncmp(source, "/dev/", 5) && !strcmp(source + 5, n->name))) {
			ctl_say(why, "%s is mounted on %s", n->name, where);
			ret = -EBUSY;
		}
	}
	free(line);
	fclose(f);
	return ret;
}

static int swapped(const struct node *n, struct ctl_text *why)
{
	char path[PATH_MAX], line[512];
	int ret = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/swaps", ctl_paths.proc);
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? 0 : -errno; /* a kernel without swap */
	while (!ret && fgets(line, sizeof(line), f)) {
		char file[256];
		struct stat st;

		if (sscanf(line, "%255s", file) != 1 || file[0] != '/')
			continue;
		if ((!stat(file, &st) && S_ISBLK(st.st_mode) && st.st_rdev == n->dev) ||
		    (!strncmp(file, "/dev/", 5) && !strcmp(file + 5, n->name))) {
			ctl_say(why, "%s is swap space", n->name);
			ret = -EBUSY;
		}
	}
	fclose(f);
	return ret;
}

/* Device mapper, RAID, loop devices, bcache: what sits on top. */
static int held(const struct node *n, struct ctl_text *why)
{
	char path[PATH_MAX + 16];
	struct dirent *e;
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/holders", n->path);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (!ret && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		ctl_say(why, "%s is in use by %s", n->name, e->d_name);
		ret = -EBUSY;
	}
	closedir(dir);
	return ret;
}

static int claimed(const struct node *n, struct ctl_text *why)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", ctl_paths.dev, n->name);
	fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		int err = -errno;

		if (err == -EBUSY)
			ctl_say(why, "%s is claimed by the kernel or by a program", n->name);
		else
			ctl_say(why, "cannot tell whether %s is in use: %s: %s", n->name, path,
				strerror(-err));
		return err == -EBUSY ? -EBUSY : -EIO;
	}
	if (fstat(fd, &st) || !S_ISBLK(st.st_mode) || st.st_rdev != n->dev) {
		close(fd);
		ctl_say(why, "cannot tell whether %s is in use: %s is something else", n->name,
			path);
		return -EIO;
	}
	close(fd);
	return 0;
}

static int interface_up(const struct node *n, struct ctl_text *why)
{
	char path[PATH_MAX + 16], text[32];
	struct dirent *e;
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/flags", n->path);
	if (ctl_read_line(path, text, sizeof(text))) {
		ctl_say(why, "cannot tell whether %s is up", n->name);
		return -EIO;
	}
	if (strtoul(text, NULL, 16) & 1) { /* IFF_UP */
		ctl_say(why, "%s is up", n->name);
		return -EBUSY;
	}
	dir = opendir(n->path);
	while (!ret && dir && (e = readdir(dir))) {
		if (strncmp(e->d_name, "upper_", 6))
			continue;
		ctl_say(why, "%s belongs to %s", n->name, e->d_name + 6);
		ret = -EBUSY;
	}
	if (dir)
		closedir(dir);
	return ret;
}

/* A program that has one of the nodes open; only root sees those of other users. */
static int opened(struct ctl_text *why)
{
	char path[PATH_MAX], comm[32];
	struct dirent *p, *e;
	DIR *proc, *fds;
	int ret = 0;
	size_t i;

	proc = opendir(ctl_paths.proc);
	if (!proc)
		return -errno;
	while (!ret && (p = readdir(proc))) {
		if (p->d_name[strspn(p->d_name, "0123456789")])
			continue;
		snprintf(path, sizeof(path), "%s/%s/fd", ctl_paths.proc, p->d_name);
		fds = opendir(path);
		if (!fds)
			continue;
		while (!ret && (e = readdir(fds))) {
			struct stat st;

			if (fstatat(dirfd(fds), e->d_name, &st, 0))
				continue;
			if (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode))
				continue;
			for (i = 0; !ret && i < nfound; i++) {
				if (!found[i].dev || st.st_rdev != found[i].dev ||
				    found[i].block != S_ISBLK(st.st_mode))
					continue;
				snprintf(path, sizeof(path), "%s/%s/comm", ctl_paths.proc,
					 p->d_name);
				ctl_read_line(path, comm, sizeof(comm));
				ctl_say(why, "%s is open in %s (pid %s)", found[i].name, comm,
					p->d_name);
				ret = -EBUSY;
			}
		}
		closedir(fds);
	}
	closedir(proc);
	return ret;
}

/* Filesystems without a device node: the tag is the source of the mount. */
static int tag_mounted(const struct ctl_device *d, struct ctl_text *why)
{
	const char *type = strstr(d->virtio_driver, "virtiofs") ? "virtiofs" : "9p";
	char path[PATH_MAX], tag[128] = "", *line = NULL;
	size_t cap = 0;
	int ret = 0;
	FILE *f;

	if (strcmp(d->virtio_driver, "virtiofs") && strcmp(d->virtio_driver, "9pnet_virtio"))
		return 0;
	snprintf(path, sizeof(path), "%s/bus/%s/devices/%s/%s/mount_tag", ctl_paths.sys, d->bus,
		 d->name, d->virtio);
	ctl_read_line(path, tag, sizeof(tag)); /* without it, any mount of the type counts */
	snprintf(path, sizeof(path), "%s/self/mountinfo", ctl_paths.proc);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (!ret && getline(&line, &cap, f) > 0) {
		const char *rest = strstr(line, " - ");
		char fs[32], source[128];

		if (!rest || sscanf(rest, " - %31s %127s", fs, source) != 2 || strcmp(fs, type))
			continue;
		if (tag[0] && strcmp(source, tag))
			continue;
		ctl_say(why, "%s file system '%s' is mounted", type, source);
		ret = -EBUSY;
	}
	free(line);
	fclose(f);
	return ret;
}

/* hvc terminals lie outside the device's folder. */
static int console(const struct ctl_device *d, struct ctl_text *why)
{
	char path[PATH_MAX], line[128];
	int ret = 0;
	FILE *f;

	if (strcmp(d->virtio_driver, "virtio_console"))
		return 0;
	snprintf(path, sizeof(path), "%s/consoles", ctl_paths.proc);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (!ret && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "hvc", 3))
			continue;
		line[strcspn(line, " \n")] = '\0';
		ctl_say(why, "%s is a console of this kernel", line);
		ret = -EBUSY;
	}
	fclose(f);
	return ret;
}

static int node_busy(const struct node *n, struct ctl_text *why)
{
	int err;

	if (!n->dev)
		return interface_up(n, why);
	if (!n->block)
		return 0;
	err = mounted(n, why);
	if (!err)
		err = swapped(n, why);
	if (!err)
		err = held(n, why);
	return err;
}

int ctl_device_busy(const struct ctl_device *d, struct ctl_text *why)
{
	size_t i;
	int err;

	why->s[0] = '\0';
	if (d->driver[0] && strcmp(d->driver, ctl_our_driver(d)) &&
	    strcmp(d->driver, ctl_stock_driver(d))) {
		ctl_say(why, "%s belongs to %s, which may be using it", d->name, d->driver);
		return -EBUSY;
	}
	err = collect_nodes(d);
	if (err)
		goto out;
	if (too_many) {
		ctl_say(why, "too much lies behind %s to look at", d->name);
		err = -E2BIG;
		goto out;
	}
	err = tag_mounted(d, why);
	if (!err)
		err = console(d, why);
	for (i = 0; !err && i < nfound; i++)
		err = node_busy(&found[i], why);
	/* The name of the holder says more than the kernel's refusal. */
	if (!err)
		err = opened(why);
	for (i = 0; !err && i < nfound; i++)
		if (found[i].block)
			err = claimed(&found[i], why);
out:
	free(found);
	found = NULL;
	if (err && !why->s[0])
		ctl_say(why, "cannot tell whether %s is in use: %s", d->name, strerror(-err));
	return err;
}

void ctl_device_users(const struct ctl_device *d, char *buf, size_t size)
{
	size_t i, used = 0;

	buf[0] = '\0';
	if (collect_nodes(d)) {
		free(found);
		found = NULL;
		return;
	}
	for (i = 0; i < nfound; i++) {
		/* partitions are part of what is named already */
		if (i && found[i].block && found[i - 1].block &&
		    strstr(found[i].path, found[i - 1].path))
			continue;
		used += snprintf(buf + used, size - used, "%s%s", used ? " " : "", found[i].name);
		if (used >= size)
			break;
	}
	free(found);
	found = NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binds that outlive a restart: one udev rule per device, which loads vmmio.ko and runs this
 * program again when the device appears. The bind at that time is an ordinary one: a device in use
 * then keeps its driver.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

static void rule_path(const struct ctl_device *d, char *path, size_t size)
{
	snprintf(path, size, "%s/70-vmmio-%s.rules", ctl_paths.rules, d->name);
}

bool ctl_persistent(const struct ctl_device *d)
{
	char path[PATH_MAX];

	rule_path(d, path, sizeof(path));
	return !access(path, F_OK);
}

int ctl_persist(const struct ctl_device *d, struct ctl_text *why)
{
	char path[PATH_MAX], part[PATH_MAX + 8], self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	FILE *f;
	int err;

	self[n > 0 ? n : 0] = '\0';
	/* udev parts a command at spaces, and ends it at a quote */
	if (!self[0] || strpbrk(self, " \t\"'\\%$") || strpbrk(d->name, " \t\"'\\%$*?[|")) {
		ctl_say(why, "%s: no rule can name %.150s", d->name, self[0] ? self : "vmmio-ctl");
		return -EINVAL;
	}
	if (access(ctl_paths.rules, F_OK)) {
		err = -errno;
		ctl_say(why, "%s: there is no %s: binds persist by udev only", d->name,
			ctl_paths.rules);
		return err;
	}
	rule_path(d, path, sizeof(path));
	snprintf(part, sizeof(part), "%s.part", path);
	f = fopen(part, "we");
	if (f) {
		fprintf(f,
			"# Made by \"vmmio-ctl bind %s --persist\"; \"vmmio-ctl unbind %s "
			"--persist\""
			" takes it away.\n"
			"ACTION==\"add\", SUBSYSTEM==\"%s\", KERNEL==\"%s\", "
			"RUN{builtin}+=\"kmod load vmmio\", RUN+=\"%s bind %s\"\n",
			d->name, d->name, d->bus, d->name, self, d->name);
		err = fflush(f) || fsync(fileno(f)) ? -errno : 0;
		if (fclose(f) && !err)
			err = -errno;
		if (!err && rename(part, path))
			err = -errno;
		if (err)
			unlink(part);
	} else {
		err = -errno;
	}
	if (err)
		ctl_say(why, "%s: cannot write %.120s: %s", d->name, path, strerror(-err));
	return err;
}

int ctl_forget(const struct ctl_device *d, struct ctl_text *why)
{
	char path[PATH_MAX];
	int err;

	rule_path(d, path, sizeof(path));
	if (!unlink(path) || errno == ENOENT)
		return 0;
	err = -errno;
	ctl_say(why, "%s: cannot remove %.120s: %s", d->name, path, strerror(-err));
	return err;
}

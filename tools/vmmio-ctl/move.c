// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes the driver of a device, such that a driver which refuses leaves the device where it was.
 * It does not check for users: busy.c does.
 *
 * The driver gets the device by name (drivers/<name>/bind), not by a new probe of the bus: that
 * gives the reason of a refusal, and no third driver can come in between. driver_override must
 * still name it, because the tables of vmmio.ko are empty.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static void override_path(const struct ctl_device *d, char *path, size_t size)
{
	snprintf(path, size, "%s/bus/%s/devices/%s/driver_override", ctl_paths.sys, d->bus,
		 d->name);
}

/*
 * Do not read without need: the kernel waits here for the device's lock, which a driver holds while
 * it is stuck in its probe.
 */
static void get_override(const struct ctl_device *d, char *text, size_t size)
{
	char path[PATH_MAX];

	override_path(d, path, sizeof(path));
	ctl_read_line(path, text, size);
}

static int set_override(const struct ctl_device *d, const char *override)
{
	char path[PATH_MAX], text[64];

	override_path(d, path, sizeof(path));
	snprintf(text, sizeof(text), "%s\n", override); /* an empty line clears it */
	return write_file(path, text);
}

static int attach(const struct ctl_device *d, const char *driver, const char *verb)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/bus/%s/drivers/%s/%s", ctl_paths.sys, d->bus, driver,
		 verb);
	return write_file(path, d->name);
}

/* The write to bind may succeed and the device still be useless. */
static int settled(struct ctl_device *d, const char *driver, bool want_virtio,
		   const char *want_driver, struct ctl_text *why)
{
	struct ctl_device now;

	if (ctl_device_read(&now, d->bus, d->name)) {
		ctl_say(why, "%s vanished", d->name);
		return -ENODEV;
	}
	*d = now;
	if (strcmp(now.driver, driver)) {
		ctl_say(why, "%s did not take %s", driver, d->name);
		return -ENXIO;
	}
	if (want_virtio && !now.virtio[0]) {
		ctl_say(why, "%s took %s but made no virtio device of it", driver, d->name);
		return -ENXIO;
	}
	if (want_driver[0] && strcmp(now.virtio_driver, want_driver)) {
		ctl_say(why, "%s did not take %s behind %s", want_driver, now.virtio, driver);
		return -ENXIO;
	}
	return 0;
}

static void block_signals(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, old);
}

/* Restores @was and @override; @why keeps the first reason, with the outcome added. */
static void put_back(const struct ctl_device *was, const char *override, struct ctl_text *why)
{
	struct ctl_device now;
	size_t used;
	int err = 0;

	set_override(was, override);
	if (!ctl_device_read(&now, was->bus, was->name)) {
		if (now.driver[0] && strcmp(now.driver, was->driver))
			attach(was, now.driver, "unbind");
		if (was->driver[0] && strcmp(now.driver, was->driver))
			err = attach(was, was->driver, "bind");
	}
	used = strlen(why->s);
	if (err)
		snprintf(why->s + used, sizeof(why->s) - used,
			 "; %s did not take it back either: %s", was->driver, strerror(-err));
	else if (was->driver[0])
		snprintf(why->s + used, sizeof(why->s) - used, "; it is with %s as before",
			 was->driver);
	else
		snprintf(why->s + used, sizeof(why->s) - used, "; it has no driver, as before");
}

static int move(struct ctl_device *d, const struct ctl_device *was, const char *driver,
		const char *override, struct ctl_text *why)
{
	char before[32];
	int err;

	get_override(was, before, sizeof(before));
	err = set_override(was, override);
	if (err) {
		ctl_say(why, "cannot set driver_override of %s: %s%s", was->name, strerror(-err),
			err == -EACCES ? " (root is needed)" : "");
		return err;
	}
	if (was->driver[0]) {
		err = attach(was, was->driver, "unbind");
		if (err) {
			ctl_say(why, "cannot take %s from %s: %s", was->name, was->driver,
				strerror(-err));
			goto back;
		}
	}
	if (!driver[0])
		return ctl_device_read(d, was->bus, was->name);
	err = attach(was, driver, "bind");
	if (err) {
		ctl_say(why, "%s did not take %s: %s (dmesg may say more)", driver, was->name,
			strerror(-err));
		goto back;
	}
	err = settled(d, driver, was->virtio[0], was->virtio_driver, why);
	if (err)
		goto back;
	return 0;

back:
	put_back(was, before, why);
	return err;
}

int ctl_device_move(struct ctl_device *d, const char *driver, const char *override,
		    struct ctl_text *why)
{
	struct ctl_device was = *d;
	sigset_t old;
	int err;

	block_signals(&old); /* do not stop half-way */
	err = move(d, &was, driver, override, why);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return err;
}

int ctl_device_release(struct ctl_device *d, struct ctl_text *why)
{
	return ctl_device_move(d, "", "", why);
}

static int unbind_and_bind(struct ctl_device *d, const struct ctl_device *was,
			   int (*restore)(void *), void *arg, struct ctl_text *why)
{
	size_t used;
	int err;

	err = attach(was, was->driver, "unbind");
	if (err) {
		ctl_say(why, "cannot take %s from %s: %s", was->name, was->driver, strerror(-err));
		restore(arg);
		return err;
	}
	err = attach(was, was->driver, "bind");
	if (err)
		ctl_say(why, "%s did not take %s: %s", was->driver, was->name, strerror(-err));
	else
		err = settled(d, was->driver, was->virtio[0], was->virtio_driver, why);
	if (!err)
		return 0;
	restore(arg);
	attach(was, was->driver, "unbind");
	used = strlen(why->s);
	if (attach(was, was->driver, "bind"))
		snprintf(why->s + used, sizeof(why->s) - used,
			 "; it is not taken with the former settings either");
	else
		snprintf(why->s + used, sizeof(why->s) - used, "; it is as it was before");
	ctl_device_read(d, was->bus, was->name);
	return err;
}

int ctl_device_rebind(struct ctl_device *d, int (*restore)(void *arg), void *arg,
		      struct ctl_text *why)
{
	struct ctl_device was = *d;
	sigset_t old;
	int err;

	block_signals(&old);
	err = unbind_and_bind(d, &was, restore, arg, why);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of vmmio-ctl share: a device as sysfs shows it, whether it is in use, and the
 * change of its driver. Functions return 0 or -errno and print nothing; a struct ctl_text takes the
 * text of the one line that the command prints.
 */
#ifndef VMMIO_CTL_H
#define VMMIO_CTL_H

#include <stdbool.h>
#include <stddef.h>

enum {
	CTL_EXIT_OK = 0,
	CTL_EXIT_TROUBLE = 1,
	CTL_EXIT_USAGE = 2,
};

/* Where the kernel's files are; tests put a tree here. */
struct ctl_paths {
	const char *sys;
	const char *proc;
	const char *dev;
	const char *rules; /* udev's, of this machine */
};

extern struct ctl_paths ctl_paths;

/* One transport device: what a driver is bound to. */
struct ctl_device {
	char bus[16];		/* "platform", "pci", "amba" */
	char name[64];		/* on that bus: "LNRO0005:00", "0000:00:01.0" */
	char driver[32];	/* bound to it; empty: none */
	char virtio[16];	/* its virtio device, "virtio0"; empty: none */
	char virtio_driver[32]; /* bound to that: "virtio_blk"; empty: none */
};

/* Text for people; never overflows. */
struct ctl_text {
	char s[400];
};

void ctl_say(struct ctl_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* device.c */

/*
 * Finds the device meant by @what: a virtio device (virtio0), its bus device,
 * or the name of a disk, a partition or a network interface, with or without
 * /dev/. -ENODEV: there is nothing of that name; -EXDEV: there is, but it is
 * no virtio device behind a transport that vmmio.ko drives.
 */
int ctl_device_find(struct ctl_device *d, const char *what, struct ctl_text *why);

/* Reads the state of the device @bus/@name again. -ENODEV: it is gone. */
int ctl_device_read(struct ctl_device *d, const char *bus, const char *name);

/* Calls @f for each device; stops at and returns its first non-zero result. */
int ctl_device_each(int (*f)(const struct ctl_device *d, void *arg), void *arg);

/* The driver of vmmio.ko, or mainline's, for this bus. */
const char *ctl_our_driver(const struct ctl_device *d);
const char *ctl_stock_driver(const struct ctl_device *d);

/* Is a driver of this name registered on the bus of @d? */
bool ctl_driver_there(const struct ctl_device *d, const char *driver);

/* "vda eth0": the names by which users know what is behind @d. */
void ctl_device_users(const struct ctl_device *d, char *buf, size_t size);

/* A line of a sysfs file without its newline; "(null)" reads as empty. */
int ctl_read_line(const char *path, char *buf, size_t size);

/* busy.c */

/*
 * Is something behind @d in use? 0: no; -EBUSY, with the user in @why; any other: unknown, with
 * @why.
 */
int ctl_device_busy(const struct ctl_device *d, struct ctl_text *why);

/* move.c */

/*
 * Hands @d to @driver and reads its new state into @d. @override is the final content of
 * driver_override. If the driver does not take the device, or its virtio device finds no driver
 * though it had one, the former driver and the former override are restored, @why tells what
 * happened and -errno is returned.
 */
int ctl_device_move(struct ctl_device *d, const char *driver, const char *override,
		    struct ctl_text *why);

/*
 * Takes @d from its driver and gives it back. If that fails, or leaves the device with less than
 * before, @restore is called and the driver tried once more; @why tells what happened and -errno is
 * returned.
 */
int ctl_device_rebind(struct ctl_device *d, int (*restore)(void *arg), void *arg,
		      struct ctl_text *why);

/* Leaves @d without a driver. */
int ctl_device_release(struct ctl_device *d, struct ctl_text *why);

/* persist.c */

/* Is there a rule that binds @d to vmmio.ko whenever it appears? */
bool ctl_persistent(const struct ctl_device *d);

/* Makes that rule, or removes it; it is no error if there is none to remove. -errno with @why. */
int ctl_persist(const struct ctl_device *d, struct ctl_text *why);
int ctl_forget(const struct ctl_device *d, struct ctl_text *why);

#endif

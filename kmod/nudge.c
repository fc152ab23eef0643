// SPDX-License-Identifier: GPL-2.0-only
/*
 * One kick of a virtqueue, or one look at what is used in it, on request of the
 * administrator: /sys/kernel/vmmio/nudge. Written is one line:
 *
 *   VIRTIO-DEVICE QUEUE kick   rings the doorbell, as the queue's driver would
 *   VIRTIO-DEVICE QUEUE poll   looks at the queue, as its interrupt would
 *
 * ENODEV: no such queue; ENOLINK: its device does not run; EIO: virtio_ring gave it up;
 * EOPNOTSUPP: the queue has no callback; ENODATA: nothing was used. What was done
 * is said in the kernel log. It neither diagnoses nor repairs anything: it makes up for one
 * lost event.
 */
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "vmmio.h"

/* May race with the driver's own kick: virtqueue_notify() needs no serialization. */
static int kick_once(struct vmmio_queue *q)
{
	return virtqueue_notify(q->vq) ? 0 : -EIO;
}

static int nudge(struct vmmio_queue *q, bool kick)
{
	int err;

	if (!READ_ONCE(q->live))
		return -ENOLINK;
	if (virtqueue_is_broken(q->vq))
		return -EIO;
	err = kick ? kick_once(q) : vmmio_irq_poll(q);
	if (!err || err == -ENODATA)
		dev_info(q->vd->parent, "queue %u: %s on request%s\n", q->index,
			 kick ? "kicked" : "polled", err ? ", nothing was used" : "");
	return err;
}

static int nudge_kick(struct vmmio_queue *q)
{
	return nudge(q, true);
}

static int nudge_poll(struct vmmio_queue *q)
{
	return nudge(q, false);
}

static ssize_t nudge_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			   size_t count)
{
	char device[24], number[8], word[8], rest;
	bool kick;
	u16 index;
	int err;

	if (sscanf(buf, "%23s %7s %7s %c", device, number, word, &rest) != 3 ||
	    kstrtou16(number, 10, &index))
		return -EINVAL;
	kick = !strcmp(word, "kick");
	if (!kick && strcmp(word, "poll"))
		return -EINVAL;
	err = vmmio_slot_at_queue(device, index, kick ? nudge_kick : nudge_poll);
	return err ?: count;
}

static struct kobj_attribute nudge_attr = __ATTR(nudge, 0200, NULL, nudge_store);

int vmmio_nudge_init(struct kobject *parent)
{
	return sysfs_create_file(parent, &nudge_attr.attr);
}

/* No nudge is in progress when this returns. */
void vmmio_nudge_exit(struct kobject *parent)
{
	sysfs_remove_file(parent, &nudge_attr.attr);
}

// SPDX-License-Identifier: GPL-2.0-only
/* Source "sysfs": the driver's always-on counters. No times, no histograms, and no losses. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vmmio-stat/core/slots.h"
#include "source.h"
#include "lib/clock.h"

static int sysfs_open(struct vmmio_source *src, const struct vmmio_source_opts *opts)
{
	struct vmmio_slots *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	err = vmmio_slots_open(f, VMMIO_SYSFS, src->why, sizeof(src->why));
	if (!err && f->counters < 0) {
		err = f->counters;
		snprintf(src->why, sizeof(src->why), "cannot read %s/counters: %s", VMMIO_SYSFS,
			 strerror(-err));
	}
	if (err) {
		vmmio_slots_close(f);
		free(f);
		return err;
	}
	src->priv = f;
	src->sees = VMMIO_SEES_OURS;
	snprintf(src->engine, sizeof(src->engine), "sysfs");
	return 0;
}

static int sysfs_discover(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	int err = vmmio_slots_read(src->priv, s);

	if (err)
		snprintf(src->why, sizeof(src->why), "cannot read %s: %s", VMMIO_SYSFS,
			 err == -ENODEV || err == -ENOENT ? "the module was unloaded"
							  : strerror(-err));
	return err;
}

static int sysfs_snapshot(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	int err = sysfs_discover(src, s);

	if (err)
		return err;
	s->time_ns = vmmio_now_ns();
	err = vmmio_slots_count(src->priv, s);
	if (err) {
		snprintf(src->why, sizeof(src->why), "cannot read %s: %s", VMMIO_SYSFS,
			 err == -ENODEV || err == -ENOENT ? "the module was unloaded"
							  : strerror(-err));
		return err;
	}
	vmmio_snapshot_finish(s);
	return 0;
}

static void sysfs_close(struct vmmio_source *src)
{
	vmmio_slots_close(src->priv);
	free(src->priv);
}

const struct vmmio_source_ops vmmio_source_sysfs = {
	.name = "sysfs",
	.what = "the driver's own counters: no BPF needed, no times",
	.open = sysfs_open,
	.discover = sysfs_discover,
	.snapshot = sysfs_snapshot,
	.close = sysfs_close,
};

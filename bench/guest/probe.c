// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds out what guests can run on (probe.h). A KVM that opens may still be unable to run Linux, so
 * a guest is booted first.
 */
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "guest.h"

#define PROBE_S 10

int vmmio_accel_probe(const char *wish, const char *kernel, const char *initrd,
		      enum vmmio_accel *accel, char *why, size_t len)
{
	bool must = !strcmp(wish, "kvm");
	struct vmmio_guest_result r;
	struct vmmio_guest g = {0};
	int err;

	why[0] = '\0';
	*accel = VMMIO_ACCEL_NONE;
	if (!strcmp(wish, "tcg"))
		return 0;
	if (!must && strcmp(wish, "auto"))
		return -EINVAL;

	err = vmmio_accel_detect(&g.accel);
	if (err) {
		snprintf(why, len, "/dev/kvm: %s", strerror(-err));
		return must ? -ENODEV : 0;
	}
	/* an emulated machine was made for this, and a boot there takes long */
	if (vmmio_accel_emulated(g.accel)) {
		*accel = g.accel;
		return 0;
	}
	g.kernel = kernel;
	g.initrd = initrd;
	g.timeout_s = PROBE_S;
	err = vmmio_guest_run(&g, &r);
	if (err)
		snprintf(why, len, "%s", r.why); /* no image, no QEMU: not KVM's fault */
	else if (r.end == VMMIO_GUEST_DONE && !r.status)
		*accel = g.accel;
	else
		snprintf(why, len, "%s cannot run a Linux guest: %s", vmmio_accel_name(g.accel),
			 r.why);
	vmmio_guest_result_free(&r);
	if (err)
		return err;
	return must && *accel == VMMIO_ACCEL_NONE ? -ENODEV : 0;
}

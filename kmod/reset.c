// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reset of a device, and the isolation of a device that does not complete it. The owners of its
 * queues stop them.
 */
#include "vmmio.h"

/*
 * A reset is complete when the status reads 0 (2.4.2); the wait is bounded. A device that does not
 * complete it may go on using its rings and buffers: it is kept from memory where possible, and its
 * rings are never freed (queue_free()). The same holds for a device whose registers read all ones,
 * unless the bus says that it is gone: memory decoding may be off, or the device lies.
 */
void vmmio_device_reset(struct vmmio_device *vd)
{
	int err = vmmio_regs_reset(&vd->regs);
	bool known = vd->gone && err == -ENODEV;
	const char *memory = vd->transport->isolate ? "its access to memory is taken away"
						    : "it may still write to memory it was given";

	vd->gone = err == -ENODEV;
	vd->wedged = err == -ETIMEDOUT ||
		     (vd->gone && (!vd->transport->present || vd->transport->present(vd)));
	if (known)
		; /* it has been said */
	else if (vd->gone && !vd->wedged)
		dev_err(vd->parent, "the device is gone, its registers read all ones\n");
	else if (vd->gone)
		dev_err(vd->parent, "its registers read all ones, it may be gone: %s\n", memory);
	else if (vd->wedged)
		dev_err(vd->parent, "reset did not complete within %u ms: %s\n",
			VMMIO_RESET_TIMEOUT_US / 1000, memory);
	if ((vd->wedged || vd->gone) && vd->transport->isolate)
		vd->transport->isolate(vd);
}

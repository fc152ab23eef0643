// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of /sys/kernel/vmmio for programs that are measured without a guest (slots.h).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "slots.h"
#include "vmmio/events.h"
#include "vmmio/slots.h"

int vmmio_cost_slots(const char *dir, __u32 n, __u32 gen)
{
	struct vmmio_slot_info info;
	char path[256];
	FILE *f;
	__u32 i, within;

	snprintf(path, sizeof(path), "%s/abi", dir);
	f = fopen(path, "we");
	if (!f)
		return -errno;
	fprintf(f, "%d\n", VMMIO_ABI);
	if (fclose(f))
		return -errno;
	snprintf(path, sizeof(path), "%s/slots", dir);
	f = fopen(path, "we");
	if (!f)
		return -errno;
	for (i = 0; i < VMMIO_SLOTS; i++) {
		memset(&info, 0, sizeof(info));
		within = i % (VMMIO_COST_QUEUES + 1);
		if (i < n) {
			info.slot = i;
			info.gen = gen;
			info.dev_slot = i - within;
			info.kind = within ? VMMIO_SLOT_QUEUE : VMMIO_SLOT_DEVICE;
			info.transport = VMMIO_TRANSPORT_PCI;
			info.irq_mode = VMMIO_IRQ_MSIX;
			info.queues = within ? 0 : VMMIO_COST_QUEUES;
			info.queue = within ? within - 1 : 0;
			info.ring_size = info.ring_max = 256;
			info.device_id = 2;
			snprintf(info.device, sizeof(info.device), "virtio%u",
				 i / (VMMIO_COST_QUEUES + 1));
			snprintf(info.driver, sizeof(info.driver), "virtio_blk");
		}
		fwrite(&info, sizeof(info), 1, f);
	}
	return fclose(f) ? -errno : 0;
}

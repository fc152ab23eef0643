// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtio-pci's common configuration structure (4.1.4.3, 4.1.5.1): the order of accesses. The
 * transport finds the structures.
 */
#include "regs.h"

#define RD(r, reg) ((r)->ops->read((r), VMMIO_REG_PCI_##reg))
#define WR(r, reg, v) ((r)->ops->write((r), VMMIO_REG_PCI_##reg, (v)))

static __u8 pci_get_status(struct vmmio_regs *r)
{
	return (__u8)RD(r, DEVICE_STATUS);
}

static void pci_set_status(struct vmmio_regs *r, __u8 status)
{
	WR(r, DEVICE_STATUS, status);
}

static __u64 pci_get_features(struct vmmio_regs *r)
{
	__u64 features;

	WR(r, DEVICE_FEATURE_SELECT, 1);
	features = (__u64)RD(r, DEVICE_FEATURE) << 32;
	WR(r, DEVICE_FEATURE_SELECT, 0);
	return features | RD(r, DEVICE_FEATURE);
}

static void pci_set_features(struct vmmio_regs *r, __u64 features)
{
	WR(r, DRIVER_FEATURE_SELECT, 1);
	WR(r, DRIVER_FEATURE, (__u32)(features >> 32));
	WR(r, DRIVER_FEATURE_SELECT, 0);
	WR(r, DRIVER_FEATURE, (__u32)features);
}

static __u32 pci_generation(struct vmmio_regs *r)
{
	return RD(r, CONFIG_GENERATION);
}

static int pci_queue_probe(struct vmmio_regs *r, __u16 index, __u16 *max)
{
	__u32 n;

	if (index >= RD(r, NUM_QUEUES))
		return -ENOENT;
	WR(r, QUEUE_SELECT, index);
	n = RD(r, QUEUE_SIZE);
	if (!n)
		return -ENOENT;
	if (n > VMMIO_QUEUE_SIZE_LIMIT)
		return -EINVAL;
	if (RD(r, QUEUE_ENABLE))
		return -EBUSY;
	*max = (__u16)n;
	return 0;
}

/*
 * -EBUSY when the device refuses the vector (4.1.5.1.2.2). The vector comes
 * before the queue is enabled: 4.1.5.1.3.
 */
static int pci_queue_start(struct vmmio_regs *r, __u16 index, struct vmmio_queue_setup *q)
{
	(void)index;
	WR(r, QUEUE_SIZE, q->size);
	WR(r, QUEUE_DESC_LOW, (__u32)q->desc);
	WR(r, QUEUE_DESC_HIGH, (__u32)(q->desc >> 32));
	WR(r, QUEUE_DRIVER_LOW, (__u32)q->driver);
	WR(r, QUEUE_DRIVER_HIGH, (__u32)(q->driver >> 32));
	WR(r, QUEUE_DEVICE_LOW, (__u32)q->device);
	WR(r, QUEUE_DEVICE_HIGH, (__u32)(q->device >> 32));
	if (q->vector != VMMIO_NO_VECTOR) {
		WR(r, QUEUE_MSIX_VECTOR, q->vector);
		if (RD(r, QUEUE_MSIX_VECTOR) != q->vector)
			return -EBUSY;
	}
	q->notify_off = (__u16)RD(r, QUEUE_NOTIFY_OFF);
	return 0;
}

static void pci_queue_enable(struct vmmio_regs *r, __u16 index)
{
	WR(r, QUEUE_SELECT, index);
	WR(r, QUEUE_ENABLE, 1);
}

/*
 * A driver must not write 0 to queue_enable (4.1.4.3.2): here the queue only loses its vector; it
 * stops for good with the device's reset.
 */
static int pci_queue_stop(struct vmmio_regs *r, __u16 index)
{
	if (r->msix) {
		WR(r, QUEUE_SELECT, index);
		WR(r, QUEUE_MSIX_VECTOR, VMMIO_NO_VECTOR);
	}
	return 0;
}

static int pci_queue_reset(struct vmmio_regs *r, __u16 index)
{
	int err;

	if (!vmmio_regs_can_reset_queue(r))
		return -EOPNOTSUPP;
	WR(r, QUEUE_SELECT, index);
	WR(r, QUEUE_RESET, 1);
	err = vmmio_regs_wait(r, VMMIO_REG_PCI_QUEUE_RESET, 0);
	if (err)
		return err;
	return RD(r, QUEUE_ENABLE) ? -EIO : 0;
}

int vmmio_regs_pci_config_vector(struct vmmio_regs *r, __u16 vector)
{
	WR(r, CONFIG_MSIX_VECTOR, vector);
	return RD(r, CONFIG_MSIX_VECTOR) == vector ? 0 : -EBUSY;
}

const struct vmmio_protocol vmmio_protocol_pci = {
	.get_status = pci_get_status,
	.set_status = pci_set_status,
	.get_features = pci_get_features,
	.set_features = pci_set_features,
	.generation = pci_generation,
	.queue_probe = pci_queue_probe,
	.queue_start = pci_queue_start,
	.queue_enable = pci_queue_enable,
	.queue_stop = pci_queue_stop,
	.queue_reset = pci_queue_reset,
};

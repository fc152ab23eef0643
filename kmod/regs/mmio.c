// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtio-mmio registers, versions 2 (4.2.2, 4.2.3) and 1 (4.2.4): the order of accesses. Version 3,
 * which Linux drives since 7.x, has the registers of version 2; its driver must wait until a reset
 * is over, as this one always does.
 */
#include "regs.h"

#define RD(r, reg) ((r)->ops->read((r), VMMIO_REG_##reg))
#define WR(r, reg, v) ((r)->ops->write((r), VMMIO_REG_##reg, (v)))

/*
 * Reads the identity and picks the protocol (4.2.3.1.1): -ENODEV no virtio device, or none behind
 * the window (print nothing), -EPROTONOSUPPORT an unknown version, or version 1 without @legacy. An
 * absent device is left alone after DeviceID.
 */
int vmmio_regs_identify(struct vmmio_regs *r, bool legacy, struct vmmio_identity *id)
{
	if (RD(r, MAGIC) != VMMIO_MMIO_MAGIC)
		return -ENODEV;
	id->version = RD(r, VERSION);
	if (!id->version || id->version > 3)
		return -EPROTONOSUPPORT;
	id->device_id = RD(r, DEVICE_ID);
	if (!id->device_id)
		return -ENODEV;
	if (id->version == 1 && !legacy)
		return -EPROTONOSUPPORT;
	id->vendor_id = RD(r, VENDOR_ID);
	r->protocol = id->version == 1 ? &vmmio_protocol_mmio1 : &vmmio_protocol_mmio2;
	return 0;
}

static __u8 mmio_get_status(struct vmmio_regs *r)
{
	return (__u8)RD(r, STATUS);
}

static void mmio_set_status(struct vmmio_regs *r, __u8 status)
{
	WR(r, STATUS, status);
}

static __u64 mmio_get_features(struct vmmio_regs *r)
{
	__u64 features;

	WR(r, DEVICE_FEATURES_SEL, 1);
	features = (__u64)RD(r, DEVICE_FEATURES) << 32;
	WR(r, DEVICE_FEATURES_SEL, 0);
	return features | RD(r, DEVICE_FEATURES);
}

static void mmio_set_features(struct vmmio_regs *r, __u64 features)
{
	WR(r, DRIVER_FEATURES_SEL, 1);
	WR(r, DRIVER_FEATURES, (__u32)(features >> 32));
	WR(r, DRIVER_FEATURES_SEL, 0);
	WR(r, DRIVER_FEATURES, (__u32)features);
}

static __u32 mmio2_generation(struct vmmio_regs *r)
{
	return RD(r, CONFIG_GENERATION);
}

/* Version 1 has no such register: vmmio_regs_config_get() reads until two passes agree. */
static __u32 mmio1_generation(struct vmmio_regs *r)
{
	(void)r;
	return 0;
}

/* The order of 4.2.3.2; QueueReady other than 0 means that the queue is in use. */
static int mmio2_queue_probe(struct vmmio_regs *r, __u16 index, __u16 *max)
{
	__u32 n;

	WR(r, QUEUE_SEL, index);
	if (RD(r, QUEUE_READY))
		return -EBUSY;
	n = RD(r, QUEUE_NUM_MAX);
	if (!n)
		return -ENOENT;
	if (n > VMMIO_QUEUE_SIZE_LIMIT)
		return -EINVAL;
	*max = (__u16)n;
	return 0;
}

static int mmio2_queue_start(struct vmmio_regs *r, __u16 index, struct vmmio_queue_setup *q)
{
	(void)index;
	WR(r, QUEUE_NUM, q->size);
	WR(r, QUEUE_DESC_LOW, (__u32)q->desc);
	WR(r, QUEUE_DESC_HIGH, (__u32)(q->desc >> 32));
	WR(r, QUEUE_DRIVER_LOW, (__u32)q->driver);
	WR(r, QUEUE_DRIVER_HIGH, (__u32)(q->driver >> 32));
	WR(r, QUEUE_DEVICE_LOW, (__u32)q->device);
	WR(r, QUEUE_DEVICE_HIGH, (__u32)(q->device >> 32));
	WR(r, QUEUE_READY, 1);
	return 0;
}

/* 4.2.2.2: write 0, then read it back before the memory is reused. */
static int mmio2_queue_stop(struct vmmio_regs *r, __u16 index)
{
	WR(r, QUEUE_SEL, index);
	WR(r, QUEUE_READY, 0);
	return RD(r, QUEUE_READY) ? -EIO : 0;
}

/*
 * QueueReset must read 0 again, and QueueReady 0 with it (4.2.2.1): a device that offers the
 * feature but ignores the register reads 0 from QueueReset at once while the ring stays live.
 */
static int mmio2_queue_reset(struct vmmio_regs *r, __u16 index)
{
	int err;

	WR(r, QUEUE_SEL, index);
	WR(r, QUEUE_RESET, 1);
	err = vmmio_regs_wait(r, VMMIO_REG_QUEUE_RESET, 0);
	if (err)
		return err;
	return RD(r, QUEUE_READY) ? -EIO : 0;
}

static int mmio1_queue_probe(struct vmmio_regs *r, __u16 index, __u16 *max)
{
	__u32 n;

	WR(r, QUEUE_SEL, index);
	if (RD(r, QUEUE_PFN))
		return -EBUSY;
	n = RD(r, QUEUE_NUM_MAX);
	if (!n)
		return -ENOENT;
	if (n > VMMIO_QUEUE_SIZE_LIMIT)
		return -EINVAL;
	*max = (__u16)n;
	return 0;
}

/* One page frame number names all three parts, laid out contiguously (2.7.2). */
static int mmio1_queue_start(struct vmmio_regs *r, __u16 index, struct vmmio_queue_setup *q)
{
	/* a power of two, as the register wants it; not divided: 32-bit kernels cannot */
	__u64 pfn = r->page_size ? q->desc >> __builtin_ctz(r->page_size) : 0;

	(void)index;
	if (!pfn || pfn >> 32 || q->desc & (r->page_size - 1))
		return -E2BIG;
	WR(r, QUEUE_NUM, q->size);
	WR(r, QUEUE_ALIGN, r->page_size);
	WR(r, QUEUE_PFN, (__u32)pfn);
	return 0;
}

static int mmio1_queue_stop(struct vmmio_regs *r, __u16 index)
{
	WR(r, QUEUE_SEL, index);
	WR(r, QUEUE_PFN, 0);
	return 0;
}

static int mmio1_queue_reset(struct vmmio_regs *r, __u16 index)
{
	(void)r;
	(void)index;
	return -EOPNOTSUPP;
}

/* 4.2.2, 2.10: -ENOENT without such a region, -ERANGE when it wraps. Version 2 only. */
int vmmio_regs_shm(struct vmmio_regs *r, __u8 id, __u64 *base, __u64 *len)
{
	if (r->protocol != &vmmio_protocol_mmio2)
		return -ENOENT;
	WR(r, SHM_SEL, id);
	*len = RD(r, SHM_LEN_LOW);
	*len |= (__u64)RD(r, SHM_LEN_HIGH) << 32;
	if (vmmio_shm_check(0, *len))
		return -ENOENT;
	*base = RD(r, SHM_BASE_LOW);
	*base |= (__u64)RD(r, SHM_BASE_HIGH) << 32;
	return vmmio_shm_check(*base, *len);
}

const struct vmmio_protocol vmmio_protocol_mmio2 = {
	.get_status = mmio_get_status,
	.set_status = mmio_set_status,
	.get_features = mmio_get_features,
	.set_features = mmio_set_features,
	.generation = mmio2_generation,
	.queue_probe = mmio2_queue_probe,
	.queue_start = mmio2_queue_start,
	.queue_stop = mmio2_queue_stop,
	.queue_reset = mmio2_queue_reset,
};

const struct vmmio_protocol vmmio_protocol_mmio1 = {
	.get_status = mmio_get_status,
	.set_status = mmio_set_status,
	.get_features = mmio_get_features,
	.set_features = mmio_set_features,
	.generation = mmio1_generation,
	.queue_probe = mmio1_queue_probe,
	.queue_start = mmio1_queue_start,
	.queue_stop = mmio1_queue_stop,
	.queue_reset = mmio1_queue_reset,
};

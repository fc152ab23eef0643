/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The register protocols of virtio-mmio (versions 1 and 2) and of virtio-pci's common configuration
 * structure, free of Linux headers: what to read and write in which order, and which answers to
 * believe. Interrupts, DMA, ring memory and counting are elsewhere. Compiles in the kernel and in
 * userspace, against a fake register file.
 *
 * All functions return 0 or a negative error number, and every wait is bounded.
 */
#ifndef VMMIO_REGS_PROTOCOL_H
#define VMMIO_REGS_PROTOCOL_H

#include <vmmio/regs.h>
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/types.h>
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#endif

struct vmmio_regs;

/*
 * How registers are accessed. read and write take a register of the table and use its width. The
 * config accessors take a byte offset into the device configuration space and a width of 1, 2 or 4,
 * and carry the bytes in the value as the little-endian number they form. pause sleeps @us
 * microseconds.
 */
struct vmmio_regs_ops {
	__u32 (*read)(struct vmmio_regs *r, enum vmmio_reg reg);
	void (*write)(struct vmmio_regs *r, enum vmmio_reg reg, __u32 value);
	__u32 (*read_config)(struct vmmio_regs *r, __u32 offset, unsigned int width);
	void (*write_config)(struct vmmio_regs *r, __u32 offset, unsigned int width, __u32 value);
	void (*pause)(struct vmmio_regs *r, unsigned int us);
};

struct vmmio_protocol;

struct vmmio_regs {
	const struct vmmio_regs_ops *ops;
	const struct vmmio_protocol *protocol;
	__u32 config_len; /* bytes of device configuration space within reach */
	__u32 common_len; /* PCI: bytes of the common structure within reach */
	__u32 page_size;  /* MMIO version 1: GuestPageSize, also the ring alignment */
	bool msix;	  /* PCI: MSI-X is enabled */
};

struct vmmio_identity {
	__u32 version;
	__u32 device_id;
	__u32 vendor_id;
};

/* Bus addresses of the three parts of a virtqueue, and its vector. */
struct vmmio_queue_setup {
	__u64 desc;
	__u64 driver; /* available ring, driver area */
	__u64 device; /* used ring, device area */
	__u16 size;
	__u16 vector;	  /* MSI-X, PCI only; VMMIO_NO_VECTOR = none */
	__u16 notify_off; /* out, PCI only */
};

#define VMMIO_NO_VECTOR 0xffffu

/* The split ring's limit; QueueSizeMax above it is not plausible (2.7). */
#define VMMIO_QUEUE_SIZE_LIMIT 32768u

/* Timeout of a reset of a device or of a queue. */
#define VMMIO_RESET_TIMEOUT_US 2000000u

/* Bound on reads of a configuration that changes under every read. */
#define VMMIO_CONFIG_PASSES_MAX 100u

/* Bytes of the PCI common structure up to and with queue_reset, 4.1.4.3. */
#define VMMIO_PCI_COMMON_LEN_RESET 0x3cu

struct vmmio_protocol {
	__u8 (*get_status)(struct vmmio_regs *r);
	void (*set_status)(struct vmmio_regs *r, __u8 status);
	__u64 (*get_features)(struct vmmio_regs *r);
	void (*set_features)(struct vmmio_regs *r, __u64 features);
	__u32 (*generation)(struct vmmio_regs *r);
	/* Selects queue @index and reads its maximal size: -ENOENT absent, -EBUSY in use. */
	int (*queue_probe)(struct vmmio_regs *r, __u16 index, __u16 *max);
	/* Programs the queue just probed. Also starts it where that can be undone. */
	int (*queue_start)(struct vmmio_regs *r, __u16 index, struct vmmio_queue_setup *q);
	/* NULL: started already. After it only a reset stops the queue. */
	void (*queue_enable)(struct vmmio_regs *r, __u16 index);
	/* Stops the queue: -EIO when the device still says it is live. */
	int (*queue_stop)(struct vmmio_regs *r, __u16 index);
	/* RING_RESET (2.6.1): -EIO when the device did not really do it. */
	int (*queue_reset)(struct vmmio_regs *r, __u16 index);
};

extern const struct vmmio_protocol vmmio_protocol_mmio1;
extern const struct vmmio_protocol vmmio_protocol_mmio2;
extern const struct vmmio_protocol vmmio_protocol_pci;

int vmmio_regs_identify(struct vmmio_regs *r, bool legacy, struct vmmio_identity *id);
int vmmio_regs_reset(struct vmmio_regs *r);
int vmmio_regs_wait(struct vmmio_regs *r, enum vmmio_reg reg, __u32 want);
int vmmio_regs_config_get(struct vmmio_regs *r, __u32 offset, void *buf, __u32 len);
int vmmio_regs_config_set(struct vmmio_regs *r, __u32 offset, const void *buf, __u32 len);
bool vmmio_regs_can_reset_queue(const struct vmmio_regs *r);
int vmmio_regs_shm(struct vmmio_regs *r, __u8 id, __u64 *base, __u64 *len);
int vmmio_shm_check(__u64 base, __u64 len);
int vmmio_queue_size_pick(__u32 device_max, __u32 wanted, bool split, __u16 *size);

/*
 * The doorbell's value with NOTIFICATION_DATA on a split ring (2.9, 4.2.3.3, 4.1.5.2): the queue in
 * the lower half, the available index in the upper one.
 */
static inline __u32 vmmio_notification_data(__u16 queue, __u16 avail)
{
	return queue | (__u32)avail << 16;
}

/* PCI vectors, 4.1.5.1.2: -EBUSY when the device has no resources for it. */
int vmmio_regs_pci_config_vector(struct vmmio_regs *r, __u16 vector);

#endif

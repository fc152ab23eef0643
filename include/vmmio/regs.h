/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every transport register by name: the one table that the driver's
 * accessors, the BPF programs, vmmio-stat and the benches share.
 *
 * Source: VIRTIO v1.4-cs01, 4.2.2 (MMIO registers), 4.2.4 (legacy MMIO),
 * 4.1.4.3 (PCI common configuration), 4.1.4.4 (notification), 4.1.4.5 (ISR).
 *
 * X(ID, offset, width, name, access, versions)
 *   ID        suffix of enum vmmio_reg; its position is the register id
 *   offset    bytes from the start of the MMIO window or of the PCI structure
 *   width     bytes of one access; 0 = as the field or the feature demands
 *   name      as the specification writes it
 *   access    VMMIO_R, VMMIO_W or both: what a driver may do with it
 *   versions  bit 0: MMIO version 1 (legacy), bit 1: MMIO version 2,
 *             bit 2: PCI (virtio 1.x)
 *
 * New registers are appended (the position is the id, and ids are ABI).
 */
#ifndef VMMIO_REGS_H
#define VMMIO_REGS_H

#include "types.h"

#define VMMIO_R 1
#define VMMIO_W 2
#define VMMIO_RW 3

#define VMMIO_V1 1 /* MMIO version 1, legacy */
#define VMMIO_V2 2 /* MMIO version 2 */
#define VMMIO_V12 3
#define VMMIO_PCI 4 /* PCI, virtio 1.x */

/* clang-format off */
#define VMMIO_REGS(X)                                                                 \
	/* MMIO, 4.2.2 */                                                             \
	X(MAGIC,              0x000, 4, "MagicValue",         VMMIO_R,  VMMIO_V12)    \
	X(VERSION,            0x004, 4, "Version",            VMMIO_R,  VMMIO_V12)    \
	X(DEVICE_ID,          0x008, 4, "DeviceID",           VMMIO_R,  VMMIO_V12)    \
	X(VENDOR_ID,          0x00c, 4, "VendorID",           VMMIO_R,  VMMIO_V12)    \
	X(DEVICE_FEATURES,    0x010, 4, "DeviceFeatures",     VMMIO_R,  VMMIO_V12)    \
	X(DEVICE_FEATURES_SEL,0x014, 4, "DeviceFeaturesSel",  VMMIO_W,  VMMIO_V12)    \
	X(DRIVER_FEATURES,    0x020, 4, "DriverFeatures",     VMMIO_W,  VMMIO_V12)    \
	X(DRIVER_FEATURES_SEL,0x024, 4, "DriverFeaturesSel",  VMMIO_W,  VMMIO_V12)    \
	X(GUEST_PAGE_SIZE,    0x028, 4, "GuestPageSize",      VMMIO_W,  VMMIO_V1)     \
	X(QUEUE_SEL,          0x030, 4, "QueueSel",           VMMIO_W,  VMMIO_V12)    \
	X(QUEUE_NUM_MAX,      0x034, 4, "QueueSizeMax",       VMMIO_R,  VMMIO_V12)    \
	X(QUEUE_NUM,          0x038, 4, "QueueSize",          VMMIO_W,  VMMIO_V12)    \
	X(QUEUE_ALIGN,        0x03c, 4, "QueueAlign",         VMMIO_W,  VMMIO_V1)     \
	X(QUEUE_PFN,          0x040, 4, "QueuePFN",           VMMIO_RW, VMMIO_V1)     \
	X(QUEUE_READY,        0x044, 4, "QueueReady",         VMMIO_RW, VMMIO_V2)     \
	X(QUEUE_NOTIFY,       0x050, 4, "QueueNotify",        VMMIO_W,  VMMIO_V12)    \
	X(INTERRUPT_STATUS,   0x060, 4, "InterruptStatus",    VMMIO_R,  VMMIO_V12)    \
	X(INTERRUPT_ACK,      0x064, 4, "InterruptACK",       VMMIO_W,  VMMIO_V12)    \
	X(STATUS,             0x070, 4, "Status",             VMMIO_RW, VMMIO_V12)    \
	X(QUEUE_DESC_LOW,     0x080, 4, "QueueDescLow",       VMMIO_W,  VMMIO_V2)     \
	X(QUEUE_DESC_HIGH,    0x084, 4, "QueueDescHigh",      VMMIO_W,  VMMIO_V2)     \
	X(QUEUE_DRIVER_LOW,   0x090, 4, "QueueDriverLow",     VMMIO_W,  VMMIO_V2)     \
	X(QUEUE_DRIVER_HIGH,  0x094, 4, "QueueDriverHigh",    VMMIO_W,  VMMIO_V2)     \
	X(QUEUE_DEVICE_LOW,   0x0a0, 4, "QueueDeviceLow",     VMMIO_W,  VMMIO_V2)     \
	X(QUEUE_DEVICE_HIGH,  0x0a4, 4, "QueueDeviceHigh",    VMMIO_W,  VMMIO_V2)     \
	X(SHM_SEL,            0x0ac, 4, "SHMSel",             VMMIO_W,  VMMIO_V2)     \
	X(SHM_LEN_LOW,        0x0b0, 4, "SHMLenLow",          VMMIO_R,  VMMIO_V2)     \
	X(SHM_LEN_HIGH,       0x0b4, 4, "SHMLenHigh",         VMMIO_R,  VMMIO_V2)     \
	X(SHM_BASE_LOW,       0x0b8, 4, "SHMBaseLow",         VMMIO_R,  VMMIO_V2)     \
	X(SHM_BASE_HIGH,      0x0bc, 4, "SHMBaseHigh",        VMMIO_R,  VMMIO_V2)     \
	X(QUEUE_RESET,        0x0c0, 4, "QueueReset",         VMMIO_RW, VMMIO_V2)     \
	X(CONFIG_GENERATION,  0x0fc, 4, "ConfigGeneration",   VMMIO_R,  VMMIO_V2)     \
	X(CONFIG,             0x100, 0, "Config",             VMMIO_RW, VMMIO_V12)    \
	/* PCI common configuration, 4.1.4.3 */                                       \
	X(PCI_DEVICE_FEATURE_SELECT, 0x00, 4, "device_feature_select", VMMIO_RW, VMMIO_PCI) \
	X(PCI_DEVICE_FEATURE,        0x04, 4, "device_feature",        VMMIO_R,  VMMIO_PCI) \
	X(PCI_DRIVER_FEATURE_SELECT, 0x08, 4, "driver_feature_select", VMMIO_RW, VMMIO_PCI) \
	X(PCI_DRIVER_FEATURE,        0x0c, 4, "driver_feature",        VMMIO_RW, VMMIO_PCI) \
	X(PCI_CONFIG_MSIX_VECTOR,    0x10, 2, "config_msix_vector",    VMMIO_RW, VMMIO_PCI) \
	X(PCI_NUM_QUEUES,            0x12, 2, "num_queues",            VMMIO_R,  VMMIO_PCI) \
	X(PCI_DEVICE_STATUS,         0x14, 1, "device_status",         VMMIO_RW, VMMIO_PCI) \
	X(PCI_CONFIG_GENERATION,     0x15, 1, "config_generation",     VMMIO_R,  VMMIO_PCI) \
	X(PCI_QUEUE_SELECT,          0x16, 2, "queue_select",          VMMIO_RW, VMMIO_PCI) \
	X(PCI_QUEUE_SIZE,            0x18, 2, "queue_size",            VMMIO_RW, VMMIO_PCI) \
	X(PCI_QUEUE_MSIX_VECTOR,     0x1a, 2, "queue_msix_vector",     VMMIO_RW, VMMIO_PCI) \
	X(PCI_QUEUE_ENABLE,          0x1c, 2, "queue_enable",          VMMIO_RW, VMMIO_PCI) \
	X(PCI_QUEUE_NOTIFY_OFF,      0x1e, 2, "queue_notify_off",      VMMIO_R,  VMMIO_PCI) \
	X(PCI_QUEUE_DESC_LOW,        0x20, 4, "queue_desc_low",        VMMIO_RW, VMMIO_PCI) \
	X(PCI_QUEUE_DESC_HIGH,       0x24, 4, "queue_desc_high",       VMMIO_RW, VMMIO_PCI) \
	X(PCI_QUEUE_DRIVER_LOW,      0x28, 4, "queue_driver_low",      VMMIO_RW, VMMIO_PCI) \
	X(PCI_QUEUE_DRIVER_HIGH,     0x2c, 4, "queue_driver_high",     VMMIO_RW, VMMIO_PCI) \
	X(PCI_QUEUE_DEVICE_LOW,      0x30, 4, "queue_device_low",      VMMIO_RW, VMMIO_PCI) \
	X(PCI_QUEUE_DEVICE_HIGH,     0x34, 4, "queue_device_high",     VMMIO_RW, VMMIO_PCI) \
	X(PCI_QUEUE_NOTIF_CONFIG,    0x38, 2, "queue_notif_config_data", VMMIO_R, VMMIO_PCI) \
	X(PCI_QUEUE_RESET,           0x3a, 2, "queue_reset",           VMMIO_RW, VMMIO_PCI) \
	/* the other PCI structures, 4.1.4.4 to 4.1.4.6 */                            \
	X(PCI_NOTIFY,                0x00, 0, "notify",                VMMIO_W,  VMMIO_PCI) \
	X(PCI_ISR,                   0x00, 1, "isr_status",            VMMIO_R,  VMMIO_PCI) \
	X(PCI_CONFIG,                0x00, 0, "device_config",         VMMIO_RW, VMMIO_PCI)
/* clang-format on */

enum vmmio_reg {
#define VMMIO_REG_ENUM(id, off, width, name, access, versions) VMMIO_REG_##id,
	VMMIO_REGS(VMMIO_REG_ENUM)
#undef VMMIO_REG_ENUM
	VMMIO_REG_COUNT,
};

/* Offsets by name: bytes into the MMIO window or the PCI structure. */
enum vmmio_reg_offset {
#define VMMIO_OFFSET_ENUM(id, off, width, name, access, versions) VMMIO_OFF_##id = off,
	VMMIO_REGS(VMMIO_OFFSET_ENUM)
#undef VMMIO_OFFSET_ENUM
};

/* Room for registers to come; the size of every per-register array. */
#define VMMIO_REG_MAX 80

_Static_assert(VMMIO_REG_COUNT <= VMMIO_REG_MAX, "register table outgrew its arrays");

#define VMMIO_MMIO_MAGIC 0x74726976u /* "virt", little endian */
#define VMMIO_MMIO_CONFIG 0x100	     /* offset of the device configuration space */
#define VMMIO_MMIO_WINDOW 0x200	     /* what QEMU and the Linux binding use */

/* InterruptStatus / ISR bits, 4.2.2 and 4.1.4.5 */
#define VMMIO_INT_VRING 1u
#define VMMIO_INT_CONFIG 2u
#define VMMIO_INT_MASK 3u

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One access of a guest to a register that QEMU emulates, from the log trace of
 * memory_region_ops_read and _write.
 */
#ifndef VMMIO_IOLINE_H
#define VMMIO_IOLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <vmmio/regs.h>

struct vmmio_io {
	bool write;
	unsigned long long addr, value;
	unsigned int size;
	char region[64]; /* "virtio-mmio", "virtio-pci-notify-virtio-blk", "serial" ... */
};

/* The events whose lines these are. */
#define VMMIO_IO_EVENTS "memory_region_ops_read,memory_region_ops_write"

/* false: no such line. */
bool vmmio_io_line(const char *line, struct vmmio_io *io);

/* The register of a virtio device, or VMMIO_REG_COUNT for another device's register. */
enum vmmio_reg vmmio_io_register(const struct vmmio_io *io);
/* As the specification writes it; @reg is below VMMIO_REG_COUNT. */
const char *vmmio_io_register_name(enum vmmio_reg reg);

#endif

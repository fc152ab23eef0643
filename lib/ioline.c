// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one reader of QEMU's trace of register accesses and its names of virtio's regions (ioline.h).
 */
#include <stdio.h>
#include <string.h>

#include <vmmio/regs.h>
#include "ioline.h"

bool vmmio_io_line(const char *line, struct vmmio_io *io)
{
	char what[8];

	if (strncmp(line, "memory_region_ops_", 18) ||
	    sscanf(line,
		   "memory_region_ops_%7[a-z] cpu %*d mr %*s addr %llx value %llx size %u name "
		   "'%63[^']",
		   what, &io->addr, &io->value, &io->size, io->region) != 5 ||
	    !io->size || io->size > 8)
		return false;
	io->write = !strcmp(what, "write");
	return true;
}

static const struct {
	unsigned int offset, versions;
	const char *name;
} regs[VMMIO_REG_COUNT] = {
#define REG(id, off, width, text, access, of) {off, of, text},
	VMMIO_REGS(REG)
#undef REG
};

static enum vmmio_reg find(unsigned int offset, unsigned int versions)
{
	for (int i = 0; i < VMMIO_REG_COUNT; i++)
		if (regs[i].offset == offset && regs[i].versions & versions)
			return i;
	return VMMIO_REG_COUNT;
}

enum vmmio_reg vmmio_io_register(const struct vmmio_io *io)
{
	unsigned int page = io->addr & 0xfff, window = io->addr & 0x1ff;

	if (!strncmp(io->region, "virtio-mmio", 11))
		return window >= VMMIO_MMIO_CONFIG ? VMMIO_REG_CONFIG
						   : find(window & ~3u, VMMIO_V1 | VMMIO_V2);
	if (!strncmp(io->region, "virtio-pci-notify", 17))
		return VMMIO_REG_PCI_NOTIFY;
	if (!strncmp(io->region, "virtio-pci-isr", 14))
		return VMMIO_REG_PCI_ISR;
	if (!strncmp(io->region, "virtio-pci-device", 17))
		return VMMIO_REG_PCI_CONFIG;
	if (!strncmp(io->region, "virtio-pci-common", 17))
		return find(page, VMMIO_PCI);
	return VMMIO_REG_COUNT;
}

const char *vmmio_io_register_name(enum vmmio_reg reg)
{
	return regs[reg].name;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a line of QEMU's log trace to an access of a device's register
 * (rules.h). Knows the layout of QEMU's devices: MMIO windows of 0x200
 * bytes, PCI structures a page each in one BAR of 16 KiB.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ioline.h"
#include "rules.h"

struct vmmio_conform *vmmio_conform_new(void)
{
	static const struct vmmio_conform_finding rules[VMMIO_CONFORM_COUNT] = {
#define RULE(id, level, clause, text) {#id, level, clause, text, 0, 0, ""},
		VMMIO_CONFORM_RULES(RULE)};
	struct vmmio_conform *c = calloc(1, sizeof(*c));

	if (c)
		memcpy(c->f, rules, sizeof(rules));
	return c;
}

void vmmio_conform_free(struct vmmio_conform *c)
{
	free(c);
}

void vmmio_conform_file(struct vmmio_conform *c, const char *path)
{
	const char *slash = strrchr(path, '/');

	c->before += c->ndevices;
	c->ndevices = 0;
	memset(c->d, 0, sizeof(c->d));
	c->line = 0;
	snprintf(c->file, sizeof(c->file), "%.40s: ", slash ? slash + 1 : path);
}

static enum vmmio_reg find_reg(const struct conform_device *d, const struct conform_access *a)
{
	uint8_t versions = a->space != MMIO ? VMMIO_PCI : d->version ? d->version : VMMIO_V12;
	unsigned int i;

	if (a->space == ISR)
		return a->offset ? VMMIO_REG_COUNT : VMMIO_REG_PCI_ISR;
	if (a->space == NOTIFY)
		return VMMIO_REG_PCI_NOTIFY;
	if (a->space == DEVICE_CONFIG)
		return VMMIO_REG_PCI_CONFIG;
	if (a->space == MMIO && a->offset >= VMMIO_MMIO_CONFIG)
		return VMMIO_REG_CONFIG;
	for (i = 0; i < VMMIO_REG_PCI_NOTIFY; i++)
		if (vmmio_conform_regs[i].versions & versions &&
		    vmmio_conform_regs[i].offset ==
			    (a->space == MMIO ? a->offset & ~3u : a->offset))
			return i;
	return VMMIO_REG_COUNT;
}

static struct conform_device *find_device(struct vmmio_conform *c, uint64_t base, const char *name)
{
	struct conform_device *d;
	unsigned int i;

	for (i = 0; i < c->ndevices; i++)
		if (c->d[i].base == base)
			return &c->d[i];
	if (i == CONFORM_DEVICES)
		return NULL;
	d = &c->d[c->ndevices++];
	d->base = base;
	if (!strncmp(name, "virtio-pci", 10)) {
		d->version = VMMIO_PCI;
		d->id = strstr(name, "virtio-blk") ? 2 : strstr(name, "virtio-net") ? 1 : 0;
	}
	return d;
}

int vmmio_conform_line(struct vmmio_conform *c, const char *line)
{
	static const struct {
		const char *prefix;
		enum conform_space space;
	} spaces[] = {
		{"virtio-mmio", MMIO},	       {"virtio-pci-common", COMMON},
		{"virtio-pci-isr", ISR},       {"virtio-pci-device", DEVICE_CONFIG},
		{"virtio-pci-notify", NOTIFY},
	};
	struct conform_access a = {0};
	struct conform_device *d;
	struct vmmio_io io;
	uint64_t base;
	size_t i;

	c->line++;
	if (!vmmio_io_line(line, &io))
		return 0;
	a.size = io.size;
	for (i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		if (!strncmp(io.region, spaces[i].prefix, strlen(spaces[i].prefix)))
			break;
	if (i == sizeof(spaces) / sizeof(spaces[0]))
		return 0;
	a.space = spaces[i].space;
	base = io.addr & ~(a.space == MMIO ? 0x1ffull : 0x3fffull);
	a.offset = (io.addr - base) & 0xfff;
	/* the log shows more of a read than the guest gets */
	a.value = a.size < 4 ? io.value & ((1u << 8 * a.size) - 1) : io.value;
	a.write = io.write;
	d = find_device(c, base, io.region);
	if (!d)
		return -ENOSPC;
	a.reg = find_reg(d, &a);
	c->accesses++;
	vmmio_conform_check(c, d, &a);
	return 0;
}

unsigned int vmmio_conform_violated(const struct vmmio_conform *c)
{
	unsigned int i, n = 0;

	for (i = 0; i < VMMIO_CONFORM_COUNT; i++)
		n += c->f[i].violated > 0;
	return n;
}

const struct vmmio_conform_finding *vmmio_conform_finding(const struct vmmio_conform *c,
							  enum vmmio_conform_rule rule)
{
	return &c->f[rule];
}

unsigned long vmmio_conform_accesses(const struct vmmio_conform *c)
{
	return c->accesses;
}

unsigned int vmmio_conform_devices(const struct vmmio_conform *c)
{
	return c->before + c->ndevices;
}

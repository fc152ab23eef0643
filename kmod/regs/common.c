// SPDX-License-Identifier: GPL-2.0-only
/*
 * What both register protocols share: bounded waits, reset, the window onto
 * the device configuration space, and the checks of what a device says.
 */
#include "regs.h"

static const __u8 reg_widths[VMMIO_REG_COUNT] = {
#define REG_WIDTH(id, off, width, name, access, versions) width,
	VMMIO_REGS(REG_WIDTH)};

/*
 * Waits until @reg reads @want, with growing pauses, for at most VMMIO_RESET_TIMEOUT_US. Returns
 * -ETIMEDOUT then, -ENODEV when the device is gone. The first read comes at once, so a device that
 * is ready costs one access.
 */
int vmmio_regs_wait(struct vmmio_regs *r, enum vmmio_reg reg, __u32 want)
{
	/* what reads of an unplugged device return */
	__u32 gone = reg_widths[reg] == 1 ? 0xff : reg_widths[reg] == 2 ? 0xffff : 0xffffffff;
	unsigned int waited = 0, pause = 10;
	__u32 value;

	while ((value = r->ops->read(r, reg)) != want) {
		if (value == gone)
			return -ENODEV;
		if (waited >= VMMIO_RESET_TIMEOUT_US)
			return -ETIMEDOUT;
		r->ops->pause(r, pause);
		waited += pause;
		if (pause < 10000)
			pause *= 2;
	}
	return 0;
}

/*
 * Writes status 0 and waits until the device has reset (2.4.2, 4.1.4.3.2). A version 1 device gets
 * the page size again afterwards, because a reset may clear it.
 */
int vmmio_regs_reset(struct vmmio_regs *r)
{
	enum vmmio_reg reg =
		r->protocol == &vmmio_protocol_pci ? VMMIO_REG_PCI_DEVICE_STATUS : VMMIO_REG_STATUS;
	int err;

	r->protocol->set_status(r, 0);
	err = vmmio_regs_wait(r, reg, 0);
	if (!err && r->protocol == &vmmio_protocol_mmio1)
		r->ops->write(r, VMMIO_REG_GUEST_PAGE_SIZE, r->page_size);
	return err;
}

static bool config_in_reach(const struct vmmio_regs *r, __u32 offset, __u32 len)
{
	return len <= r->config_len && offset <= r->config_len - len;
}

/*
 * One field is accessed in its own width, a 64-bit one as two words; anything
 * else (a MAC address) byte by byte (4.2.2.2, 4.1.3.1). An unaligned field
 * falls back to bytes as well.
 */
static unsigned int config_width(__u32 offset, __u32 len)
{
	if (len == 8)
		len = 4;
	if ((len == 2 || len == 4) && offset % len == 0)
		return len;
	return 1;
}

/* One pass over the bytes. Returns whether any differs from @p. */
static bool config_pass(struct vmmio_regs *r, __u32 offset, __u8 *p, __u32 len, unsigned int width)
{
	bool differs = false;
	unsigned int i, b;

	for (i = 0; i < len; i += width) {
		__u32 v = r->ops->read_config(r, offset + i, width);

		for (b = 0; b < width; b++) {
			differs |= p[i + b] != (__u8)(v >> (8 * b));
			p[i + b] = (__u8)(v >> (8 * b));
		}
	}
	return differs;
}

/*
 * Copies configuration bytes to @buf in their byte order; -EINVAL out of range. Version 1 has no
 * generation that shows a change, so a field that takes more than one access is read until two
 * passes agree (2.5.3), -EAGAIN when none do.
 */
int vmmio_regs_config_get(struct vmmio_regs *r, __u32 offset, void *buf, __u32 len)
{
	unsigned int width = config_width(offset, len), passes = 1;

	if (!config_in_reach(r, offset, len))
		return -EINVAL;
	config_pass(r, offset, buf, len, width);
	if (r->protocol != &vmmio_protocol_mmio1 || len <= width)
		return 0;
	while (config_pass(r, offset, buf, len, width))
		if (++passes >= VMMIO_CONFIG_PASSES_MAX)
			return -EAGAIN;
	return 0;
}

int vmmio_regs_config_set(struct vmmio_regs *r, __u32 offset, const void *buf, __u32 len)
{
	unsigned int width = config_width(offset, len), i, b;
	const __u8 *p = buf;

	if (!config_in_reach(r, offset, len))
		return -EINVAL;
	for (i = 0; i < len; i += width) {
		__u32 v = 0;

		for (b = 0; b < width; b++)
			v |= (__u32)p[i + b] << (8 * b);
		r->ops->write_config(r, offset + i, width, v);
	}
	return 0;
}

/*
 * Can a queue of this device be reset alone? Not with version 1, nor on PCI
 * where the common structure ends before queue_reset (4.1.4.3).
 */
bool vmmio_regs_can_reset_queue(const struct vmmio_regs *r)
{
	if (r->protocol == &vmmio_protocol_pci)
		return r->common_len >= VMMIO_PCI_COMMON_LEN_RESET;
	return r->protocol == &vmmio_protocol_mmio2;
}

/* A shared memory region of the device: -ENOENT none, -ERANGE not plausible. */
int vmmio_shm_check(__u64 base, __u64 len)
{
	if (!len || len == ~0ull)
		return -ENOENT;
	if (base + len < base)
		return -ERANGE;
	return 0;
}

/*
 * The ring size to use: at most the device's maximum, at most @wanted unless that is 0, and a power
 * of two for a split ring (2.7). -EINVAL when the device's limit makes no sense.
 */
int vmmio_queue_size_pick(__u32 device_max, __u32 wanted, bool split, __u16 *size)
{
	__u32 n = device_max, p = 1;

	if (!n || n > VMMIO_QUEUE_SIZE_LIMIT)
		return -EINVAL;
	if (wanted && wanted < n)
		n = wanted;
	if (split) {
		while (p * 2 <= n)
			p *= 2;
		n = p;
	}
	*size = (__u16)n;
	return 0;
}

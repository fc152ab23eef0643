// SPDX-License-Identifier: GPL-2.0-only
/* The register file of fake_regs.h. */
#include "fake_regs.h"

static const struct {
	__u8 access, versions, width;
} table[VMMIO_REG_COUNT] = {
#define ROW(id, off, width, name, access, versions) {access, versions, width},
	VMMIO_REGS(ROW)};

static struct fake_device *of(struct vmmio_regs *r)
{
	return (struct fake_device *)((char *)r - offsetof(struct fake_device, regs));
}

static void log_access(struct fake_device *d, enum vmmio_reg reg, char dir, __u32 value)
{
	if (!(table[reg].versions & d->versions) ||
	    !(table[reg].access & (dir == 'R' ? VMMIO_R : VMMIO_W)))
		d->violations++;
	if (d->accesses < FAKE_LOG) {
		d->log[d->accesses].reg = reg;
		d->log[d->accesses].dir = dir;
		d->log[d->accesses].value = value;
	}
	d->accesses++;
}

static struct fake_queue *selected(struct fake_device *d)
{
	static struct fake_queue absent;

	memset(&absent, 0, sizeof(absent));
	return d->sel < FAKE_QUEUES ? &d->queue[d->sel] : &absent;
}

static __u32 read_status(struct fake_device *d)
{
	if (d->status_stuck) {
		d->status_stuck--;
		return 0x0f;
	}
	return d->status;
}

static __u32 read_queue_reset(struct fake_device *d)
{
	struct fake_queue *q = selected(d);

	if (d->reset_forever)
		return 1;
	if (q->reset) {
		if (--q->reset)
			return 1;
		q->ready = 0;
	}
	return 0;
}

static __u32 value_of(struct fake_device *d, enum vmmio_reg reg)
{
	struct fake_queue *q = selected(d);

	switch (reg) {
	case VMMIO_REG_MAGIC:
		return d->magic;
	case VMMIO_REG_VERSION:
		return d->version;
	case VMMIO_REG_DEVICE_ID:
		return d->id;
	case VMMIO_REG_VENDOR_ID:
		return d->vendor;
	case VMMIO_REG_DEVICE_FEATURES:
	case VMMIO_REG_PCI_DEVICE_FEATURE:
		return d->dfsel > 1 ? 0 : (__u32)(d->features >> (32 * d->dfsel));
	case VMMIO_REG_STATUS:
	case VMMIO_REG_PCI_DEVICE_STATUS:
		return read_status(d);
	case VMMIO_REG_QUEUE_NUM_MAX:
	case VMMIO_REG_PCI_QUEUE_SIZE:
		return q->max;
	case VMMIO_REG_QUEUE_READY:
	case VMMIO_REG_PCI_QUEUE_ENABLE:
		return q->ready;
	case VMMIO_REG_QUEUE_PFN:
		return q->pfn;
	case VMMIO_REG_QUEUE_RESET:
	case VMMIO_REG_PCI_QUEUE_RESET:
		return read_queue_reset(d);
	case VMMIO_REG_SHM_LEN_LOW:
		return (__u32)d->shm_len;
	case VMMIO_REG_SHM_LEN_HIGH:
		return (__u32)(d->shm_len >> 32);
	case VMMIO_REG_SHM_BASE_LOW:
		return (__u32)d->shm_base;
	case VMMIO_REG_SHM_BASE_HIGH:
		return (__u32)(d->shm_base >> 32);
	case VMMIO_REG_PCI_NUM_QUEUES:
		return FAKE_QUEUES;
	case VMMIO_REG_PCI_QUEUE_MSIX_VECTOR:
		return q->vector;
	case VMMIO_REG_PCI_CONFIG_MSIX_VECTOR:
		return d->config_vector;
	case VMMIO_REG_PCI_QUEUE_NOTIFY_OFF:
		return d->sel;
	default:
		return 0;
	}
}

static __u32 fake_read(struct vmmio_regs *r, enum vmmio_reg reg)
{
	struct fake_device *d = of(r);
	__u32 v = value_of(d, reg);

	if (d->gone)
		v = table[reg].width == 1 ? 0xff : table[reg].width == 2 ? 0xffff : 0xffffffff;
	log_access(d, reg, 'R', v);
	return v;
}

static void set_half(__u64 *to, __u32 value, int high)
{
	*to = high ? (*to & 0xffffffffull) | (__u64)value << 32 : (*to & ~0xffffffffull) | value;
}

/* C12: while a queue is live its set-up registers are off limits. */
static void forbid_live(struct fake_device *d)
{
	if (selected(d)->ready)
		d->violations++;
}

static void write_ready(struct fake_device *d, __u32 value)
{
	struct fake_queue *q = selected(d);

	if (d->versions == VMMIO_PCI && !value)
		d->violations++; /* 4.1.4.3.2 */
	if (value || !d->ready_stuck)
		q->ready = value;
}

static void fake_write(struct vmmio_regs *r, enum vmmio_reg reg, __u32 value)
{
	struct fake_device *d = of(r);
	struct fake_queue *q = selected(d);
	int i;

	log_access(d, reg, 'W', value);
	switch (reg) {
	case VMMIO_REG_DEVICE_FEATURES_SEL:
	case VMMIO_REG_PCI_DEVICE_FEATURE_SELECT:
		d->dfsel = value;
		break;
	case VMMIO_REG_DRIVER_FEATURES_SEL:
	case VMMIO_REG_PCI_DRIVER_FEATURE_SELECT:
		d->gfsel = value;
		break;
	case VMMIO_REG_DRIVER_FEATURES:
	case VMMIO_REG_PCI_DRIVER_FEATURE:
		set_half(&d->accepted, value, d->gfsel);
		break;
	case VMMIO_REG_STATUS:
	case VMMIO_REG_PCI_DEVICE_STATUS:
		d->status = value;
		for (i = 0; !value && i < FAKE_QUEUES; i++)
			d->queue[i].ready = d->queue[i].pfn = 0;
		break;
	case VMMIO_REG_GUEST_PAGE_SIZE:
		d->page_size = value;
		break;
	case VMMIO_REG_QUEUE_SEL:
	case VMMIO_REG_PCI_QUEUE_SELECT:
		d->sel = value;
		break;
	case VMMIO_REG_QUEUE_NUM:
	case VMMIO_REG_PCI_QUEUE_SIZE:
		forbid_live(d);
		q->num = value;
		break;
	case VMMIO_REG_QUEUE_PFN:
		q->pfn = value;
		break;
	case VMMIO_REG_QUEUE_READY:
	case VMMIO_REG_PCI_QUEUE_ENABLE:
		write_ready(d, value);
		break;
	case VMMIO_REG_QUEUE_DESC_LOW:
	case VMMIO_REG_PCI_QUEUE_DESC_LOW:
	case VMMIO_REG_QUEUE_DESC_HIGH:
	case VMMIO_REG_PCI_QUEUE_DESC_HIGH:
		forbid_live(d);
		set_half(&q->desc, value,
			 reg == VMMIO_REG_QUEUE_DESC_HIGH || reg == VMMIO_REG_PCI_QUEUE_DESC_HIGH);
		break;
	case VMMIO_REG_QUEUE_DRIVER_LOW:
	case VMMIO_REG_PCI_QUEUE_DRIVER_LOW:
	case VMMIO_REG_QUEUE_DRIVER_HIGH:
	case VMMIO_REG_PCI_QUEUE_DRIVER_HIGH:
		forbid_live(d);
		set_half(&q->driver, value,
			 reg == VMMIO_REG_QUEUE_DRIVER_HIGH ||
				 reg == VMMIO_REG_PCI_QUEUE_DRIVER_HIGH);
		break;
	case VMMIO_REG_QUEUE_DEVICE_LOW:
	case VMMIO_REG_PCI_QUEUE_DEVICE_LOW:
	case VMMIO_REG_QUEUE_DEVICE_HIGH:
	case VMMIO_REG_PCI_QUEUE_DEVICE_HIGH:
		forbid_live(d);
		set_half(&q->device, value,
			 reg == VMMIO_REG_QUEUE_DEVICE_HIGH ||
				 reg == VMMIO_REG_PCI_QUEUE_DEVICE_HIGH);
		break;
	case VMMIO_REG_QUEUE_RESET:
	case VMMIO_REG_PCI_QUEUE_RESET:
		if (!d->reset_ignored)
			q->reset = 3;
		break;
	case VMMIO_REG_PCI_QUEUE_MSIX_VECTOR:
		q->vector = d->no_vectors ? VMMIO_NO_VECTOR : value;
		break;
	case VMMIO_REG_PCI_CONFIG_MSIX_VECTOR:
		d->config_vector = d->no_vectors ? VMMIO_NO_VECTOR : value;
		break;
	default:
		break;
	}
}

static enum vmmio_reg config_reg(const struct fake_device *d)
{
	return d->versions == VMMIO_PCI ? VMMIO_REG_PCI_CONFIG : VMMIO_REG_CONFIG;
}

static __u32 fake_read_config(struct vmmio_regs *r, __u32 offset, unsigned int width)
{
	struct fake_device *d = of(r);
	__u32 v = 0;
	int i;

	log_access(d, config_reg(d), 'R', width);
	if (offset % width || offset + width > sizeof(d->config))
		d->violations++;
	else
		memcpy(&v, d->config + offset, width);
	if (d->config_turns && d->config_moving && !--d->config_moving) {
		for (i = 0; i < (int)sizeof(d->config); i++)
			d->config[i]++;
		d->config_turns--;
		d->config_moving = 1;
	}
	return v;
}

static void fake_write_config(struct vmmio_regs *r, __u32 offset, unsigned int width, __u32 value)
{
	struct fake_device *d = of(r);

	log_access(d, config_reg(d), 'W', width);
	if (offset % width || offset + width > sizeof(d->config))
		d->violations++;
	else
		memcpy(d->config + offset, &value, width);
}

static void fake_pause(struct vmmio_regs *r, unsigned int us)
{
	of(r)->paused_us += us;
}

static const struct vmmio_regs_ops fake_ops = {
	.read = fake_read,
	.write = fake_write,
	.read_config = fake_read_config,
	.write_config = fake_write_config,
	.pause = fake_pause,
};

void fake_init(struct fake_device *d, __u8 versions)
{
	int i;

	memset(d, 0, sizeof(*d));
	d->versions = versions;
	d->magic = VMMIO_MMIO_MAGIC;
	d->version = versions == VMMIO_V1 ? 1 : 2;
	d->id = 2;
	d->vendor = 0x554d4551;
	d->features = 0x123456789abcdef0ull;
	d->shm_len = ~0ull;
	for (i = 0; i < FAKE_QUEUES - 1; i++) /* the last one is absent */
		d->queue[i].max = 256;
	for (i = 0; i < (int)sizeof(d->config); i++)
		d->config[i] = 0x10 + i;
	d->regs.ops = &fake_ops;
	d->regs.config_len = sizeof(d->config);
	d->regs.common_len = 0x40;
	d->regs.page_size = versions == VMMIO_V1 ? 4096 : 0;
	d->regs.protocol = versions == VMMIO_PCI  ? &vmmio_protocol_pci
			   : versions == VMMIO_V1 ? &vmmio_protocol_mmio1
						  : &vmmio_protocol_mmio2;
}

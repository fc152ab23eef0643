// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtio-mmio transport: one window of registers and one interrupt line. platform.c and amba.c
 * find the two on their bus; this file makes a virtio device of them.
 */
#include <linux/irq.h>
#include <linux/module.h>
#include <linux/property.h>
#include "compat.h"
#include "events.h"
#include "mmio.h"

static bool legacy;
module_param(legacy, bool, 0444);
MODULE_PARM_DESC(legacy, "also drive virtio-mmio version 1 devices (default no)");

static const u16 reg_offsets[VMMIO_REG_COUNT] = {
#define REG_OFFSET(id, off, width, name, access, versions) off,
	VMMIO_REGS(REG_OFFSET)};

static struct vmmio_device *of_regs(struct vmmio_regs *r)
{
	return container_of(r, struct vmmio_device, regs);
}

static u32 mmio_read(struct vmmio_regs *r, enum vmmio_reg reg)
{
	struct vmmio_device *vd = of_regs(r);
	u32 off = reg_offsets[reg];

	return vmmio_read(vd, reg, vd->common + off, VMMIO_SPACE_MEMORY, off, 4);
}

static void mmio_write(struct vmmio_regs *r, enum vmmio_reg reg, u32 value)
{
	struct vmmio_device *vd = of_regs(r);
	u32 off = reg_offsets[reg];

	vmmio_write(vd, reg, vd->common + off, VMMIO_SPACE_MEMORY, off, 4, value);
}

static u32 mmio_read_config(struct vmmio_regs *r, u32 offset, unsigned int width)
{
	struct vmmio_device *vd = of_regs(r);

	offset += VMMIO_MMIO_CONFIG;
	return vmmio_read(vd, VMMIO_REG_CONFIG, vd->common + offset, VMMIO_SPACE_MEMORY, offset,
			  width);
}

static void mmio_write_config(struct vmmio_regs *r, u32 offset, unsigned int width, u32 value)
{
	struct vmmio_device *vd = of_regs(r);

	offset += VMMIO_MMIO_CONFIG;
	vmmio_write(vd, VMMIO_REG_CONFIG, vd->common + offset, VMMIO_SPACE_MEMORY, offset, width,
		    value);
}

static const struct vmmio_regs_ops mmio_regs_ops = {
	.read = mmio_read,
	.write = mmio_write,
	.read_config = mmio_read_config,
	.write_config = mmio_write_config,
	.pause = vmmio_regs_pause,
};

static void __iomem *mmio_doorbell(struct vmmio_device *vd, u16 index, u16 notify_off)
{
	return vd->common + reg_offsets[VMMIO_REG_QUEUE_NOTIFY];
}

static int mmio_irqs_request(struct vmmio_device *vd, unsigned int n,
			     const struct vmmio_vq_request *req, struct irq_affinity *desc)
{
	vd->irq_mode = VMMIO_IRQ_LINE;
	return 0;
}

static bool line_is_level(const struct vmmio_device *vd)
{
	return irq_get_trigger_type(vd->irq) & IRQ_TYPE_LEVEL_MASK;
}

/* Requested only now: the queues exist, and a handler that runs at once finds them. */
static int mmio_irqs_enable(struct vmmio_device *vd)
{
	irq_handler_t handler = vd->options.lazy_status	    ? vmmio_irq_lazy
				: vd->options.reread_status ? vmmio_irq_reread
							    : vmmio_irq_line;
	int err;

	err = request_irq(vd->irq, handler, IRQF_SHARED, dev_name(&vd->vdev.dev), vd);
	if (!err) {
		vd->irq_requested = true;
		if (device_property_read_bool(vd->parent, "wakeup-source"))
			vd->irq_wake = !enable_irq_wake(vd->irq);
	}
	return err;
}

static void mmio_irqs_free(struct vmmio_device *vd)
{
	if (!vd->irq_requested)
		return;
	if (vd->irq_wake)
		disable_irq_wake(vd->irq);
	vd->irq_wake = false;
	free_irq(vd->irq, vd);
	vd->irq_requested = false;
}

static void mmio_irqs_synchronize(struct vmmio_device *vd)
{
	if (vd->irq_requested)
		synchronize_irq(vd->irq);
}

static bool mmio_irqs_degrade(struct vmmio_device *vd)
{
	return false;
}

static int mmio_queue_irq(struct vmmio_queue *q)
{
	return q->vd->irq;
}

static bool mmio_shm(struct vmmio_device *vd, u8 id, u64 *base, u64 *len)
{
	int err = vmmio_regs_shm(&vd->regs, id, base, len);

	if (err == -ERANGE)
		dev_err(vd->parent, "shared memory region %u is not sane, ignored\n", id);
	return !err;
}

#define MMIO_TRANSPORT(t)                                                                        \
	{                                                                                        \
		.id = (t), .notify = VMMIO_REG_QUEUE_NOTIFY, .doorbell = mmio_doorbell,          \
		.irqs_request = mmio_irqs_request, .irqs_enable = mmio_irqs_enable,              \
		.irqs_free = mmio_irqs_free, .irqs_synchronize = mmio_irqs_synchronize,          \
		.irqs_degrade = mmio_irqs_degrade, .queue_irq = mmio_queue_irq, .shm = mmio_shm, \
	}

static const struct vmmio_transport_ops mmio_transport = MMIO_TRANSPORT(VMMIO_TRANSPORT_MMIO);
static const struct vmmio_transport_ops amba_transport = MMIO_TRANSPORT(VMMIO_TRANSPORT_AMBA);

static int options_check(const struct vmmio_device *vd)
{
	if (vd->options.irq != VMMIO_OPTION_IRQ_AUTO || vd->options.affinities) {
		dev_err(vd->parent,
			"irq= and affinity= have no meaning for a device with one line\n");
		return -EINVAL;
	}
	if (vd->options.lazy_status && !line_is_level(vd)) {
		dev_err(vd->parent, "lazy_status=1 needs a level-triggered interrupt line\n");
		return -EINVAL;
	}
	if (vd->options.lazy_status && vd->options.reread_status) {
		dev_err(vd->parent, "lazy_status=1 and reread_status=1 contradict each other\n");
		return -EINVAL;
	}
	return 0;
}

int vmmio_mmio_probe(struct device *dev, enum vmmio_transport transport, struct resource *mem,
		     u32 tail, int irq)
{
	struct vmmio_identity id;
	struct vmmio_device *vd;
	void __iomem *base;
	int err;

	if (!mem || resource_size(mem) < VMMIO_MMIO_CONFIG + (u64)tail) {
		dev_err(dev, "no register window of at least %u bytes\n", VMMIO_MMIO_CONFIG + tail);
		return -EINVAL;
	}
	base = devm_ioremap_resource(dev, mem);
	if (IS_ERR(base))
		return PTR_ERR(base);
	vd = vmmio_device_alloc(
		dev, transport == VMMIO_TRANSPORT_AMBA ? &amba_transport : &mmio_transport,
		&mmio_regs_ops);
	if (!vd)
		return -ENOMEM;
	vd->common = base;
	vd->regs.config_len = resource_size(mem) - VMMIO_MMIO_CONFIG - tail;
	vd->irq = irq;

	err = options_check(vd);
	if (err) {
		vmmio_device_discard(vd);
		return err;
	}
	err = vmmio_regs_identify(&vd->regs, legacy, &id);
	if (err == -EPROTONOSUPPORT && id.version == 1)
		dev_info(dev, "virtio-mmio version 1: not driven without legacy=1\n");
	else if (err == -EPROTONOSUPPORT)
		dev_info(dev, "virtio-mmio version %u is unknown\n", id.version);
	if (err) {
		vmmio_device_discard(vd);
		return -ENODEV;
	}
	vd->vdev.id.device = id.device_id;
	vd->vdev.id.vendor = id.vendor_id;
	if (id.version == 1)
		vd->regs.page_size = PAGE_SIZE;
	vmmio_device_set_dma(vd);

	dev_set_drvdata(dev, vd);
	err = vmmio_device_register(vd);
	if (err)
		vmmio_device_put(vd);
	return err;
}

void vmmio_mmio_remove(struct device *dev)
{
	struct vmmio_device *vd = dev_get_drvdata(dev);

	vmmio_device_unregister(vd);
	vmmio_device_put(vd);
}

#ifdef CONFIG_PM_SLEEP
static int mmio_freeze(struct device *dev)
{
	struct vmmio_device *vd = dev_get_drvdata(dev);

	return virtio_device_freeze(&vd->vdev);
}

static int mmio_restore(struct device *dev)
{
	struct vmmio_device *vd = dev_get_drvdata(dev);

	return virtio_device_restore(&vd->vdev);
}

const struct dev_pm_ops vmmio_mmio_pm_ops = {SET_SYSTEM_SLEEP_PM_OPS(mmio_freeze, mmio_restore)};
#endif

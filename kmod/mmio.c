// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtio-mmio front: a platform device with one window of registers and
 * one interrupt line, as ACPI (LNRO0005) or the device tree (virtio,mmio)
 * describe it.
 *
 * It takes no device unasked. Bind one with
 *   echo vmmio-mmio > /sys/bus/platform/devices/<dev>/driver_override
 * and a probe, or load the module with claim=all or claim=mmio, which takes
 * every such device that has no driver yet.
 */
#include <linux/acpi.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include "compat.h"
#include "events.h"

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

	return vmmio_read(vd, reg, vd->common + off, off, 4);
}

static void mmio_write(struct vmmio_regs *r, enum vmmio_reg reg, u32 value)
{
	struct vmmio_device *vd = of_regs(r);
	u32 off = reg_offsets[reg];

	vmmio_write(vd, reg, vd->common + off, off, 4, value);
}

static u32 mmio_read_config(struct vmmio_regs *r, u32 offset, unsigned int width)
{
	struct vmmio_device *vd = of_regs(r);

	offset += VMMIO_MMIO_CONFIG;
	return vmmio_read(vd, VMMIO_REG_CONFIG, vd->common + offset, offset, width);
}

static void mmio_write_config(struct vmmio_regs *r, u32 offset, unsigned int width, u32 value)
{
	struct vmmio_device *vd = of_regs(r);

	offset += VMMIO_MMIO_CONFIG;
	vmmio_write(vd, VMMIO_REG_CONFIG, vd->common + offset, offset, width, value);
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
	int irq = platform_get_irq(to_platform_device(vd->parent), 0);

	if (irq < 0)
		return irq;
	vd->irq = irq;
	vd->irq_mode = VMMIO_IRQ_LINE;
	return 0;
}

/* Only now: the queues exist, and a handler that runs at once finds them. */
static int mmio_irqs_enable(struct vmmio_device *vd)
{
	int err = request_irq(vd->irq, vmmio_irq_line, IRQF_SHARED, dev_name(&vd->vdev.dev), vd);

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

static const struct vmmio_front mmio_front = {
	.transport = VMMIO_TRANSPORT_MMIO,
	.notify = VMMIO_REG_QUEUE_NOTIFY,
	.doorbell = mmio_doorbell,
	.irqs_request = mmio_irqs_request,
	.irqs_enable = mmio_irqs_enable,
	.irqs_free = mmio_irqs_free,
	.irqs_synchronize = mmio_irqs_synchronize,
	.irqs_degrade = mmio_irqs_degrade,
	.queue_irq = mmio_queue_irq,
	.shm = mmio_shm,
};

static int mmio_probe(struct platform_device *pdev)
{
	struct vmmio_identity id;
	struct vmmio_device *vd;
	struct resource *mem;
	void __iomem *base;
	int err;

	mem = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	if (!mem || resource_size(mem) < VMMIO_MMIO_CONFIG) {
		dev_err(&pdev->dev, "no register window of at least 0x100 bytes\n");
		return -EINVAL;
	}
	base = devm_ioremap_resource(&pdev->dev, mem);
	if (IS_ERR(base))
		return PTR_ERR(base);
	vd = vmmio_device_alloc(&pdev->dev, &mmio_front, &mmio_regs_ops);
	if (!vd)
		return -ENOMEM;
	vd->common = base;
	vd->regs.config_len = resource_size(mem) - VMMIO_MMIO_CONFIG;

	err = vmmio_regs_identify(&vd->regs, legacy, &id);
	if (err == -EPROTONOSUPPORT && id.version == 1)
		dev_info(&pdev->dev, "virtio-mmio version 1: not driven without legacy=1\n");
	else if (err == -EPROTONOSUPPORT)
		dev_info(&pdev->dev, "virtio-mmio version %u is unknown\n", id.version);
	if (err) {
		vmmio_device_discard(vd);
		return -ENODEV;
	}
	vd->vdev.id.device = id.device_id;
	vd->vdev.id.vendor = id.vendor_id;
	if (id.version == 1)
		vd->regs.page_size = PAGE_SIZE;
	vmmio_device_set_dma(vd);

	platform_set_drvdata(pdev, vd);
	err = vmmio_device_register(vd);
	if (err)
		vmmio_device_put(vd);
	return err;
}

static VMMIO_REMOVE_TYPE mmio_remove(struct platform_device *pdev)
{
	struct vmmio_device *vd = platform_get_drvdata(pdev);

	vmmio_device_unregister(vd);
	vmmio_device_put(vd);
	VMMIO_REMOVE_DONE;
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

static const struct dev_pm_ops mmio_pm_ops = {SET_SYSTEM_SLEEP_PM_OPS(mmio_freeze, mmio_restore)};
#define MMIO_PM_OPS (&mmio_pm_ops)
#else
#define MMIO_PM_OPS NULL
#endif

/* Deliberately no MODULE_DEVICE_TABLE: nothing loads this module by itself. */
static const struct acpi_device_id __maybe_unused mmio_acpi_ids[] = {
	{"LNRO0005"},
	{},
};

static const struct of_device_id __maybe_unused mmio_of_ids[] = {
	{.compatible = "virtio,mmio"},
	{},
};

static struct platform_driver mmio_driver = {
	.probe = mmio_probe,
	.remove = mmio_remove,
	.driver =
		{
			.name = "vmmio-mmio",
			.pm = MMIO_PM_OPS,
		},
};

int vmmio_mmio_register(bool claim)
{
	if (claim) {
		mmio_driver.driver.acpi_match_table = ACPI_PTR(mmio_acpi_ids);
		mmio_driver.driver.of_match_table = of_match_ptr(mmio_of_ids);
	}
	return platform_driver_register(&mmio_driver);
}

void vmmio_mmio_unregister(void)
{
	platform_driver_unregister(&mmio_driver);
}

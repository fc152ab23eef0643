// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtio-mmio on the platform bus, as ACPI (LNRO0005) or the device tree
 * (virtio,mmio) describe it. The window and the line go to mmio.c.
 *
 * It takes no device unasked. Bind one with
 *   echo vmmio-mmio > /sys/bus/platform/devices/<dev>/driver_override
 * and a probe, or load the module with claim=all or claim=mmio, which takes
 * every such device that has no driver yet.
 */
#include <linux/acpi.h>
#include <linux/mod_devicetable.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include "compat.h"
#include "mmio.h"

static int platform_probe(struct platform_device *pdev)
{
	struct resource *mem = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	int irq = platform_get_irq(pdev, 0);

	if (irq < 0)
		return irq;
	return vmmio_mmio_probe(&pdev->dev, VMMIO_TRANSPORT_MMIO, mem, 0, irq);
}

static VMMIO_REMOVE_TYPE platform_remove(struct platform_device *pdev)
{
	vmmio_mmio_remove(&pdev->dev);
	VMMIO_REMOVE_DONE;
}

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
	.probe = platform_probe,
	.remove = platform_remove,
	.driver =
		{
			.name = "vmmio-mmio",
			.pm = VMMIO_MMIO_PM_OPS,
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

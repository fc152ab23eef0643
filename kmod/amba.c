// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtio-mmio on the AMBA bus (arm, arm64): a PrimeCell whose first 0x100
 * bytes are virtio-mmio registers. The window and the line go to mmio.c; this
 * file owns the peripheral id and nothing else. The bus itself enables the
 * device's clock, apb_pclk, before it reads an id or calls us.
 *
 * It takes no device unasked. Bind one with
 *   echo vmmio-amba > /sys/bus/amba/devices/<dev>/driver_override
 * and a probe, or load the module with claim=all or claim=mmio.
 */
#include <linux/amba/bus.h>
#include <linux/mod_devicetable.h>
#include "compat.h"
#include "mmio.h"

/*
 * The peripheral id: part 0xaf4 of designer 0xff, any revision and
 * configuration. Designer 0xff says "JEP106" (bit 7) and then 0x7f, JEP106's
 * continuation code: it stands before an identity in every bank and never is
 * one, so no manufacturer has it or can get it. Experimental: nobody has registered
 * it, and it can change. See docs/rfc-2011.md.
 */
#define VMMIO_AMBA_ID 0x000ffaf4
#define VMMIO_AMBA_ID_MASK 0x000fffff

/* PrimeCell identification, the last words of a window that has it. */
#define ID_WORDS 0x20

static int vmmio_amba_probe(struct amba_device *adev, const struct amba_id *id)
{
	/*
	 * A device tree may name the id of a device that has no ID words
	 * (arm,primecell-periphid); cid is set where the bus has read them.
	 */
	u32 tail = adev->cid ? ID_WORDS : 0;

	if (!adev->irq[0]) {
		dev_err(&adev->dev, "no interrupt\n");
		return -ENXIO;
	}
	return vmmio_mmio_probe(&adev->dev, VMMIO_TRANSPORT_AMBA, &adev->res, tail, adev->irq[0]);
}

static VMMIO_AMBA_REMOVE_TYPE vmmio_amba_remove(struct amba_device *adev)
{
	vmmio_mmio_remove(&adev->dev);
	VMMIO_AMBA_REMOVE_DONE;
}

/* Deliberately no MODULE_DEVICE_TABLE: nothing loads this module by itself. */
static const struct amba_id amba_ids[] = {
	{.id = VMMIO_AMBA_ID, .mask = VMMIO_AMBA_ID_MASK},
	{},
};

/* The bus looks through the table even for a driver_override: never NULL. */
static const struct amba_id amba_no_ids[] = {
	{},
};

static struct amba_driver vmmio_amba_driver = {
	.drv =
		{
			.name = "vmmio-amba",
			.pm = VMMIO_MMIO_PM_OPS,
		},
	.probe = vmmio_amba_probe,
	.remove = vmmio_amba_remove,
	.id_table = amba_no_ids,
};

int vmmio_amba_register(bool claim)
{
	if (claim)
		vmmio_amba_driver.id_table = amba_ids;
	return amba_driver_register(&vmmio_amba_driver);
}

void vmmio_amba_unregister(void)
{
	amba_driver_unregister(&vmmio_amba_driver);
}

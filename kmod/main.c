// SPDX-License-Identifier: GPL-2.0-only
/* vmmio.ko: its parameters, and the order in which its parts start and stop. */
#include <linux/module.h>
#include <linux/string.h>
#include <vmmio/version.h>
#include "vmmio.h"

static char *claim = "none";
module_param(claim, charp, 0444);
MODULE_PARM_DESC(claim, "devices to take without being asked: none (default), mmio, pci, all");

bool vmmio_intx;
module_param_named(intx, vmmio_intx, bool, 0444);
MODULE_PARM_DESC(intx, "use INTx on PCI even where MSI-X can be had (default no)");

unsigned int vmmio_queue_size;
module_param_named(queue_size, vmmio_queue_size, uint, 0444);
MODULE_PARM_DESC(queue_size, "largest ring to set up, 0 = what the device offers (default 0)");

static int __init vmmio_init(void)
{
	bool all = !strcmp(claim, "all");
	bool mmio = all || !strcmp(claim, "mmio");
	bool pci = all || !strcmp(claim, "pci");
	int err;

	if (!mmio && !pci && strcmp(claim, "none")) {
		pr_err("vmmio: claim=%s: none, mmio, pci and all are allowed\n", claim);
		return -EINVAL;
	}
	if (vmmio_queue_size > VMMIO_QUEUE_SIZE_LIMIT) {
		pr_err("vmmio: queue_size=%u: 0 to %u are allowed\n", vmmio_queue_size,
		       VMMIO_QUEUE_SIZE_LIMIT);
		return -EINVAL;
	}
	err = vmmio_slots_init();
	if (err)
		return err;
	err = vmmio_options_init(vmmio_kobj);
	if (err)
		goto err_slots;
	err = vmmio_nudge_init(vmmio_kobj);
	if (err)
		goto err_options;
	err = vmmio_mmio_register(mmio);
	if (err)
		goto err_nudge;
	err = vmmio_amba_register(mmio);
	if (err)
		goto err_mmio;
	err = vmmio_pci_register(pci);
	if (err)
		goto err_amba;
	err = vmmio_cmdline_register();
	if (err)
		goto err_pci;
	return 0;

err_pci:
	vmmio_pci_unregister();
err_amba:
	vmmio_amba_unregister();
err_mmio:
	vmmio_mmio_unregister();
err_nudge:
	vmmio_nudge_exit(vmmio_kobj);
err_options:
	vmmio_options_exit(vmmio_kobj);
err_slots:
	vmmio_slots_exit();
	return err;
}

static void __exit vmmio_exit(void)
{
	vmmio_cmdline_unregister();
	vmmio_pci_unregister();
	vmmio_amba_unregister();
	vmmio_mmio_unregister();
	vmmio_nudge_exit(vmmio_kobj);
	vmmio_options_exit(vmmio_kobj);
	vmmio_slots_exit();
}

module_init(vmmio_init);
module_exit(vmmio_exit);

MODULE_DESCRIPTION("virtio transport driver for MMIO and PCI with tracepoints on every access");
MODULE_LICENSE("GPL v2");
MODULE_VERSION(VMMIO_VERSION);

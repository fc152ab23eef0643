// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machines a guest can be; see target.h.
 */
#include "target.h"

#include <stddef.h>
#include <string.h>

static const struct vmmio_target targets[] = {
	{
		.name = "microvm",
		.package = "qemu-system-x86",
		.qemu = "qemu-system-x86_64",
		.machine = "microvm,x-option-roms=off,pic=off,pit=off,pcie=on,rtc=on,acpi=on",
		.console = "ttyS0",
		.result = "ttyS1",
		.serial = "isa-serial,chardev=result,index=1",
		.x86 = true,
	},
	{
		/* nothing describes the virtio-mmio devices to the kernel here */
		.name = "microvm-noacpi",
		.package = "qemu-system-x86",
		.qemu = "qemu-system-x86_64",
		.machine = "microvm,x-option-roms=off,pic=on,pit=on,rtc=on,acpi=off,"
			   "auto-kernel-cmdline=off",
		.console = "ttyS0",
		.result = "ttyS1",
		.serial = "isa-serial,chardev=result,index=1",
		.x86 = true,
		.no_acpi = true,
	},
	{
		.name = "virt-arm64",
		.package = "qemu-system-arm",
		.qemu = "qemu-system-aarch64",
		.machine = "virt,gic-version=2",
		.cpu = "cortex-a57",
		.console = "ttyAMA0",
		.result = "ttyS0",
		.serial = "pci-serial,chardev=result",
	},
	{
		/* highmem: a kernel without LPAE does not see PCI above 4 GiB */
		.name = "virt-armhf",
		.package = "qemu-system-arm",
		.qemu = "qemu-system-arm",
		.machine = "virt,gic-version=2,highmem=off",
		.cpu = "cortex-a15",
		.console = "ttyAMA0",
		.result = "ttyS0",
		.serial = "pci-serial,chardev=result",
	},
};

const struct vmmio_target *vmmio_target_find(const char *name)
{
	size_t i;

	if (!name)
		return &targets[0];
	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	return NULL;
}

const char *vmmio_target_names(void)
{
	return "microvm, microvm-noacpi, virt-arm64, virt-armhf";
}

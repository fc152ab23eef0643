// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machines a guest can be; see target.h.
 */
#include "target.h"

#include <stddef.h>
#include <string.h>

/* The firmware by name: what QEMU takes for itself with ACPI on is SeaBIOS on Debian 13, which
 * needs an option ROM to boot a kernel. */
#define MICROVM \
	"microvm,firmware=qboot.rom,x-option-roms=off,pic=off,pit=off,pcie=on,rtc=on,acpi=on"
#define MICROVM_NOACPI                                                                            \
	"microvm,firmware=qboot.rom,x-option-roms=off,pic=on,pit=on,rtc=on,acpi=off,auto-kernel-" \
	"cmdline=off"

static const struct vmmio_target targets[] = {
	{
		.name = "microvm",
		.package = "qemu-system-x86",
		.qemu = "qemu-system-x86_64",
		.machine = MICROVM,
		.host = "",
		.host_cpu = "max",
		.kvm = MICROVM,
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
		.machine = MICROVM_NOACPI,
		.host = "",
		.host_cpu = "max",
		.kvm = MICROVM_NOACPI,
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
		.host = ",virtualization=on",
		.host_cpu = "max,pauth-impdef=on", /* emulated, QARMA takes half of all time */
		.kvm = "virt,gic-version=host",
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

/* What runs under this machine's KVM. */
#if defined(__aarch64__)
#define NATIVE "virt-arm64"
#elif defined(__arm__)
#define NATIVE "virt-armhf"
#else
#define NATIVE "microvm"
#endif

const struct vmmio_target *vmmio_target_find(const char *name)
{
	size_t i;

	if (!name)
		name = NATIVE;
	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	return NULL;
}

const char *vmmio_target_names(void)
{
	return "microvm, microvm-noacpi, virt-arm64, virt-armhf";
}

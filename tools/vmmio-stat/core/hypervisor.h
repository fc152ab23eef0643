/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor below this kernel, as files show it, where no CPUID tells. */
#ifndef VMMIO_HYPERVISOR_H
#define VMMIO_HYPERVISOR_H

/*
 * "kvm", "tcg", "xen", "hyperv", "vmware", "apple"; "unknown" where nothing
 * shows it: QEMU without KVM's mark may emulate, and may be on an old KVM.
 * @root stands before each path: "" here, a folder in tests.
 */
const char *vmmio_hypervisor_by_files(const char *root);

#endif

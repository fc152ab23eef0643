/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixed-width types of every shared header. The same headers compile in
 * the kernel (Kbuild), in BPF programs (vmlinux.h comes first there and
 * already defines the types) and in userspace.
 */
#ifndef VMMIO_TYPES_H
#define VMMIO_TYPES_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/*
 * Raised whenever the layout or meaning of anything the module and a tool
 * exchange changes: event structs, slot and counter records, register ids.
 * The module shows it in /sys/kernel/vmmio/abi; a tool of another number
 * refuses to interpret what it reads.
 */
#define VMMIO_ABI 2

#endif

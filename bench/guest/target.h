/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machines a guest can be: which QEMU, which board, what its serial ports
 * are called. A table and a look-up; qemu.c makes the command of it.
 */
#ifndef VMMIO_BENCH_TARGET_H
#define VMMIO_BENCH_TARGET_H

#include <stdbool.h>

struct vmmio_target {
	const char *name;
	const char *package; /* where its QEMU is, for the error message */
	const char *qemu;
	const char *machine;  /* -M */
	const char *cpu;      /* NULL: QEMU's default */
	const char *console;  /* as the kernel calls the first serial port */
	const char *result;   /* and the one for the result channel */
	const char *serial;   /* the device that is the latter */
	const char *host_cpu; /* -cpu of a bench host */
	const char *host;     /* added to `machine` for a bench host; NULL: cannot be one */
	const char *kvm;      /* -M under KVM; NULL: emulated only */
	bool x86;	      /* has a time stamp counter */
	bool no_acpi;	      /* cannot power off: it ends by a reset */
};

/*
 * Images of arm64 guests and of their bench host: what the tests of label arm, or its
 * scripts by hand, leave beside the build's own.
 */
#define VMMIO_ARM_KERNEL "../arch/arm64/vmlinuz"
#define VMMIO_ARM_INITRD "../arch/arm64/initrd.cpio"
#define VMMIO_ARM_STAT "../arch/stat-arm64/vmmio-stat"
#define VMMIO_ARM_HOST "../arch/host-arm64/host.cpio"

/* NULL means this machine's own kind, "microvm" on x86; an unknown name gives NULL. */
const struct vmmio_target *vmmio_target_find(const char *name);

/* The names, separated by commas. */
const char *vmmio_target_names(void);

#endif

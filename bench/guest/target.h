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
	const char *machine; /* -M */
	const char *cpu;     /* NULL: QEMU's default */
	const char *console; /* as the kernel calls the first serial port */
	const char *result;  /* and the one for the result channel */
	const char *serial;  /* the device that is the latter */
	bool x86;	     /* has a time stamp counter and runs under this host's KVM */
	bool no_acpi;	     /* cannot power off: it ends by a reset */
};

/* NULL means the first, "microvm"; an unknown name gives NULL. */
const struct vmmio_target *vmmio_target_find(const char *name);

/* The names, separated by commas. */
const char *vmmio_target_names(void);

#endif

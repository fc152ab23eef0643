/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Another virtual machine monitor: its command as a template, one argument a
 * line, with {kernel}, {initrd}, {cmdline}, {console}, {result}, {dir}, {smp},
 * {memory} (MiB) and {accel} (kvm or tcg) put in. The line {devices} stands for the devices of the
 * load as QEMU wants them; a monitor that wants others names them itself. Such a command must power
 * off by itself, write the guest's two serial ports to the files {console} and {result}, and
 * answers no questions: what QEMU counts is not known.
 */
#ifndef VMMIO_BENCH_VMM_H
#define VMMIO_BENCH_VMM_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/args.h"

/* What stands for the placeholders. */
struct vmmio_vmm_values {
	const char *kernel, *initrd, *cmdline, *dir, *accel;
	unsigned int smp, mem_mib;
	const char *const *devices; /* NULL-terminated, or NULL */
};

/*
 * The lines of @path without comments ('#') and empty ones. -errno with one line in
 * @why: cannot be read, no argument, a placeholder that there is not.
 */
int vmmio_vmm_load(const char *path, struct vmmio_args *lines, char *why, size_t len);

/* Appends the command to @out; its error is @out's. */
void vmmio_vmm_expand(const struct vmmio_args *lines, const struct vmmio_vmm_values *v,
		      struct vmmio_args *out);

/* Is the placeholder @name ("accel", "devices") in the template? */
bool vmmio_vmm_has(const struct vmmio_args *lines, const char *name);

/* Has this project run such a command? */
bool vmmio_vmm_tested(const struct vmmio_args *lines);

#endif

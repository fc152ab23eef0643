/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's command for a guest (guest.h): the one place that knows the machine
 * type, the kernel's command line and the three standard disks.
 */
#ifndef VMMIO_BENCH_QEMU_H
#define VMMIO_BENCH_QEMU_H

#include "args.h"
#include "guest.h"

/*
 * Appends the whole command to @args. Files of the run are in the folder
 * @dir: initrd, console, result, events; @qmp_fd is QEMU's end of the control
 * channel. The kernel's command line goes to *@append_line (caller frees).
 * Returns 0, or -EINVAL with one line in @why for contradictory wishes.
 */
int vmmio_qemu_command(const struct vmmio_guest *g, const char *dir, int qmp_fd,
		       struct vmmio_args *args, char **append_line, char *why, size_t len);

/* Copies the base initrd to @dir/initrd and appends script and files. */
int vmmio_qemu_initrd(const struct vmmio_guest *g, const char *dir, char *why, size_t len);

#endif

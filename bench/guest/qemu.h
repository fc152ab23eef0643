/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's command for a guest (guest.h): the one place that knows the machine
 * type, the kernel's command line and the three standard disks.
 */
#ifndef VMMIO_BENCH_QEMU_H
#define VMMIO_BENCH_QEMU_H

#include "lib/args.h"
#include "types.h"

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

/*
 * Path of @name among the guest images: in the folder that VMMIO_IMAGE_DIR names in the
 * environment; in "image" beside the program, as a build has it; or in an installation's
 * ../lib/vmmio/image.
 */
const char *vmmio_guest_image(const char *name, char *buf, size_t len);

/*
 * QEMU's version as major * 10000 + minor * 100 + micro in *@version, and
 * whether it has the "log" trace backend. Returns 0 or -errno (-ENOENT: there
 * is no such program).
 */
int vmmio_guest_qemu(const char *qemu, unsigned int *version, bool *trace_log);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes cpio archives ("newc") as the kernel unpacks them into its initramfs.
 * All entries belong to root and carry time 0: the same input gives the same
 * bytes. Names are absolute paths in the guest; parents must come first.
 */
#ifndef VMMIO_BENCH_CPIO_H
#define VMMIO_BENCH_CPIO_H

#include <stddef.h>
#include <stdio.h>

struct vmmio_cpio {
	FILE *out; /* the caller's */
	unsigned int ino;
};

/* All return 0 or -errno; write errors show at the latest in _end(). */
int vmmio_cpio_dir(struct vmmio_cpio *c, const char *path, unsigned int mode);
int vmmio_cpio_data(struct vmmio_cpio *c, const char *path, unsigned int mode, const void *data,
		    size_t len);
int vmmio_cpio_link(struct vmmio_cpio *c, const char *path, const char *target);
int vmmio_cpio_node(struct vmmio_cpio *c, const char *path, unsigned int mode, unsigned int major,
		    unsigned int minor);

/* The file @host under the name @path; @mode 0 keeps the file's. */
int vmmio_cpio_file(struct vmmio_cpio *c, const char *path, unsigned int mode, const char *host);

/* Directories above @path, each once more if they are there already. */
int vmmio_cpio_parents(struct vmmio_cpio *c, const char *path);

/* The trailer; flushes. Archives can follow one another in one file. */
int vmmio_cpio_end(struct vmmio_cpio *c);

#endif

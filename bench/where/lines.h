/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions and lines of the instructions of a kernel module, or of a program of a bench host, from
 * its debug information: the very file that the guest loaded, from a folder or out of the guest's
 * image.
 */
#ifndef VMMIO_BENCH_WHERE_LINES_H
#define VMMIO_BENCH_WHERE_LINES_H

#include <stddef.h>
#include <stdint.h>

struct vmmio_lines; /* a module */

/* One frame of an instruction: the outermost function first, what was inlined behind it. */
struct vmmio_frame {
	char function[128]; /* "" of the outermost: the symbol says it */
	char line[128];	    /* "kmod/mmio.c:51 #hash", of the next call or of the instruction */
};

#define VMMIO_FRAMES 16

struct vmmio_lines_where {
	const char *initrd; /* the guest's image, an archive that is not compressed */
	const char *debug;  /* folder of modules with debug information; may be NULL */
};

/* A copy of the file @name of the archive @initrd, as a descriptor, or -1: a path, or a module's
 * name. */
int vmmio_lines_image(const char *initrd, const char *name);

/*
 * Of the module @name that a guest loaded: from the file @path if it is not NULL, else out of
 * the image. If it has no debug information, the file of that name in the folder @debug is
 * taken, if its code is the same. NULL if there is none of all that: lines are "-" then.
 */
struct vmmio_lines *vmmio_lines_open(const struct vmmio_lines_where *where, const char *name,
				     const char *path);
void vmmio_lines_close(struct vmmio_lines *l);

/*
 * Frames of the instruction at @offset of the section @section: how many, 0 if not known.
 * Those of the kernel's own headers are left out, their instructions are the line's that
 * uses them.
 */
size_t vmmio_lines_of(struct vmmio_lines *l, const char *section, uint64_t offset,
		      struct vmmio_frame out[VMMIO_FRAMES]);

#endif

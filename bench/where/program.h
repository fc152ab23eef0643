/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions of a program or library, as it is mapped in a process: by its symbols, by the table
 * for unwinding where one has none, and the linker's stubs.
 */
#ifndef VMMIO_BENCH_WHERE_PROGRAM_H
#define VMMIO_BENCH_WHERE_PROGRAM_H

#include "symbols.h"

struct vmmio_mapped {
	uint64_t first, end; /* addresses */
	uint64_t offset;     /* in the file */
	char path[256];	     /* in the image */
};

/*
 * Adds what @m maps of its file in the image @initrd to @s, and its .text as a section of
 * @module. Not sorted. 0, or -errno with one line in @why.
 */
int vmmio_program_add(struct vmmio_symbols *s, const struct vmmio_mapped *m, const char *module,
		      const char *initrd, char *why, size_t len);

#endif

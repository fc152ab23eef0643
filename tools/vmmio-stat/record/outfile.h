/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file that appears only when it is complete. An existing file keeps its mode, and a link stays a
 * link. A pipe or device is written directly.
 */
#ifndef VMMIO_OUTFILE_H
#define VMMIO_OUTFILE_H

#include <stdbool.h>
#include <stdio.h>

/* @write returns 0 or -errno. Returns that, or -errno. */
int vmmio_outfile_write(const char *path, int (*write)(void *data, FILE *out), void *data);

/* Are both names of one file? */
bool vmmio_outfile_same(const char *a, const char *b);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines that only one of two results knows: debug information of a program that was installed
 * for one of them. A function that has lines in one and none in the other is compared
 * as a whole.
 */
#ifndef VMMIO_BENCH_WHERE_KNOWN_H
#define VMMIO_BENCH_WHERE_KNOWN_H

#include "tree.h"

/*
 * Forgets the lines of such functions, and with them what was inlined there. @a and @b have one
 * table of strings; sums stay as they are. 0 or -ENOMEM.
 */
int vmmio_where_match_lines(struct vmmio_where *a, struct vmmio_where *b);

#endif

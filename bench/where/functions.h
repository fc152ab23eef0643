/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each function runs for an I/O, with all that it calls, side by side over the transports.
 */
#ifndef VMMIO_BENCH_WHERE_FUNCTIONS_H
#define VMMIO_BENCH_WHERE_FUNCTIONS_H

#include <stdio.h>

#include "tree.h"

/*
 * At most @top functions of those by which the transports differ most, the largest difference
 * first. A function that runs what one printed before it runs, within a twentieth over each
 * transport, is that one's caller or its only callee, and is left out. 0 or -ENOMEM.
 */
int vmmio_where_print_functions(const struct vmmio_where *w, size_t top, FILE *f);

#endif

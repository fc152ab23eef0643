/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parser of the options that live, list, regs and hist share.
 */
#ifndef VMMIO_PARSE_H
#define VMMIO_PARSE_H

#include <stdio.h>

#include "tools/vmmio-stat/core/options.h"

/*
 * Returns 0 to go on; otherwise 1 + the exit status to end with: everything
 * has been printed. Operands are left in argc and argv.
 */
int vmmio_options_parse(struct vmmio_options *o, int argc, char **argv);

/* Takes "[interval [count]]" from the operands; returns as above. */
int vmmio_options_interval(struct vmmio_options *o);

/* What the fields shown need from a source. */
struct vmmio_want vmmio_options_want(const struct vmmio_options *o);

void vmmio_usage(FILE *out);

#endif

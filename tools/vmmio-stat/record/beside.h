/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two recordings side by side: each field of each virtqueue in both, the difference and the ratio.
 * A value that one of them does not have is "-" or null, and so are difference and ratio.
 */
#ifndef VMMIO_BESIDE_H
#define VMMIO_BESIDE_H

#include <stdio.h>

#include "tools/vmmio-stat/core/env.h"
#include "tools/vmmio-stat/core/options.h"
#include "tools/vmmio-stat/core/snapshot.h"

struct vmmio_beside {
	const char *name;
	const struct vmmio_snapshot *delta; /* of the whole */
	const struct vmmio_env *env;
};

/* As a table or JSON, of the rows and fields that @opt asks for. */
void vmmio_beside_show(const struct vmmio_beside sides[2], const struct vmmio_options *opt,
		       FILE *out);

#endif

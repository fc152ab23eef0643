/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmmio-bench regress --bisect: which commit of a range made it worse (bisect.c).
 */
#ifndef VMMIO_BENCH_BISECT_H
#define VMMIO_BENCH_BISECT_H

#include "diff.h"

struct vmmio_bisect_command {
	struct vmmio_ab_command *c;
	const char *good, *bad;	  /* commits */
	const char *const *build; /* a shell command, or words */
	size_t nbuild;
	const char *measure, *cache; /* or NULL */
	unsigned int pairs, most, retries;
};

/* Exit status: 0 if bad is no worse than good, 3 with the commit named, 4, 1. */
int vmmio_bisect_command(const struct vmmio_bisect_command *o);

#endif

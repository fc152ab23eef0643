/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmmio-ctl try (try.c): A B B A of two settings of a device under the user's load.
 */
#ifndef VMMIO_CTL_TRY_H
#define VMMIO_CTL_TRY_H

#include <linux/types.h>

#include "ctl.h"

#define CTL_TRY_ROUNDS_MAX 8

struct ctl_try {
	const char *device;
	const char *const *words; /* the settings B; none: --clear */
	int nwords;
	int queue; /* -1: all */
	unsigned int rounds;
	__u64 interval_ns;
	char **command; /* NULL: the load runs by itself */
};

/* Returns an exit status. */
int ctl_cmd_try(const struct ctl_try *t);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Chains (chain.h) as a table, JSON, CSV with one line a kick, a drawing for gnuplot, or a
 * timeline. What was not seen is "-", null or empty.
 */
#ifndef VMMIO_JOINVIEW_H
#define VMMIO_JOINVIEW_H

#include <stdio.h>

#include "tools/vmmio-stat/core/env.h"
#include "tools/vmmio-stat/core/snapshot.h"
#include "chain.h"

enum vmmio_joinview_format {
	VMMIO_JOIN_TABLE,
	VMMIO_JOIN_JSON,
	VMMIO_JOIN_CSV,
	VMMIO_JOIN_GNUPLOT,
};

struct vmmio_joinview {
	FILE *out;
	const struct vmmio_env *env;
	const struct vmmio_chains *chains;
	const struct vmmio_snapshot *rows; /* who the virtqueues are */
	const struct vmmio_clockmap *map;
	const struct dat_vm *vm;
	__u64 guest_lost, host_lost;  /* events */
	bool guest_whole, host_whole; /* no bytes are missing besides */
};

/* Returns 0 or -ENOMEM. */
int vmmio_joinview_show(const struct vmmio_joinview *v, enum vmmio_joinview_format format);

/* As a trace for Perfetto, to @out. Returns 0 or -errno. */
int vmmio_joinview_perfetto(const struct vmmio_joinview *v, FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Experiments as files: what is loaded, over which settings. A file has one
 * [experiment] section with what holds for all, and [grid NAME] sections, each
 * the full product of its lists. A run is one boot of one combination; the
 * transports and depths of a combination share it.
 *
 * Reading only: running them is sweep.c.
 */
#ifndef VMMIO_BENCH_EXPERIMENT_H
#define VMMIO_BENCH_EXPERIMENT_H

#include "setting.h"

/*
 * -errno with one line in @why, naming the line of the file. @quick takes the
 * [quick] section's values for those of [experiment].
 */
int vmmio_experiment_load(const char *path, bool quick, struct vmmio_experiment *e, char *why,
			  size_t len);
void vmmio_experiment_free(struct vmmio_experiment *e);

#endif

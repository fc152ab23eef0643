/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A grid as the reader of experiment files leaves it to the planner: lists of
 * allowed values by key. Internal to experiment.c and plan.c.
 */
#ifndef VMMIO_BENCH_PLAN_H
#define VMMIO_BENCH_PLAN_H

#include "setting.h"

#define VALUES_MAX 12

enum key {
	K_LOAD,
	K_ARCH,
	K_TRANSPORT,
	K_DRIVER,
	K_RW,
	K_DEPTH,
	K_QUEUE_SIZE,
	K_QUEUES,
	K_VECTORS,
	K_VCPUS,
	K_BLOCK_SIZE,
	K_REQUEST,
	K_RESPONSE,
	K_LATENCY_US,
	K_EVENT_IDX,
	K_INDIRECT,
	K_PACKED,
	K_LAZY_STATUS,
	K_ICOUNT,
	K_IOEVENTFD,
	K_IOTHREAD,
	K_VHOST,
	K_IRQCHIP,
	K_HOST,
	K_UNDER,
	K_COUNT,
	KEYS,
};

/* The lists of a grid, in text: what a combination picks from. */
struct grid {
	char name[32];
	int line; /* of its section */
	char value[KEYS][VALUES_MAX][16];
	size_t n[KEYS];
	bool given[KEYS]; /* by the file, not by default */
};

/*
 * Adds the runs of @g to @e. A label that not every experiment has is given to all
 * runs if @given says that the file names its key. -EINVAL with @why set, -ENOMEM.
 */
int vmmio_grid_expand(struct vmmio_experiment *e, const struct grid *g, const bool given[KEYS],
		      char *why, size_t len);

/* Every combination boots times, all in one random order: a drift of the machine hits all. */
int vmmio_plan_shuffle(struct vmmio_experiment *e);

#endif

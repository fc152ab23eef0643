/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Choosing among settings by values that come in boot by boot: which is least,
 * and whether that can still change. It measures nothing.
 */
#ifndef VMMIO_BENCH_TUNE_H
#define VMMIO_BENCH_TUNE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/data/stats.h"

struct vmmio_tune_setting {
	unsigned int queue_size;
	bool event_idx;
	char transport[12];
	double *v; /* one per boot */
	size_t n;
};

struct vmmio_tune {
	struct vmmio_tune_setting *s;
	size_t n;
};

int vmmio_tune_setting(struct vmmio_tune *t, unsigned int queue_size, bool event_idx,
		       const char *transport);
/* -ENOENT: no such setting; -ENODATA: @value is not known. */
int vmmio_tune_add(struct vmmio_tune *t, unsigned int queue_size, bool event_idx,
		   const char *transport, double value);

/* The least median; of equal ones the smaller ring, then the earlier. */
size_t vmmio_tune_best(const struct vmmio_tune *t);

/*
 * After @done of @all boots: is the least one the same whatever the others
 * bring? True if its median with the rest at infinity is still not above every
 * other's median with the rest at minus infinity (curtailed sampling).
 */
bool vmmio_tune_settled(const struct vmmio_tune *t, unsigned int done, unsigned int all,
			size_t *best);

/* Interval of the median difference by boot between two settings. */
int vmmio_tune_difference(const struct vmmio_tune *t, size_t of, size_t against,
			  struct vmmio_interval *ci);

void vmmio_tune_free(struct vmmio_tune *t);

#endif

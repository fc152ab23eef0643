/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The choice among settings by values that come in boot by boot: is one shown to be below a
 * device's default? It measures nothing.
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

/* Is setting @i one of transport @bus, "mmio" or "pci"? Another bus is another device. */
bool vmmio_tune_on(const struct vmmio_tune *t, size_t i, const char *bus);

/*
 * What a device of @bus has if nothing is set: event_idx, the largest ring, and MSI-X
 * where there is the choice. t->n: no setting of that bus.
 */
size_t vmmio_tune_usual(const struct vmmio_tune *t, const char *bus);

/* How many settings there are besides the usual ones: each is a chance to be wrong. */
size_t vmmio_tune_family(const struct vmmio_tune *t);

/* The fewest boots in which one of @family settings can be shown to be less at @alpha. */
unsigned int vmmio_tune_least_boots(size_t family, double alpha);

struct vmmio_tune_choice {
	size_t usual, best; /* the same: nothing was shown to be less */
	double p;	    /* of the best, corrected for the family */
	double hidden;	    /* the largest gain that is not excluded, in the unit of the values */
};

/*
 * Of the settings of @bus those that are less than the usual one by a sign test over boots,
 * corrected for all @family settings that were tried, so that being chosen is no
 * advantage; the least of them. -ENOENT: no setting of that bus.
 */
int vmmio_tune_choose(const struct vmmio_tune *t, const char *bus, size_t family, double alpha,
		      struct vmmio_tune_choice *out);

/*
 * After @done of @all boots: can no setting be shown to be less, whatever the others bring?
 * @family settings are tried in all, those of other depths included.
 */
bool vmmio_tune_futile(const struct vmmio_tune *t, unsigned int done, unsigned int all,
		       size_t family, double alpha);

/* Interval of the median difference by boot between two settings. */
int vmmio_tune_difference(const struct vmmio_tune *t, size_t of, size_t against, double level,
			  struct vmmio_interval *ci);

void vmmio_tune_free(struct vmmio_tune *t);

#endif

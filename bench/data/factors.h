/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The labels of a set of series as factors: their names, their values, and the usual value of each.
 * Internal to the page of a sweep.
 */
#ifndef VMMIO_BENCH_FACTORS_H
#define VMMIO_BENCH_FACTORS_H

#include <stdbool.h>
#include <stddef.h>

#include "series.h"

#define VMMIO_FACTORS_MAX 24
#define VMMIO_FACTOR_VALUES_MAX 16

/* Those that something is said of by themselves; all others are VMMIO_F_OTHER. */
enum vmmio_factor_id {
	VMMIO_F_TRANSPORT,
	VMMIO_F_DEPTH,
	VMMIO_F_LOAD,
	VMMIO_F_DRIVER,
	VMMIO_F_ARCH,
	VMMIO_F_ICOUNT,
	VMMIO_F_OTHER,
};

enum vmmio_factor_id vmmio_factor_id(const char *name, size_t len);

struct vmmio_factor {
	enum vmmio_factor_id id;
	char name[24];
	char value[VMMIO_FACTOR_VALUES_MAX][20]; /* ascending */
	size_t count[VMMIO_FACTOR_VALUES_MAX];
	size_t n, base; /* index of the most frequent value */
};

struct vmmio_factors {
	struct vmmio_factor f[VMMIO_FACTORS_MAX];
	size_t n;
};

void vmmio_factors_collect(struct vmmio_factors *all, const struct vmmio_series_set *set);

/* @labels with the value of @name replaced; "" if it has no such label. */
void vmmio_labels_with(const char *labels, const char *name, const char *value, char *buf,
		       size_t len);

/* The labels of a row that are not the usual ones; transport and depth always, @but never. */
void vmmio_factors_describe(const struct vmmio_factors *all, const char *labels, const char *but,
			    char *buf, size_t len);

/*
 * Has @s the usual value of every factor but @but, the transport and the depth? What
 * a load does not have (a network's block size) is as usual.
 */
bool vmmio_factors_usual(const struct vmmio_factors *all, const struct vmmio_series *s,
			 const struct vmmio_factor *but);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Histograms for people: the usual picture of one row per power of two, a
 * projection of the finer buckets, and percentiles from these.
 */
#ifndef VMMIO_STAT_HIST_H
#define VMMIO_STAT_HIST_H

#include <stdio.h>

#include "tools/vmmio-stat/core/fields.h"
#include "tools/vmmio-stat/core/snapshot.h"

#define VMMIO_LOG2_ROWS 34

/* Row 0 holds the values 0 and 1, row k those from 2^k to 2^(k+1) - 1. */
struct vmmio_log2_hist {
	__u64 n[VMMIO_LOG2_ROWS];
	__u64 max; /* largest of n */
	int rows;  /* up to the last that is not empty; 0: no samples */
};

void vmmio_log2_project(struct vmmio_log2_hist *to, const struct vmmio_hist *from);

static inline __u64 vmmio_log2_low(int row)
{
	return row ? 1ull << row : 0;
}

/*
 * The rows from the first to the last that is not empty, 40 stars wide at
 * most, with a heading that names @unit; nothing if all are.
 */
void vmmio_log2_print(FILE *out, const struct vmmio_log2_hist *h, const char *unit);

/* Upper bound of the highest bucket in use: no sample was larger. */
__u64 vmmio_hist_max(const struct vmmio_hist *h);

/*
 * Mean of histogram @id of row @row of @d: the sum that is counted beside it, by its
 * own samples. Unknown without samples.
 */
struct vmmio_value vmmio_hist_mean(const struct vmmio_snapshot *d, size_t row, int id);

/* "n 12, mean 3.1, p50 ...": one line without a newline. Returns @buf. */
char *vmmio_hist_summary(char *buf, size_t size, const struct vmmio_snapshot *d, size_t row,
			 int id);

static inline bool vmmio_hist_is_time(int id)
{
	return id == VMMIO_HIST_KICK || id == VMMIO_HIST_IRQ || id == VMMIO_HIST_ACCESS ||
	       id == VMMIO_HIST_REQUEST;
}

/* The meaning of one sample, in words. */
extern const char *const vmmio_hist_meanings[VMMIO_HIST_COUNT];

/* Histogram id by key, or -1. */
int vmmio_hist_find(const char *key);

#endif

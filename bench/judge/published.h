/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A published set of rates (bench/published/), and what register accesses and
 * exits would explain of it. Arithmetic on figures of others: each output says
 * what was assumed and what cannot be known.
 */
#ifndef VMMIO_BENCH_PUBLISHED_H
#define VMMIO_BENCH_PUBLISHED_H

#include <stddef.h>
#include <stdio.h>

#include "bench/data/series.h"

#define VMMIO_PUBLISHED_MAX 8

struct vmmio_published {
	char title[96], source[160];
	char reference[32];    /* the row the others are held against */
	char without_line[32]; /* the row like the slow one but without a line interrupt */
	struct {
		char name[32];
		double value; /* per second */
	} rate[VMMIO_PUBLISHED_MAX];
	struct {
		char name[32];
		double value; /* us */
	} exit[VMMIO_PUBLISHED_MAX];
	size_t nrates, nexits;
};

/* -errno with one line in @why that names the line of the file. */
int vmmio_published_load(const char *path, struct vmmio_published *p, char *why, size_t len);

/*
 * The table, with the accesses per interrupt and the interrupts per transaction that @set
 * counted. -ENODATA with @why: @set has no line interrupt of mmio to count with.
 */
int vmmio_published_explain(const struct vmmio_published *p, const struct vmmio_series_set *set,
			    FILE *f, char *why, size_t len);

#endif

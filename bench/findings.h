/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a sweep found, as a page: sentences that each name their number, its
 * class and the row of the table that holds it; the tables; what the data
 * cannot say; how to repeat it.
 */
#ifndef VMMIO_BENCH_FINDINGS_H
#define VMMIO_BENCH_FINDINGS_H

#include <stdio.h>
#include <jansson.h>

#include "series.h"

struct vmmio_findings {
	const struct vmmio_series_set *set;
	const char *accel, *title, *name;
	unsigned int boots;
	size_t runs, failed;
	const json_t *machine;
	const json_t *plots; /* names of the pictures in the folder */
};

/* The page, in Markdown, to @f. */
void vmmio_findings_write(const struct vmmio_findings *in, FILE *f);

#endif

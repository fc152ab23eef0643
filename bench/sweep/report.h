/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The readable half of a sweep's result folder, made from its data alone: page,
 * tables, figures, series as CSV. sweep and report both write it, so that a
 * folder can be rendered again without running anything.
 */
#ifndef VMMIO_BENCH_REPORT_H
#define VMMIO_BENCH_REPORT_H

#include "bench/judge/findings.h"
#include "bench/data/result.h"

struct vmmio_report {
	const json_t *result, *machine; /* result.json, machine.json */
	const struct vmmio_series_set *set;
	const json_t *rows; /* the rounds, if times may be drawn; else NULL */
	struct vmmio_costs costs[VMMIO_COSTS_MAX];
	size_t ncosts;
};

/* -EPROTO: @result is not that of a sweep. What kept figures from being drawn is in @why, if
 * anything. */
int vmmio_report_write(const struct vmmio_report *rep, const struct vmmio_result *r, char *why,
		       size_t len);

/* Only the figures. */
int vmmio_report_plots(const struct vmmio_report *rep, const struct vmmio_result *r, char *why,
		       size_t len);

/* The costs beside the data: costs-1.json ... in the folder @path, taken up to VMMIO_COSTS_MAX. */
int vmmio_report_costs(struct vmmio_report *rep, const char *path, char *why, size_t len);
/* One more, from anywhere. */
int vmmio_report_add_costs(struct vmmio_report *rep, const char *file, bool allow_soft, char *why,
			   size_t len);
/* Into the folder being written. */
int vmmio_report_store_costs(const struct vmmio_report *rep, const struct vmmio_result *r);
void vmmio_report_free(struct vmmio_report *rep);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where two results differ: rows that add up to the difference of their totals, to the
 * instruction.
 *
 * A function that was called as often on both sides from the same place answers for its own
 * lines. One that was not, or that only one side has, is charged with all below it to the
 * line that called it: there the two sides went different ways.
 */
#ifndef VMMIO_BENCH_WHERE_DELTA_H
#define VMMIO_BENCH_WHERE_DELTA_H

#include <stdio.h>

#include "tree.h"

#define VMMIO_DELTA_ACCESSES 8

struct vmmio_delta_access {
	uint32_t what;
	int64_t n;
};

struct vmmio_delta_row {
	uint32_t tree, phase, module, function, line;
	bool gone;	 /* a line of A that B has not */
	bool replaced;	 /* of a module that is another file on one side */
	int64_t n;	 /* instructions of B less those of A */
	uint32_t callee; /* whose call it is, if one makes the most of it; else 0 */
	uint64_t callee_n;
	struct vmmio_delta_access access[VMMIO_DELTA_ACCESSES];
	size_t naccess;
	bool more; /* accesses of yet other names */
};

/*
 * What rows are ordered by: an access of a device counts for as many instructions, since
 * under KVM it is an exit.
 */
#define VMMIO_DELTA_ACCESS_WEIGHT 1000
uint64_t vmmio_delta_size(const struct vmmio_delta_row *r);

struct vmmio_delta {
	/* the caller's; both get one table of strings, and lose lines that only one knows */
	struct vmmio_where *a, *b;
	struct vmmio_delta_row *rows; /* of each tree the largest first, VMMIO_PHASE_OTHER last */
	size_t nrows;
};

/*
 * Rows of the modules that are @replaced (an object, {"vmmio.ko": ...}; may be NULL) go before
 * all others. -EINVAL, with one line in @why: the two are not of the same loads.
 */
int vmmio_delta_make(struct vmmio_delta *d, struct vmmio_where *a, struct vmmio_where *b,
		     const json_t *replaced, char *why, size_t len);
void vmmio_delta_free(struct vmmio_delta *d);

/* At most @top rows of each transport, 0: all. */
void vmmio_delta_print(const struct vmmio_delta *d, size_t top, FILE *f);
json_t *vmmio_delta_json(const struct vmmio_delta *d);
/* Stacks with the instructions of A and of B, as tools that draw flame graphs read them. */
int vmmio_delta_folded(const struct vmmio_delta *d, FILE *f);

#endif

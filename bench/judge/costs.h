/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cost of an access on a machine (the result of vmmio-bench micro), and what counts per I/O
 * come to with it. This is a prediction, and labelled so wherever it is shown: EOIs, interrupt
 * delivery and the indirect cost of an exit are not in it.
 */
#ifndef VMMIO_BENCH_COSTS_H
#define VMMIO_BENCH_COSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "bench/data/series.h"

struct vmmio_costs {
	json_t *json;
	enum vmmio_accel accel;
	const char *cpu, *date;
};

/*
 * -errno with one line in @why: not a table, of an emulated machine, or of a
 * KVM without hardware support, not @allow_soft, and not of the processor @cpu (NULL: of any).
 */
int vmmio_costs_load(const char *path, bool allow_soft, const char *cpu, struct vmmio_costs *c,
		     char *why, size_t len);

/* Of a KVM without hardware support: true of that machine alone. */
bool vmmio_costs_soft(const struct vmmio_costs *c);
void vmmio_costs_free(struct vmmio_costs *c);

/* Nanoseconds of the access @key, what an empty loop costs taken off; NAN if not there. */
double vmmio_costs_ns(const struct vmmio_costs *c, const char *key);

/* How the doorbell is served: two predictions, as two VMMs would be. */
enum vmmio_doorbell {
	VMMIO_DOORBELL_USER,
	VMMIO_DOORBELL_IOEVENTFD,
	VMMIO_DOORBELLS,
};

extern const char *const vmmio_doorbell_name[VMMIO_DOORBELLS];

struct vmmio_prediction {
	double doorbells, reads, writes, ns; /* per I/O; ns NAN: the table lacks a cost */
};

/* For the setting @labels of @set, from its accesses by register. */
void vmmio_predict(const struct vmmio_series_set *set, const char *labels,
		   const struct vmmio_costs *c, enum vmmio_doorbell how,
		   struct vmmio_prediction *out);

#endif

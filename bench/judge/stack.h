/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest and host of one run, held against each other and put into one table:
 * exits per I/O by kind, and the instructions of guest, KVM and monitor together.
 * Where a count of the guest is not the host's there is no verdict.
 */
#ifndef VMMIO_BENCH_STACK_H
#define VMMIO_BENCH_STACK_H

#include <stdbool.h>
#include <stdio.h>
#include <jansson.h>

#include "bench/data/hostexits.h"
#include "bench/data/series.h"
#include "bench/load/load.h"

struct vmmio_stack {
	const char *accel, *load_text, *qemu;
	unsigned int boots, rounds, count;
	unsigned int hung;	       /* boots that did not end and were run again */
	struct vmmio_host_round *host; /* [boot][column], the rounds of each added up */
	struct vmmio_series_set set;
	json_t *checks;	 /* see load.h */
	json_t *differs; /* rows {"boot", "column", "what", "guest", "host"} */
};

/*
 * Adds the host's rounds of @boot to its cells; @columns names each. -ENOBUFS if
 * there are more kinds than room.
 */
int vmmio_stack_add(struct vmmio_stack *s, unsigned int boot, const char *const *columns,
		    const struct vmmio_host_round *rounds, size_t n);

/*
 * Series of the guest's @rows, exits beside them; each count of the guest against
 * the host's, differences into s->differs. 0 or -errno.
 */
int vmmio_stack_judge(struct vmmio_stack *s, const json_t *rows);

void vmmio_stack_print(const struct vmmio_stack *s, FILE *f);
/* kinds of exits by column, medians over boots: what the plot and the file show */
json_t *vmmio_stack_kinds(const struct vmmio_stack *s);
/* Sentences; *@withheld if they only say why there is no verdict. */
json_t *vmmio_stack_verdict(const struct vmmio_stack *s, bool *withheld);

#endif

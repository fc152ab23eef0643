/* SPDX-License-Identifier: GPL-2.0-only */
/* vmmio.ko against mainline's drivers: the guest's script, and the report. versus.c runs it. */
#ifndef VMMIO_BENCH_VERSUS_H
#define VMMIO_BENCH_VERSUS_H

#include <stdbool.h>
#include <stdio.h>
#include <jansson.h>

#include "bench/load/load.h"
#include "bench/guest/guest.h"
#include "bench/data/series.h"

/* Who drives the disk in a round. Traced: vmmio.ko, every event counted by BPF programs. */
enum vmmio_side {
	VMMIO_SIDE_MAINLINE,
	VMMIO_SIDE_VMMIO,
	VMMIO_SIDE_TRACED,
	VMMIO_SIDES,
};

extern const char *const vmmio_sides[VMMIO_SIDES];

struct vmmio_versus {
	unsigned int boots, rounds, count, block_size;
	double limit, limit_traced; /* per cent above mainline that are allowed */
	const char *qemu, *kernel;  /* versions; kernel may be NULL */
	struct vmmio_series_set set;
	json_t *checks;	  /* see load.h */
	json_t *settings; /* {"mainline": {"mmio": {"ring_size", "max_segments"}, ...}, ...} */
};

/* Text of /run.sh; NULL for want of memory. */
char *vmmio_versus_script(const struct vmmio_versus *v);

/* Series from the rounds, checks from rounds and boots' infos: 0 or -errno. */
int vmmio_versus_take(struct vmmio_versus *v, const json_t *rows, const json_t *infos);

/*
 * Median over boots of the undisturbed path (@median false) or of the median
 * I/O; NAN if unknown.
 */
double vmmio_versus_path(const struct vmmio_versus *v, enum vmmio_side side, const char *column,
			 bool median);

/* Per cent above mainline; NAN if one of them is unknown. */
double vmmio_versus_above(const struct vmmio_versus *v, enum vmmio_side side, const char *column,
			  bool median);

/* Sentences; *negative if a limit is exceeded or a check failed. */
json_t *vmmio_versus_verdict(const struct vmmio_versus *v, bool *negative);

void vmmio_versus_print(const struct vmmio_versus *v, FILE *f);
void vmmio_versus_csv(const struct vmmio_versus *v, FILE *f);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A comparison of transports: all measurements and checks, as the table, the verdict, the files and
 * the plots see them.
 */
#ifndef VMMIO_BENCH_COMPARE_H
#define VMMIO_BENCH_COMPARE_H

#include <stdbool.h>
#include <stdio.h>
#include <jansson.h>

#include "lib/opts.h"
#include "bench/data/series.h"

struct vmmio_comparison {
	enum vmmio_accel accel;
	const char *load;      /* "randread": the label of the series */
	const char *load_text; /* "random reads of 4 KiB" */
	unsigned int boots, rounds, count;
	struct vmmio_list depths;
	bool times; /* may durations be shown? */
	struct vmmio_series_set set;
	json_t *equal;	  /* settings by name and column, see load.h */
	json_t *checks;	  /* see load.h */
	json_t *guest;	  /* {"kernel", "clocksource"} */
	const char *qemu; /* version */
};

/* The series of @key at one cell of the table; NULL if there is none. */
const struct vmmio_series *vmmio_comparison_series(const struct vmmio_comparison *c,
						   const char *column, unsigned int depth,
						   enum vmmio_metric_id key);

/* What a register is for: one row of the table, one colour of the plot. */
enum vmmio_role {
	VMMIO_ROLE_DOORBELL,
	VMMIO_ROLE_REASON, /* why did it interrupt? */
	VMMIO_ROLE_ACK,
	VMMIO_ROLE_OTHER,
	VMMIO_ROLES,
};

extern const char *const vmmio_role_heading[VMMIO_ROLES];
enum vmmio_role vmmio_role_of(const char *reg);

/* Accesses per I/O by role, per boot, as a series whose name is the role's; free v. */
int vmmio_comparison_role(const struct vmmio_comparison *c, const char *column, unsigned int depth,
			  enum vmmio_role role, struct vmmio_series *out);

/* table.c */
void vmmio_comparison_print(const struct vmmio_comparison *c, FILE *f);
void vmmio_comparison_csv(const struct vmmio_comparison *c, FILE *f);
/* "3", "3.25", "0.001": as many digits as help */
void vmmio_format(double v, char *buf, size_t len);

/*
 * The verdict: an array of sentences, never empty; *@withheld if a check
 * failed, and the sentences then say why instead (verdict.c).
 */
json_t *vmmio_comparison_verdict(const struct vmmio_comparison *c, bool *withheld);

/* One line of settings that are the same on all sides, from vmmio_load_equal(); DIFFERS or -. */
void vmmio_equal_print(const json_t *settings, FILE *f);

#endif

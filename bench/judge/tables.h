/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables of a sweep: for each factor and each number one table, a row for
 * every setting that was run with at least two values of the factor. Sentences
 * of the page name their row as T<table>.<row>.
 */
#ifndef VMMIO_BENCH_TABLES_H
#define VMMIO_BENCH_TABLES_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/data/factors.h"
#include "bench/data/series.h"

struct vmmio_table_row {
	char setting[160];		 /* what is not usual about it */
	const struct vmmio_series *lead; /* at the lowest value of the factor that there is */
	size_t have;			 /* values with a number */
	bool changes;			 /* medians differ */
	bool apart;	  /* by a fifth, and the ranges over boots of some two do not meet */
	bool exact;	  /* every boot gave the same, at each value */
	bool mixed;	  /* structural at depth 1, the rest is not */
	bool emulated;	  /* marked ~ */
	double low, high; /* of the medians */
};

struct vmmio_table {
	const struct vmmio_factor *by;
	enum vmmio_metric_id key;
	char heading[VMMIO_KEY_MAX + 4];
	struct vmmio_table_row *row;
	size_t n, apart; /* rows; those of them that are apart */
	bool changes;	 /* any row */
	int number;	 /* as printed, from 1; 0: left out, since every row says one thing */
};

struct vmmio_tables {
	const struct vmmio_series_set *set;
	enum vmmio_accel accel;
	struct vmmio_factors factors;
	struct vmmio_table *t;
	size_t n;
};

int vmmio_tables_build(struct vmmio_tables *all, const struct vmmio_series_set *set,
		       enum vmmio_accel accel);
void vmmio_tables_free(struct vmmio_tables *all);

/* All that have a number, in Markdown. */
void vmmio_tables_write(const struct vmmio_tables *all, FILE *f);

const struct vmmio_table *vmmio_tables_find(const struct vmmio_tables *all, const char *by,
					    enum vmmio_metric_id key);

/* "T3.2", the row that holds @labels whatever its value of the factor; "" if none does. */
void vmmio_tables_ref(const struct vmmio_tables *all, const char *by, enum vmmio_metric_id key,
		      const char *labels, char *buf, size_t len);

/* The series of a row at value @v of the factor; NULL if it was not run. */
const struct vmmio_series *vmmio_tables_cell(const struct vmmio_tables *all,
					     const struct vmmio_table *t,
					     const struct vmmio_table_row *row, size_t v);

/* "3", or "2.6 [2.3-2.9]" where boots differ, "-" if unknown; returns the median. */
double vmmio_series_text(const struct vmmio_series *s, char *buf, size_t len);

#endif

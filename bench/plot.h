/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Plots of a result folder, by gnuplot, as SVG and PNG. The data a plot shows
 * lie beside it (.tsv). Under emulation only structural numbers are drawn: a
 * picture of emulated times or schedules would be read as a comparison.
 */
#ifndef VMMIO_BENCH_PLOT_H
#define VMMIO_BENCH_PLOT_H

#include <stddef.h>

#include "compare.h"
#include "result.h"

enum vmmio_plot_id {
	VMMIO_PLOT_ACCESSES,
	VMMIO_PLOT_LATENCY,
	VMMIO_PLOT_CURVES,
	VMMIO_PLOT_INTERVALS,
	VMMIO_PLOTS,
};

/*
 * Run script @id in folder @dir twice, for <name>.svg and <name>.png; @vars
 * are gnuplot assignments, one per line. -ENOENT: there is no gnuplot; another
 * -errno: it failed, and @why holds its first line.
 */
int vmmio_plot_run(enum vmmio_plot_id id, const char *dir, const char *name, const char *vars,
		   char *why, size_t len);

/* All plots of a comparison, with their data, into the folder being written. */
int vmmio_plot_comparison(const struct vmmio_comparison *c, const struct vmmio_result *r, char *why,
			  size_t len);

/*
 * Curves of a sweep: kicks per I/O and used buffers per interrupt against each
 * numeric factor, one file per transport (under emulation transports are not
 * drawn together). Appends the names of the plots made to @names, an array.
 */
int vmmio_plot_sweep(const struct vmmio_series_set *set, const char *accel, unsigned int boots,
		     const struct vmmio_result *r, json_t *names, char *why, size_t len);

/* Shifts of B against A with their intervals (intervals.svg, .png, .tsv). */
struct vmmio_ab;
int vmmio_plot_ab(const struct vmmio_ab *ab, const char *accel, const struct vmmio_result *r,
		  char *why, size_t len);

/* A gnuplot string of @text: quotes and backslashes cannot end it. */
void vmmio_plot_quote(const char *text, char *buf, size_t len);

#endif

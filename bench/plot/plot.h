/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Plots of a result folder, by gnuplot, as SVG and PNG. The data a plot shows
 * lie beside it (.tsv). Under emulation times are drawn only on demand and then
 * say so across the picture; schedules never with two transports in a panel.
 */
#ifndef VMMIO_BENCH_PLOT_H
#define VMMIO_BENCH_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/judge/compare.h"
#include "bench/judge/findings.h"
#include "bench/judge/stack.h"
#include "bench/data/result.h"

/* X(id, file): a script gp/<file>.gp. */
#define VMMIO_PLOT_SCRIPTS(X)   \
	X(ACCESSES, accesses)   \
	X(BARS, bars)           \
	X(CDF, cdf)             \
	X(LATENCY, latency)     \
	X(CURVES, curves)       \
	X(INTERVALS, intervals) \
	X(STACKED, stacked)     \
	X(HISTORY, history)     \
	X(MICRO, micro)

enum vmmio_plot_id {
#define VMMIO_PLOT_ID(id, file) VMMIO_PLOT_##id,
	VMMIO_PLOT_SCRIPTS(VMMIO_PLOT_ID) VMMIO_PLOTS,
};

/*
 * Run script @id in folder @dir twice, for <name>.svg and <name>.png; @vars
 * are gnuplot assignments, one per line. -ENOENT: there is no gnuplot; another
 * -errno: it failed, and @why holds its first line.
 */
int vmmio_plot_run(enum vmmio_plot_id id, const char *dir, const char *name, const char *vars,
		   char *why, size_t len);

/*
 * All plots of a comparison, with their data, into the folder being written.
 * @rows are its rounds, for the distributions; NULL: none.
 */
int vmmio_plot_comparison(const struct vmmio_comparison *c, const json_t *rows,
			  const struct vmmio_result *r, char *why, size_t len);

/*
 * The stack of accesses of one setting, and of several in one figure: <name>.tsv,
 * .svg, .png. @unit is what the accesses are counted per.
 */
struct vmmio_plot_stack {
	char group[32], column[24];
	double role[VMMIO_ROLES], total, per_kick, per_irq; /* NAN: not known */
};
int vmmio_plot_stacks(const struct vmmio_plot_stack *stack, size_t n, const char *name,
		      const char *title, const char *note, const char *unit, bool events,
		      const struct vmmio_result *r, char *why, size_t len);

/*
 * What a sweep shows, each figure where the data has something for it: accesses
 * by register, loads, batching against depth and queue size, path lengths,
 * predicted costs. Appends to @names, an array of {"name", "text"}.
 */
int vmmio_plot_sweep(const struct vmmio_findings *in, const struct vmmio_result *r, json_t *names,
		     char *why, size_t len);
/* One of them: one load against a numeric factor; @usual: <factor> alone is its name. */
int vmmio_plot_curves(const struct vmmio_findings *in, const char *factor, const char *load,
		      bool usual, const struct vmmio_result *r, json_t *names, char *why,
		      size_t len);

/*
 * Distributions of kick cost and kick to interrupt, from the histograms of the
 * rounds @rows, one line per setting. The caller has decided that times may be
 * shown; emulated ones bear it across the picture. Nothing is drawn, and 0
 * returned, if the rounds hold no histograms.
 */
struct vmmio_plot_line {
	char name[48], labels[VMMIO_LABELS_MAX];
};
int vmmio_plot_cdf(const json_t *rows, const struct vmmio_plot_line *line, size_t n,
		   enum vmmio_accel accel, unsigned int boots, const struct vmmio_result *r,
		   char *why, size_t len);

/* Shifts of B against A with their intervals (intervals.svg, .png, .tsv). */
struct vmmio_ab;
int vmmio_plot_ab(const struct vmmio_ab *ab, enum vmmio_accel accel, const struct vmmio_result *r,
		  char *why, size_t len);

/* One series over results: <name>.tsv, .svg, .png. */
struct vmmio_history_line;
struct vmmio_history_result;
int vmmio_plot_history(const struct vmmio_history_line *l, const struct vmmio_history_result *r,
		       const char *name, const struct vmmio_result *to, char *why, size_t len);

/* The rows of the result.json @result of micro: micro.tsv, .svg, .png. */
int vmmio_plot_micro(const json_t *result, const struct vmmio_result *r, char *why, size_t len);

/* Exits by kind and instructions of the whole stack: exits.svg, instructions.svg, ... */
int vmmio_plot_whole(const struct vmmio_stack *s, const struct vmmio_result *r, char *why,
		     size_t len);

/*
 * A gnuplot string of @text, quotes included: whatever is in it, it neither ends
 * there nor runs anything. @shown: markup of the terminals is escaped; else the
 * string can be compared. All that goes into a script goes through here.
 */
void vmmio_plot_quote(const char *text, bool shown, char *buf, size_t len);

#endif

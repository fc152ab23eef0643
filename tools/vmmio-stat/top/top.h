/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * "top" in three parts: the model (model.c: rows, their last minute,
 * order, filter; knows no terminal), the screen (draw.c: paints the
 * model, changes nothing) and the loop with its keys (cmd/top.c).
 */
#ifndef VMMIO_TOP_H
#define VMMIO_TOP_H

#include "tools/vmmio-stat/view/hist.h"
#include "tools/vmmio-stat/session/session.h"
#include "map.h"

#define TOP_MINUTE 60

/* What the sparkline can show; position in struct top_row.minute. */
enum top_spark {
	TOP_SPARK_KICKS,
	TOP_SPARK_IRQS,
	TOP_SPARK_REQUESTS,
	TOP_SPARKS,
};

extern const struct top_spark_info {
	int field;
	const char *name;
} top_sparks[TOP_SPARKS];

/* One row's last minute: a rate per second, oldest first; NAN: not known. */
struct top_row {
	__u32 slot, gen;
	float minute[TOP_SPARKS][TOP_MINUTE];
	struct top_map *maps[VMMIO_HIST_COUNT]; /* NULL: it had no sample so far */
};

struct top_model {
	/* what the user chose */
	char filter[40];
	int sort; /* field id, or -1: as the devices come */
	bool ascending;
	bool show_devices; /* rows of whole devices, too */
	bool skip_idle;
	bool paused;
	enum top_spark spark;
	int hist; /* id of the pane's histogram */
	bool help, pane;
	bool map; /* the pane has it over time */

	__u32 sel_slot, sel_gen; /* the row selected; follows it when the order changes */
	size_t sel;		 /* its place in index */
	size_t first;		 /* topmost row on the screen */

	/* made of the last delta */
	struct top_row *rows; /* as the delta's rows */
	size_t nrows;
	size_t *index; /* rows shown, in order */
	size_t shown;
	double second; /* part of a second that is not in the minute yet */
	bool have_delta;
	__u64 fields; /* that some row has known so far */
};

void top_model_init(struct top_model *m, const struct vmmio_options *o);
void top_model_free(struct top_model *m);

/* Takes the delta in: histories go on by slot and generation. Returns 0 or -ENOMEM. */
int top_model_update(struct top_model *m, const struct vmmio_snapshot *d,
		     const struct vmmio_options *o);

/* Filter and order anew; keeps the selection where it still exists. */
void top_model_arrange(struct top_model *m, const struct vmmio_snapshot *d,
		       const struct vmmio_options *o);

/* Moves the selection by @by rows. */
void top_model_move(struct top_model *m, const struct vmmio_snapshot *d, long by);

bool top_filter_matches(const char *filter, const struct vmmio_row *r);

/* Row of the delta that is selected, or -1. */
long top_model_selected(const struct top_model *m);

/*
 * The last minute in @width cells of 0..levels, scaled to its largest; -1:
 * not known, no time has passed there yet.
 */
void top_spark_cells(const struct top_row *r, enum top_spark spark, int width, int levels,
		     signed char *cells);

/* What the screen shows besides the model. */
struct top_screen {
	const struct vmmio_session *x;
	const struct vmmio_snapshot *sum; /* since start or reset: for the histogram */
	const char *prompt;		  /* text being typed, or NULL */
	const char *message;		  /* in the last line instead of the keys, or NULL */
	bool utf8;
	bool ended; /* a recording is over */
};

/* Paints everything; curses sends what changed. May correct m->first. */
void top_draw(struct top_model *m, const struct top_screen *s);

/*
 * The columns that fit @width, for the painter and for the keys that choose
 * one: field ids into @ids (room for VMMIO_F_COUNT). Fields that the source
 * does not know are left out. Returns how many.
 */
int top_columns(const struct top_model *m, const struct vmmio_env *env, int width, int *ids);

/* "~kick", "irq/s": heading of a column here; @width is what it takes. */
void top_heading(char *buf, size_t size, const struct vmmio_env *env, int id, int *width);

/*
 * "512n" "4u" "65u" "1m": a power of two of nanoseconds, in four characters; of others
 * the number.
 */
void top_axis_label(char *buf, size_t size, __u64 v, bool is_time);

/* Histogram @id of the selected row over time, from line @top on. */
void top_draw_map(const struct top_model *m, const struct top_screen *s, int id, int top,
		  int lines);

/* Fields as pane: can histogram @id be shown here at all? */
bool top_hist_visible(int id, const struct vmmio_env *env);

#define TOP_DEVICE_WIDTH 9
#define TOP_SPARK_MIN 10

static inline int top_queue_width(int width)
{
	return width < 100 ? 8 : 12;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Views print deltas; they know nothing of sources and compute nothing that
 * fields.c does not.
 */
#ifndef VMMIO_VIEW_H
#define VMMIO_VIEW_H

#include <stdio.h>

#include "tools/vmmio-stat/core/env.h"
#include "tools/vmmio-stat/core/options.h"
#include "tools/vmmio-stat/core/snapshot.h"

struct vmmio_view {
	FILE *out;
	const struct vmmio_options *opt;
	const struct vmmio_env *env;
	const char *engine; /* struct vmmio_source.engine */
	const char *detail; /* and .detail; may be empty or NULL */
	int screen_lines;   /* 0: no terminal, the header is printed once */
	int screen_columns; /* 0: as many as it takes */
	int lines;	    /* since the last header; 0: none printed yet */
	/* Of the table: widths of names and a bit for each field with a column, so far. */
	int device_width, queue_width;
	__u64 columns;
	bool started;
};

struct vmmio_report {
	const struct vmmio_snapshot *delta;
	const size_t *rows; /* the rows to show, in this order */
	size_t n;
	bool total; /* of a whole run, not of one interval */
	bool have_status;
	int command_status; /* of "-- command" */
};

void vmmio_view_table(struct vmmio_view *v, const struct vmmio_report *r);
void vmmio_view_csv(struct vmmio_view *v, const struct vmmio_report *r);
void vmmio_view_json(struct vmmio_view *v, const struct vmmio_report *r);

struct vmmio_json;
/* The identity of a row, as keys of an open object. */
void vmmio_json_identity(struct vmmio_json *j, const struct vmmio_row *x);

/* By opt->format. */
void vmmio_view_report(struct vmmio_view *v, const struct vmmio_report *r);

/*
 * The rows of @d that the options ask for, sorted, into @index (room for
 * d->n). Returns how many.
 */
size_t vmmio_rows_select(const struct vmmio_snapshot *d, const struct vmmio_options *o,
			 size_t *index);

/* Does the row pass -n, -D and -q? */
bool vmmio_row_matches(const struct vmmio_row *r, const struct vmmio_options *o);

/*
 * @v into at most @width characters: 3 significant digits and a suffix where
 * it does not fit, "-" if unknown. @size > @width. Returns @buf.
 */
char *vmmio_format_value(char *buf, size_t size, int width, struct vmmio_value v, bool whole);

/* "0:req.0"; "*" for a device as a whole. */
char *vmmio_format_queue(char *buf, size_t size, const struct vmmio_row *r);

#endif

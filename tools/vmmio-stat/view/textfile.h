/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --textfile: the sums since vmmio-stat began, in the text format that
 * node_exporter collects, in a file that is replaced as a whole at every
 * interval. It keeps sums of its own, 64 bits wide: buckets of a snapshot wrap.
 */
#ifndef VMMIO_TEXTFILE_H
#define VMMIO_TEXTFILE_H

#include "view.h"

struct vmmio_textfile_row;

struct vmmio_textfile {
	struct vmmio_textfile_row *rows;
	size_t n, cap;
	__u64 events_lost;
	__u32 unseen, unplaced; /* in the last interval */
	bool untold;		/* a recording that says neither */
	bool have_lost;
};

/*
 * Adds the report's delta to the sums and replaces the file. Returns 0 or
 * -errno; on an error the former file stands.
 */
int vmmio_textfile_report(struct vmmio_textfile *t, const struct vmmio_view *v,
			  const struct vmmio_report *r);

/* The same without the file: the metrics go to @out. */
int vmmio_textfile_add(struct vmmio_textfile *t, const struct vmmio_report *r);
void vmmio_textfile_print(const struct vmmio_textfile *t, const struct vmmio_view *v, FILE *out);

void vmmio_textfile_free(struct vmmio_textfile *t);

#endif

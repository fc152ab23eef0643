/* SPDX-License-Identifier: GPL-2.0-only */
/* A writer of CSV: it places commas and quotes text. An unknown value is an empty cell. */
#ifndef VMMIO_CSV_H
#define VMMIO_CSV_H

#include <stdbool.h>
#include <stdio.h>

struct vmmio_csv {
	FILE *out;
	bool comma; /* a cell stands before this place */
};

/* A cell in printf() format: text of ours, without a comma. */
void vmmio_csv_put(struct vmmio_csv *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Text from outside; control characters become '?'. */
void vmmio_csv_text(struct vmmio_csv *c, const char *text);
/* All digits of a whole number, @digits of another; NAN is unknown. */
void vmmio_csv_number(struct vmmio_csv *c, double v, int digits);
void vmmio_csv_unknown(struct vmmio_csv *c);
void vmmio_csv_end(struct vmmio_csv *c);

#endif

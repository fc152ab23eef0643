/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A writer of Prometheus' text format and of OpenMetrics', which does not know the meaning of the
 * samples. A scrape of 64 virtqueues has 8,000: their parts are copied rather than formatted, and
 * reach the file in large chunks.
 */
#ifndef VMMIO_PROMTEXT_H
#define VMMIO_PROMTEXT_H

#include <stdbool.h>
#include <stdio.h>

#include <linux/types.h>

struct vmmio_promtext {
	FILE *out;
	bool open;	  /* OpenMetrics */
	const char *last; /* the family that the last sample was of */
	size_t used;
	char buf[16384];
};

/* To the file; due at the end. */
void vmmio_prom_flush(struct vmmio_promtext *w);

void vmmio_prom_put(struct vmmio_promtext *w, const char *text);

/* At most 511 bytes of it. */
__attribute__((format(printf, 2, 3))) void vmmio_prom_putf(struct vmmio_promtext *w,
							   const char *format, ...);

/* A sample's end: its value. */
void vmmio_prom_count(struct vmmio_promtext *w, __u64 v);
void vmmio_prom_seconds(struct vmmio_promtext *w, __u64 ns);

/*
 * name="value" to @to, which has room for twice the value and the name. Returns its length. What
 * is no printable ASCII is a question mark.
 */
size_t vmmio_prom_label(char *to, const char *name, const char *value);

/* The same to the text, of a value of at most 127 bytes. */
void vmmio_prom_put_label(struct vmmio_promtext *w, const char *name, const char *value);

/* Before each sample; a family without samples is not mentioned. @type: "counter", "info"... */
void vmmio_prom_head(struct vmmio_promtext *w, const char *name, const char *type,
		     const char *help);

#endif

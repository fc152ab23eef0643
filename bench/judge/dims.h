/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The conditions of two results, dimension by dimension: load, count, driver, kernel, image,
 * settings, QEMU, machine ... One may differ: it is the question. If two differ, the cause is
 * ambiguous. Another load or count is another question, and refused alone.
 */
#ifndef VMMIO_BENCH_DIMS_H
#define VMMIO_BENCH_DIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

struct vmmio_dims {
	json_t *changed;    /* array of "name: this -> that"; free it */
	char refused[1024]; /* why the two are not held against each other, or "" */
	bool machine;	    /* another processor, kernel below, or accelerator */
};

/* A new object, name to text, of what is known of a result and its machine (may be NULL). */
json_t *vmmio_dims_of(const json_t *result, const json_t *machine);

/* What @dims ask, and of which there must not be another: as one text, to free. */
char *vmmio_dims_question(const json_t *dims);

/* Is @allow (may be NULL) a list of dimensions' names? The one at fault in @bad. */
bool vmmio_dims_are(const char *allow, char *bad, size_t len);

/* What differs between @a and @b; those that @allow names are not counted. */
int vmmio_dims_compare(const json_t *a, const json_t *b, const char *allow, struct vmmio_dims *out);

#endif

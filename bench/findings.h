/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a sweep found, as a page: the answer first, then sentences that each
 * name their number, its class and the row of the table that holds it; what the
 * data cannot say; how to repeat it. The tables are a file of their own.
 */
#ifndef VMMIO_BENCH_FINDINGS_H
#define VMMIO_BENCH_FINDINGS_H

#include <stdio.h>
#include <jansson.h>

#include "costs.h"
#include "tables.h"

#define VMMIO_COSTS_MAX 8

struct vmmio_findings {
	const struct vmmio_tables *tables;
	const char *title, *name;
	unsigned int boots;
	size_t runs, failed;
	bool quick; /* a look with few boots, not a study */
	const json_t *machine, *guest;
	const json_t *rows;  /* rounds, if times may be drawn; else NULL */
	const json_t *plots; /* [{"name", "text"}]: pictures in the folder, what they show */
	const struct vmmio_costs *costs;
	size_t ncosts;
};

/* The page, in Markdown, to @f (page.c). */
void vmmio_findings_write(const struct vmmio_findings *in, FILE *f);

/* The sentences alone (findings.c); how many there were. */
size_t vmmio_findings_sentences(const struct vmmio_findings *in, FILE *f);

/*
 * The series of @key whose labels hold @load, @transport and @depth (each may be NULL) and are
 * otherwise the usual ones as far as possible; NULL if none has a value.
 */
const struct vmmio_series *vmmio_findings_nearest(const struct vmmio_findings *in, const char *key,
						  const char *load, const char *transport,
						  const char *depth);

/* Has @s this label? NULL is any. */
bool vmmio_series_is(const struct vmmio_series *s, const char *name, const char *value);

const struct vmmio_factor *vmmio_findings_factor(const struct vmmio_findings *in, const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the page of a sweep is made from, and what its sentences are made with.
 */
#ifndef VMMIO_BENCH_SENTENCE_H
#define VMMIO_BENCH_SENTENCE_H

#include <stdio.h>
#include <jansson.h>

#include "costs.h"
#include "lib/text.h"
#include "tables.h"

#define VMMIO_COSTS_MAX 8

struct vmmio_findings {
	const struct vmmio_tables *tables;
	const char *title, *name;
	unsigned int boots;
	size_t runs, failed, repeated; /* repeated: failed before, and then not */
	bool quick;		       /* a look with few boots, not a study */
	const json_t *machine, *guest;
	const json_t *hosts; /* bench hosts by name, {"kernel", "qemu"}; may be NULL */
	const json_t *rows;  /* rounds, if times may be drawn; else NULL */
	const json_t *plots; /* [{"name", "text"}]: pictures in the folder, what they show */
	const struct vmmio_costs *costs;
	size_t ncosts;
};

struct vmmio_page {
	const struct vmmio_findings *in;
	const struct vmmio_tables *tables;
	FILE *f;
	size_t n;
	char none[1200]; /* factors that change nothing, with their tables */
};

/* A numbered sentence. */
void vmmio_page_say(struct vmmio_page *p, const char *title, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* One more sentence in the array @all. */
void vmmio_sentence_add(json_t *all, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "n = 3 boots" */
const char *vmmio_page_boots(const struct vmmio_page *p);

/* How many labels of @s are not the usual ones; transport, depth and load are free. */
unsigned int vmmio_page_unusual(const struct vmmio_page *p, const struct vmmio_series *s);

/*
 * The series of @key whose labels hold @load, @transport and @depth (each may be NULL) and are
 * otherwise the usual ones as far as possible; NULL if none has a value.
 */
const struct vmmio_series *vmmio_findings_nearest(const struct vmmio_findings *in,
						  enum vmmio_metric_id key, const char *load,
						  const char *transport, const char *depth);

/* Has @s this label? NULL is any. */
bool vmmio_series_is(const struct vmmio_series *s, const char *name, const char *value);

const struct vmmio_factor *vmmio_findings_factor(const struct vmmio_findings *in, const char *name);

#endif

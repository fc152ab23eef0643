/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Internal to the page of a sweep: what its sentences are made with.
 */
#ifndef VMMIO_BENCH_PAGE_H
#define VMMIO_BENCH_PAGE_H

#include "findings.h"

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

/* To the end of @buf, cut at @len. */
void vmmio_page_append(char *buf, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "n = 3 boots" */
const char *vmmio_page_boots(const struct vmmio_page *p);

/* How many labels of @s are not the usual ones; transport, depth and load are free. */
unsigned int vmmio_page_unusual(const struct vmmio_page *p, const struct vmmio_series *s);

/* What each factor does, and which do nothing (page_factors.c). */
void vmmio_page_factors(struct vmmio_page *p);

#endif

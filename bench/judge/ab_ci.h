/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A comparison for CI: a comment in Markdown, JUnit's XML, annotations of GitHub. The verdict comes
 * first; what could not be decided is an error there, never passed.
 */
#ifndef VMMIO_BENCH_AB_CI_H
#define VMMIO_BENCH_AB_CI_H

#include <stdio.h>
#include <jansson.h>

#include "ab.h"

struct vmmio_ab_report {
	const struct vmmio_ab *ab; /* NULL: nothing was compared, for @why */
	const struct vmmio_ab_options *o;
	const json_t *changed; /* texts of what the two were measured with, or NULL */
	const char *why;
};

void vmmio_ab_markdown(const struct vmmio_ab_report *r, FILE *f);
void vmmio_ab_junit(const struct vmmio_ab_report *r, FILE *f);
void vmmio_ab_github(const struct vmmio_ab_report *r, FILE *f);

/* @text in a table of Markdown; what is no UTF-8 or breaks the line is a ?. */
void vmmio_ab_cell(const char *text, FILE *f);

/* @text as an attribute or the contents of an element. */
void vmmio_ab_xml(const char *text, FILE *f);

#endif

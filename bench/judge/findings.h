/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a sweep found, as a page: the answer first, then sentences that each
 * name their number, its class and the row of the table that holds it; what the
 * data cannot say; how to repeat it. The tables are a file of their own.
 */
#ifndef VMMIO_BENCH_FINDINGS_H
#define VMMIO_BENCH_FINDINGS_H

#include <stdio.h>

#include "sentence.h"

/* The page, in Markdown, to @f (page.c). */
void vmmio_findings_write(const struct vmmio_findings *in, FILE *f);

/* The sentences alone (findings.c); how many there were. */
size_t vmmio_findings_sentences(const struct vmmio_findings *in, FILE *f);

#endif

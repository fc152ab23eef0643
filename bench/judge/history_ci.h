/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Histories for CI: a comment in Markdown, JUnit's XML. What could not be read, is compared with
 * nothing or could not be decided is an error there, never passed.
 */
#ifndef VMMIO_BENCH_HISTORY_CI_H
#define VMMIO_BENCH_HISTORY_CI_H

#include <stdio.h>
#include <jansson.h>

#include "history.h"

/* One history of those that a command found. */
struct vmmio_history_part {
	const char *question;	       /* what its results answer */
	const struct vmmio_history *h; /* NULL: one result, which has no history */
	const struct vmmio_history_result *r;
	size_t n; /* of results */
};

struct vmmio_history_report {
	const char *verdict;
	const struct vmmio_history_part *part;
	size_t n;
	const json_t *trouble; /* texts of what could not be read, or is compared with nothing */
};

void vmmio_history_markdown(const struct vmmio_history_report *r, FILE *f);
void vmmio_history_junit(const struct vmmio_history_report *r, FILE *f);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The output of advise: a line per virtqueue, or one object. */
#ifndef VMMIO_ADVISE_REPORT_H
#define VMMIO_ADVISE_REPORT_H

#include <stdio.h>

#include "rules.h"

struct vmmio_advise_row {
	struct vmmio_advise_facts facts;
	struct vmmio_advice advice[VMMIO_ADVISE_RULE_COUNT];
	unsigned int fires;
};

struct vmmio_advise_report {
	const struct vmmio_snapshot *d;
	struct vmmio_advise_row *rows;
	size_t n;
	const struct vmmio_env *env;
	const char *engine;
	double seconds;
};

void vmmio_advise_table(const struct vmmio_advise_report *r, FILE *out);
/* Rows are JSON objects that begin with the row's identity, which @identity writes. */
struct vmmio_json;
void vmmio_advise_json(const struct vmmio_advise_report *r,
		       void (*identity)(struct vmmio_json *j, const struct vmmio_row *x),
		       FILE *out);
/* The rules as docs/advise.md has them. */
void vmmio_advise_list(FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The formulas of the field table (vmmio/fields.h) on two counters, shared by vmmio-stat (on rows)
 * and vmmio-bench (on sums of rounds).
 */
#ifndef VMMIO_FORMULA_H
#define VMMIO_FORMULA_H

#include "vmmio/fields.h"

struct vmmio_quotient {
	double num, den, scale; /* the value is scale * num / den; unknown if den is 0 */
};

/* For the ops RATIO, SHARE, REST and MEAN. Unknown counters are NAN and give NAN. */
static inline struct vmmio_quotient vmmio_formula(enum vmmio_field_op op, double a, double b)
{
	switch (op) {
	case VMMIO_OP_SHARE:
		return (struct vmmio_quotient){a, b, 100};
	case VMMIO_OP_REST:
		/* the two counters are read one after the other: a may be ahead */
		return (struct vmmio_quotient){a > b ? 0 : b - a, b, 100};
	default:
		return (struct vmmio_quotient){a, b, 1};
	}
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which line of one build is which of another: an added line moves all below it. Lines of a
 * function are matched in their order, by their text where it was at hand, and by how often
 * they ran.
 */
#ifndef VMMIO_BENCH_WHERE_ALIKE_H
#define VMMIO_BENCH_WHERE_ALIKE_H

#include "tree.h"

struct vmmio_alike; /* of one pair of results */

/* NULL for want of memory. @a and @b must have the same strings' table, see delta.c. */
struct vmmio_alike *vmmio_alike_make(const struct vmmio_where *a, const struct vmmio_where *b);
void vmmio_alike_free(struct vmmio_alike *s);

/*
 * The number that a line of a function has on both sides, of @b's line if there is one. A
 * line of @a alone has one that no line of @b has; bit 31 tells it, the rest is its string.
 */
#define VMMIO_ALIKE_GONE (1u << 31)
uint32_t vmmio_alike_line(const struct vmmio_alike *s, bool of_b, uint32_t module,
			  uint32_t function, uint32_t line);

#endif

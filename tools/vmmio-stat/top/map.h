/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A distribution over time: that of each of the last intervals of one row, and its projection on a
 * part of the screen.
 */
#ifndef VMMIO_TOP_MAP_H
#define VMMIO_TOP_MAP_H

#include "tools/vmmio-stat/view/hist.h"

#define TOP_MAP_INTERVALS 180
#define TOP_MAP_LEVELS 4 /* of shade, besides none */
#define TOP_MAP_WIDTH 200
#define TOP_MAP_HEIGHT 40
#define TOP_MAP_UNKNOWN (-1) /* not counted in that time */
#define TOP_MAP_BEFORE (-2)  /* nobody looked yet */

struct top_map {
	int at, used; /* where the next interval goes; how many there are */
	signed char known[TOP_MAP_INTERVALS];
	__u32 n[TOP_MAP_INTERVALS][VMMIO_LOG2_ROWS];
};

/* The intervals side by side, the newest at the right; lines from the smallest values up. */
struct top_map_view {
	int width, height; /* that are used: 0 where there is no sample */
	int low[TOP_MAP_HEIGHT + 1];
	signed char shade[TOP_MAP_HEIGHT][TOP_MAP_WIDTH];
	int intervals; /* in one cell */
	__u64 max;     /* samples in the darkest cell */
};

/* One interval more; @h NULL: it is not known. */
void top_map_push(struct top_map *m, const struct vmmio_hist *h);

/* What fits @width cells and @height lines; each has a line for as many powers of two as needed. */
void top_map_look(const struct top_map *m, int width, int height, struct top_map_view *v);

#endif

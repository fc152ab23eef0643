// SPDX-License-Identifier: GPL-2.0-only
/*
 * See map.h.
 */
#include <math.h>
#include <string.h>

#include "map.h"

void top_map_push(struct top_map *m, const struct vmmio_hist *h)
{
	struct vmmio_log2_hist log2;
	int k;

	m->known[m->at] = h != NULL;
	memset(m->n[m->at], 0, sizeof(m->n[m->at]));
	if (h) {
		vmmio_log2_project(&log2, h);
		for (k = 0; k < log2.rows; k++)
			m->n[m->at][k] = log2.n[k] < ~0u ? (__u32)log2.n[k] : ~0u;
	}
	m->at = (m->at + 1) % TOP_MAP_INTERVALS;
	m->used += m->used < TOP_MAP_INTERVALS;
}

/* The interval @back before the newest. */
static int place(const struct top_map *m, int back)
{
	return (m->at - 1 - back + 2 * TOP_MAP_INTERVALS) % TOP_MAP_INTERVALS;
}

/* Which powers of two any of the newest @n intervals has; false: none. */
static bool range(const struct top_map *m, int n, int *first, int *last)
{
	int i, k;

	*first = VMMIO_LOG2_ROWS;
	*last = -1;
	for (i = 0; i < n; i++) {
		for (k = 0; k < VMMIO_LOG2_ROWS; k++) {
			if (!m->n[place(m, i)][k])
				continue;
			*first = k < *first ? k : *first;
			*last = k > *last ? k : *last;
		}
	}
	return *last >= 0;
}

/* Samples of powers @from to @to in the intervals of cell @back from the right; -1: not known. */
static double count(const struct top_map *m, int back, int per, int from, int to)
{
	bool known = false;
	double n = 0;
	int i, k;

	for (i = back * per; i < (back + 1) * per && i < m->used; i++) {
		known |= m->known[place(m, i)];
		for (k = from; k < to && k < VMMIO_LOG2_ROWS; k++)
			n += m->n[place(m, i)][k];
	}
	return known ? n : -1;
}

void top_map_look(const struct top_map *m, int width, int height, struct top_map_view *v)
{
	int first, last, rows, c, y;
	double n, max = 0;

	memset(v, 0, sizeof(*v));
	width = width > TOP_MAP_WIDTH ? TOP_MAP_WIDTH : width;
	height = height > TOP_MAP_HEIGHT ? TOP_MAP_HEIGHT : height;
	if (width < 1 || height < 1 || !range(m, m->used, &first, &last))
		return;
	v->intervals = (m->used + width - 1) / width;
	rows = (last - first + height) / height;
	v->width = width;
	v->height = (last - first + rows) / rows;
	for (y = 0; y <= v->height; y++)
		v->low[y] = first + y * rows;
	for (y = 0; y < v->height; y++) {
		for (c = 0; c < width; c++) {
			n = count(m, c, v->intervals, v->low[y], v->low[y + 1]);
			max = n > max ? n : max;
		}
	}
	v->max = (__u64)max;
	for (y = 0; y < v->height; y++) {
		for (c = 0; c < width; c++) {
			signed char *to = &v->shade[y][width - 1 - c];

			n = count(m, c, v->intervals, v->low[y], v->low[y + 1]);
			if (c * v->intervals >= m->used)
				*to = TOP_MAP_BEFORE;
			else if (n < 0)
				*to = TOP_MAP_UNKNOWN;
			else /* a single one is seen beside thousands */
				*to = (signed char)ceil(sqrt(n / max) * TOP_MAP_LEVELS);
		}
	}
}

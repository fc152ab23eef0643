// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pane of "top" with a distribution over time: an interval or more in each cell, the newest at
 * the right, shaded by the number of samples.
 */
#include <curses.h>
#include <stdio.h>

#include "top.h"

#define LABELS 9 /* columns at the left */

static void cell(int shade, bool utf8)
{
	static const char *const blocks[] = {" ", "░", "▒", "▓", "█"};
	static const char ascii[] = " .:*#";

	attrset(shade < 0 ? A_DIM : A_NORMAL);
	if (shade == TOP_MAP_UNKNOWN)
		addstr("-"); /* as everywhere */
	else if (shade < 0)
		addch(' ');
	else if (utf8)
		addstr(blocks[shade]);
	else
		addch((chtype)ascii[shade]);
}

void top_draw_map(const struct top_model *m, const struct top_screen *s, int id, int top, int lines)
{
	long row = top_model_selected(m);
	const struct top_map *map =
		row >= 0 && (size_t)row < m->nrows ? m->rows[row].maps[id] : NULL;
	static struct top_map_view v; /* one screen, one thread */
	char text[80];
	int y, c;

	if (map)
		top_map_look(map, COLS - LABELS, lines - 1, &v);
	if (!map || !v.height) {
		mvaddnstr(top + 1, 2, "no samples in the last 180 intervals", COLS - 2);
		return;
	}
	for (y = 0; y < v.height; y++) {
		int at = top + v.height - 1 - y;

		top_axis_label(text, sizeof(text), vmmio_log2_low(v.low[y]),
			       vmmio_hist_is_time(id));
		attrset(A_DIM);
		mvprintw(at, 0, "%7s ", text);
		addstr(s->utf8 ? "│" : "|");
		for (c = 0; c < v.width; c++)
			cell(v.shade[y][c], s->utf8);
	}
	snprintf(text, sizeof(text), "%.3g s in a cell, %llu samples in the darkest",
		 v.intervals * (double)s->x->opt.interval_ns / 1e9, (unsigned long long)v.max);
	attrset(A_DIM);
	mvaddnstr(top + v.height, LABELS, text, COLS - LABELS);
	attrset(A_NORMAL);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The screen of "top", see top.h: title, table with sparklines, the pane of the selected row, keys.
 * It is painted completely each time and curses sends the differences, so a serial line carries
 * little.
 */
#include <curses.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "top.h"

enum {
	PAIR_TITLE = 1,
	PAIR_GOOD,
	PAIR_WARN,
	PAIR_BAD,
	PAIR_PANE,
};

#define PANE_LINES 10
#define LEVELS 7

static bool colors;

static void start_colors(void)
{
	static bool started;

	if (started || !has_colors())
		return;
	started = true;
	start_color();
	use_default_colors();
	init_pair(PAIR_TITLE, COLOR_BLACK, COLOR_CYAN);
	init_pair(PAIR_GOOD, COLOR_GREEN, -1);
	init_pair(PAIR_WARN, COLOR_YELLOW, -1);
	init_pair(PAIR_BAD, COLOR_RED, -1);
	init_pair(PAIR_PANE, COLOR_CYAN, -1);
	colors = true;
}

/* With no colours, @plain does. */
static attr_t look(int pair, attr_t plain)
{
	return colors ? (attr_t)COLOR_PAIR(pair) : plain;
}

/* Text at y, x that never goes past the right edge. */
static void put(int y, int x, int room, const char *text)
{
	if (x < COLS && room > 0)
		mvaddnstr(y, x, text, room < COLS - x ? room : COLS - x);
}

static void draw_title(const struct top_model *m, const struct top_screen *s)
{
	const struct vmmio_env *env = &s->x->env;
	const struct vmmio_snapshot *d = &s->x->delta;
	char left[160], right[80], lost[32] = "lost -", when[16] = "", mark[32];
	time_t now = time(NULL);
	struct tm tm;
	int x, i;

	if (d->have_lost)
		snprintf(lost, sizeof(lost), "lost %llu", (unsigned long long)d->events_lost);
	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%H:%M:%S", &tm);
	snprintf(right, sizeof(right), "%zu of %zu rows  %s  %s ", m->shown, m->nrows, lost, when);
	for (i = 0; i < 2; i++) {
		snprintf(mark, sizeof(mark), i ? " ~" : " (~ %s)", vmmio_env_emulated_text(env));
		snprintf(left, sizeof(left), " vmmio-stat top  %s  %s%s  %.3g s%s%s",
			 s->x->view.engine, env->accel, env->emulated ? mark : "",
			 (double)s->x->opt.interval_ns / 1e9, m->paused ? "  PAUSED" : "",
			 s->ended ? "  END" : "");
		if (strlen(left) + strlen(right) < (size_t)COLS)
			break;
	}
	attrset(look(PAIR_TITLE, A_REVERSE));
	mvhline(0, 0, ' ', COLS);
	put(0, 0, COLS, left);
	x = COLS - (int)strlen(right);
	if (x > (int)strlen(left))
		put(0, x, COLS, right);
	if (d->have_lost && d->events_lost && x > (int)strlen(left)) {
		attron(A_BOLD | A_BLINK);
		put(0, x + (int)(strstr(right, "lost") - right), (int)strlen(lost), lost);
	}
	attrset(A_NORMAL);
}

static void draw_heading(const struct top_model *m, const struct top_screen *s, const int *ids,
			 int n)
{
	char text[32], spark[48];
	int x = TOP_DEVICE_WIDTH + 1 + top_queue_width(COLS), i, w;
	bool rates = vmmio_env_rates(&s->x->env);

	attrset(A_BOLD);
	mvprintw(1, 0, "%-*s %-*s", TOP_DEVICE_WIDTH, "DEVICE", top_queue_width(COLS), "VQ");
	for (i = 0; i < n; i++) {
		top_heading(text, sizeof(text), &s->x->env, ids[i], &w);
		x += w + 1;
		attrset(A_BOLD | (ids[i] == m->sort ? A_UNDERLINE | look(PAIR_WARN, 0) : 0));
		put(1, x - (int)strlen(text), (int)strlen(text), text);
	}
	attrset(A_BOLD);
	snprintf(spark, sizeof(spark), "%s%.*s 1 min", s->x->env.emulated ? "~" : "",
		 (int)strlen(top_sparks[m->spark].name) - (rates ? 0 : 2),
		 top_sparks[m->spark].name);
	put(1, x + 1, TOP_MINUTE, spark);
	attrset(A_NORMAL);
}

static attr_t alarm_look(int id, struct vmmio_value v)
{
	if (!v.known)
		return A_DIM;
	if (id == VMMIO_F_SPURIOUS && v.v >= 50)
		return look(PAIR_BAD, A_BOLD);
	if ((id == VMMIO_F_SPURIOUS && v.v >= 10) || (id == VMMIO_F_RING_FULL && v.v > 0))
		return look(PAIR_WARN, A_BOLD);
	return A_NORMAL;
}

static struct vmmio_value cell_value(const struct top_screen *s, size_t row, int id)
{
	const struct vmmio_snapshot *d = &s->x->delta;
	struct vmmio_value v = vmmio_field_show(d, row, id, &s->x->env);

	if (vmmio_fields[id].op == VMMIO_OP_COUNT && vmmio_env_rates(&s->x->env)) {
		if (!d->time_ns)
			v.known = false;
		else
			v.v /= (double)d->time_ns / 1e9;
		if (v.v >= 10)
			v.v = round(v.v);
	}
	return v;
}

static void draw_spark(const struct top_model *m, const struct top_screen *s, size_t row, int y,
		       int x)
{
	static const char *const blocks[LEVELS + 1] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char ascii[LEVELS + 2] = "_.-:=+*#";
	signed char cells[TOP_MINUTE];
	int width = COLS - x < TOP_MINUTE ? COLS - x : TOP_MINUTE, i;

	if (width < 1 || row >= m->nrows)
		return;
	top_spark_cells(&m->rows[row], m->spark, width, LEVELS, cells);
	move(y, x);
	for (i = 0; i < width; i++) {
		/* the last cell of the last line would scroll some terminals */
		if (cells[i] < 0)
			addch(' ');
		else if (s->utf8)
			addstr(blocks[(int)cells[i]]);
		else
			addch((chtype)ascii[(int)cells[i]]);
	}
}

static void draw_row(const struct top_model *m, const struct top_screen *s, const int *ids, int n,
		     size_t place, int y)
{
	size_t row = m->index[place];
	const struct vmmio_row *r = &s->x->delta.rows[row];
	attr_t base = place == m->sel ? A_REVERSE : A_NORMAL;
	int x = TOP_DEVICE_WIDTH + 1 + top_queue_width(COLS), i, w;
	char text[48];

	attrset(base);
	mvhline(y, 0, ' ', COLS);
	put(y, 0, TOP_DEVICE_WIDTH, vmmio_row_device(r));
	put(y, TOP_DEVICE_WIDTH + 1, top_queue_width(COLS),
	    vmmio_format_queue(text, sizeof(text), r));
	for (i = 0; i < n; i++) {
		struct vmmio_value v = cell_value(s, row, ids[i]);

		top_heading(text, sizeof(text), &s->x->env, ids[i], &w);
		vmmio_format_value(text, sizeof(text), w, v, vmmio_field_whole(ids[i]));
		x += w + 1;
		attrset(base | (base == A_NORMAL ? alarm_look(ids[i], v) : 0));
		put(y, x - (int)strlen(text), w, text);
	}
	attrset(base | (base == A_NORMAL ? look(PAIR_GOOD, 0) : 0));
	draw_spark(m, s, row, y, x + 1);
	attrset(A_NORMAL);
}

void top_axis_label(char *buf, size_t size, __u64 v, bool is_time)
{
	static const char suffix[] = "num ";
	int s = 0;

	if (!is_time) {
		if (!v)
			snprintf(buf, size, "0-1");
		else if (v < 10000)
			snprintf(buf, size, "%llu", (unsigned long long)v);
		else
			snprintf(buf, size, "%lluk", (unsigned long long)v / 1000);
		return;
	}
	while (v >= 1000 && s < 3) {
		v /= 1000;
		s++;
	}
	snprintf(buf, size, "%llu%c", (unsigned long long)v, s == 3 ? 's' : suffix[s]);
}

static void draw_bar(int y, int x, int width, int height, double part, bool utf8)
{
	static const char *const eighths[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	int full = (int)lround(part * height * 8), line, i;

	if (part > 0 && !full)
		full = 1;
	for (line = 0; line < height; line++) {
		int here = full - 8 * line;

		if (here <= 0)
			break;
		if (here > 8)
			here = 8;
		move(y - line, x);
		for (i = 0; i < width; i++) {
			if (utf8)
				addstr(eighths[here]);
			else
				addch(here >= 6 ? '#' : here >= 3 ? '=' : '_');
		}
	}
}

static void draw_hist(const struct top_screen *s, size_t row, int id, int top, int lines)
{
	const struct vmmio_hist *h = vmmio_row_hist(s->sum, row, id);
	int bottom = top + lines - 2, first, width, k, bars;
	struct vmmio_log2_hist log2;
	char text[32];

	vmmio_log2_project(&log2, h);
	for (first = 0; first < log2.rows && !log2.n[first]; first++)
		;
	bars = log2.rows - first;
	if (!bars)
		return;
	width = (COLS - 10) / bars;
	if (width > 6)
		width = 6;
	if (width < 2)
		width = 2;
	vmmio_format_value(text, sizeof(text), 6, (struct vmmio_value){true, (double)log2.max},
			   true);
	attrset(A_DIM);
	mvprintw(top, 0, "%7s", text);
	mvprintw(bottom, 0, "%7s", "0");
	for (k = top; k <= bottom; k++)
		mvaddstr(k, 8, s->utf8 ? "│" : "|");
	for (k = first; k < log2.rows; k++) {
		int x = 9 + (k - first) * width;

		if (x + width > COLS)
			break;
		attrset(look(PAIR_GOOD, A_NORMAL));
		draw_bar(bottom, x, width - 1, bottom - top + 1,
			 (double)log2.n[k] / (double)log2.max, s->utf8);
		attrset(A_DIM);
		if (width >= 5 || !((k - first) % 2) || width >= 4) {
			top_axis_label(text, sizeof(text), vmmio_log2_low(k),
				       vmmio_hist_is_time(id));
			put(bottom + 1, x, width >= 4 ? width : 2 * width, text);
		}
	}
	attrset(A_NORMAL);
}

/* The rows of the sum and of the delta are those of the same snapshot. */
static void draw_pane(const struct top_model *m, const struct top_screen *s, int top, int lines)
{
	long row = top_model_selected(m);
	const struct vmmio_row *r;
	const struct vmmio_hist *h;
	char text[240], queue[48];
	int x;

	attrset(look(PAIR_PANE, A_BOLD));
	move(top, 0);
	for (x = 0; x < COLS; x++)
		addstr(s->utf8 ? "─" : "-");
	if (row < 0 || (size_t)row >= s->sum->n) {
		attrset(A_NORMAL);
		return;
	}
	r = &s->x->delta.rows[row];
	snprintf(text, sizeof(text), " %s %s  %s on %s %s  %s %s ", vmmio_row_device(r),
		 vmmio_format_queue(queue, sizeof(queue), r), r->info.driver,
		 vmmio_transport_name(r->info.transport), r->info.parent,
		 r->info.kind == VMMIO_SLOT_QUEUE ? vmmio_irq_mode_name(r->info.irq_mode) : "",
		 r->info.flags & VMMIO_SLOT_PACKED ? "packed" : "");
	put(top, 2, COLS - 4, text);
	if (r->info.kind == VMMIO_SLOT_QUEUE) {
		snprintf(text, sizeof(text), " ring %u of %u ", r->info.ring_size,
			 r->info.ring_max);
		put(top, COLS - (int)strlen(text) - 2, (int)strlen(text), text);
	}
	attrset(A_BOLD);
	snprintf(text, sizeof(text), "%s%s, %s", s->x->env.emulated ? "~" : "",
		 vmmio_hist_keys[m->hist],
		 vmmio_hist_is_time(m->hist) ? "ns" : vmmio_hist_units[m->hist]);
	put(top + 1, 0, COLS, text);
	x = (int)strlen(text) + 2;
	attrset(A_NORMAL);
	h = vmmio_row_hist(s->sum, row, m->hist);
	if (!h || !(s->sum->rows[row].have_hist >> m->hist & 1)) {
		put(top + 3, 2, COLS, "not measured here (Tab: another distribution)");
		return;
	}
	vmmio_hist_summary(text, sizeof(text), s->sum, row, m->hist);
	while ((int)strlen(text) > COLS - x && strrchr(text, ','))
		*strrchr(text, ',') = '\0'; /* no half number */
	put(top + 1, x, COLS, text);
	if (!vmmio_hist_total(h)) {
		put(top + 3, 2, COLS, "no samples since the start (Tab: another distribution)");
		return;
	}
	if (m->map)
		top_draw_map(m, s, m->hist, top + 2, lines - 2);
	else
		draw_hist(s, row, m->hist, top + 2, lines - 2);
}

static void draw_keys(const struct top_model *m, const struct top_screen *s)
{
	static const char *const keys[] = {"q",	 "quit", "h", "help",  "/",   "filter",
					   "<>", "sort", "o", "order", "Tab", "hist",
					   "m",	 "map",	 "s", "spark", "p",   "pause"};
	int y = LINES - 1, x = 0;
	size_t i;

	move(y, 0);
	clrtoeol();
	if (s->prompt) {
		attrset(A_BOLD);
		put(y, 0, COLS - 1, "filter: ");
		attrset(A_NORMAL);
		put(y, 8, COLS - 9, s->prompt);
		attrset(A_REVERSE);
		put(y, 8 + (int)strlen(s->prompt), 1, " ");
		attrset(A_NORMAL);
		return;
	}
	if (s->message) {
		attrset(look(PAIR_WARN, A_BOLD));
		put(y, 0, COLS - 1, s->message);
		attrset(A_NORMAL);
		return;
	}
	if (m->filter[0]) {
		char text[64];

		snprintf(text, sizeof(text), "filter '%s'  ", m->filter);
		attrset(look(PAIR_WARN, A_BOLD));
		put(y, x, COLS - 1, text);
		x += (int)strlen(text);
	}
	for (i = 0; i + 1 < sizeof(keys) / sizeof(keys[0]); i += 2) {
		int need = (int)(strlen(keys[i]) + strlen(keys[i + 1])) + 3;

		if (x + need > COLS - 1)
			break;
		attrset(A_BOLD);
		put(y, x, COLS - 1 - x, keys[i]);
		attrset(A_NORMAL);
		put(y, x + (int)strlen(keys[i]) + 1, COLS - 1 - x, keys[i + 1]);
		x += need;
	}
}

static void draw_help(void)
{
	static const char *const text[] = {
		"up, down, j, k    select a row; PgUp, PgDn, Home, End",
		"< >               sort by the column to the left or right",
		"o                 largest or smallest first",
		"/                 show only what contains a text, or matches",
		"                  a pattern (* ?); an empty one shows all",
		"Tab               next distribution of the selected row",
		"m                 it over time: the last 180 intervals",
		"R                 distributions start anew",
		"s                 sparkline: kicks, interrupts or requests",
		"d                 rows of whole devices, too",
		"z                 leave out rows in which nothing happens",
		"e                 durations and rates under emulation, too",
		"space, p          hold the screen",
		"b                 with or without the pane below",
		"Ctrl-L            paint again (a serial line was resized)",
		"q                 quit",
		"",
		"-  not known    ~  emulated: true of this run only",
	};
	int n = sizeof(text) / sizeof(text[0]), width = 66, i;
	int y = (LINES - n - 2) / 2, x = (COLS - width) / 2;

	if (y < 0)
		y = 0;
	if (x < 0)
		x = 0;
	for (i = 0; i < n + 2; i++) {
		attrset(A_REVERSE);
		mvhline(y + i, x, ' ', width < COLS ? width : COLS);
		if (i > 0 && i <= n)
			put(y + i, x + 2, width - 3, text[i - 1]);
	}
	attrset(A_REVERSE | A_BOLD);
	put(y, x + 2, width, "Keys (any key goes back)");
	attrset(A_NORMAL);
}

void top_draw(struct top_model *m, const struct top_screen *s)
{
	int ids[VMMIO_F_COUNT], n, lines, pane = 0, i;

	start_colors();
	erase();
	if (LINES < 4 || COLS < 40) {
		put(0, 0, COLS, "too small");
		refresh();
		return;
	}
	if (m->pane && LINES >= 20)
		pane = LINES >= 40 ? PANE_LINES + 6 : PANE_LINES;
	lines = LINES - 3 - pane;
	if (m->sel < m->first)
		m->first = m->sel;
	if (m->sel >= m->first + (size_t)lines)
		m->first = m->sel - (size_t)lines + 1;
	if (m->first + (size_t)lines > m->shown)
		m->first = m->shown > (size_t)lines ? m->shown - (size_t)lines : 0;
	n = top_columns(m, &s->x->env, COLS, ids);
	draw_title(m, s);
	draw_heading(m, s, ids, n);
	for (i = 0; i < lines && m->first + (size_t)i < m->shown; i++)
		draw_row(m, s, ids, n, m->first + (size_t)i, 2 + i);
	if (!m->shown)
		put(3, 2, COLS,
		    m->have_delta ? "no row to show (d: devices, /: filter, z: idle ones)"
				  : "the first numbers come after one interval");
	if (pane)
		draw_pane(m, s, LINES - 1 - pane, pane);
	draw_keys(m, s);
	if (m->help)
		draw_help();
	refresh();
}

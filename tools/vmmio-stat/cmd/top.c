// SPDX-License-Identifier: GPL-2.0-only
/*
 * "top": the live screen. One thread waits for a key or for the next interval, whichever comes
 * first. Signals end it as they end the others.
 */
#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/top/terminal.h"
#include "tools/vmmio-stat/top/top.h"
#include "tools/vmmio-stat/session/parse.h"
#include "lib/clock.h"

struct top {
	struct vmmio_session x;
	char unseen[240];	  /* of which device: it stays on the screen */
	struct vmmio_moment m[3]; /* base of the distributions, previous, current */
	struct vmmio_snapshot sum;
	struct top_model model;
	struct top_screen screen;
	char typed[sizeof(((struct top_model *)0)->filter)];
	bool typing;
	int prev; /* index into m: 1 or 2 */
	__u64 next;
	const char *lost_terminal;
};

static void next_hist(struct top *t, int step)
{
	int i, id = t->model.hist;

	for (i = 0; i < VMMIO_HIST_COUNT; i++) {
		id = (id + step + VMMIO_HIST_COUNT) % VMMIO_HIST_COUNT;
		/* accesses belong to devices */
		if (top_hist_visible(id, &t->x.env) &&
		    (id != VMMIO_HIST_ACCESS || t->model.show_devices))
			break;
	}
	t->model.hist = id;
}

static void first_hist(struct top *t)
{
	t->model.hist = VMMIO_HIST_IRQ;
	if (!top_hist_visible(t->model.hist, &t->x.env))
		t->model.hist = VMMIO_HIST_BATCH;
}

static void arrange(struct top *t)
{
	top_model_arrange(&t->model, &t->x.delta, &t->x.opt);
}

/* Restarts the distributions here. */
static int start_sum(struct top *t)
{
	return vmmio_snapshot_copy(&t->m[0].s, &t->m[t->prev].s);
}

static int tick(struct top *t)
{
	int cur = 3 - t->prev, err;
	char why[sizeof(t->unseen)];

	/* not vmmio_moment_take(): its complaint would go into the screen */
	err = vmmio_moment_read(&t->x, &t->m[cur]);
	if (err == -ENODATA) {
		t->screen.ended = true;
		return 0;
	}
	if (err)
		return err;
	err = vmmio_session_delta(&t->x, &t->m[t->prev], &t->m[cur], why, sizeof(why));
	if (!err && why[0]) {
		memcpy(t->unseen, why, sizeof(why));
		t->screen.message = t->unseen;
		t->x.blind = true;
	}
	if (!err)
		err = vmmio_delta(&t->sum, &t->m[0].s, &t->m[cur].s);
	if (!err)
		err = top_model_update(&t->model, &t->x.delta, &t->x.opt);
	t->prev = cur;
	return err;
}

/* Sorts by the displayed column @step to the right of the present one. */
static void change_sort(struct top *t, int step)
{
	int ids[VMMIO_F_COUNT], n, at = -1, i;

	n = top_columns(&t->model, &t->x.env, COLS, ids);
	for (i = 0; i < n; i++)
		if (ids[i] == t->model.sort)
			at = i;
	at += step;
	if (at < -1)
		at = n - 1;
	if (at >= n)
		at = -1; /* between the ends lies the order of the devices */
	t->model.sort = at < 0 ? -1 : ids[at];
	arrange(t);
}

static void type(struct top *t, int key)
{
	size_t len = strlen(t->typed);

	switch (key) {
	case '\r':
	case '\n':
	case KEY_ENTER:
		memcpy(t->model.filter, t->typed, sizeof(t->typed));
		t->typing = false;
		arrange(t);
		break;
	case 27: /* Esc */
	case 7:	 /* Ctrl-G */
		t->typing = false;
		break;
	case KEY_BACKSPACE:
	case 127:
	case 8:
		if (len)
			t->typed[len - 1] = '\0';
		break;
	case 21: /* Ctrl-U */
		t->typed[0] = '\0';
		break;
	default:
		if (key >= ' ' && key < 127 && len + 1 < sizeof(t->typed)) {
			t->typed[len] = (char)key;
			t->typed[len + 1] = '\0';
		}
	}
}

static void toggle_emulated_time(struct top *t)
{
	if (!t->x.env.emulated) {
		t->screen.message = "nothing is emulated here";
		return;
	}
	t->x.env.emulated_time = !t->x.env.emulated_time;
	if (!top_hist_visible(t->model.hist, &t->x.env))
		first_hist(t);
}

/* Returns false to quit. */
static bool press(struct top *t, int key)
{
	struct top_model *m = &t->model;

	if (key == KEY_RESIZE)
		return true;
	if (t->typing) {
		type(t, key);
		return true;
	}
	t->screen.message = NULL;
	if (m->help) {
		m->help = false;
		return true;
	}
	switch (key) {
	case 'q':
	case 'Q':
	case 3: /* Ctrl-C, should the terminal not make a signal of it */
		return false;
	case 'h':
	case '?':
	case KEY_F(1):
		m->help = true;
		break;
	case KEY_UP:
	case 'k':
		top_model_move(m, &t->x.delta, -1);
		break;
	case KEY_DOWN:
	case 'j':
		top_model_move(m, &t->x.delta, 1);
		break;
	case KEY_PPAGE:
		top_model_move(m, &t->x.delta, -10);
		break;
	case KEY_NPAGE:
		top_model_move(m, &t->x.delta, 10);
		break;
	case KEY_HOME:
	case 'g':
		top_model_move(m, &t->x.delta, -1000000);
		break;
	case KEY_END:
	case 'G':
		top_model_move(m, &t->x.delta, 1000000);
		break;
	case '<':
	case KEY_LEFT:
		change_sort(t, -1);
		break;
	case '>':
	case KEY_RIGHT:
		change_sort(t, 1);
		break;
	case 'o':
		m->ascending = !m->ascending;
		arrange(t);
		break;
	case '/':
	case 'f':
		memcpy(t->typed, m->filter, sizeof(t->typed));
		t->typing = true;
		break;
	case '\t':
		next_hist(t, 1);
		break;
	case KEY_BTAB:
		next_hist(t, -1);
		break;
	case 's':
		m->spark = (m->spark + 1) % TOP_SPARKS;
		break;
	case 'd':
		m->show_devices = !m->show_devices;
		arrange(t);
		break;
	case 'z':
		m->skip_idle = !m->skip_idle;
		arrange(t);
		break;
	case 'e':
		toggle_emulated_time(t);
		break;
	case 'b':
		m->pane = !m->pane;
		break;
	case 'm':
		m->map = !m->map;
		break;
	case 'R':
		if (!start_sum(t) && !vmmio_delta(&t->sum, &t->m[0].s, &t->m[t->prev].s))
			t->screen.message = "distributions start anew";
		break;
	case 'p':
	case ' ':
		m->paused = !m->paused;
		break;
	case 12: /* Ctrl-L */
		vmmio_term_measure();
		clearok(curscr, TRUE);
		break;
	}
	return true;
}

static int timeout_ms(const struct top *t)
{
	__u64 now = vmmio_now_ns();

	if (t->next <= now)
		return 0;
	return (int)((t->next - now + 999999) / 1000000);
}

/* Returns an exit status. */
static int loop(struct top *t)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	int key;

	while (!vmmio_stop) {
		t->screen.prompt = t->typing ? t->typed : NULL;
		top_draw(&t->model, &t->screen);
		if (poll(&in, 1, timeout_ms(t)) < 0 && errno != EINTR)
			return VMMIO_EXIT_TROUBLE;
		if (in.revents & (POLLHUP | POLLERR | POLLNVAL)) {
			t->lost_terminal = "the terminal is gone";
			return VMMIO_EXIT_TROUBLE;
		}
		while ((key = getch()) != ERR) /* after EINTR, too: a new size is a key */
			if (!press(t, key))
				return VMMIO_EXIT_OK;
		if (vmmio_now_ns() < t->next)
			continue;
		t->next += t->x.opt.interval_ns;
		if (t->next < vmmio_now_ns()) /* stopped for a while, or too slow */
			t->next = vmmio_now_ns() + t->x.opt.interval_ns;
		if (!t->model.paused && !t->screen.ended && tick(t))
			return VMMIO_EXIT_TROUBLE;
	}
	return VMMIO_EXIT_OK;
}

static int run(struct top *t)
{
	char why[160];
	int i, ret;

	for (i = 0; i < 3; i++)
		vmmio_moment_init(&t->m[i], &t->x);
	vmmio_snapshot_init(&t->sum, &t->x.want);
	top_model_init(&t->model, &t->x.opt);
	t->prev = 1;
	t->screen.x = &t->x;
	t->screen.sum = &t->sum;
	t->screen.utf8 = vmmio_term_utf8();
	first_hist(t);
	ret = vmmio_moment_take(&t->x, &t->m[1]);
	if (!ret)
		ret = start_sum(t);
	if (!ret) {
		ret = vmmio_term_open(why, sizeof(why));
		if (ret)
			vmmio_complain("top: %s", why);
	}
	if (!ret) {
		t->next = vmmio_now_ns() + t->x.opt.interval_ns;
		ret = loop(t);
		vmmio_term_close();
		if (t->lost_terminal)
			vmmio_complain("top: %s", t->lost_terminal);
		else if (ret)
			vmmio_complain("%s", t->x.src.why[0] ? t->x.src.why : "top: out of memory");
	} else {
		ret = VMMIO_EXIT_TROUBLE;
	}
	top_model_free(&t->model);
	vmmio_snapshot_free(&t->sum);
	for (i = 0; i < 3; i++)
		vmmio_moment_free(&t->m[i]);
	return ret;
}

int vmmio_cmd_top(int argc, char **argv)
{
	static const struct vmmio_form form = {
		.program = "vmmio-stat top",
		.usage = "[options] [interval]",
		.about = "The live screen; h lists its keys.\n",
		.takes = "i1TnDqxfSzoed",
	};
	static struct top t;
	int ret, id;

	ret = vmmio_options_parse(&t.x.opt, &form, argc, argv);
	if (!ret)
		ret = vmmio_options_interval(&t.x.opt);
	if (ret)
		return ret - 1;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		vmmio_complain("top: no terminal on standard input and output");
		return VMMIO_EXIT_TROUBLE;
	}
	for (id = 0; id < VMMIO_HIST_COUNT; id++)
		t.x.want.hists |= 1u << id;
	if (vmmio_session_open(&t.x))
		return VMMIO_EXIT_TROUBLE;
	ret = run(&t);
	vmmio_session_close(&t.x);
	if (t.x.blind)
		vmmio_complain("%s", t.unseen);
	return ret == VMMIO_EXIT_OK && t.x.blind ? VMMIO_EXIT_TROUBLE : ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * No subcommand: a report every interval, or one over a command. The first
 * row comes after the first interval; an interrupt prints the totals.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/session/command.h"
#include "tools/vmmio-stat/core/self.h"
#include "tools/vmmio-stat/session/session.h"
#include "tools/vmmio-stat/session/parse.h"

/* Returns an exit status, or -1 to go on. */
static int report(struct vmmio_session *x, int n, bool total, const int *status)
{
	struct vmmio_report r = {
		.delta = &x->delta,
		.rows = x->index,
		.n = n,
		.total = total,
		.have_status = status != NULL,
		.command_status = status ? *status : 0,
	};
	int ret;

	if (x->opt.format == VMMIO_FORMAT_TEXTFILE) {
		ret = vmmio_textfile_report(&x->metrics, &x->view, &r);
		if (!ret)
			return -1;
		vmmio_complain("cannot write %s: %s", x->opt.textfile, strerror(-ret));
		return VMMIO_EXIT_TROUBLE;
	}
	vmmio_view_report(&x->view, &r);
	ret = vmmio_flush(stdout);
	if (ret > 0)
		return VMMIO_EXIT_OK; /* the reader has seen enough */
	if (ret < 0) {
		vmmio_complain("cannot write the output: %s", strerror(-ret));
		return VMMIO_EXIT_TROUBLE;
	}
	return -1;
}

/* Are there rows to look at, before the first interval? */
static bool anything(struct vmmio_session *x, const struct vmmio_snapshot *s)
{
	const struct vmmio_options *o = &x->opt;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (vmmio_row_matches(&s->rows[i], o))
			return true;
	if (o->device || o->driver || o->queue) {
		vmmio_complain(
			"no device or virtqueue matches -n, -D or -q (vmmio-stat list shows them)");
		return false;
	}
	vmmio_complain("no device yet: bind one to vmmio, or load it with claim=all");
	return true;
}

/* Reports what vanished. False: nothing of the selection is left. */
static bool followed(struct vmmio_session *x, int n)
{
	if (!x->delta.gone)
		return true;
	if (x->delta.gone > 1)
		vmmio_complain("%s is gone, and %u more", x->delta.gone_name, x->delta.gone - 1);
	else
		vmmio_complain("%s is gone", x->delta.gone_name);
	if (n || x->opt.skip_idle || (!x->opt.device && !x->opt.driver && !x->opt.queue))
		return true;
	vmmio_complain("nothing is left of what was asked for");
	return false;
}

static int totals(struct vmmio_session *x, const struct vmmio_moment *first,
		  struct vmmio_moment *last)
{
	int n, status;

	if (vmmio_moment_take(x, last))
		return x->ended ? VMMIO_EXIT_OK : VMMIO_EXIT_TROUBLE;
	if (x->opt.format == VMMIO_FORMAT_CSV)
		return VMMIO_EXIT_OK; /* a total would not be a row */
	n = vmmio_session_compare(x, first, last);
	if (n < 0)
		return VMMIO_EXIT_TROUBLE;
	status = report(x, n, true, NULL);
	return status < 0 ? VMMIO_EXIT_OK : status;
}

/* The last sums of --textfile: the counts since the last interval. */
static int last_part(struct vmmio_session *x, const struct vmmio_moment *prev,
		     struct vmmio_moment *last)
{
	int n, status;

	if (vmmio_moment_take(x, last))
		return x->ended ? VMMIO_EXIT_OK : VMMIO_EXIT_TROUBLE;
	n = vmmio_session_compare(x, prev, last);
	status = n < 0 ? VMMIO_EXIT_TROUBLE : report(x, n, false, NULL);
	return status < 0 ? VMMIO_EXIT_OK : status;
}

static int watch(struct vmmio_session *x, struct vmmio_moment *m)
{
	struct vmmio_moment *first = &m[0], *prev = &m[0], *cur = &m[1], *spare = &m[2];
	__u64 next, done = 0;
	int n, status;

	if (vmmio_moment_take(x, first))
		return VMMIO_EXIT_TROUBLE;
	if (!anything(x, &first->s))
		return VMMIO_EXIT_TROUBLE;
	next = first->s.time_ns;
	while (!x->opt.count || done < x->opt.count) {
		next += x->opt.interval_ns;
		vmmio_sleep_until(next);
		if (vmmio_stop && x->opt.format == VMMIO_FORMAT_TEXTFILE)
			return last_part(x, prev, cur);
		if (vmmio_stop)
			return totals(x, first, cur);
		if (vmmio_moment_take(x, cur))
			return x->ended ? VMMIO_EXIT_OK : VMMIO_EXIT_TROUBLE;
		n = vmmio_session_compare(x, prev, cur);
		if (n < 0 || !followed(x, n))
			return VMMIO_EXIT_TROUBLE;
		status = report(x, n, false, NULL);
		if (status >= 0)
			return status;
		done++;
		if (prev == first) {
			prev = cur;
			cur = spare;
		} else {
			struct vmmio_moment *t = prev;

			prev = cur;
			cur = t;
		}
	}
	return VMMIO_EXIT_OK;
}

static int over_command(struct vmmio_session *x, struct vmmio_moment *m)
{
	struct vmmio_command c = {};
	int err, n, status = 0, ret;

	err = vmmio_command_prepare(&c, x->opt.command);
	if (err) {
		vmmio_complain("cannot start %s: %s", x->opt.command[0], strerror(-err));
		return VMMIO_EXIT_TROUBLE;
	}
	if (vmmio_moment_take(x, &m[0])) {
		vmmio_command_abandon(&c);
		return VMMIO_EXIT_TROUBLE;
	}
	err = vmmio_command_run(&c, &status);
	if (err) {
		vmmio_complain("cannot run %s: %s", x->opt.command[0], strerror(-err));
		return VMMIO_EXIT_TROUBLE;
	}
	if (vmmio_moment_take(x, &m[1]))
		return VMMIO_EXIT_TROUBLE;
	n = vmmio_session_compare(x, &m[0], &m[1]);
	if (n < 0)
		return VMMIO_EXIT_TROUBLE;
	ret = report(x, n, true, &status);
	if (ret > 0)
		return ret;
	if (status) {
		vmmio_complain("%s ended with status %d", x->opt.command[0], status);
		return status;
	}
	return VMMIO_EXIT_OK;
}

static void subcommands(char *text, size_t size)
{
	int n = snprintf(
		text, size,
		"What virtio costs in this guest, per virtqueue: kicks, interrupts and how "
		"well\nboth are batched. Without an interval: once a second until "
		"interrupted.\n\n");

	for (int i = 0; vmmio_cmds[i].name && n < (int)size; i++)
		n += snprintf(text + n, size - n, "  %-12s %s\n", vmmio_cmds[i].name,
			      vmmio_cmds[i].help);
}

int vmmio_cmd_live(int argc, char **argv)
{
	struct vmmio_session x = {};
	struct vmmio_moment m[3];
	struct vmmio_self cost;
	char line[320], about[1500];
	const struct vmmio_form form = {
		.program = "vmmio-stat",
		.usage = "[options] [interval [count]]\n[options] -- command [argument...]\n"
			 "subcommand [options]",
		.about = about,
		.after = "Exit status: 0 ok, 1 trouble, 2 wrong usage, 3 --verify found a "
			 "difference.\n",
		.command = true,
	};
	int i, ret;

	subcommands(about, sizeof(about));
	ret = vmmio_options_parse(&x.opt, &form, argc, argv);
	if (!ret)
		ret = vmmio_options_interval(&x.opt);
	if (ret)
		return ret - 1;
	x.want = vmmio_options_want(&x.opt);
	if (vmmio_session_open(&x))
		return VMMIO_EXIT_TROUBLE;
	for (i = 0; i < 3; i++)
		vmmio_moment_init(&m[i], &x);
	ret = x.opt.command ? over_command(&x, m) : watch(&x, m);
	if (x.opt.self && x.opt.format != VMMIO_FORMAT_JSON) {
		vmmio_self_read(&cost); /* before its programs are gone */
		vmmio_complain("%s", vmmio_self_line(line, sizeof(line), &cost));
	}
	for (i = 0; i < 3; i++)
		vmmio_moment_free(&m[i]);
	vmmio_session_close(&x);
	if (ret == VMMIO_EXIT_OK && x.blind)
		return VMMIO_EXIT_TROUBLE;
	return ret == VMMIO_EXIT_OK && x.differed ? VMMIO_EXIT_NEGATIVE : ret;
}

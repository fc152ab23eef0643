// SPDX-License-Identifier: GPL-2.0-only
/*
 * "hist": distributions per virtqueue (of register accesses: per device), every
 * interval, over a command, or until interrupted.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/session/command.h"
#include "tools/vmmio-stat/view/hist.h"
#include "tools/vmmio-stat/session/session.h"
#include "tools/vmmio-stat/session/parse.h"
#include "hist.h"

static void kinds(char *text, size_t size)
{
	int id, n = 0;

	for (id = 0; id < VMMIO_HIST_COUNT && n < (int)size; id++)
		n += snprintf(text + n, size - n, "  %-10s %s (%s)\n", vmmio_hist_keys[id],
			      vmmio_hist_meanings[id], vmmio_hist_units[id]);
}

static void print_time(const struct vmmio_session *x)
{
	time_t now = time(NULL);
	char text[16];
	struct tm tm;

	if (x->opt.timestamp && localtime_r(&now, &tm) &&
	    strftime(text, sizeof(text), "%H:%M:%S", &tm))
		printf("%s\n", text);
}

bool vmmio_hist_allowed(const struct vmmio_session *x, int id)
{
	if (!vmmio_hist_is_time(id) || vmmio_env_times(&x->env))
		return true;
	if (!x->env.clock_ok)
		vmmio_complain("hist %s: reading clocksource %s traps, so there are no durations "
			       "(vmmio-stat doctor)",
			       vmmio_hist_keys[id], x->env.clocksource);
	else
		vmmio_complain("hist %s: durations are %s (%s): "
			       "--emulated-time shows them",
			       vmmio_hist_keys[id], vmmio_env_hidden_text(&x->env), x->env.accel);
	return false;
}

int vmmio_hist_report(struct vmmio_session *x, int n, int id)
{
	bool time_class = vmmio_hist_is_time(id), known = false;
	char unit[24], queue[48], line[240];
	struct vmmio_log2_hist log2;
	int i, shown = 0, ret;

	snprintf(unit, sizeof(unit), "%s%s", x->env.emulated ? "~" : "",
		 time_class ? "nsecs" : vmmio_hist_units[id]);
	print_time(x);
	for (i = 0; i < n; i++) {
		const struct vmmio_row *r = &x->delta.rows[x->index[i]];
		const struct vmmio_hist *h = vmmio_row_hist(&x->delta, x->index[i], id);

		if (!h || !(r->have_hist >> id & 1))
			continue;
		known = true;
		vmmio_log2_project(&log2, h);
		if (!log2.rows)
			continue;
		printf("%s%s, %s %s: %s\n", shown++ ? "\n" : "", vmmio_row_device(r),
		       r->info.kind == VMMIO_SLOT_QUEUE ? "virtqueue" : "device",
		       r->info.kind == VMMIO_SLOT_QUEUE
			       ? vmmio_format_queue(queue, sizeof(queue), r)
			       : r->info.driver,
		       vmmio_hist_meanings[id]);
		vmmio_log2_print(stdout, &log2, unit);
		printf("     %s\n",
		       vmmio_hist_summary(line, sizeof(line), &x->delta, x->index[i], id));
	}
	if (n && !known) {
		vmmio_complain("hist %s: source %s does not measure it", vmmio_hist_keys[id],
			       x->src.engine);
		return VMMIO_EXIT_TROUBLE;
	}
	if (!shown)
		puts("no samples");
	putchar('\n');
	ret = vmmio_flush(stdout);
	if (ret < 0) {
		vmmio_complain("cannot write the output: %s", strerror(-ret));
		return VMMIO_EXIT_TROUBLE;
	}
	return ret ? VMMIO_EXIT_OK : -1;
}

static int compare_and_print(struct vmmio_session *x, const struct vmmio_moment *from,
			     const struct vmmio_moment *to, int id)
{
	int n = vmmio_session_compare(x, from, to);

	return n < 0 ? VMMIO_EXIT_TROUBLE : vmmio_hist_report(x, n, id);
}

static int watch(struct vmmio_session *x, struct vmmio_moment *m, int id, bool endless)
{
	__u64 next, done = 0;
	int status, cur = 1, err;

	if (vmmio_moment_take(x, &m[0]))
		return VMMIO_EXIT_TROUBLE;
	next = m[0].s.time_ns;
	if (endless && !x->src.accel[0])
		vmmio_complain("hist %s: counting; an interrupt (Ctrl-C) ends it and prints",
			       vmmio_hist_keys[id]);
	while (!x->opt.count || done++ < x->opt.count) {
		if (endless && x->src.accel[0]) {
			/* a recording as a whole */
			do
				err = vmmio_moment_take(x, &m[cur]);
			while (!err);
		} else {
			next = endless ? ~0ull >> 1 : next + x->opt.interval_ns;
			vmmio_sleep_until(next);
			err = vmmio_moment_take(x, &m[cur]);
		}
		if (err && !(endless && x->ended))
			return x->ended ? VMMIO_EXIT_OK : VMMIO_EXIT_TROUBLE;
		status = compare_and_print(x, &m[!cur], &m[cur], id);
		if (status >= 0)
			return status;
		if (vmmio_stop || x->ended)
			break;
		cur = !cur;
	}
	return VMMIO_EXIT_OK;
}

static int over_command(struct vmmio_session *x, struct vmmio_moment *m, int id)
{
	struct vmmio_command c = {};
	int err, status = 0, ret;

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
	ret = compare_and_print(x, &m[0], &m[1], id);
	if (ret < 0 && status) {
		vmmio_complain("%s ended with status %d", x->opt.command[0], status);
		return status;
	}
	return ret < 0 ? VMMIO_EXIT_OK : ret;
}

int vmmio_cmd_hist(int argc, char **argv)
{
	struct vmmio_session x = {};
	struct vmmio_moment m[2];
	char about[1000];
	const struct vmmio_form form = {
		.program = "vmmio-stat hist",
		.usage = "KIND [options] [interval [count]]\n"
			 "KIND [options] -- command [argument...]",
		.about = about,
		.after = "Without an interval: until interrupted. For other formats: vmmio-stat "
			 "--json=full\nhas \"hist\", --textfile too.\n",
		.takes = "i1TnDqSzoed",
		.command = true,
	};
	bool endless;
	int id, i, ret;

	kinds(about, sizeof(about));
	if (argc > 1 && argv[1][0] == '-') {
		ret = vmmio_options_parse(&x.opt, &form, argc, argv);
		if (ret)
			return ret - 1;
	}
	id = argc > 1 ? vmmio_hist_find(argv[1]) : -1;
	if (id < 0) {
		vmmio_complain(
			"hist: %s%s%s: kick, irq, request, batch, coalesce, access or occupancy",
			argc > 1 ? "'" : "of what", argc > 1 ? argv[1] : "",
			argc > 1 ? "' is no distribution" : "");
		return VMMIO_EXIT_USAGE;
	}
	ret = vmmio_options_parse(&x.opt, &form, argc - 1, argv + 1);
	if (ret)
		return ret - 1;
	endless = !x.opt.argc && !x.opt.count && !x.opt.interval_given;
	ret = vmmio_options_interval(&x.opt);
	if (ret)
		return ret - 1;
	x.want.hists = 1u << id;
	x.want.counters = 1ull << VMMIO_C_KICKS; /* and no hook beyond that one's */
	if (vmmio_session_open(&x))
		return VMMIO_EXIT_TROUBLE;
	if (!vmmio_hist_allowed(&x, id)) {
		vmmio_session_close(&x);
		return VMMIO_EXIT_TROUBLE;
	}
	for (i = 0; i < 2; i++)
		vmmio_moment_init(&m[i], &x);
	ret = x.opt.command ? over_command(&x, m, id) : watch(&x, m, id, endless);
	for (i = 0; i < 2; i++)
		vmmio_moment_free(&m[i]);
	vmmio_session_close(&x);
	return ret == VMMIO_EXIT_OK && x.blind ? VMMIO_EXIT_TROUBLE : ret;
}

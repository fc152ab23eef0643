// SPDX-License-Identifier: GPL-2.0-only
/*
 * "stalls": is a virtqueue stuck, and who is to blame? Owns options and the loop; stall/sample.c
 * looks, stall/judge.c judges, stall/report.c prints.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/num.h"
#include "lib/opts.h"
#include "tools/vmmio-stat/core/env.h"
#include "tools/vmmio-stat/core/options.h"
#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/stall/fix.h"
#include "tools/vmmio-stat/stall/irqstate.h"
#include "tools/vmmio-stat/stall/report.h"
#include "tools/vmmio-stat/stall/sample.h"
#include "tools/vmmio-stat/view/view.h"

#define BOUND_MS 2000

struct run {
	struct vmmio_options opt; /* of it: what filters and times */
	__u64 bound_ns;
	bool once, json;
	const char *fix; /* kick, poll or NULL */
	struct vmmio_env env;
	struct vmmio_stall_sampler *sampler;
	struct vmmio_stall_irqs *irqs;
	struct vmmio_stall_watch watch;
	size_t *rows;
	size_t cap;
	bool started, stalled;
};

static int wrong(const char *what, const char *value)
{
	vmmio_complain("stalls: %s '%s'", what, value);
	return 1 + VMMIO_EXIT_USAGE;
}

/* 0, or the exit status plus one. */
static int parse(struct run *r, int argc, char **argv)
{
	unsigned int bound_ms = BOUND_MS;
	const char *words[2];
	struct vmmio_opt opts[] = {
		{"bound", VMMIO_OPT_NUMBER, &bound_ms, 100, 3600000, .arg = "MS",
		 .help = "milliseconds that nobody should have to wait (2000)"},
		{"once", VMMIO_OPT_FLAG, &r->once, .letter = '1',
		 .help = "one report, as soon as a stall could be told, then end"},
		{"fix", VMMIO_OPT_CHOICE, &r->fix, .choices = "kick|poll", .arg = "kick|poll",
		 .help = "as --once, then kick each stalled queue once, or look once at what is "
			 "used in it, and say whether it moved; queues of vmmio.ko only"},
		{"device", VMMIO_OPT_STRING, &r->opt.device, .arg = "NAME", .letter = 'n',
		 .help = "only this device"},
		{"driver", VMMIO_OPT_STRING, &r->opt.driver, .arg = "NAME", .letter = 'D',
		 .help = "only devices of this driver"},
		{"queue", VMMIO_OPT_STRING, &r->opt.queue, .arg = "N|NAME", .letter = 'q',
		 .help = "only this virtqueue"},
		{"timestamp", VMMIO_OPT_FLAG, &r->opt.timestamp, .letter = 'T',
		 .help = "time of day in front of each row"},
		{"json", VMMIO_OPT_FLAG, &r->json, .help = "one object per interval"},
	};
	char after[1500];
	struct vmmio_cmdline c = {
		.program = "vmmio-stat stalls",
		.usage = "[options] [interval [count]]",
		.about = "Every virtqueue: buffers in flight, the age of the oldest, and, where "
			 "nothing\nmoved for longer than the bound, the cause and its evidence.\n",
		.after = after,
		VMMIO_OPTS_OF(opts),
		.operands = words,
		.max_operands = 2,
	};
	int err, n = 0;

	for (int i = 1; i < VMMIO_STALL_CAUSE_COUNT && n < (int)sizeof(after); i++)
		n += snprintf(after + n, sizeof(after) - n, "  %-13s %s\n", vmmio_stall_causes[i],
			      vmmio_stall_meanings[i]);
	if (n < (int)sizeof(after))
		snprintf(
			after + n, sizeof(after) - n,
			"\nExit status: 0 nothing stalled, 3 a virtqueue was, 1 trouble or one was "
			"not\nseen, 2 wrong usage. With --fix: 0 each stalled one moved, 3 one did "
			"not, "
			"1 one\ncould not be kicked or polled.\n");
	err = vmmio_cmdline_parse(&c, argc, argv);
	if (err)
		return 1 + (err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE);
	if (r->fix && c.n)
		return wrong("--fix looks once, it takes no interval:", words[0]);
	r->once |= r->fix != NULL;
	r->bound_ns = bound_ms * 1000000ull;
	r->opt.interval_ns = 1000000000;
	r->opt.format = r->json ? VMMIO_FORMAT_JSON : VMMIO_FORMAT_TABLE;
	if (c.n > 0 &&
	    vmmio_parse_seconds(words[0], 10000000, 86400ull * 1000000000, &r->opt.interval_ns))
		return wrong("the interval is not a number of seconds, 0.01 to 86400:", words[0]);
	if (c.n > 1 && vmmio_parse_u64(words[1], 1, ~0ull, &r->opt.count))
		return wrong("the count is not a number above 0:", words[1]);
	return 0;
}

static bool matches(const struct run *r, const struct vmmio_stall_queue *q)
{
	struct vmmio_row row = {.info = q->info};

	return vmmio_row_matches(&row, &r->opt);
}

/* The rows asked for, in order. Returns how many, or -ENOMEM. */
static int choose(struct run *r)
{
	size_t i, n = 0;
	void *p;

	if (r->cap < r->watch.n) {
		p = reallocarray(r->rows, r->watch.n, sizeof(*r->rows));
		if (!p)
			return -ENOMEM;
		r->rows = p;
		r->cap = r->watch.n;
	}
	for (i = 0; i < r->watch.n; i++)
		if (matches(r, &r->watch.list[i]))
			r->rows[n++] = i;
	vmmio_stall_watch_sort(&r->watch, r->rows, n);
	return (int)n;
}

/* Returns 0; 1 when the reader has seen enough; -errno. */
static int report(struct run *r, double interval_s)
{
	time_t wall = time(NULL);
	char when[16] = "";
	struct timespec ts;
	int n = choose(r);
	struct tm tm;
	struct vmmio_stall_report x = {
		.watch = &r->watch,
		.rows = r->rows,
		.n = n < 0 ? 0 : (size_t)n,
		.engine = vmmio_stall_engine(r->sampler),
		.env = &r->env,
		.interval_s = interval_s,
		.unplaced = vmmio_stall_unplaced(r->sampler),
		.first = !r->started,
	};

	if (n < 0)
		return n;
	if (r->opt.timestamp && localtime_r(&wall, &tm) &&
	    strftime(when, sizeof(when), "%H:%M:%S", &tm))
		x.when = when;
	if (!clock_gettime(CLOCK_REALTIME, &ts))
		x.wall_ms = ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
	if (r->opt.format == VMMIO_FORMAT_JSON)
		vmmio_stall_json(&x, stdout);
	else
		vmmio_stall_table(&x, stdout);
	r->started = true;
	vmmio_stall_watch_reported(&r->watch);
	return vmmio_flush(stdout);
}

/* One look. Returns 0 or -errno, printed. */
static int look(struct run *r)
{
	char why[256];
	size_t i;
	int err;

	err = vmmio_stall_look(r->sampler, &r->watch, why, sizeof(why));
	if (err) {
		vmmio_complain("stalls: %s", why);
		return err;
	}
	vmmio_stall_watch_judge(&r->watch, vmmio_stall_irqs_look, r->irqs);
	for (i = 0; i < r->watch.n; i++)
		if (r->watch.list[i].cause && matches(r, &r->watch.list[i]))
			r->stalled = true;
	return 0;
}

/* Is there anything to watch? A missing device may come later, but not one that was named. */
static bool anything(struct run *r)
{
	if (choose(r) > 0)
		return true;
	if (!r->opt.device && !r->opt.driver && !r->opt.queue) {
		vmmio_complain("stalls: no virtqueue yet");
		return true;
	}
	vmmio_complain("stalls: no virtqueue matches -n, -D or -q (vmmio-stat list shows them)");
	return false;
}

/* Was each virtqueue looked at? One that was not may be stalled. */
static bool is_all_seen(struct run *r)
{
	char name[64];
	size_t n = vmmio_stall_unseen(r->sampler, name, sizeof(name));

	if (n)
		vmmio_complain("stalls: no virtqueue of %zu device%s with a driver was seen, of %s "
			       "for one",
			       n, n == 1 ? "" : "s", name);
	if (vmmio_stall_unplaced(r->sampler))
		vmmio_complain("stalls: %u virtqueues had no room and were not looked at",
			       vmmio_stall_unplaced(r->sampler));
	return !n && !vmmio_stall_unplaced(r->sampler);
}

/*
 * For a single report: is it too early to tell a stall? On a busy machine less time counts than
 * passed, and "nothing is stalled" must not be reported then.
 */
static bool told_too_little(const struct run *r)
{
	return r->once && r->watch.awake_ns < r->bound_ns + r->watch.period_ns;
}

/* Kicks or polls each queue that is still stalled. Returns how many, or -ENOMEM. */
static int do_fixes(struct run *r, struct vmmio_stall_fix **to)
{
	bool poll = !strcmp(r->fix, "poll");
	int i, n = choose(r), done = 0;

	*to = n < 0 ? NULL : calloc(n + 1, sizeof(**to));
	if (!*to)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		const struct vmmio_stall_queue *q = &r->watch.list[r->rows[i]];

		if (q->cause && !q->over)
			vmmio_stall_fix_do(&(*to)[done++], VMMIO_SYSFS, poll, q);
	}
	return done;
}

static bool all_moved(struct run *r, struct vmmio_stall_fix *f, int n)
{
	bool all = true;

	while (n--)
		all &= vmmio_stall_fix_seen(&f[n], &r->watch);
	return all;
}

/* After the report. Returns an exit status. */
static int fix(struct run *r)
{
	struct vmmio_stall_fix *f = NULL;
	int i, n, ret = VMMIO_EXIT_OK;
	__u64 end;

	if (look(r))
		return VMMIO_EXIT_TROUBLE;
	n = do_fixes(r, &f);
	if (n < 0) {
		vmmio_complain("stalls: %s", strerror(-n));
		return VMMIO_EXIT_TROUBLE;
	}
	end = vmmio_now_ns() + r->bound_ns;
	while (n && !all_moved(r, f, n) && vmmio_now_ns() < end && !vmmio_stop) {
		vmmio_sleep_until(vmmio_now_ns() + r->watch.period_ns);
		if (look(r)) { /* the actions are reported all the same */
			ret = VMMIO_EXIT_TROUBLE;
			break;
		}
	}
	for (i = 0; i < n; i++)
		f[i].cut = ret || vmmio_stop;
	if (r->json)
		vmmio_stall_fix_json(f, n, !strcmp(r->fix, "poll"), stdout);
	else if (n || is_all_seen(r))
		vmmio_stall_fix_table(f, n, stdout);
	else
		puts("nothing that was seen is stalled, nothing was done");
	for (i = 0; i < n; i++)
		if (f[i].err)
			ret = VMMIO_EXIT_TROUBLE;
		else if (!f[i].moved && !ret)
			ret = f[i].cut ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_NEGATIVE;
	for (i = 0; i < n && f[i].err != -EXDEV; i++)
		;
	if (i < n)
		vmmio_complain(
			"stalls: only a queue that vmmio.ko serves can be %s, %s %u:%s is none",
			r->fix[0] == 'p' ? "polled" : "kicked", f[i].info.device, f[i].info.queue,
			f[i].info.queue_name);
	free(f);
	if (vmmio_flush(stdout) < 0)
		ret = VMMIO_EXIT_TROUBLE;
	return ret || is_all_seen(r) ? ret : VMMIO_EXIT_TROUBLE;
}

/* Returns an exit status. */
static int loop(struct run *r)
{
	__u64 start, next, last, n, end;
	int ret = 0;

	if (look(r))
		return VMMIO_EXIT_TROUBLE;
	if (!anything(r))
		return VMMIO_EXIT_TROUBLE;
	start = last = next = vmmio_now_ns();
	for (n = 1; !ret && !vmmio_stop; n++) {
		end = start + n * r->opt.interval_ns;
		do {
			next += r->watch.period_ns;
			vmmio_sleep_until(next < end || told_too_little(r) ? next : end);
			if (vmmio_stop)
				break;
			if (look(r))
				return VMMIO_EXIT_TROUBLE;
			if (vmmio_now_ns() > next + r->watch.period_ns)
				next = vmmio_now_ns(); /* late: missed looks are skipped */
		} while (vmmio_now_ns() < end || told_too_little(r));
		if (vmmio_stop)
			break;
		ret = report(r, (vmmio_now_ns() - last) / 1e9);
		last = vmmio_now_ns();
		if (r->opt.count && n == r->opt.count)
			break;
	}
	if (ret < 0) {
		vmmio_complain("stalls: cannot write the output: %s", strerror(-ret));
		return VMMIO_EXIT_TROUBLE;
	}
	if (r->fix && !vmmio_stop)
		return fix(r);
	if (r->stalled)
		return VMMIO_EXIT_NEGATIVE;
	return is_all_seen(r) ? VMMIO_EXIT_OK : VMMIO_EXIT_TROUBLE;
}

int vmmio_cmd_stalls(int argc, char **argv)
{
	struct run r = {};
	char why[320];
	__u64 period;
	int ret;

	ret = parse(&r, argc, argv);
	if (ret)
		return ret - 1;
	period = vmmio_stall_period(r.bound_ns);
	if (r.once) {
		/* also covers a stall that begins with the watch */
		r.opt.interval_ns = r.bound_ns + 2 * period;
		r.opt.count = 1;
	}
	vmmio_env_detect(&r.env);
	r.irqs = vmmio_stall_irqs_new();
	if (!r.irqs) {
		vmmio_complain("stalls: %s", strerror(ENOMEM));
		return VMMIO_EXIT_TROUBLE;
	}
	if (vmmio_stall_open(&r.sampler, why, sizeof(why))) {
		vmmio_complain("stalls: %s", why);
		vmmio_stall_irqs_free(r.irqs);
		return VMMIO_EXIT_TROUBLE;
	}
	vmmio_stall_watch_init(&r.watch, r.bound_ns, period);
	ret = loop(&r);
	vmmio_stall_watch_free(&r.watch);
	vmmio_stall_close(r.sampler);
	vmmio_stall_irqs_free(r.irqs);
	free(r.rows);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * "stalls": is a virtqueue stuck, and who is to blame? Owns options and the loop;
 * looking is stall/sample.c's, judging stall/judge.c's, showing stall/report.c's.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/num.h"
#include "tools/vmmio-stat/core/env.h"
#include "tools/vmmio-stat/core/options.h"
#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/stall/irqstate.h"
#include "tools/vmmio-stat/stall/report.h"
#include "tools/vmmio-stat/stall/sample.h"
#include "tools/vmmio-stat/view/view.h"

#define BOUND_MS 2000
#define LOOKS 10 /* within the bound, and at least as often as: */
#define PERIOD_MAX_NS 100000000ull
#define PERIOD_MIN_NS 10000000ull

static void usage(void)
{
	int i;

	printf("usage: vmmio-stat stalls [options] [interval [count]]\n\n"
	       "Every virtqueue: buffers in flight, the age of the oldest, and, where nothing\n"
	       "moved for longer than the bound, the cause and its evidence.\n\n"
	       "      --bound MS      what nobody should have to wait for, 100 to 3600000 (%d)\n"
	       "  -1, --once          one report, as soon as a stall could be told, then end\n"
	       "  -n, --device NAME   only this device\n"
	       "  -D, --driver NAME   only devices of this driver\n"
	       "  -q, --queue N|NAME  only this virtqueue\n"
	       "  -T, --timestamp     time of day in front of each row\n"
	       "      --json          one object per interval\n"
	       "  -h, --help\n\n",
	       BOUND_MS);
	for (i = 1; i < VMMIO_STALL_CAUSE_COUNT; i++)
		printf("  %-13s %s\n", vmmio_stall_causes[i], vmmio_stall_meanings[i]);
	printf("\nExit status: 0 nothing stalled, 3 a virtqueue was, 1 trouble or one was not\n"
	       "seen, 2 wrong usage.\n");
}

enum {
	O_BOUND = 256,
	O_JSON
};

static const struct option longopts[] = {
	{"bound", required_argument, NULL, O_BOUND},
	{"once", no_argument, NULL, '1'},
	{"device", required_argument, NULL, 'n'},
	{"driver", required_argument, NULL, 'D'},
	{"queue", required_argument, NULL, 'q'},
	{"timestamp", no_argument, NULL, 'T'},
	{"json", no_argument, NULL, O_JSON},
	{"help", no_argument, NULL, 'h'},
	{},
};

struct run {
	struct vmmio_options opt; /* of it: what filters and times */
	__u64 bound_ns;
	bool once;
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

static int take_option(struct run *r, int c)
{
	__u64 ms;

	switch (c) {
	case O_BOUND:
		if (vmmio_parse_u64(optarg, 100, 3600000, &ms))
			return wrong("--bound takes 100 to 3600000 milliseconds, not", optarg);
		r->bound_ns = ms * 1000000;
		return 0;
	case '1':
		r->once = true;
		return 0;
	case 'n':
		r->opt.device = optarg;
		return 0;
	case 'D':
		r->opt.driver = optarg;
		return 0;
	case 'q':
		r->opt.queue = optarg;
		return 0;
	case 'T':
		r->opt.timestamp = true;
		return 0;
	case O_JSON:
		r->opt.format = VMMIO_FORMAT_JSON;
		return 0;
	case 'h':
		usage();
		return 1 + VMMIO_EXIT_OK;
	}
	return 1 + VMMIO_EXIT_USAGE;
}

/* 0, or the exit status plus one. */
static int parse(struct run *r, int argc, char **argv)
{
	int c, ret;

	r->bound_ns = BOUND_MS * 1000000ull;
	r->opt.interval_ns = 1000000000;
	optind = 0;
	while ((c = getopt_long(argc, argv, "+1n:D:q:Th", longopts, NULL)) != -1) {
		ret = take_option(r, c);
		if (ret)
			return ret;
	}
	if (optind < argc && vmmio_parse_seconds(argv[optind++], 10000000, 86400ull * 1000000000,
						 &r->opt.interval_ns))
		return wrong("the interval is not a number of seconds, 0.01 to 86400:",
			     argv[optind - 1]);
	if (optind < argc && vmmio_parse_u64(argv[optind++], 1, ~0ull, &r->opt.count))
		return wrong("the count is not a number above 0:", argv[optind - 1]);
	if (optind < argc)
		return wrong("unexpected argument", argv[optind]);
	return 0;
}

static void sleep_until(__u64 ns)
{
	struct timespec t = {.tv_sec = (time_t)(ns / 1000000000),
			     .tv_nsec = (long)(ns % 1000000000)};

	while (!vmmio_stop && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static const struct vmmio_stall_watch *sorting;

static int by_name(const void *a, const void *b)
{
	const struct vmmio_slot_info *x = &sorting->list[*(const size_t *)a].info;
	const struct vmmio_slot_info *y = &sorting->list[*(const size_t *)b].info;
	int order = strverscmp(x->device, y->device);

	return order ? order : (x->queue > y->queue) - (x->queue < y->queue);
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
	sorting = &r->watch;
	if (n)
		qsort(r->rows, n, sizeof(*r->rows), by_name);
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

/* Is there anything to watch? What is not there may come; what was asked for, not. */
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

/* Was each virtqueue looked at? Of what was not, nobody knows that it is not stalled. */
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
			sleep_until(next < end ? next : end);
			if (vmmio_stop)
				break;
			if (look(r))
				return VMMIO_EXIT_TROUBLE;
			if (vmmio_now_ns() > next + r->watch.period_ns)
				next = vmmio_now_ns(); /* late: none is made up for */
		} while (vmmio_now_ns() < end);
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
	period = r.bound_ns / LOOKS;
	period = period > PERIOD_MAX_NS ? PERIOD_MAX_NS : period;
	period = period < PERIOD_MIN_NS ? PERIOD_MIN_NS : period;
	if (r.once) {
		/* what begins to hang as we begin to look is seen to */
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

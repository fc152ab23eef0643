// SPDX-License-Identifier: GPL-2.0-only
/*
 * "serve": the numbers over HTTP. Two processes: this one watches, with the rights that this needs,
 * and reads nothing from outside; the other one has no rights and answers. It is forked before
 * anything is attached, so that it never holds anything that could be misused.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "tools/vmmio-stat/serve/address.h"
#include "tools/vmmio-stat/serve/drop.h"
#include "tools/vmmio-stat/serve/feed.h"
#include "tools/vmmio-stat/serve/server.h"
#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/session/parse.h"
#include "tools/vmmio-stat/session/session.h"
#include "tools/vmmio-stat/stall/irqstate.h"
#include "tools/vmmio-stat/stall/report.h"
#include "tools/vmmio-stat/stall/sample.h"

#define ADDRESS "127.0.0.1:9847"
#define BOUND_NS 2000000000ull /* as stalls has it */
#define LOOK_NS 100000000ull
#define STEP_NS 1000000000ull /* without looks: how soon the end of the other process is seen */
#define FILES 64
#define LAST_WORDS_MS 2000

struct run {
	struct vmmio_session x;
	struct vmmio_moment m[2];
	struct vmmio_address address;
	const char *listen;
	char where[200];
	bool insecure;
	pid_t server;
	int feed;
	struct vmmio_stall_sampler *sampler; /* NULL: stalls are not watched */
	struct vmmio_stall_irqs *irqs;
	struct vmmio_stall_watch watch;
	struct vmmio_metrics_look *looks;
	size_t *rows; /* of the watch */
};

static int parse(struct run *r, int argc, char **argv)
{
	struct vmmio_options *o = &r->x.opt;
	struct vmmio_opt own[] = {
		{"listen", VMMIO_OPT_STRING, &r->listen, .arg = "ADDR",
		 .help = "a loopback address and port, or unix:/PATH, a socket for its owner alone "
			 "(" ADDRESS ")"},
		{"insecure-listen", VMMIO_OPT_FLAG, &r->insecure,
		 .help = "let --listen be any address: whoever reaches it reads all of this, "
			 "without "
			 "TLS and password"},
	};
	const struct vmmio_form form = {
		.program = "vmmio-stat serve",
		.usage = "[options] [interval]",
		.about = "The numbers over HTTP, for a browser and for Prometheus: /, /metrics, "
			 "/api/rows,\n/api/stalls, /api/events. It reads only, and answers GET and "
			 "HEAD only.\n",
		.after =
			"With --fields only the hooks that these need. SIGTERM or Ctrl-C ends it.\n"
			"Exit status: 0 ok, 1 trouble, 2 wrong usage.\n",
		.takes = "inDqfoed",
		.own = own,
		.nown = sizeof(own) / sizeof(own[0]),
	};
	char why[200];
	bool all;
	int i, ret;

	r->listen = ADDRESS;
	ret = vmmio_options_parse(o, &form, argc, argv);
	if (!ret)
		ret = vmmio_options_interval(o);
	if (ret)
		return ret;
	if (o->count) {
		vmmio_complain("serve: takes no count");
		return 1 + VMMIO_EXIT_USAGE;
	}
	all = !o->fields_given;
	for (i = 0; all && i < VMMIO_F_COUNT; i++)
		o->fields[i] = i;
	o->nfields = all ? VMMIO_F_COUNT : o->nfields;
	o->format = VMMIO_FORMAT_JSON;
	r->x.want = vmmio_options_want(o);
	if (all)
		r->x.want.hists = (1u << VMMIO_HIST_COUNT) - 1;
	if (vmmio_address_parse(&r->address, r->listen, r->insecure, why, sizeof(why))) {
		vmmio_complain("serve: %s", why);
		return 1 + VMMIO_EXIT_USAGE;
	}
	return 0;
}

/* The process that answers; it does not return. */
static void serve(const struct run *r, int listener, int feed, pid_t parent)
{
	int keep[2] = {listener < feed ? listener : feed, listener < feed ? feed : listener};
	struct vmmio_serve s = {
		.listener = listener,
		.feed = feed,
		.check_host = r->address.loopback,
		.opt = r->x.opt,
	};
	char why[200];
	int err;

	/* a terminal's Ctrl-C reaches both: this one ends when its feed ends */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (vmmio_drop(keep, 2, FILES, why, sizeof(why))) {
		vmmio_complain("serve: %s", why);
		_exit(VMMIO_EXIT_TROUBLE);
	}
	/* after the change of user, which clears it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(VMMIO_EXIT_OK);
	err = vmmio_serve_run(&s);
	if (err)
		vmmio_complain("serve: %s", strerror(-err));
	_exit(err ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK);
}

/* Starts it. Returns 0 or -errno, printed. */
static int start(struct run *r)
{
	pid_t parent = getpid();
	int listener, pipe_fds[2], err;
	char text[200];

	listener = vmmio_address_listen(&r->address, text, sizeof(text));
	if (listener < 0) {
		vmmio_complain("serve: %s", text);
		return listener;
	}
	err = pipe2(pipe_fds, O_CLOEXEC) ? -errno : 0;
	if (!err) {
		fflush(stdout);
		r->server = fork();
		if (r->server < 0) {
			err = -errno;
			close(pipe_fds[0]);
			close(pipe_fds[1]);
		}
	}
	if (err) {
		vmmio_complain("serve: cannot start: %s", strerror(-err));
		close(listener);
		vmmio_address_remove(&r->address);
		return err;
	}
	if (!r->server)
		serve(r, listener, pipe_fds[0], parent);
	vmmio_address_text(&r->address, listener, text, sizeof(text));
	close(listener);
	close(pipe_fds[0]);
	r->feed = pipe_fds[1];
	snprintf(r->where, sizeof(r->where), "%s", text);
	return 0;
}

/* Has the other one ended? Says so, unless we are ending ourselves. */
static bool is_gone(struct run *r)
{
	int status;

	if (r->server && waitpid(r->server, &status, WNOHANG) != r->server)
		return false;
	/* else it has printed why */
	if (r->server && !vmmio_stop && WIFSIGNALED(status))
		vmmio_complain("serve: the process that answers was ended by signal %d",
			       WTERMSIG(status));
	r->server = 0;
	return true;
}

static void end(struct run *r)
{
	int i;

	close(r->feed);
	for (i = 0; r->server && i < LAST_WORDS_MS / 10; i++) {
		if (waitpid(r->server, NULL, WNOHANG))
			r->server = 0;
		else
			usleep(10000);
	}
	if (r->server) {
		kill(r->server, SIGKILL);
		waitpid(r->server, NULL, 0);
	}
	vmmio_address_remove(&r->address);
}

static void open_stalls(struct run *r, char *why, size_t size)
{
	if (r->x.src.accel[0]) {
		snprintf(why, size, "a recording has no rings to look at");
		return;
	}
	r->irqs = vmmio_stall_irqs_new();
	if (!r->irqs) {
		snprintf(why, size, "%s", strerror(ENOMEM));
		return;
	}
	if (vmmio_stall_open(&r->sampler, why, size)) {
		vmmio_complain("serve: stalls are not watched: %s", why);
		return;
	}
	vmmio_stall_watch_init(&r->watch, BOUND_NS, LOOK_NS);
}

static void close_stalls(struct run *r)
{
	vmmio_stall_close(r->sampler);
	r->sampler = NULL;
	if (r->irqs)
		vmmio_stall_irqs_free(r->irqs);
	r->irqs = NULL;
	vmmio_stall_watch_free(&r->watch);
}

/* One look; if it fails, stalls are not watched from here on. Returns 0 or -errno. */
static int look(struct run *r)
{
	char why[256];

	if (!vmmio_stall_look(r->sampler, &r->watch, why, sizeof(why))) {
		vmmio_stall_watch_judge(&r->watch, vmmio_stall_irqs_look, r->irqs);
		return 0;
	}
	vmmio_complain("serve: stalls are no longer watched: %s", why);
	close_stalls(r);
	return vmmio_feed_text(r->feed, VMMIO_FEED_BLIND, why);
}

static void fill_look(const struct run *r, const struct vmmio_stall_queue *q,
		      struct vmmio_metrics_look *to)
{
	__u64 most;

	memset(to, 0, sizeof(*to));
	to->info = q->info;
	to->unread = q->now.flags & VMMIO_LOOK_UNREAD;
	to->counted = vmmio_stall_buffers(&q->now, &to->in_flight, &to->to_take);
	to->have_age = vmmio_stall_age(&r->watch, q, &to->age_ns, &most);
	if (q->cause && !q->over)
		snprintf(to->cause, sizeof(to->cause), "%s", vmmio_stall_causes[q->cause]);
}

/* What was asked for of the last look. Returns 0 or -errno. */
static int tell_looks(struct run *r, double interval_s)
{
	struct vmmio_stall_report x = {
		.watch = &r->watch,
		.engine = vmmio_stall_engine(r->sampler),
		.env = &r->x.env,
		.interval_s = interval_s,
		.unplaced = vmmio_stall_unplaced(r->sampler),
	};
	struct vmmio_row row = {};
	char *json = NULL, name[64];
	struct timespec now;
	size_t size, i, n;
	FILE *out;
	void *p;
	int err;

	p = reallocarray(r->looks, r->watch.n + 1, sizeof(*r->looks));
	if (!p)
		return -ENOMEM;
	r->looks = p;
	p = reallocarray(r->rows, r->watch.n + 1, sizeof(*r->rows));
	if (!p)
		return -ENOMEM;
	r->rows = p;
	for (i = 0; i < r->watch.n; i++) {
		row.info = r->watch.list[i].info;
		if (vmmio_row_matches(&row, &r->x.opt))
			r->rows[x.n++] = i;
	}
	vmmio_stall_watch_sort(&r->watch, r->rows, x.n);
	x.rows = r->rows;
	for (i = 0; i < x.n; i++)
		fill_look(r, &r->watch.list[r->rows[i]], &r->looks[i]);
	if (!clock_gettime(CLOCK_REALTIME, &now))
		x.wall_ms = (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
	out = open_memstream(&json, &size);
	if (!out)
		return -ENOMEM;
	vmmio_stall_json(&x, out);
	err = fclose(out) ? -ENOMEM : 0;
	n = vmmio_stall_unseen(r->sampler, name, sizeof(name)) + x.unplaced;
	if (!err)
		err = vmmio_feed_looks(r->feed, r->looks, x.n, (__u32)n, json, size);
	free(json);
	vmmio_stall_watch_reported(&r->watch);
	return err;
}

static int hello(struct run *r)
{
	struct vmmio_feed_hello h;

	memset(&h, 0, sizeof(h));
	h.env = r->x.env;
	h.want = r->x.want;
	snprintf(h.engine, sizeof(h.engine), "%s", r->x.src.engine);
	snprintf(h.detail, sizeof(h.detail), "%s", r->x.src.detail);
	open_stalls(r, h.blind, sizeof(h.blind));
	return vmmio_feed_hello(r->feed, &h);
}

/* Until @ns, with looks in between. Returns 0, or -errno of the feed; -ESRCH: is_gone(). */
static int wait_until(struct run *r, __u64 ns)
{
	__u64 next = vmmio_now_ns();
	int err = 0;

	while (!err && !vmmio_stop && vmmio_now_ns() < ns) {
		next += r->sampler ? LOOK_NS : STEP_NS;
		vmmio_sleep_until(next < ns ? next : ns);
		if (vmmio_stop)
			break;
		if (is_gone(r))
			return -ESRCH;
		if (r->sampler)
			err = look(r);
		if (vmmio_now_ns() > next + LOOK_NS)
			next = vmmio_now_ns(); /* late: missed intervals are skipped */
	}
	return err;
}

/* One interval from @prev to @cur. Returns 0, -errno of the feed, or -ENODATA: printed. */
static int interval(struct run *r, struct vmmio_moment *prev, struct vmmio_moment *cur)
{
	int err = vmmio_moment_take(&r->x, cur), n;

	if (err)
		return r->x.ended ? vmmio_feed_text(r->feed, VMMIO_FEED_END, "") : -ENODATA;
	n = vmmio_session_compare(&r->x, prev, cur);
	if (n < 0)
		return -ENODATA;
	if (r->sampler)
		err = tell_looks(r, (double)r->x.delta.time_ns / 1e9);
	return err ? err : vmmio_feed_delta(r->feed, &r->x.delta, r->x.index, (size_t)n);
}

/* Returns an exit status. */
static int watch(struct run *r)
{
	int err, cur = 0;
	__u64 next;

	err = hello(r);
	if (!err && vmmio_moment_take(&r->x, &r->m[0]))
		return VMMIO_EXIT_TROUBLE;
	if (!err)
		vmmio_complain("serve: listening at %s", r->where);
	next = vmmio_now_ns();
	while (!err && !vmmio_stop) {
		next += r->x.opt.interval_ns;
		err = wait_until(r, next);
		if (err || vmmio_stop || r->x.ended)
			continue; /* of a recording the last interval stays */
		err = interval(r, &r->m[cur], &r->m[!cur]);
		cur = !cur;
		if (next + r->x.opt.interval_ns < vmmio_now_ns())
			next = vmmio_now_ns();
	}
	if (vmmio_stop)
		return VMMIO_EXIT_OK;
	if (err == -EPIPE)
		err = is_gone(r) ? -ESRCH : err;
	if (err != -ESRCH && err != -ENODATA)
		vmmio_complain("serve: %s", strerror(-err));
	return VMMIO_EXIT_TROUBLE;
}

int vmmio_cmd_serve(int argc, char **argv)
{
	static struct run r;
	int ret, i;

	ret = parse(&r, argc, argv);
	if (ret)
		return ret - 1;
	if (start(&r))
		return VMMIO_EXIT_TROUBLE;
	ret = VMMIO_EXIT_TROUBLE;
	if (!vmmio_session_open(&r.x)) {
		for (i = 0; i < 2; i++)
			vmmio_moment_init(&r.m[i], &r.x);
		ret = watch(&r);
		for (i = 0; i < 2; i++)
			vmmio_moment_free(&r.m[i]);
		close_stalls(&r);
		vmmio_session_close(&r.x);
	}
	end(&r);
	free(r.looks);
	free(r.rows);
	return ret;
}

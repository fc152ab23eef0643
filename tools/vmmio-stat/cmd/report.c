// SPDX-License-Identifier: GPL-2.0-only
/*
 * "report": the views of a recording: the whole, or interval by interval. Long because each view
 * says which options it excludes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/num.h"
#include "tools/vmmio-stat/host/exitdat.h"
#include "tools/vmmio-stat/record/beside.h"
#include "tools/vmmio-stat/record/journey.h"
#include "tools/vmmio-stat/record/outfile.h"
#include "tools/vmmio-stat/record/perfetto.h"
#include "tools/vmmio-stat/record/slowest.h"
#include "tools/vmmio-stat/record/waits.h"
#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/session/parse.h"
#include "tools/vmmio-stat/session/session.h"
#include "tools/vmmio-stat/source/dat.h"
#include "tools/vmmio-stat/stall/judge.h"
#include "tools/vmmio-stat/view/hist.h"
#include "hist.h"

#define SECONDS_MAX (366.0 * 86400)

struct run {
	struct vmmio_session x; /* first: what the source is asked for is found by it */
	char *source;		/* "file:NAME" */
	const char *name;
	bool whole;
	int hist; /* id, -1: none */
	__u64 from_ns, until_ns;
	unsigned char *cpus;
	const char *task;
	__s32 *pids; /* with --slowest: whose kicks */
	size_t npids;
	const char *other;  /* another recording, to be compared with */
	bool opened, ready; /* the whole is in x.delta */
	__u64 slowest;	    /* how many; 0: not asked for */
	struct vmmio_journeys journeys;
	bool stalls, waited;
	__u64 bound_ms; /* of --stalls */
	struct vmmio_waits waits;
	const char *out; /* of --perfetto */
	struct vmmio_perfetto *perfetto;
	__u64 start_ns;
};

static int wrong(const char *what, const char *value)
{
	vmmio_complain("report: %s '%s'", what, value);
	return 1 + VMMIO_EXIT_USAGE;
}

/* "0,2-3"; of several lists the last. */
static int take_cpus(void *target, const char *list, char why[VMMIO_OPT_WHY])
{
	struct run *r = target;
	char *copy = strdup(list), *save = NULL, *part, *dash;
	__u64 from, to;
	int err = list[strspn(list, ",")] ? 0 : -EINVAL;

	snprintf(why, VMMIO_OPT_WHY, "not numbers and ranges, as 0,2-3");
	free(r->cpus);
	r->cpus = calloc(1, VMMIO_CPUS_MAX / 8);
	if (!copy || !r->cpus) {
		snprintf(why, VMMIO_OPT_WHY, "no memory");
		err = -ENOMEM;
	}
	for (part = copy ? strtok_r(copy, ",", &save) : NULL; part && !err;
	     part = strtok_r(NULL, ",", &save)) {
		dash = strchr(part, '-');
		if (dash)
			*dash++ = '\0';
		err = vmmio_parse_u64(part, 0, VMMIO_CPUS_MAX - 1, &from);
		err = err ?: vmmio_parse_u64(dash ? dash : part, from, VMMIO_CPUS_MAX - 1, &to);
		for (; !err && from <= to; from++)
			r->cpus[from / 8] |= 1u << from % 8;
	}
	free(copy);
	return err;
}

static int take_hist(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	struct run *r = target;

	snprintf(why, VMMIO_OPT_WHY, "no distribution is named so");
	r->hist = vmmio_hist_find(value);
	return r->hist < 0 ? -ENOENT : 0;
}

static int take_bound(void *target, const char *value, char why[VMMIO_OPT_WHY])
{
	struct run *r = target;

	snprintf(why, VMMIO_OPT_WHY, "not milliseconds, 1 to 3600000");
	r->stalls = true;
	return vmmio_parse_u64(value, 1, 3600000, &r->bound_ms);
}

static int parse(struct run *r, int argc, char **argv)
{
	struct vmmio_options *o = &r->x.opt;
	struct vmmio_opt own[] = {
		{"hist", VMMIO_OPT_CALL, r, .arg = "KIND", .take = take_hist,
		 .help = "a distribution: kick, irq, batch, coalesce, access, occupancy"},
		{"slowest", VMMIO_OPT_U64, &r->slowest, 1, 100000, .arg = "N",
		 .help = "the slowest kicks, from the kick to the handler's end"},
		{"stalls", VMMIO_OPT_CALL, r, .arg = "MS", .take = take_bound,
		 .help = "kicks that waited longer for their interrupt, or still do at the end"},
		{"perfetto", VMMIO_OPT_STRING, &r->out, .arg = "OUT",
		 .help = "a timeline for ui.perfetto.dev, of all devices"},
		{"cpu", VMMIO_OPT_CALL, r, .arg = "LIST", .take = take_cpus,
		 .help = "only events of these CPUs: 0,2-3"},
		{"task", VMMIO_OPT_STRING, &r->task, .arg = "NAME|PID",
		 .help = "only events in these tasks; with --slowest: only their kicks"},
		{"from", VMMIO_OPT_SECONDS, &r->from_ns, 0, SECONDS_MAX, .arg = "SEC",
		 .help = "only events from this time on, from the beginning"},
		{"to", VMMIO_OPT_SECONDS, &r->until_ns, 1e-9, SECONDS_MAX, .arg = "SEC",
		 .help = "only events before this time"},
	};
	const struct vmmio_form form = {
		.program = "vmmio-stat report",
		.usage = "[options] FILE [interval [count]]\n"
			 "       vmmio-stat report [options] FILE OTHER",
		.about = "What vmmio-stat record wrote into FILE, as a live run beside it would "
			 "have shown\nit. Without an interval: the whole. Of two: what both have, "
			 "the difference and ratio.\n",
		.after =
			"Exit status: 0 ok, 1 trouble, or the file is damaged (what can be read is "
			"shown)\nor has no such CPU or time, 2 wrong usage. With --stalls: 3 one "
			"waited.\n",
		.takes = "i1TnDqxfSzjced",
		.own = own,
		.nown = sizeof(own) / sizeof(own[0]),
	};
	int ret;

	r->hist = -1;
	ret = vmmio_options_parse(o, &form, argc, argv);
	if (ret)
		return ret;
	if (!o->argc)
		return wrong("of which recording?", "FILE");
	r->name = o->argv[0];
	o->argv++;
	o->argc--;
	if (o->argc == 1 && dat_is_one(o->argv[0])) {
		r->other = o->argv[0];
		o->argv++;
		o->argc--;
	}
	r->whole = !o->argc && !o->interval_given && !o->count;
	ret = vmmio_options_interval(o);
	if (ret)
		return ret;
	if ((r->slowest || r->out) && (!r->whole || r->hist >= 0 || (r->slowest && r->out)))
		return wrong("goes alone, of the whole:", r->out ? "--perfetto" : "--slowest");
	if (r->out && vmmio_outfile_same(r->name, r->out))
		return wrong("--perfetto would write over the recording:", r->out);
	if (r->stalls && (!r->whole || r->hist >= 0 || r->slowest || r->out || r->other))
		return wrong("goes alone, of the whole of one recording:", "--stalls");
	if (r->stalls && (r->cpus || r->task))
		return wrong("--stalls needs the events of all CPUs and tasks: no --cpu and",
			     "--task");
	if (r->stalls && o->format == VMMIO_FORMAT_CSV)
		return wrong("--stalls has a table and JSON, no", "--csv");
	if (r->slowest && o->format == VMMIO_FORMAT_CSV)
		return wrong("--slowest has a table and JSON, no", "--csv");
	if (r->other && (!r->whole || r->hist >= 0 || r->slowest || r->out ||
			 o->format == VMMIO_FORMAT_CSV || o->json_full))
		return wrong("two are compared as a table or --json, the whole of each:", r->other);
	if (r->until_ns && r->until_ns <= r->from_ns)
		return wrong("--to is not after --from:", "SEC");
	if (asprintf(&r->source, "file:%s", r->name) < 0) {
		r->source = NULL;
		return 1 + VMMIO_EXIT_TROUBLE;
	}
	o->source = r->source;
	r->x.want = vmmio_options_want(o);
	if (r->hist >= 0)
		r->x.want.hists |= 1u << r->hist;
	return 0;
}

static void step(void *data, const struct vmmio_step *s)
{
	struct run *r = data;

	if (r->slowest)
		vmmio_journeys_step(&r->journeys, s);
	if (r->stalls)
		vmmio_waits_step(&r->waits, s);
	if (r->perfetto)
		vmmio_perfetto_step(r->perfetto, s);
}

static void take(struct vmmio_session *x, struct vmmio_source_opts *so)
{
	struct run *r = (struct run *)x;

	so->interval_ns = r->whole ? 0 : x->opt.interval_ns;
	so->from_ns = r->from_ns;
	so->until_ns = r->until_ns;
	so->cpus = r->cpus;
	so->task = r->slowest ? NULL : r->task;
	if (r->slowest || r->stalls || r->perfetto) {
		so->steps.take = step;
		so->steps.data = r;
	}
}

static const struct vmmio_row *row_of(const struct run *r, const struct vmmio_journey *j)
{
	const struct vmmio_snapshot *d = &r->x.delta;
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->rows[i].info.slot == j->slot && d->rows[i].info.gen == j->gen)
			return &d->rows[i];
	return NULL;
}

static bool wanted(void *data, const struct vmmio_journey *j)
{
	const struct run *r = data;
	const struct vmmio_row *row = row_of(r, j);
	bool asked = !r->pids;
	size_t i;

	for (i = 0; r->pids && i < r->npids; i++)
		asked |= r->pids[i] == j->pid;
	return asked && row && vmmio_row_matches(row, &r->x.opt);
}

static int show_slowest(struct run *r)
{
	const struct vmmio_journey **list = calloc(r->slowest, sizeof(*list));
	struct vmmio_slowest w;
	size_t n, i;

	vmmio_journeys_finish(&r->journeys);
	if (!list || r->journeys.err) {
		free(list);
		vmmio_complain("report: %s", strerror(ENOMEM));
		return VMMIO_EXIT_TROUBLE;
	}
	n = vmmio_journeys_slowest(&r->journeys, wanted, r, list, r->slowest);
	vmmio_slowest_begin(&w, &r->x.view, r->start_ns);
	for (i = 0; i < n; i++)
		vmmio_slowest_row(&w, list[i], row_of(r, list[i]));
	vmmio_slowest_end(&w);
	free(list);
	return -1;
}

/*
 * Only virtqueues that stalls judges: not those whose buffers wait for input, nor those whose used
 * buffers are taken back with the next send.
 */
static const struct vmmio_row *judged(void *data, const struct vmmio_journey *x)
{
	const struct run *r = data;
	const struct vmmio_row *row = row_of(r, x);
	const struct vmmio_slot_info *i = row ? &row->info : NULL;

	return row && vmmio_row_matches(row, &r->x.opt) &&
			       !vmmio_stall_patient(i->device_id, i->queue, i->queue_name) &&
			       !vmmio_stall_lazy(i->device_id, i->queue, i->queue_name)
		       ? row
		       : NULL;
}

static int show_stalls(struct run *r, __u64 end_ns)
{
	struct vmmio_waits *w = &r->waits;
	size_t n;

	vmmio_waits_finish(w, end_ns);
	if (w->err) {
		vmmio_complain("report: %s", strerror(ENOMEM));
		return VMMIO_EXIT_TROUBLE;
	}
	n = vmmio_waits_show(w, &r->x.view, r->start_ns, judged, r);
	if (w->more)
		vmmio_complain(
			"report: %llu more kicks waited as long: a higher --stalls shows fewer",
			(unsigned long long)w->more);
	if (n && r->x.delta.events_lost)
		vmmio_complain("report: events were lost: an end of what waited may be among them");
	r->waited = n || w->more;
	return -1;
}

static int write_timeline(void *data, FILE *out)
{
	struct run *r = data;

	return vmmio_perfetto_write(r->perfetto, &r->x.delta, out);
}

static int write_perfetto(struct run *r)
{
	int err = vmmio_outfile_write(r->out, write_timeline, r);

	if (!err)
		return -1;
	vmmio_complain("cannot write %s: %s", r->out, strerror(-err));
	return VMMIO_EXIT_TROUBLE;
}

/* Returns an exit status, or -1 to go on. */
static int show(struct run *r, const struct vmmio_moment *from, const struct vmmio_moment *to)
{
	struct vmmio_session *x = &r->x;
	struct vmmio_report report = {.delta = &x->delta, .total = r->whole};
	int n = vmmio_session_compare(x, from, to), ret;

	if (n < 0)
		return VMMIO_EXIT_TROUBLE;
	r->ready = true;
	if (r->other)
		return -1; /* shown with the other one */
	if (r->perfetto)
		return write_perfetto(r);
	if (r->slowest)
		return show_slowest(r);
	if (r->stalls)
		return show_stalls(r, to->s.time_ns);
	if (r->hist >= 0)
		return vmmio_hist_report(x, n, r->hist);
	report.rows = x->index;
	report.n = (size_t)n;
	vmmio_view_report(&x->view, &report);
	ret = vmmio_flush(stdout);
	if (ret < 0)
		vmmio_complain("cannot write the output: %s", strerror(-ret));
	return ret ? (ret < 0 ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK) : -1;
}

static int go_through(struct run *r, struct vmmio_moment *m)
{
	struct vmmio_session *x = &r->x;
	__u64 done = 0;
	int err, status, cur = 1;

	if (vmmio_moment_take(x, &m[0]))
		return VMMIO_EXIT_TROUBLE;
	r->start_ns = m[0].s.time_ns;
	while (!vmmio_stop && (!x->opt.count || done++ < x->opt.count)) {
		err = vmmio_moment_take(x, &m[cur]);
		if (err)
			return x->ended ? VMMIO_EXIT_OK : VMMIO_EXIT_TROUBLE;
		status = show(r, &m[!cur], &m[cur]);
		if (status >= 0)
			return status;
		cur = !cur;
	}
	return VMMIO_EXIT_OK;
}

/* Views of single kicks show times; false: these may not be shown. */
static bool times_allowed(const struct run *r)
{
	const struct vmmio_env *e = &r->x.env;

	if (!r->slowest && !r->out)
		return r->hist < 0 || vmmio_hist_allowed(&r->x, r->hist);
	if (vmmio_env_times(e))
		return true;
	if (!e->clock_ok)
		vmmio_complain("report: reading clocksource %s traps: there are no durations",
			       e->clocksource);
	else
		vmmio_complain("report: durations are %s (%s): "
			       "--emulated-time shows them",
			       vmmio_env_hidden_text(e), e->accel);
	return false;
}

/* The selection of --slowest: -errno, printed. */
static int find_task(struct run *r)
{
	char why[VMMIO_WHY_MAX] = "";
	struct dat dat;
	ssize_t n = dat_open(&dat, r->name, why, sizeof(why));

	if (!n) {
		n = dat_tasks(&dat, r->task, &r->pids);
		dat_close(&dat);
		snprintf(why, sizeof(why), "%s: no task named %s is in it", r->name, r->task);
	}
	if (n >= 0)
		r->npids = (size_t)n;
	else
		vmmio_complain("%s", n == -ENOMEM ? strerror(ENOMEM) : why);
	return n < 0 ? (int)n : 0;
}

static int follow(struct run *r)
{
	if (r->slowest && vmmio_journeys_init(&r->journeys, (unsigned int)r->slowest))
		return -ENOMEM;
	if (r->stalls && vmmio_waits_init(&r->waits, r->bound_ms * 1000000))
		return -ENOMEM;
	if (!r->out)
		return 0;
	r->perfetto = vmmio_perfetto_new();
	return r->perfetto ? 0 : -ENOMEM;
}

/* The recording of a KVM host, as exits would show it. */
static int report_host(const struct run *r)
{
	const struct vmmio_options *o = &r->x.opt;

	if (!r->whole || r->hist >= 0 || r->slowest || r->stalls || r->out || r->cpus || r->task ||
	    r->other || r->from_ns || r->until_ns || o->device || o->driver || o->queue ||
	    o->fields_given ||
	    (o->format != VMMIO_FORMAT_TABLE && o->format != VMMIO_FORMAT_JSON)) {
		vmmio_complain("report: %s is a host's recording: the whole is shown, as a table "
			       "or --json",
			       r->name);
		return VMMIO_EXIT_USAGE;
	}
	return vmmio_exitdat_report(r->name, o->format == VMMIO_FORMAT_JSON);
}

/*
 * Opens and reads it: the whole of it is in r->x.delta. Returns an exit status; the caller closes.
 */
static int read_whole(struct run *r)
{
	struct vmmio_moment m[2];
	char note[sizeof(r->x.src.note)];
	int ret;

	r->x.take = take;
	if (vmmio_session_open(&r->x))
		return VMMIO_EXIT_TROUBLE;
	r->opened = true;
	memcpy(note, r->x.src.note, sizeof(note));
	vmmio_moment_init(&m[0], &r->x);
	vmmio_moment_init(&m[1], &r->x);
	ret = times_allowed(r) ? go_through(r, m) : VMMIO_EXIT_TROUBLE;
	/* found while reading */
	if (strcmp(note, r->x.src.note))
		vmmio_complain("%s: %s", r->name, r->x.src.note);
	if (ret == VMMIO_EXIT_OK && r->x.src.damaged)
		ret = VMMIO_EXIT_TROUBLE;
	if (ret == VMMIO_EXIT_OK && r->waited)
		ret = VMMIO_EXIT_NEGATIVE;
	vmmio_moment_free(&m[0]);
	vmmio_moment_free(&m[1]);
	return ret;
}

/* @r and another one beside it. */
static int compare(struct run *r)
{
	struct run b = {.x.opt = r->x.opt,
			.x.want = r->x.want,
			.name = r->other,
			.other = r->name,
			.whole = true,
			.hist = -1,
			.from_ns = r->from_ns,
			.until_ns = r->until_ns,
			.cpus = r->cpus,
			.task = r->task};
	int ret, ret2;

	if (vmmio_exitdat_is_one(b.name)) {
		vmmio_complain("report: %s is a host's recording: guests' are compared", b.name);
		return VMMIO_EXIT_USAGE;
	}
	if (asprintf(&b.source, "file:%s", b.name) < 0)
		return VMMIO_EXIT_TROUBLE;
	b.x.opt.source = b.source;
	ret = read_whole(r);
	ret2 = r->ready ? read_whole(&b) : VMMIO_EXIT_TROUBLE;
	if (r->ready && b.ready) {
		const struct vmmio_beside sides[2] = {
			{r->name, &r->x.delta, &r->x.env},
			{b.name, &b.x.delta, &b.x.env},
		};

		vmmio_beside_show(sides, &r->x.opt, stdout);
	}
	if (r->opened)
		vmmio_session_close(&r->x);
	if (b.opened)
		vmmio_session_close(&b.x);
	free(b.source);
	return ret ? ret : ret2;
}

static int run(struct run *r)
{
	int ret;

	if (r->slowest && r->task && find_task(r))
		return VMMIO_EXIT_TROUBLE;
	if (vmmio_exitdat_is_one(r->name))
		return report_host(r);
	if (r->other)
		return compare(r);
	ret = read_whole(r);
	if (r->opened)
		vmmio_session_close(&r->x);
	return ret;
}

int vmmio_cmd_report(int argc, char **argv)
{
	struct run r = {};
	int ret = parse(&r, argc, argv);

	if (!ret && follow(&r)) {
		vmmio_complain("report: no memory, or no room for a temporary file");
		ret = 1 + VMMIO_EXIT_TROUBLE;
	}
	ret = ret ? ret - 1 : run(&r);
	vmmio_journeys_free(&r.journeys);
	vmmio_waits_free(&r.waits);
	vmmio_perfetto_free(r.perfetto);
	free(r.cpus);
	free(r.pids);
	free(r.source);
	return ret;
}

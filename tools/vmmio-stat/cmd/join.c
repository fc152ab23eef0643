// SPDX-License-Identifier: GPL-2.0-only
/*
 * "join": a guest's recording and its host's, kick by kick. Owns options and the two files;
 * record/chain.c matches the events.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/num.h"
#include "lib/opts.h"
#include "tools/vmmio-stat/record/chain.h"
#include "tools/vmmio-stat/record/joinview.h"
#include "tools/vmmio-stat/record/outfile.h"
#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/source/dat_ring.h"
#include "tools/vmmio-stat/source/source.h"

struct half {
	const char *name;
	struct dat dat;
	struct dat_facts facts;
	__u64 lost;
	bool whole;
};

struct run {
	struct half guest, host;
	const char *requests_name;
	struct vmmio_request *requests;
	size_t nrequests;
	__u64 vm_pid;
	enum vmmio_joinview_format format;
	const char *out; /* of --perfetto */
	struct vmmio_env env;
	struct vmmio_snapshot rows;
	struct vmmio_chains chains;
	struct vmmio_clockmap map;
	const struct dat_vm *vm;
};

static int wrong(const char *what, const char *value)
{
	vmmio_complain("join: %s '%s'", what, value);
	return 1 + VMMIO_EXIT_USAGE;
}

/* 0, or the exit status plus one. */
static int parse(struct run *r, int argc, char **argv)
{
	const char *files[2];
	bool json = false, csv = false, gnuplot = false;
	struct vmmio_opt opts[] = {
		{"requests", VMMIO_OPT_STRING, &r->requests_name, .arg = "FILE",
		 .help = "of the load, one line each: begin and duration in ns of the guest's "
			 "CLOCK_MONOTONIC, with a comma between (blkload --requests); then a chain "
			 "is "
			 "the whole request"},
		{"vm", VMMIO_OPT_U64, &r->vm_pid, 1, 0x7fffffff, .arg = "PID",
		 .help = "of several VMs on the host, the one of this process"},
		{"json", VMMIO_OPT_FLAG, &json, .help = "one object"},
		{"csv", VMMIO_OPT_FLAG, &csv, .help = "one line for each kick"},
		{"gnuplot", VMMIO_OPT_FLAG, &gnuplot, .help = "a drawing, for gnuplot to make"},
		{"perfetto", VMMIO_OPT_STRING, &r->out, .arg = "OUT",
		 .help = "a timeline for ui.perfetto.dev, instead: each chain a flow"},
		{"emulated-time", VMMIO_OPT_FLAG, &r->env.emulated_time,
		 .help = "show durations that are not real"},
	};
	struct vmmio_cmdline c = {
		.program = "vmmio-stat join",
		.usage = "[options] GUEST.dat HOST.dat",
		.about = "What vmmio-stat record wrote in a guest and vmmio-stat record --host on "
			 "its "
			 "host at the\nsame time: each kick from the guest's driver to the end of "
			 "its "
			 "interrupt's handler, leg\nby leg, per virtqueue. Kicks without a whole "
			 "chain "
			 "are listed with the reason.\n",
		.after = "Exit status: 0 ok, 1 trouble, a recording is not whole (what can be "
			 "joined is "
			 "shown), or\nno kick of the guest is in the host's; 2 wrong usage.\n",
		VMMIO_OPTS_OF(opts),
		.operands = files,
		.max_operands = 2,
	};
	int err = vmmio_cmdline_parse(&c, argc, argv);

	if (err)
		return 1 + (err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE);
	if (c.n != 2)
		return wrong("two recordings are joined, a guest's and its host's:",
			     "GUEST.dat HOST.dat");
	if (json + csv + gnuplot > 1)
		return wrong("--json, --csv and --gnuplot exclude each other: only", "one of them");
	r->format = json      ? VMMIO_JOIN_JSON
		    : csv     ? VMMIO_JOIN_CSV
		    : gnuplot ? VMMIO_JOIN_GNUPLOT
			      : VMMIO_JOIN_TABLE;
	r->guest.name = files[0];
	r->host.name = files[1];
	if (r->out && r->format != VMMIO_JOIN_TABLE)
		return wrong("goes alone:", "--perfetto");
	if (r->out && (vmmio_outfile_same(r->out, r->guest.name) ||
		       vmmio_outfile_same(r->out, r->host.name) ||
		       (r->requests_name && vmmio_outfile_same(r->out, r->requests_name))))
		return wrong("--perfetto would write over what is read:", r->out);
	return 0;
}

/* 0 or -errno, with the reason printed. */
static int open_half(struct half *h, bool host)
{
	char why[VMMIO_WHY_MAX] = "";
	__u64 dropped = 0;
	size_t i;
	int err = dat_open(&h->dat, h->name, why, sizeof(why));

	if (err) {
		h->dat.fd = -1;
		vmmio_complain("%s", why);
		return err;
	}
	if (h->dat.facts)
		err = dat_facts_parse(&h->facts, h->dat.facts, why, sizeof(why));
	else
		err = -EPROTO;
	if (!err && h->facts.host != host) {
		snprintf(why, sizeof(why),
			 h->facts.host ? "this is a host's recording: the guest's comes first"
				       : "this is a guest's recording, and a host's is needed: "
					 "vmmio-stat record --host");
		err = -EINVAL;
	}
	if (err) {
		vmmio_complain("%s: %s", h->name,
			       why[0] ? why
				      : "not recorded by vmmio-stat record: it does not say whose "
					"its events are");
		return err;
	}
	h->whole = strcmp(h->facts.why, DAT_WHY_ERROR) != 0;
	h->lost = h->facts.missed;
	for (i = 0; i < h->facts.ncpus; i++) {
		h->lost += h->facts.cpus[i].lost;
		dropped += h->facts.cpus[i].dropped;
	}
	for (i = 0; i < h->dat.ncpus; i++)
		dropped += h->dat.cpus[i].missing;
	h->whole = h->whole && !dropped;
	return 0;
}

static int read_guest(struct run *r)
{
	struct vmmio_source_opts opts = {
		.path = r->guest.name,
		.steps = {vmmio_chains_guest, &r->chains},
	};
	struct vmmio_source src = {.ops = &vmmio_source_dat};
	int err = src.ops->open(&src, &opts);

	if (err) {
		vmmio_complain("%s", src.why);
		return err;
	}
	err = src.ops->snapshot(&src, &r->rows);
	if (!err)
		err = src.ops->snapshot(&src, &r->rows);
	if (err)
		vmmio_complain("%s: %s", r->guest.name, src.why);
	r->guest.whole = r->guest.whole && !src.damaged;
	vmmio_env_set(&r->env, r->guest.facts.accel, r->guest.facts.clocksource);
	src.ops->close(&src);
	return err;
}

static int read_host(struct run *r)
{
	struct half *h = &r->host;
	struct vmmio_host_steps steps = {vmmio_chains_host, &r->chains};
	struct trace_ring ring;
	char why[VMMIO_WHY_MAX] = "";
	int err = dat_ring_open(&ring, &h->dat);

	if (!err)
		err = vmmio_host_steps_open(&ring, &steps, why, sizeof(why));
	if (!err)
		err = trace_ring_drain(&ring, ~0ull);
	h->whole = h->whole && !ring.cut;
	h->lost += ring.strange;
	dat_ring_close(&ring);
	if (err)
		vmmio_complain("%s: %s", h->name, why[0] ? why : strerror(-err));
	return err;
}

/* "begin,duration" in ns, in order, each after the one before. 0 or -errno, printed. */
static int read_requests(struct run *r)
{
	FILE *in = fopen(r->requests_name, "re");
	char line[128], *comma;
	struct vmmio_request x, *p;
	__u64 last = 0;
	int err = in ? 0 : -errno, nr = 0;

	while (!err && fgets(line, sizeof(line), in)) {
		nr++;
		line[strcspn(line, "\n")] = '\0';
		comma = strchr(line, ',');
		if (comma)
			*comma++ = '\0';
		if (!comma || vmmio_parse_u64(line, 1, ~0ull >> 1, &x.begin_ns) ||
		    vmmio_parse_u64(comma, 1, ~0ull >> 1, &x.ns)) {
			vmmio_complain("%s, line %d: no begin and duration in ns", r->requests_name,
				       nr);
			fclose(in);
			return -EINVAL;
		}
		if (x.begin_ns < last) {
			vmmio_complain(
				"%s, line %d: begins before the one before has ended: chains "
				"can be told from requests one at a time only",
				r->requests_name, nr);
			fclose(in);
			return -EINVAL;
		}
		last = x.begin_ns + x.ns;
		p = r->nrequests & (r->nrequests - 1)
			    ? r->requests
			    : reallocarray(r->requests, r->nrequests ? 2 * r->nrequests : 1,
					   sizeof(*p));
		if (!p) {
			err = -ENOMEM;
			break;
		}
		r->requests = p;
		p[r->nrequests++] = x;
	}
	if (in && !err && ferror(in))
		err = -EIO;
	if (in)
		fclose(in);
	if (!err && !r->nrequests)
		err = -ENODATA;
	if (err)
		vmmio_complain("%s: %s", r->requests_name,
			       err == -ENODATA ? "no request is in it" : strerror(-err));
	return err;
}

/* Joins with one VM; returns how many chains it makes, or -errno with @why. */
static ssize_t try_vm(struct run *r, const struct dat_vm *vm, char *why, size_t size)
{
	const struct dat_facts *host = &r->host.facts;
	size_t i, n = 0;
	int err;

	if (vm->nvcpus)
		err = vmmio_clockmap_init(&r->map, &r->guest.facts, host, vm, why, size);
	else
		err = vmmio_chains_measure(&r->chains, vm, &r->guest.facts, host, &r->map, why,
					   size);
	if (err)
		return err;
	if (vmmio_clockmap_guest(&r->map, host->end_ns) < r->guest.facts.start_ns ||
	    vmmio_clockmap_guest(&r->map, host->start_ns) > r->guest.facts.end_ns) {
		snprintf(why, size,
			 "the two were not recorded at the same time, by VM %u's counter", vm->pid);
		return -ERANGE;
	}
	r->vm = vm;
	err = vmmio_chains_join(&r->chains, vm, &r->map, r->requests, r->nrequests);
	if (err) {
		snprintf(why, size, "%s", strerror(-err));
		return err;
	}
	for (i = 0; i < r->chains.n; i++)
		n += r->chains.v[i].why == VMMIO_CHAIN_WHOLE;
	return (ssize_t)n;
}

/*
 * Most kicks that the host's recording must have are not in it: some of one guest's coincide with
 * another's by chance.
 */
static bool strange(const struct run *r, char *why, size_t size)
{
	size_t i, n = 0, without[VMMIO_CHAIN_WHYS] = {}, all = 0, most = VMMIO_CHAIN_NO_EXIT;
	__u64 from = vmmio_clockmap_guest(&r->map, r->host.facts.start_ns),
	      to = vmmio_clockmap_guest(&r->map, r->host.facts.end_ns);

	if (!r->host.whole || r->host.lost)
		return false;
	for (i = 0; i < r->chains.n; i++) {
		const struct vmmio_chain *x = &r->chains.v[i];
		__u64 kick = x->mark[VMMIO_MARK_KICK];

		if (x->guest != VMMIO_CHAIN_WHOLE || x->why == VMMIO_CHAIN_NO_REQUEST ||
		    x->why == VMMIO_CHAIN_SHARED || kick < from || x->end_ns > to)
			continue;
		n++;
		all += x->why != VMMIO_CHAIN_WHOLE;
		without[x->why] += x->why != VMMIO_CHAIN_WHOLE;
	}
	for (i = 0; i < VMMIO_CHAIN_WHYS; i++)
		if (without[i] > without[most])
			most = i;
	snprintf(why, size,
		 "nothing of it was lost, and %zu of %s's %zu kicks have no chain (%s): recordings "
		 "of different guests?",
		 all, r->guest.name, n, vmmio_chain_why((enum vmmio_chain_why)most));
	return 2 * all > n;
}

/* The VM with most chains, and these. 0, or -errno, printed. */
static int find_vm(struct run *r)
{
	const struct dat_facts *host = &r->host.facts;
	const struct dat_vm *best = NULL;
	char why[VMMIO_WHY_MAX] = "";
	ssize_t n, most = -1;
	size_t i;

	for (i = 0; i < host->nvms; i++) {
		if (r->vm_pid && host->vms[i].pid != r->vm_pid)
			continue;
		n = try_vm(r, &host->vms[i], why, sizeof(why));
		if (n > most) {
			most = n;
			best = &host->vms[i];
		}
	}
	if (!host->nvms)
		snprintf(why, sizeof(why), "no VM was there");
	else if (r->vm_pid && !best && !why[0])
		snprintf(why, sizeof(why), "no VM of process %" PRIu64 " was there",
			 (uint64_t)r->vm_pid);
	else if (best && !most)
		snprintf(why, sizeof(why),
			 "none of its VMs rang the doorbells of %s's %zu kicks: %s", r->guest.name,
			 r->chains.n,
			 r->chains.n ? vmmio_chain_why(r->chains.v[r->chains.n / 2].why)
				     : "there are none");
	else if (best && (best == r->vm || try_vm(r, best, why, sizeof(why)) >= 0) &&
		 !strange(r, why, sizeof(why)))
		return 0;
	vmmio_complain("%s: %s", r->host.name, why);
	return -EINVAL;
}

/* Times may not be shown? */
static bool refused(const struct run *r)
{
	if (vmmio_env_times(&r->env))
		return false;
	if (!r->env.clock_ok)
		vmmio_complain("join: reading clocksource %s traps: there are no durations",
			       r->env.clocksource);
	else
		vmmio_complain("join: durations are not real under emulation (%s): "
			       "--emulated-time shows them",
			       r->env.accel);
	return true;
}

static int write_perfetto(void *view, FILE *out)
{
	return vmmio_joinview_perfetto(view, out);
}

static int join(struct run *r)
{
	struct vmmio_joinview view = {
		.out = stdout,
		.env = &r->env,
		.chains = &r->chains,
		.rows = &r->rows,
		.map = &r->map,
	};
	size_t i;
	int err;

	if (open_half(&r->guest, false) || open_half(&r->host, true))
		return VMMIO_EXIT_TROUBLE;
	if (r->requests_name && read_requests(r))
		return VMMIO_EXIT_TROUBLE;
	if (read_guest(r) || refused(r) || read_host(r) || find_vm(r))
		return VMMIO_EXIT_TROUBLE;
	for (i = 0; i < r->chains.n; i++) {
		if (vmmio_chain_adds_up(&r->chains.v[i]))
			continue;
		vmmio_complain("join: the legs of the kick at %" PRIu64
			       " ns do not add up: a fault "
			       "of this program",
			       (uint64_t)r->chains.v[i].mark[VMMIO_MARK_KICK]);
		return VMMIO_EXIT_TROUBLE;
	}
	view.vm = r->vm;
	view.guest_lost = r->guest.lost;
	view.host_lost = r->host.lost;
	view.guest_whole = r->guest.whole;
	view.host_whole = r->host.whole;
	if (r->out)
		err = vmmio_outfile_write(r->out, write_perfetto, &view);
	else
		err = vmmio_joinview_show(&view, r->format);
	if (err && r->out)
		vmmio_complain("cannot write %s: %s", r->out, strerror(-err));
	else if (err)
		vmmio_complain("join: %s", strerror(-err));
	return err || !r->guest.whole || !r->host.whole ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
}

int vmmio_cmd_join(int argc, char **argv)
{
	struct run r = {.guest.dat.fd = -1, .host.dat.fd = -1};
	struct vmmio_want want = {};
	int ret = parse(&r, argc, argv);

	if (ret)
		return ret - 1;
	vmmio_snapshot_init(&r.rows, &want);
	ret = VMMIO_EXIT_TROUBLE;
	if (vmmio_chains_init(&r.chains))
		vmmio_complain("join: %s", strerror(ENOMEM));
	else
		ret = join(&r);
	vmmio_chains_free(&r.chains);
	vmmio_snapshot_free(&r.rows);
	dat_facts_free(&r.guest.facts);
	dat_facts_free(&r.host.facts);
	dat_close(&r.guest.dat);
	dat_close(&r.host.dat);
	free(r.requests);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * "exits": every exit by VM, vCPU, device, queue and register, and the path
 * that served it. Owns options and the loop; attaching and reading are
 * exitbpf.c's, meaning is exitrows.c's, showing exitview.c's.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/accel.h"
#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/host/exitlat.h"
#include "tools/vmmio-stat/host/exitperf.h"
#include "tools/vmmio-stat/host/exitview.h"
#include "lib/num.h"

struct request {
	bool json;
	bool by_vcpu;
	bool by_time;
	bool latency;
	bool time_all;
	__u64 pid;
	__u64 room; /* vCPU threads; 0: by the VMs there are */
	const char *guest;
	const char *map;
	const char *qmp;
	const char *engine;
	__u64 interval_ns;
	__u64 count; /* 0: endless */
};

static const char help[] =
	"usage: vmmio-stat exits [options] [interval [count]]\n"
	"  -p, --pid PID        VMs of this process only\n"
	"  -g, --guest NAME     VMs of this name only (see vms)\n"
	"      --vcpu           each vCPU for itself\n"
	"  -k, --key KEY        sort by sample (default) or time\n"
	"      --time-all       time each exit; else of a vCPU that has many a part\n"
	"      --latency        doorbell to backend running, per queue (hooks the scheduler)\n"
	"      --map FILE       names for address ranges: lines ADDRESS SIZE NAME\n"
	"                       [mmio|pci|pio], or what QEMU answers (docs/host.md)\n"
	"      --qmp SOCKET     ask a running QEMU for them, on its QMP socket\n"
	"      --engine ENGINE  bpf (default) or perf: counters without BPF\n"
	"      --room THREADS   vCPU threads at a time (default: twice those there are, and\n"
	"                       128); what finds no room is counted as lost\n"
	"      --json           one object per interval\n"
	"  -h, --help\n"
	"SIGINT prints totals and findings.\n";

enum {
	O_VCPU = 256,
	O_MAP,
	O_QMP,
	O_ENGINE,
	O_JSON,
	O_LATENCY,
	O_TIME_ALL,
	O_ROOM
};

static int wrong(const char *what, const char *value)
{
	vmmio_complain("exits: %s '%s'", what, value);
	return 1 + VMMIO_EXIT_USAGE;
}

static int parse_option(struct request *q, int c)
{
	switch (c) {
	case 'p':
		if (vmmio_parse_u64(optarg, 1, 0x7fffffff, &q->pid))
			return wrong("-p takes a process id, not", optarg);
		return 0;
	case 'g':
		q->guest = optarg;
		return 0;
	case 'k':
		if (strcmp(optarg, "sample") && strcmp(optarg, "time"))
			return wrong("-k takes sample or time, not", optarg);
		q->by_time = optarg[0] == 't';
		return 0;
	case O_VCPU:
		q->by_vcpu = true;
		return 0;
	case O_MAP:
		q->map = optarg;
		return 0;
	case O_QMP:
		q->qmp = optarg;
		return 0;
	case O_ENGINE:
		if (strcmp(optarg, "bpf") && strcmp(optarg, "perf"))
			return wrong("--engine takes bpf or perf, not", optarg);
		q->engine = optarg;
		return 0;
	case O_LATENCY:
		q->latency = true;
		return 0;
	case O_TIME_ALL:
		q->time_all = true;
		return 0;
	case O_ROOM:
		if (vmmio_parse_u64(optarg, 1, 65536, &q->room))
			return wrong("--room takes 1 to 65536 threads, not", optarg);
		return 0;
	case O_JSON:
		q->json = true;
		return 0;
	case 'h':
		fputs(help, stdout);
		return 1 + VMMIO_EXIT_OK;
	}
	return 1 + VMMIO_EXIT_USAGE;
}

/* 0, or the exit status plus one. */
static int parse(struct request *q, int argc, char **argv)
{
	static const struct option options[] = {
		{"pid", required_argument, NULL, 'p'},
		{"guest", required_argument, NULL, 'g'},
		{"vcpu", no_argument, NULL, O_VCPU},
		{"key", required_argument, NULL, 'k'},
		{"map", required_argument, NULL, O_MAP},
		{"qmp", required_argument, NULL, O_QMP},
		{"engine", required_argument, NULL, O_ENGINE},
		{"latency", no_argument, NULL, O_LATENCY},
		{"time-all", no_argument, NULL, O_TIME_ALL},
		{"room", required_argument, NULL, O_ROOM},
		{"json", no_argument, NULL, O_JSON},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int c, ret;

	optind = 0;
	while ((c = getopt_long(argc, argv, "+p:g:k:h", options, NULL)) != -1) {
		ret = parse_option(q, c);
		if (ret)
			return ret;
	}
	if (optind < argc &&
	    vmmio_parse_seconds(argv[optind++], 1000000, 86400ull * 1000000000, &q->interval_ns))
		return wrong("the interval is not a number of seconds, 0.001 to 86400:",
			     argv[optind - 1]);
	if (optind < argc && vmmio_parse_u64(argv[optind++], 1, ~0ull, &q->count))
		return wrong("the count is not a number above 0:", argv[optind - 1]);
	if (optind < argc)
		return wrong("unexpected argument", argv[optind]);
	return 0;
}

struct run {
	const struct request *q;
	struct vmmio_hostscan *scan;
	struct vmmio_exit_source *source;
	struct vmmio_exit_perf *perf; /* instead of source */
	struct vmmio_exitlat *lat;    /* NULL: not asked for */
	struct vmmio_hostmap map;
	struct vmmio_exit_rows rows;
	struct vmmio_exit_interrupts interrupts;
	struct vmmio_exit_health health;
	enum vmmio_accel accel;
	bool emulated;
	__u64 start_ns, last_ns;
	double scan_ms;
};

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int snapshot(struct run *r, bool final)
{
	struct vmmio_host host = {0};
	int err;

	err = vmmio_hostscan_run(r->scan, &host);
	if (err)
		return err;
	r->scan_ms = host.scan_ns / 1e6;
	err = vmmio_exit_rows_learn(&r->rows, &host);
	if (!err && r->perf) {
		err = vmmio_exit_perf_follow(r->perf, &host, &r->rows);
		if (!err)
			err = vmmio_exit_perf_read(r->perf, &r->rows);
		vmmio_exit_perf_health(r->perf, &r->health);
	} else if (!err) {
		err = vmmio_exit_bpf_read(r->source, &host, &r->rows, &r->interrupts, final);
		vmmio_exit_bpf_health(r->source, &r->health);
	}
	if (!err && r->lat)
		err = vmmio_exitlat_follow(r->lat, &host, &r->rows);
	vmmio_host_free(&host);
	return err;
}

static int show(struct run *r, bool totals, bool ends, __u64 now)
{
	struct vmmio_exit_latencies latency = {0};
	struct vmmio_exit_view v = {
		.rows = &r->rows,
		.interrupts = &r->interrupts,
		.health = &r->health,
		.engine = r->q->engine,
		.accel = vmmio_accel_name(r->accel),
		.emulated = r->emulated,
		.latency = r->lat ? &latency : NULL,
		.interval_s = (now - (totals ? r->start_ns : r->last_ns)) / 1e9,
		.scan_ms = r->scan_ms,
		.by_time = r->q->by_time,
		.totals = totals,
		.ends = ends,
		.pid = r->q->pid,
		.guest = r->q->guest,
	};
	int err = r->lat ? vmmio_exitlat_read(r->lat, &r->rows, &latency) : 0;

	if (err)
		return err;
	if (r->q->json) {
		vmmio_exit_json(&v, stdout);
	} else {
		vmmio_exit_table(&v, stdout);
		if (ends)
			vmmio_exit_findings(&v, stdout);
	}
	vmmio_exitlat_free(&latency);
	return 0;
}

/* Looks who is there without counting: a VM may be gone when that is done. 0 or -errno. */
static int follow(struct run *r)
{
	struct vmmio_host host = {0};
	int err;

	err = vmmio_hostscan_run(r->scan, &host);
	if (!err)
		err = vmmio_exit_rows_learn(&r->rows, &host);
	if (!err && r->perf)
		err = vmmio_exit_perf_follow(r->perf, &host, &r->rows);
	else if (!err)
		err = vmmio_exit_bpf_follow(r->source, &host, &r->rows);
	if (!err)
		err = vmmio_exit_interrupts_follow(&r->interrupts, &host);
	if (!err && r->lat)
		err = vmmio_exitlat_follow(r->lat, &host, &r->rows);
	vmmio_host_free(&host);
	return err;
}

/* Sleeps until @until, a signal, or the reader's end of the pipe closing. */
static void sleep_until(__u64 until)
{
	struct timespec ts = {until / 1000000000, until % 1000000000};

	while (!vmmio_stop && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

/*
 * VMs that come and go within a long interval are met all the same, with what they
 * are: a look takes a fraction of a millisecond, and never more than a hundredth of
 * the time.
 */
#define FOLLOW_NS 100000000ull
#define FOLLOW_SHARE 100

/* The same, with a look at who is there now and then. 0 or -errno. */
static int wait_until(struct run *r, __u64 until)
{
	__u64 now, pause = FOLLOW_NS;
	int err;

	while (!vmmio_stop) {
		now = now_ns();
		if (now + pause >= until)
			break;
		sleep_until(now + pause);
		now = now_ns();
		err = vmmio_stop ? 0 : follow(r);
		if (err)
			return err;
		now = FOLLOW_SHARE * (now_ns() - now);
		pause = now > FOLLOW_NS ? now : FOLLOW_NS;
	}
	sleep_until(until);
	return 0;
}

static int loop(struct run *r)
{
	__u64 n, now;
	int err, closed = 0;

	r->start_ns = r->last_ns = now_ns();
	for (n = 0; !closed && !vmmio_stop && (!r->q->count || n < r->q->count); n++) {
		bool last;

		err = wait_until(r, r->start_ns + (n + 1) * r->q->interval_ns);
		if (err)
			return err;
		if (vmmio_stop)
			break;
		last = r->q->count && n + 1 == r->q->count;
		err = snapshot(r, last);
		if (err)
			return err;
		now = now_ns();
		/* The one interval of a run of one is its end; else totals are. */
		err = show(r, false, last && r->q->count == 1, now);
		if (err)
			return err;
		r->last_ns = now;
		closed = vmmio_flush(stdout);
	}
	if (closed)
		return closed < 0 ? closed : 0;
	if (vmmio_stop || r->q->count > 1) {
		err = snapshot(r, true);
		if (!err)
			err = show(r, true, true, now_ns());
		if (err)
			return err;
	}
	closed = vmmio_flush(stdout);
	return closed < 0 ? closed : 0;
}

/* A filter that lets nothing through is more likely a mistake than a wish. */
static bool is_there(const struct request *q, const struct vmmio_host *host, char *why, size_t size)
{
	bool pid = !q->pid, guest = !q->guest;
	size_t i;

	for (i = 0; i < host->nvms; i++) {
		pid |= host->vms[i].pid == q->pid;
		guest |= q->guest && !strcmp(host->vms[i].name, q->guest);
	}
	if (!pid)
		snprintf(why, size, "process %llu has no KVM VM", (unsigned long long)q->pid);
	else if (!guest)
		snprintf(why, size, "no KVM VM is named '%s'", q->guest);
	return pid && guest;
}

static int start(struct run *r, char *why, size_t size)
{
	struct vmmio_host host = {0};
	int err;

	err = vmmio_hostscan_open(&r->scan, true, why, size);
	if (err)
		return err;
	err = vmmio_hostscan_run(r->scan, &host);
	if (err) {
		snprintf(why, size, "the scan for VMs failed: %s", strerror(-err));
		return err;
	}
	if (!is_there(r->q, &host, why, size)) {
		vmmio_host_free(&host);
		return -ESRCH;
	}
	/* VMs that die before the first snapshot have a name this way. */
	err = vmmio_exit_rows_learn(&r->rows, &host);
	if (err) {
		snprintf(why, size, "%s", strerror(-err));
	} else if (!strcmp(r->q->engine, "perf")) {
		err = vmmio_exit_perf_open(&r->perf, why, size);
		if (!err)
			err = vmmio_exit_perf_follow(r->perf, &host, &r->rows);
	} else {
		struct vmmio_exit_how how = {r->q->pid, r->q->room, r->q->time_all};

		err = vmmio_exit_bpf_open(&r->source, &how, &host, &r->rows, why, size);
	}
	if (!err && r->q->latency) {
		err = vmmio_exitlat_open(&r->lat, r->q->pid, why, size);
		if (!err)
			err = vmmio_exitlat_follow(r->lat, &host, &r->rows);
	}
	vmmio_host_free(&host);
	return err;
}

static void finish(struct run *r)
{
	vmmio_exit_bpf_close(r->source);
	vmmio_exitlat_close(r->lat);
	vmmio_exit_perf_close(r->perf);
	vmmio_hostscan_close(r->scan);
	vmmio_exit_rows_free(&r->rows);
	vmmio_hostmap_free(&r->map);
	vmmio_exit_interrupts_free(&r->interrupts);
}

int vmmio_cmd_exits(int argc, char **argv)
{
	struct request q = {.engine = "bpf", .interval_ns = 1000000000};
	struct run r = {.q = &q};
	char why[256];
	int ret, err;

	ret = parse(&q, argc, argv);
	if (ret)
		return ret - 1;
	ret = vmmio_hostmap_get(&r.map, q.map, q.qmp, why, sizeof(why));
	if (ret) {
		vmmio_complain("exits: %s", why);
		return ret;
	}
	r.rows.map = &r.map;
	r.rows.by_vcpu = q.by_vcpu;
	r.emulated = !vmmio_accel_detect(&r.accel) && vmmio_accel_emulated(r.accel);
	vmmio_catch_signals();
	err = start(&r, why, sizeof(why));
	if (err) {
		vmmio_complain("exits: %s", why);
		finish(&r);
		return VMMIO_EXIT_TROUBLE;
	}
	err = loop(&r);
	if (err)
		vmmio_complain("exits: %s", strerror(-err));
	else
		/* a machine's own list has many that no guest touches; a person's has none */
		vmmio_hostmap_report(&r.map, !r.map.machine, stderr);
	finish(&r);
	return err ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
}

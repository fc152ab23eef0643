// SPDX-License-Identifier: GPL-2.0-only
/*
 * "exits": every exit by VM, vCPU, device, queue and register, and the path that served it. Owns
 * options and the loop; exitbpf.c attaches and reads, exitrows.c interprets, exitview.c prints.
 */
#include <errno.h>
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
#include "lib/opts.h"

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

static int wrong(const char *what, const char *value)
{
	vmmio_complain("exits: %s '%s'", what, value);
	return 1 + VMMIO_EXIT_USAGE;
}

/* 0, or the exit status plus one. */
static int parse(struct request *q, int argc, char **argv)
{
	const char *key = "sample", *when[2];
	struct vmmio_opt opts[] = {
		{"pid", VMMIO_OPT_U64, &q->pid, 1, 0x7fffffff, .arg = "PID", .letter = 'p',
		 .help = "VMs of this process only"},
		{"guest", VMMIO_OPT_STRING, &q->guest, .arg = "NAME", .letter = 'g',
		 .help = "VMs of this name only (see vms)"},
		{"vcpu", VMMIO_OPT_FLAG, &q->by_vcpu, .help = "each vCPU for itself"},
		{"key", VMMIO_OPT_CHOICE, &key, .choices = "sample|time", .arg = "sample|time",
		 .letter = 'k', .help = "what to sort by (sample)"},
		{"time-all", VMMIO_OPT_FLAG, &q->time_all,
		 .help = "time each exit; else of a vCPU that has many a part"},
		{"latency", VMMIO_OPT_FLAG, &q->latency,
		 .help = "doorbell to backend running, per queue (hooks the scheduler)"},
		{"map", VMMIO_OPT_STRING, &q->map, .arg = "FILE",
		 .help = "names for address ranges: lines ADDRESS SIZE NAME [mmio|pci|pio], or "
			 "what "
			 "QEMU answers (docs/host.md)"},
		{"qmp", VMMIO_OPT_STRING, &q->qmp, .arg = "SOCKET",
		 .help = "ask a running QEMU for them, on its QMP socket"},
		{"engine", VMMIO_OPT_CHOICE, &q->engine, .choices = "bpf|perf", .arg = "bpf|perf",
		 .help = "perf: counters without BPF (bpf)"},
		{"room", VMMIO_OPT_U64, &q->room, 1, 65536, .arg = "THREADS",
		 .help = "vCPU threads at a time (twice those there are, and 128); what finds no "
			 "room "
			 "is counted as lost"},
		{"json", VMMIO_OPT_FLAG, &q->json, .help = "one object per interval"},
	};
	struct vmmio_cmdline c = {
		.program = "vmmio-stat exits",
		.usage = "[options] [interval [count]]",
		.after = "SIGINT prints totals and findings.\n",
		VMMIO_OPTS_OF(opts),
		.operands = when,
		.max_operands = 2,
	};
	int err = vmmio_cmdline_parse(&c, argc, argv);

	if (err)
		return 1 + (err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE);
	q->by_time = !strcmp(key, "time");
	if (c.n > 0 &&
	    vmmio_parse_seconds(when[0], 1000000, 86400ull * 1000000000, &q->interval_ns))
		return wrong("the interval is not a number of seconds, 0.001 to 86400:", when[0]);
	if (c.n > 1 && vmmio_parse_u64(when[1], 1, ~0ull, &q->count))
		return wrong("the count is not a number above 0:", when[1]);
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

/* Scans for VMs without counting: a VM may be gone when counting ends. 0 or -errno. */
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
 * Scans now and then, so that VMs that come and go within a long interval are met: a scan takes a
 * fraction of a millisecond, and scans never take more than a hundredth of the time.
 */
#define FOLLOW_NS 100000000ull
#define FOLLOW_SHARE 100

/* The same, with a scan now and then. 0 or -errno. */
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
		/* A run of one interval ends with it; else totals follow. */
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

/* A filter that matches nothing is more likely a mistake than intended. */
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
	/* So VMs that die before the first snapshot have a name. */
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

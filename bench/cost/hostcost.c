// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-hostcost: the cost of the host side of vmmio-stat, on VMs of our own. Discovery by number
 * of VMs, the walk by the clock and, with the tree made from it, in thread time; one kvm_mmio
 * event, by the kernel's run-time statistics, less an empty program, and once more in the way that
 * kernels before 6.2 need; `exits` at 1 Hz on 64 VMs, in CPU time. It prints JSON, raw samples
 * included, and judges nothing.
 */
#include <math.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/accel.h"
#include "lib/json.h"
#include "empty.skel.h"
#include "bench/micro/micro.h"
#include "bench/micro/vm.h"
#include "tools/vmmio-stat/host/exitsrc.h"
#include "tools/vmmio-stat/host/hostscan.h"
#include "host.skel.h" /* needs the headers before it */

#define MOST_VMS 1000
#define SCANS 31
#define ROUNDS 9
#define EVENTS 20000
#define DOORBELL 0xfeb02e50u

static struct micro_vm *vms;
static int nvms;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* {…} with all samples, sorted. */
static void put_samples(struct vmmio_json *j, const char *key, double *v, int n)
{
	qsort(v, n, sizeof(v[0]), by_value);
	vmmio_json_open(j, key, '{');
	vmmio_json_double(j, "median", v[n / 2]);
	vmmio_json_double(j, "min", v[0]);
	vmmio_json_double(j, "max", v[n - 1]);
	vmmio_json_open(j, "samples", '[');
	for (int i = 0; i < n; i++)
		vmmio_json_double(j, NULL, v[i]);
	vmmio_json_close(j, ']');
	vmmio_json_close(j, '}');
}

static int more_vms(int n)
{
	int err, fd;

	for (; nvms < n; nvms++) {
		err = micro_vm_create(&vms[nvms], 1, false);
		if (err)
			return err;
		/* two queues on virtio-mmio, one on PCI; the descriptor is not needed on */
		for (int q = 0; q < 3; q++) {
			fd = eventfd(0, EFD_CLOEXEC);
			if (fd < 0)
				return -errno;
			err = micro_vm_ioeventfd(&vms[nvms], fd, q < 2 ? DOORBELL : 0xfebf9000u,
						 q < 2 ? 4 : 0, q,
						 q < 2 ? KVM_IOEVENTFD_FLAG_DATAMATCH : 0);
			close(fd);
			if (err)
				return err;
		}
	}
	return 0;
}

static int discovery(struct vmmio_json *j)
{
	static const int sizes[] = {1, 10, 64, 250, 500, MOST_VMS};
	struct vmmio_hostscan *scan;
	double ms[SCANS], cpu_ms[SCANS];
	uint64_t cpu;
	char why[256];
	int err;
	size_t i;

	err = vmmio_hostscan_open(&scan, false, why, sizeof(why));
	if (err) {
		fprintf(stderr, "vmmio-hostcost: %s\n", why);
		return err;
	}
	vmmio_json_open(j, "discovery", '[');
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct vmmio_host host;
		int k;

		err = more_vms(sizes[i]);
		for (k = -1; !err && k < SCANS; k++) { /* the first may enlarge the array */
			cpu = micro_thread_cpu();
			err = vmmio_hostscan_run(scan, &host);
			if (err)
				break;
			if (k >= 0) {
				ms[k] = host.scan_ns / 1e6;
				cpu_ms[k] = (micro_thread_cpu() - cpu) / 1e6;
			}
			vmmio_host_free(&host);
		}
		if (err)
			break;
		vmmio_json_open(j, NULL, '{');
		vmmio_json_u64(j, "vms", sizes[i]);
		put_samples(j, "ms", ms, SCANS);
		put_samples(j, "cpu_ms", cpu_ms, SCANS);
		vmmio_json_close(j, '}');
	}
	vmmio_json_close(j, ']');
	vmmio_hostscan_close(scan);
	return err;
}

struct usage {
	__u64 ns, runs;
};

static int usage_of(const struct bpf_program *prog, struct usage *u)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int err = bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len);

	u->ns = info.run_time_ns;
	u->runs = info.run_cnt;
	return err;
}

/* ns per run of @prog over one loop of doorbell writes. */
static int run_events(const struct bpf_program *prog, double *ns)
{
	struct micro_seen seen = {0};
	struct usage a, b;
	int err;

	err = usage_of(prog, &a);
	if (!err)
		err = micro_vcpu_prepare(&vms[0], 0, MICRO_OP_STORE32, DOORBELL, 1, EVENTS);
	if (!err)
		err = micro_vcpu_run(&vms[0], 0, &seen, NULL);
	if (!err)
		err = usage_of(prog, &b);
	if (err)
		return err;
	if (b.runs - a.runs != EVENTS)
		return -ENOMSG; /* not all, or not only ours */
	*ns = (double)(b.ns - a.ns) / EVENTS;
	return 0;
}

/* The counting program, ready to be attached. NULL: it does not load. */
static struct host_bpf *counter(bool no_cast)
{
	struct host_bpf *h = host_bpf__open();

	if (!h)
		return NULL;
	h->rodata->opt_pid = getpid();
	h->rodata->opt_no_cast = no_cast;
	vmmio_exit_bpf_size(h, 128, 16384);
	if (!host_bpf__load(h))
		return h;
	host_bpf__destroy(h);
	return NULL;
}

/* One round with @prog alone attached. */
static int one_round(struct bpf_program *prog, double *ns)
{
	struct bpf_link *link = bpf_program__attach(prog);
	int err = link ? run_events(prog, ns) : -errno;

	bpf_link__destroy(link);
	return err;
}

static int event_cost(struct vmmio_json *j)
{
	double empty[ROUNDS], full[ROUNDS], old[ROUNDS], over[ROUNDS], old_over[ROUNDS];
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME), i, err = -EIO;
	struct empty_bpf *e = empty_bpf__open_and_load();
	struct host_bpf *h = counter(false), *before_62 = counter(true);

	if (stats < 0 || !e || !h || !before_62)
		goto out;
	for (err = 0, i = 0; !err && i < ROUNDS; i++) {
		err = one_round(e->progs.empty_mmio, &empty[i]);
		if (!err)
			err = one_round(h->progs.host_mmio, &full[i]);
		if (!err)
			err = one_round(before_62->progs.host_mmio, &old[i]);
		over[i] = full[i] - empty[i];
		old_over[i] = old[i] - empty[i];
	}
	if (err)
		goto out;
	vmmio_json_open(j, "event", '{');
	vmmio_json_u64(j, "events_per_round", EVENTS);
	put_samples(j, "empty_ns", empty, ROUNDS);
	put_samples(j, "kvm_mmio_ns", full, ROUNDS);
	put_samples(j, "over_empty_ns", over, ROUNDS);
	put_samples(j, "before_6_2_ns", old, ROUNDS);
	put_samples(j, "before_6_2_over_empty_ns", old_over, ROUNDS);
	vmmio_json_close(j, '}');
out:
	if (stats >= 0)
		close(stats);
	host_bpf__destroy(h);
	host_bpf__destroy(before_62);
	empty_bpf__destroy(e);
	return err;
}

/* CPU seconds of `vmmio-stat exits 1 COUNT`. */
static int run_exits(const char *stat, const char *count, double *cpu)
{
	struct rusage ru;
	int status;
	pid_t pid;

	fflush(stdout); /* or the child writes it again */
	pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(127);
		execl(stat, stat, "exits", "1", count, NULL);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &ru) != pid)
		return -errno;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return -EIO;
	*cpu = ru.ru_utime.tv_sec + ru.ru_utime.tv_usec / 1e6 + ru.ru_stime.tv_sec +
	       ru.ru_stime.tv_usec / 1e6;
	return 0;
}

static void *every_vcpu(void *stop)
{
	struct timespec ts = {.tv_nsec = 100000000};
	struct micro_seen seen = {0};
	static int next;
	int i = __sync_fetch_and_add(&next, 1);

	while (!*(volatile int *)stop) {
		if (micro_vcpu_prepare(&vms[i], 0, MICRO_OP_STORE32, DOORBELL, i & 1, 5) ||
		    micro_vcpu_run(&vms[i], 0, &seen, NULL))
			break;
		nanosleep(&ts, NULL);
	}
	return NULL;
}

/* 64 VMs with a vCPU thread each that kicks ten times a second, 5 at a time. */
static int exits_cost(struct vmmio_json *j, const char *stat)
{
	double start = NAN, whole = NAN, share[3];
	pthread_t threads[64];
	int stop = 0, i, n, err = 0;

	for (n = 0; n < 64; n++)
		if (pthread_create(&threads[n], NULL, every_vcpu, &stop))
			break;
	for (i = 0; !err && i < 3; i++) {
		err = run_exits(stat, "1", &start);
		if (!err)
			err = run_exits(stat, "6", &whole);
		/* five more seconds, the start-up taken off */
		share[i] = 100 * (whole - start) / 5;
	}
	stop = 1;
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	if (err)
		return err;
	vmmio_json_open(j, "exits", '{');
	vmmio_json_u64(j, "vms", 64);
	vmmio_json_u64(j, "interval_s", 1);
	vmmio_json_double(j, "start_cpu_s", start);
	put_samples(j, "cpu_pct", share, 3);
	vmmio_json_close(j, '}');
	return 0;
}

int main(int argc, char **argv)
{
	struct rlimit files = {16384, 16384};
	struct vmmio_json j = {stdout};
	struct micro_noise noise;
	enum vmmio_accel accel;
	char cpu[128], date[16];
	time_t now = time(NULL);
	struct tm tm;
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: vmmio-hostcost PATH-OF-VMMIO-STAT > host-cost.json\n");
		return 2;
	}
	err = vmmio_accel_detect(&accel);
	if (err) {
		fprintf(stderr, "vmmio-hostcost: /dev/kvm: %s\n", strerror(-err));
		return 1;
	}
	setrlimit(RLIMIT_NOFILE, &files);
	libbpf_set_print(NULL);
	vms = calloc(MOST_VMS, sizeof(*vms));
	if (!vms)
		return 1;
	vmmio_accel_cpu(cpu, sizeof(cpu));
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", 1);
	vmmio_json_text(&j, "tool", "vmmio-hostcost");
	vmmio_json_text(&j, "date", date);
	vmmio_json_text(&j, "cpu", cpu);
	vmmio_json_text(&j, "accel", vmmio_accel_name(accel));
	micro_noise_start(&noise);
	err = discovery(&j);
	while (nvms > 64)
		micro_vm_destroy(&vms[--nvms]);
	if (!err)
		err = event_cost(&j);
	if (!err)
		err = exits_cost(&j, argv[1]);
	micro_noise_end(&noise);
	/* what else the machine did meanwhile; our own threads are in it */
	vmmio_json_double(&j, "pressure_pct", noise.any);
	vmmio_json_double(&j, "steal_pct", noise.steal);
	vmmio_json_close(&j, '}');
	putchar('\n');
	if (err)
		fprintf(stderr, "vmmio-hostcost: %s\n", strerror(-err));
	while (nvms)
		micro_vm_destroy(&vms[--nvms]);
	return err ? 1 : 0;
}

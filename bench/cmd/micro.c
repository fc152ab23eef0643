// SPDX-License-Identifier: GPL-2.0-only
/*
 * `vmmio-bench micro`: what one access or one interrupt costs on this machine.
 * Owns options and the order of the workloads; these are in bench/micro/
 * (access.c, irq.c, bios.c), as are the writers (out.c, save.c).
 */
#define _GNU_SOURCE
#include "bench/micro/micro.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "lib/opts.h"

enum format {
	F_TABLE,
	F_JSON,
	F_CSV
};

static long read_long(const char *path)
{
	long v = -1;
	FILE *f = fopen(path, "re");

	if (!f)
		return -1;
	if (fscanf(f, "%ld", &v) != 1)
		v = -1;
	fclose(f);
	return v;
}

static void describe_machine(struct micro_result *r)
{
	time_t now = time(NULL);
	struct utsname un;
	struct tm tm;

	vmmio_accel_cpu(r->cpu, sizeof(r->cpu));
	if (!uname(&un))
		snprintf(r->kernel, sizeof(r->kernel), "%.60s %.60s", un.release, un.machine);
	gmtime_r(&now, &tm);
	strftime(r->date, sizeof(r->date), "%Y-%m-%d", &tm);
	r->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	r->halt_poll_ns = read_long("/sys/module/kvm/parameters/halt_poll_ns");
}

struct request {
	struct micro_options o;
	enum format format;
	const char *save;
	bool list;
};

static void list_keys(FILE *f)
{
	micro_keys_access(f);
	micro_keys_interrupt(f);
	micro_keys_firmware(f);
}

/* --only: a word that no row begins with would measure nothing, and say nothing. */
static int check_only(const char *only)
{
	char *keys = NULL, bad[40];
	size_t size;
	FILE *f = open_memstream(&keys, &size);
	bool ok;

	if (!f)
		return 1;
	list_keys(f);
	fclose(f);
	ok = micro_named(only, keys, bad, sizeof(bad));
	free(keys);
	if (!ok)
		fprintf(stderr,
			"vmmio-bench micro: --only %s: no row begins with '%s' (try --list)\n",
			only, bad);
	return ok ? 0 : 2;
}

/* 0, or the exit status plus one. */
static int parse(int argc, char **argv, struct request *q)
{
	bool quick = false, no_firmware = false, json = false, csv = false;
	unsigned int rounds = 0;
	struct vmmio_opt opts[] = {
		{"quick", VMMIO_OPT_FLAG, &quick, .letter = 'q',
		 .help = "fewer and shorter rounds (about 20 s)"},
		{"rounds", VMMIO_OPT_NUMBER, &rounds, 1, MICRO_MAX_ROUNDS, .arg = "N",
		 .letter = 'r', .help = "interleaved rounds (21; quick 5)"},
		{"only", VMMIO_OPT_STRING, &q->o.only, .arg = "LIST", .letter = 'o',
		 .help = "rows whose key starts with one of these, a comma between them"},
		{"list", VMMIO_OPT_FLAG, &q->list, .help = "the keys of all rows"},
		{"no-firmware", VMMIO_OPT_FLAG, &no_firmware,
		 .help = "leave out the reads under SeaBIOS in QEMU"},
		{"json", VMMIO_OPT_FLAG, &json, .help = "JSON instead of the table"},
		{"csv", VMMIO_OPT_FLAG, &csv, .help = "CSV instead of the table"},
		{"save", VMMIO_OPT_STRING, &q->save, .arg = "DIR", .letter = 's',
		 .help = "also keep table, JSON, CSV and plot in DIR/<date>-<cpu>-<accelerator>/"},
	};
	size_t n;
	int err = vmmio_opts_parse("vmmio-bench micro", "[options]", opts,
				   sizeof(opts) / sizeof(opts[0]), argc, argv, NULL, 0, &n);

	if (err)
		return 1 + (err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE);
	if (json && csv) {
		fprintf(stderr, "vmmio-bench micro: --csv: contradicts --json\n");
		return 1 + VMMIO_EXIT_USAGE;
	}
	err = q->o.only ? check_only(q->o.only) : 0;
	if (err)
		return 1 + err;
	q->format = json ? F_JSON : csv ? F_CSV : F_TABLE;
	q->o.rounds = rounds ? rounds : quick ? 5 : 21;
	q->o.target_ns = quick ? 10e6 : 40e6;
	q->o.irq_samples = quick ? 15 : 40;
	q->o.bios_reads = no_firmware ? 0 : quick ? 500 : 2000;
	return 0;
}

static int complain(const char *what, int err)
{
	if (err == -ENOENT)
		fprintf(stderr, "vmmio-bench micro: %s: there is no /dev/kvm on this machine\n",
			what);
	else if (err == -EACCES || err == -EPERM)
		fprintf(stderr,
			"vmmio-bench micro: %s: /dev/kvm may not be opened; run as root or "
			"join the group that owns it\n",
			what);
	else if (err == -EOPNOTSUPP)
		fprintf(stderr,
			"vmmio-bench micro: %s: the bare-metal guest exists for x86-64 only\n",
			what);
	else
		fprintf(stderr, "vmmio-bench micro: %s: %s\n", what, strerror(-err));
	return 1;
}

static int measure(const struct request *q, struct micro_result *r)
{
	int err;

	micro_noise_start(&r->noise);
	err = micro_run_access(&q->o, r);
	if (err)
		return complain("access workload", err);
	err = micro_run_interrupt(&q->o, r);
	if (err)
		return complain("interrupt workload", err);
	err = micro_run_firmware(&q->o, r);
	if (err)
		return complain("firmware workload", err);
	micro_noise_end(&r->noise);
	return 0;
}

int vmmio_cmd_micro(int argc, char **argv)
{
	static struct micro_result r;
	struct request q = {.format = F_TABLE};
	bool plotted = true;
	char dir[4096];
	int i, ret, err;

	ret = parse(argc, argv, &q);
	if (ret)
		return ret - 1;
	if (q.list) {
		list_keys(stdout);
		return 0;
	}
	err = vmmio_accel_detect(&r.accel);
	if (err)
		return complain("KVM", err);
	describe_machine(&r);
	ret = measure(&q, &r);
	if (ret)
		return ret;
	if (q.format == F_JSON)
		micro_print_json(stdout, &r);
	else if (q.format == F_CSV)
		micro_print_csv(stdout, &r);
	else
		micro_print_table(stdout, &r);
	if (q.save) {
		err = micro_save(q.save, &r, dir, sizeof(dir), &plotted);
		if (err) {
			fprintf(stderr, "vmmio-bench micro: %s: cannot save: %s\n", q.save,
				strerror(-err));
			return 1;
		}
		fprintf(stderr, "saved in %s%s\n", dir,
			plotted ? "" : " (no picture: gnuplot did not run)");
	}
	/* A row whose witnesses disagree is not a remark, it is trouble. */
	for (i = 0; i < r.nr_rows; i++)
		if (r.rows[i].seen != r.rows[i].expected || strstr(r.rows[i].note, "other side"))
			return 1;
	return 0;
}

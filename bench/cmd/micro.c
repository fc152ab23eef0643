// SPDX-License-Identifier: GPL-2.0-only
/*
 * `vmmio-bench micro`: the cost of one access or interrupt on this machine. Owns options, the order
 * of the workloads, and the result folder; bench/micro/ has the workloads (access.c, irq.c, bios.c)
 * and their output (out.c).
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

#include "bench/data/machine.h"
#include "bench/data/result.h"
#include "bench/plot/plot.h"
#include "cmd.h"
#include "lib/opts.h"
#include "setup.h"

#define NAME "vmmio-bench micro: "

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
		snprintf(r->kernel, sizeof(r->kernel), "%s %s", un.release, un.machine);
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
		fprintf(stderr, NAME "--only %s: no row begins with '%s' (try --list)\n", only,
			bad);
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
		 .help = "also keep the result in DIR/<date>-<cpu>-<accelerator>/micro/"},
	};
	size_t n;
	int err = vmmio_opts_parse("vmmio-bench micro", "[options]", opts,
				   sizeof(opts) / sizeof(opts[0]), argc, argv, NULL, 0, &n);

	if (err)
		return 1 + (err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE);
	if (json && csv) {
		fprintf(stderr, NAME "--csv: contradicts --json\n");
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
		fprintf(stderr, NAME "%s: there is no /dev/kvm on this machine\n", what);
	else if (err == -EACCES || err == -EPERM)
		fprintf(stderr,
			NAME "%s: /dev/kvm may not be opened; run as root or "
			     "join the group that owns it\n",
			what);
	else if (err == -EOPNOTSUPP)
		fprintf(stderr, NAME "%s: the bare-metal guest exists for x86-64 only\n", what);
	else
		fprintf(stderr, NAME "%s: %s\n", what, strerror(-err));
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

/* The firmware's rows ran in QEMU: which, else null. */
static json_t *machine_of(const struct micro_result *r)
{
	json_t *machine = vmmio_machine_describe(r->accel, 0);
	struct vmmio_setup setup = {0};
	bool in_qemu = false;

	for (int i = 0; i < r->nr_rows; i++)
		in_qemu |= r->rows[i].kind == MICRO_FIRMWARE && !r->rows[i].note[0];
	json_object_set_new(machine, "qemu",
			    in_qemu && !vmmio_setup_qemu("micro", &setup)
				    ? json_string(setup.qemu_version)
				    : json_null());
	return machine;
}

static int write_text(const struct micro_result *r, const struct vmmio_result *to, const char *name,
		      void (*print)(FILE *, const struct micro_result *))
{
	struct vmmio_result_text t;

	if (!vmmio_result_begin(&t))
		return -ENOMEM;
	print(t.f, r);
	return vmmio_result_end(&t, to, name);
}

static int write_files(const struct micro_result *r, const struct vmmio_result *to)
{
	struct vmmio_series_set set = {0};
	json_t *rounds = micro_rounds(r), *boots = json_array(), *result = micro_json(r);
	char why[256] = "";
	int err = micro_series(r, &set), plotted;

	err = err ?: write_text(r, to, "micro.txt", micro_print_table);
	err = err ?: write_text(r, to, "micro.csv", micro_print_csv);
	plotted = err ? 0 : vmmio_plot_micro(result, to, why, sizeof(why));
	if (plotted)
		fprintf(stderr, NAME "no picture: %s\n", why[0] ? why : strerror(-plotted));
	err = err
		      ?: vmmio_result_write_run(to, json_incref(result), &set, machine_of(r), NULL,
						boots, rounds);
	json_decref(result);
	json_decref(boots);
	json_decref(rounds);
	vmmio_series_free(&set);
	return err;
}

static int save(const char *parent, const struct micro_result *r)
{
	char set[128], final[PATH_MAX];
	struct vmmio_result to;
	int err = vmmio_result_open(&to, parent);

	err = err ?: write_files(r, &to);
	if (!err) {
		vmmio_machine_set_name(r->accel, set, sizeof(set));
		err = vmmio_result_commit(&to, set, "micro", "micro", final);
	}
	if (err)
		fprintf(stderr, NAME "--save %s: %s\n", parent, strerror(-err));
	else
		fprintf(stderr, "saved in %s\n", final);
	vmmio_result_abandon(&to);
	return err;
}

static void print(const struct request *q, const struct micro_result *r)
{
	json_t *j;

	switch (q->format) {
	case F_JSON:
		j = micro_json(r);
		json_object_set_new(j, "rounds", micro_rounds(r));
		vmmio_print_json(j);
		break;
	case F_CSV:
		micro_print_csv(stdout, r);
		break;
	default:
		micro_print_table(stdout, r);
	}
}

int vmmio_cmd_micro(int argc, char **argv)
{
	static struct micro_result r;
	struct request q = {.format = F_TABLE};
	struct vmmio_result trial;
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
	/* said before minutes of work, and gone again: an interruption leaves nothing */
	err = q.save ? vmmio_result_open(&trial, q.save) : 0;
	if (err) {
		fprintf(stderr, NAME "--save %s: %s\n", q.save, strerror(-err));
		return VMMIO_EXIT_TROUBLE;
	}
	if (q.save)
		vmmio_result_abandon(&trial);
	describe_machine(&r);
	ret = measure(&q, &r);
	if (ret)
		return ret;
	print(&q, &r);
	if (q.save && save(q.save, &r))
		return VMMIO_EXIT_TROUBLE;
	/* A row whose witnesses disagree is not a remark, it is trouble. */
	for (i = 0; i < r.nr_rows; i++)
		if (r.rows[i].seen != r.rows[i].expected || strstr(r.rows[i].note, "other side"))
			return 1;
	return 0;
}

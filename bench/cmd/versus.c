// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench compare --versus mainline: boots guests in which the same disks change between
 * mainline's drivers and vmmio.ko, and compares the instructions per I/O. versus_report.c has the
 * script and the report.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "bench/data/machine.h"
#include "lib/opts.h"
#include "bench/guest/pool.h"
#include "bench/data/result.h"
#include "bench/data/rounds.h"
#include "setup.h"
#include "bench/judge/versus.h"

#define NAME "vmmio-bench compare --versus: "

struct run {
	struct vmmio_setup setup;
	struct vmmio_versus v;
	struct vmmio_result result;
	unsigned int timeout, retries;
	unsigned int failed; /* boots that were run again */
	bool json, negative;
	json_t *rows, *infos, *verdict;
	char *qemu_line;
};

static int parse_options(struct run *r, int argc, char **argv)
{
	const char *other;
	struct vmmio_opt opts[] = {
		{"versus", VMMIO_OPT_CHOICE, &other, 0, 0, "mainline", "mainline",
		 "whom vmmio.ko is held against"},
		{"boots", VMMIO_OPT_NUMBER, &r->v.boots, 1, 1000, NULL, "N",
		 "guests to boot: the n of every number (2)"},
		{"rounds", VMMIO_OPT_NUMBER, &r->v.rounds, 1, 60, NULL, "N",
		 "times that mainline, vmmio, vmmio, mainline take turns in a boot (2)"},
		{"count", VMMIO_OPT_NUMBER, &r->v.count, 100, 60000, NULL, "N",
		 "I/Os in a round (500)"},
		{"block-size", VMMIO_OPT_NUMBER, &r->v.block_size, 512, 1 << 20, NULL, "BYTES",
		 "of an I/O, a multiple of 512 (4096)"},
		{"limit", VMMIO_OPT_DOUBLE, &r->v.limit, 0, 1000, NULL, "PCT",
		 "above mainline, tracing off, that is too much (1)"},
		{"limit-traced", VMMIO_OPT_DOUBLE, &r->v.limit_traced, 0, 1000, NULL, "PCT",
		 "the same with every event counted by BPF (25)"},
		{"json", VMMIO_OPT_FLAG, &r->json, 0, 0, NULL, NULL,
		 "result and series as JSON instead of the table"},
		{"timeout", VMMIO_OPT_NUMBER, &r->timeout, 5, 86400, NULL, "S",
		 "limit of one boot in seconds (300)"},
		{"retries", VMMIO_OPT_NUMBER, &r->retries, 0, 100, NULL, "N",
		 "boots that may fail, and are run again (2)"},
		VMMIO_SETUP_OPTS(&r->setup),
	};
	size_t n;
	int err;

	r->retries = 2;
	r->v.boots = r->v.rounds = 2;
	r->v.count = 500;
	r->v.block_size = 4096;
	r->v.limit = 1;
	r->v.limit_traced = 25;
	r->timeout = 300;
	r->setup = (struct vmmio_setup)VMMIO_SETUP_DEFAULT;
	err = vmmio_opts_parse("vmmio-bench compare", "--versus mainline [options]", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, NULL, 0, &n);
	if (err)
		return err;
	if (r->v.block_size % 512) {
		fprintf(stderr, NAME "--block-size %u: not a multiple of 512\n", r->v.block_size);
		return -EINVAL;
	}
	if (!strcmp(r->setup.wish, "kvm")) {
		fprintf(stderr, NAME "--accel kvm: only emulation counts instructions\n");
		return -EINVAL;
	}
	return vmmio_setup_consistent("compare", &r->setup);
}

static int take_boot(struct run *r, unsigned int boot, struct vmmio_job *j)
{
	json_t *info;
	char why[256] = "";
	int err;

	r->failed += j->failed;
	if (!vmmio_setup_booted("compare --versus", boot, j))
		return -EIO;
	info = json_object();
	err = vmmio_rounds_parse(j->result.output, boot, r->rows, info, why, sizeof(why));
	if (err) {
		fprintf(stderr, NAME "boot %u: %s\n", boot, why);
		json_decref(info);
		return err;
	}
	json_object_set_new(info, "boot", json_integer(boot));
	json_object_set_new(info, "wall_s", json_real(j->result.wall_s));
	json_array_append_new(r->infos, info);
	if (!r->qemu_line)
		r->qemu_line = strdup(j->result.qemu_line);
	return 0;
}

static void progress(struct vmmio_job *job, size_t done, void *arg)
{
	const struct run *r = arg;

	(void)job;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rboot %zu of %u ", done, r->v.boots);
}

static int run_boots(struct run *r)
{
	struct vmmio_job *jobs = calloc(r->v.boots, sizeof(*jobs));
	char *script = vmmio_versus_script(&r->v);
	int err = jobs && script ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < r->v.boots && !err; i++)
		jobs[i].guest = (struct vmmio_guest){
			.qemu = r->setup.qemu,
			.kernel = r->setup.kernel,
			.initrd = r->setup.initrd,
			.script = script,
			.columns = "mmio,pci-intx,pci-msix",
			.icount = true, /* brings nokaslr: layout is part of the path */
			.timeout_s = r->timeout,
		};
	if (!err)
		err = vmmio_pool_run(jobs, r->v.boots, vmmio_setup_jobs(&r->setup, false), false,
				     r->retries, &vmmio_stop, progress, r);
	vmmio_progress_end();
	for (unsigned int i = 0; i < r->v.boots && !err && !vmmio_stop; i++)
		err = take_boot(r, i, &jobs[i]);
	for (unsigned int i = 0; i < r->v.boots && jobs; i++)
		vmmio_guest_result_free(&jobs[i].result);
	free(jobs);
	free(script);
	return vmmio_stop ? -EINTR : err;
}

static json_t *result_object(const struct run *r)
{
	const struct vmmio_versus *v = &r->v;

	return json_pack("{s:i, s:s, s:s, s:s, s:{s:i, s:i, s:i, s:i, s:f, s:f}, s:{s:s?}, s:b, "
			 "s:O, s:O?, s:O, s:i}",
			 "schema", VMMIO_RESULT_SCHEMA, "tool", "vmmio-bench", "kind", "versus",
			 "accel", vmmio_accel_name(VMMIO_ACCEL_NONE), "options", "boots", v->boots,
			 "rounds", v->rounds, "count", v->count, "block_size", v->block_size,
			 "limit_pct", v->limit, "limit_traced_pct", v->limit_traced, "guest",
			 "kernel", v->kernel, "negative", r->negative, "verdict", r->verdict,
			 "settings", v->settings, "checks", v->checks, "boots_repeated", r->failed);
}

static void print_text(const struct run *r, FILE *f)
{
	size_t i;
	json_t *s;

	/* what was asked for comes first */
	json_array_foreach(r->verdict, i, s)
		fprintf(f, "%s\n", json_string_value(s));
	fputc('\n', f);
	vmmio_versus_print(&r->v, f);
}

static int write_text(const struct run *r)
{
	struct vmmio_result_text t;
	int err;

	if (!vmmio_result_begin(&t))
		return -ENOMEM;
	print_text(r, t.f);
	err = vmmio_result_end(&t, &r->result, "versus.txt");
	if (err || !vmmio_result_begin(&t))
		return err ? err : -ENOMEM;
	vmmio_versus_csv(&r->v, t.f);
	return vmmio_result_end(&t, &r->result, "versus.csv");
}

static int write_folder(struct run *r, char *final)
{
	char set[128];
	int err = vmmio_result_write_run(
		&r->result, result_object(r), &r->v.set,
		vmmio_machine_describe(VMMIO_ACCEL_NONE, r->setup.qemu_number), r->qemu_line,
		r->infos, r->rows);

	err = err ?: write_text(r);
	if (err || vmmio_stop)
		return err ? err : -EINTR;
	vmmio_machine_set_name(VMMIO_ACCEL_NONE, set, sizeof(set));
	return vmmio_result_commit(&r->result, set, "versus", "versus", final);
}

static int run(struct run *r, char *final)
{
	const json_t *first;
	int err = vmmio_stop ? -EINTR : run_boots(r);

	if (!err)
		err = vmmio_versus_take(&r->v, r->rows, r->infos);
	if (err)
		return err;
	first = json_object_get(json_array_get(r->infos, 0), "guest");
	r->v.kernel = json_string_value(json_object_get(first, "kernel"));
	r->verdict = vmmio_versus_verdict(&r->v, &r->negative);
	err = write_folder(r, final);
	if (err && err != -EINTR)
		fprintf(stderr, NAME "--out %s: %s\n", r->setup.out, strerror(-err));
	return err;
}

int vmmio_cmd_versus(int argc, char **argv)
{
	struct run r = {0};
	char final[PATH_MAX] = "";
	int err, status = VMMIO_EXIT_TROUBLE;

	err = parse_options(&r, argc, argv);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	vmmio_stop_on_signals();
	r.rows = json_array();
	r.infos = json_array();
	r.v.checks = json_array();
	r.v.qemu = r.setup.qemu_version;
	if (vmmio_setup_qemu("compare", &r.setup) ||
	    vmmio_run_begin("compare --versus", &r.result, r.setup.out) || run(&r, final))
		goto out;
	if (r.json) {
		vmmio_print_result(result_object(&r), final, &r.v.set);
	} else {
		print_text(&r, stdout);
		if (r.failed)
			printf("\n%u boots failed and were run again\n", r.failed);
		printf("\n%s\n", final);
	}
	status = r.negative ? VMMIO_EXIT_NEGATIVE : VMMIO_EXIT_OK;
out:
	status = vmmio_run_end("compare --versus", &r.result, status);
	json_decref(r.rows);
	json_decref(r.infos);
	json_decref(r.verdict);
	json_decref(r.v.checks);
	json_decref(r.v.settings);
	vmmio_series_free(&r.v.set);
	free(r.qemu_line);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench compare --stack: the disks of a comparison in a guest of a bench
 * host (vmmio-boot --host), counted in the guest and by vmmio-stat exits on its
 * host, and then, with nothing attached on either, timed in instructions. What is
 * held against what and said of it is judge/stack.c.
 *
 * Long because options, script, boots and folder of one command share one struct.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "bench/data/machine.h"
#include "bench/data/result.h"
#include "bench/data/rounds.h"
#include "bench/guest/qemu.h"
#include "bench/guest/pool.h"
#include "bench/guest/target.h"
#include "bench/judge/stack.h"
#include "bench/load/hosted.h"
#include "bench/load/load.h"
#include "bench/plot/plot.h"
#include "cmd.h"
#include "lib/opts.h"
#include "setup.h"

#define NAME "vmmio-bench compare --stack: "
/* I/Os of a round under probes: each is a chance for the emulated processor to hang the guest */
#define PASS 50
#define TRIES 5 /* of a boot that does not end, or whose guest the emulated processor kills */

struct run {
	struct vmmio_setup setup;
	struct vmmio_stack s;
	struct vmmio_result result;
	const char *load;
	unsigned int timeout;
	bool json, withheld, on, no_plots, no_layers;
	char kernel[PATH_MAX / 4], initrd[PATH_MAX / 4]; /* of arm64 */
	json_t *rows, *infos, *verdict;
	char *qemu_line;
	struct timespec start;
};

static bool is_arm(const struct run *r)
{
	return !strcmp(r->setup.target, "virt-arm64");
}

static int parse_options(struct run *r, int argc, char **argv)
{
	struct vmmio_opt opts[] = {
		{"stack", VMMIO_OPT_FLAG, &r->on, 0, 0, NULL, NULL,
		 "guest, KVM and monitor in one run, on an emulated processor"},
		{"boots", VMMIO_OPT_NUMBER, &r->s.boots, 1, 60, NULL, "N",
		 "hosts to boot: the n of every number (2)"},
		{"rounds", VMMIO_OPT_NUMBER, &r->s.rounds, 1, 20, NULL, "N",
		 "rounds of each load in a boot (1)"},
		{"count", VMMIO_OPT_NUMBER, &r->s.count, 20, 100000, NULL, "N",
		 "I/Os in a round (100)"},
		{"machine", VMMIO_OPT_CHOICE, &r->setup.target, .choices = "microvm|virt-arm64",
		 .arg = "microvm|virt-arm64", .letter = 'M',
		 .help = "the emulated processor: x86-64 with SVM (microvm) or arm64 with EL2"},
		{"load", VMMIO_OPT_CHOICE, &r->load, .choices = "block|scsi|udp_rr",
		 .arg = "block|scsi|udp_rr",
		 .help = "what is compared: disks (block), SCSI disks, or requests and responses "
			 "over an interface"},
		{"vhost", VMMIO_OPT_FLAG, &r->s.vhost, 0, 0, NULL, NULL,
		 "the host's kernel serves the device (scsi, udp_rr), not QEMU"},
		{"no-layers", VMMIO_OPT_FLAG, &r->no_layers, 0, 0, NULL, NULL,
		 "do not ask where the instructions go"},
		{"json", VMMIO_OPT_FLAG, &r->json, 0, 0, NULL, NULL,
		 "result and series as JSON instead of the table"},
		{"no-plots", VMMIO_OPT_FLAG, &r->no_plots, 0, 0, NULL, NULL, "draw nothing"},
		{"timeout", VMMIO_OPT_NUMBER, &r->timeout, 5, 86400, NULL, "S",
		 "limit of one boot in seconds (150)"},
		VMMIO_SETUP_OPTS(&r->setup),
	};
	size_t n;
	int err;

	r->s.boots = 2;
	r->s.rounds = 1;
	r->s.count = 100;
	r->timeout = 150;
	r->setup = (struct vmmio_setup)VMMIO_SETUP_DEFAULT;
	r->setup.target = "microvm";
	r->load = "block";
	err = vmmio_opts_parse("vmmio-bench compare", "--stack [options]", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, NULL, 0, &n);
	if (err)
		return err;
	if (r->s.vhost && !strcmp(r->load, "block")) {
		fprintf(stderr, NAME "--vhost: --load scsi and udp_rr only\n");
		return -EINVAL;
	}
	if (is_arm(r) && strcmp(r->load, "block")) {
		fprintf(stderr, NAME "--load %s: not with -M virt-arm64\n", r->load);
		return -EINVAL;
	}
	if (!strcmp(r->setup.wish, "kvm")) {
		fprintf(stderr, NAME "--accel kvm: only emulation counts instructions\n");
		return -EINVAL;
	}
	return vmmio_setup_consistent("compare", &r->setup);
}

/* Text of /run.sh of the host, to be freed. */
static char *host_script(const struct run *r, const char *const *columns)
{
	const struct vmmio_stack *s = &r->s;
	const struct vmmio_pass more[] = {
		{"layers", "echo @timed\n" VMMIO_HOSTED_PAUSE, "usleep 150000", s->layer_count},
		{"calls", "echo @layered\n" VMMIO_HOSTED_PAUSE, "usleep 150000", s->layer_count}};
	static const unsigned int depth = 1;
	const struct vmmio_device device = {.queue_size = 256,
					    .queues = 1,
					    .event_idx = true,
					    .indirect = true,
					    .ioeventfd = true,
					    .tap = true,
					    .vhost = s->vhost};
	bool block = !strcmp(r->load, "block");
	struct vmmio_args args = {0};
	char between[400] = VMMIO_HOSTED_COUNTED, labels[64];
	struct vmmio_load load = {
		.kind = vmmio_kind_find(r->load),
		.rw = "read",
		.request = 32,
		.response = 1024,
		.bs = 4096,
		.count = s->count,
		.rounds = s->rounds,
		.depths = &depth,
		.ndepths = 1,
		.columns = columns,
		.ncolumns = VMMIO_COLUMNS,
		.timing = true,
		.host_counts = true,
		.driver = "vmmio",
		.queue_size = 256,
		.driver_args = "",
		.between = between,
		.more = more,
		.nmore = s->layers ? sizeof(more) / sizeof(more[0]) : 0,
		.apart = VMMIO_HOSTED_APART,
		.labels = labels,
	};
	char *guest, *text = NULL, disks[64];

	/* after the counting rounds: what a kick costs, as the guest sees it */
	if (block)
		snprintf(
			between, sizeof(between),
			VMMIO_HOSTED_COUNTED
			"printf '@kicks '\n"
			"vmmio-stat --source bpf --emulated-time --json=full -- sh -c 'for disk; "
			"do "
			"blkload --depth 1 --count %u --block-size 4096 --rw read $disk; "
			"done >/dev/null' sh \"$node_mmio\" \"$node_pci_intx\" \"$node_pci_msix\"\n"
			"echo @kicked\n" VMMIO_HOSTED_PAUSE,
			s->count < PASS ? s->count : PASS);
	snprintf(labels, sizeof(labels), "load=%s", s->load);
	snprintf(disks, sizeof(disks), "%s,%s,%s", columns[0], columns[1], columns[2]);
	for (int c = 0; c < VMMIO_COLUMNS && !block; c++)
		load.kind->devices(&load, &device, columns[c], &args);
	if (!block) {
		vmmio_args_add(&args, "-global");
		vmmio_args_add(&args, "virtio-mmio.ioeventfd=on");
	}
	guest = vmmio_load_script(&load);
	if (guest && !vmmio_args_error(&args))
		text = vmmio_hosted_script(
			&(struct vmmio_hosted){.script = guest,
					       .args = block ? NULL : (const char *const *)args.v,
					       .load = &load,
					       .columns = block ? disks : NULL,
					       .ioeventfd = true,
					       .vhost = s->vhost,
					       .stat = is_arm(r),
					       .kicks = block,
					       .layers = s->layers});
	vmmio_args_free(&args);
	free(guest);
	return text;
}

/* What exits said, as it was: hosts.jsonl.gz, an interval a line, a member a boot. */
static int keep_host(struct run *r, const char *text)
{
	char path[PATH_MAX];
	const char *p = text;
	gzFile gz;
	int err = 0;

	errno = 0;
	gz = gzopen(vmmio_result_path(&r->result, "hosts.jsonl.gz", path), "ab9");
	if (!gz)
		return errno ? -errno : -ENOMEM;
	while ((p = strstr(p, "@host {"))) {
		unsigned int n;

		p += 6;
		n = strcspn(p, "\n");
		errno = 0;
		if (!err && (gzwrite(gz, p, n) != (int)n || gzputc(gz, '\n') < 0))
			err = errno ? -errno : -EIO;
	}
	errno = 0;
	if (gzclose(gz) != Z_OK && !err)
		err = errno ? -errno : -EIO;
	return err;
}

static int take_boot(struct run *r, unsigned int boot, const struct vmmio_guest_result *g)
{
	size_t n = (size_t)r->s.rounds * VMMIO_COLUMNS, first = json_array_size(r->rows), k = 0;
	struct vmmio_host_round *rounds = calloc(n, sizeof(*rounds));
	const char **columns = calloc(n, sizeof(*columns));
	json_t *info = json_object(), *row;
	char why[256] = "";
	size_t i;
	int err = rounds && columns ? 0 : -ENOMEM;

	if (!err)
		err = vmmio_rounds_parse(g->output, boot, r->rows, info, why, sizeof(why));
	/* the counting rounds in the order in which they were */
	json_array_foreach(r->rows, i, row) {
		if (i < first || err || k == n ||
		    strcmp(json_string_value(json_object_get(row, "kind")), "count"))
			continue;
		columns[k++] = json_string_value(json_object_get(row, "column"));
	}
	if (!err && k < n) {
		snprintf(why, sizeof(why), "the guest made %zu counting rounds of %zu", k, n);
		err = -EPROTO;
	}
	if (!err)
		err = vmmio_host_rounds(g->output, rounds, n, why, sizeof(why));
	if (!err)
		err = vmmio_stack_add(&r->s, boot, columns, rounds, n);
	for (int c = 0; c < VMMIO_COLUMNS && !err; c++) /* where nothing times kicks */
		r->s.kicks[boot * VMMIO_COLUMNS + c] = (struct vmmio_stack_kick){NAN, NAN};
	if (!err && !strcmp(r->load, "block"))
		err = vmmio_stack_add_kicks(&r->s, boot, g->output, r->rows, why, sizeof(why));
	if (!err && r->s.layers)
		err = vmmio_stack_add_layers(&r->s, boot, g->output, r->rows, why, sizeof(why));
	if (!err)
		err = keep_host(r, g->output);
	if (err) { /* nothing of it stays */
		fprintf(stderr, NAME "boot %u: %s\n", boot, why[0] ? why : strerror(-err));
		json_decref(info);
		while (json_array_size(r->rows) > first)
			json_array_remove(r->rows, first);
		memset(&r->s.host[boot * VMMIO_COLUMNS], 0, VMMIO_COLUMNS * sizeof(*r->s.host));
	} else {
		json_object_set_new(info, "boot", json_integer(boot));
		json_object_set_new(info, "ioeventfd", json_true());
		json_object_set_new(info, "wall_s", json_real(g->wall_s));
		json_array_append_new(r->infos, info);
		if (!r->qemu_line)
			r->qemu_line = strdup(g->qemu_line);
	}
	free(rounds);
	free(columns);
	return err;
}

static void progress(struct vmmio_job *job, size_t done, void *arg)
{
	const struct run *r = arg;

	(void)job;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rthe whole stack: %zu of %u boots ", done, r->s.boots);
}

static int boot_failed(unsigned int boot, const struct vmmio_job *job)
{
	if (!job->err && job->result.end == VMMIO_GUEST_DONE && !job->result.status)
		return 0;
	if (job->err == -ECANCELED) /* the one that failed says why */
		return -EIO;
	fprintf(stderr, NAME "boot %u: %s\n", boot,
		job->result.why[0] ? job->result.why : strerror(-job->err));
	if (job->result.console && job->result.console[0])
		fprintf(stderr, "last lines of its console:\n%s\n", job->result.console);
	return -EIO;
}

/*
 * Takes what @job told. -EAGAIN: it did not end well, or its report is not whole, and it
 * may be run once more, which is said and counted. What counts differ is no such reason.
 */
static int take_job(struct run *r, unsigned int boot, struct vmmio_job *job, bool last)
{
	bool good = job->result.end == VMMIO_GUEST_DONE && !job->result.status;
	const char *said;
	int err;

	if (vmmio_stop)
		return -EINTR;
	if (job->err || good || last) {
		err = boot_failed(boot, job) ?: take_boot(r, boot, &job->result);
		if (err != -EPROTO || last)
			return err;
		snprintf(job->result.why, sizeof(job->result.why), "its report is not whole");
	}
	said = job->result.console ? strrchr(job->result.console, '\n') : NULL;
	fprintf(stderr, NAME "boot %u: %s; once more%s%s\n", boot, job->result.why,
		said ? "; last it said: " : "", said ? said + 1 : "");
	vmmio_guest_result_free(&job->result);
	r->s.hung++;
	return -EAGAIN;
}

/*
 * As many at a time as there are processors for, two at most: what they count, and
 * their instructions, are the same. What hung, failed or did not tell all is run again
 * and counted.
 */
static int run_boots(struct run *r)
{
	struct vmmio_job *jobs = calloc(r->s.boots, sizeof(*jobs));
	char **script = calloc(r->s.boots, sizeof(*script));
	int err = jobs && script ? 0 : -ENOMEM;

	for (unsigned int b = 0; b < r->s.boots && !err; b++) {
		const char *columns[VMMIO_COLUMNS];

		vmmio_load_order(b, columns);
		script[b] = host_script(r, columns);
		err = script[b] ? 0 : -ENOMEM;
		jobs[b].guest = (struct vmmio_guest){.target = r->setup.target,
						     .qemu = r->setup.qemu,
						     .kernel = r->setup.kernel,
						     .initrd = r->setup.initrd,
						     .host = true,
						     .icount = true,
						     .script = script[b],
						     .timeout_s = r->timeout,
						     .stop = &vmmio_stop};
	}
	if (!err)
		err = vmmio_pool_run(jobs, r->s.boots, vmmio_setup_jobs(&r->setup, false), true, 0,
				     &vmmio_stop, progress, r);
	for (unsigned int b = 0; b < r->s.boots && !err; b++) {
		for (int tries = TRIES - 1; tries >= 0; tries--) {
			err = take_job(r, b, &jobs[b], !tries);
			if (err != -EAGAIN)
				break;
			err = vmmio_pool_run(&jobs[b], 1, 1, true, 0, &vmmio_stop, NULL, NULL);
			if (err)
				break;
		}
	}
	vmmio_progress_end();
	for (unsigned int b = 0; b < r->s.boots && jobs; b++)
		vmmio_guest_result_free(&jobs[b].result);
	for (unsigned int b = 0; b < r->s.boots && script; b++)
		free(script[b]);
	free(jobs);
	free(script);
	return err;
}

static json_t *host_kind(const struct vmmio_host_kind *k)
{
	json_t *j = json_pack("{s:s, s:b, s:o, s:o}", "kind", k->name, "of_device", k->of_device,
			      "exits", vmmio_json_number_or_null(k->exits), "to_userspace",
			      vmmio_json_number_or_null(k->user));

	/* from exit to entry, with the probes: instructions under -icount */
	json_object_set_new(j, "instructions_mean",
			    vmmio_json_number_or_null(k->timed > 0 ? k->ns / k->timed : NAN));
	return j;
}

static json_t *host_rounds(const struct vmmio_stack *s)
{
	json_t *out = json_array();

	for (unsigned int b = 0; b < s->boots; b++) {
		for (int c = 0; c < VMMIO_COLUMNS; c++) {
			const struct vmmio_host_round *h = &s->host[b * VMMIO_COLUMNS + c];
			json_t *kinds = json_array();

			for (size_t k = 0; k < h->nkinds; k++)
				json_array_append_new(kinds, host_kind(&h->kind[k]));
			json_array_append_new(
				out,
				json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "boot",
					  b, "column", vmmio_columns[c], "exits",
					  vmmio_json_number_or_null(h->exits), "to_userspace",
					  vmmio_json_number_or_null(h->user), "others",
					  vmmio_json_number_or_null(h->others), "report",
					  vmmio_json_number_or_null(h->report), "hlt",
					  vmmio_json_number_or_null(h->halts), "twice",
					  vmmio_json_number_or_null(h->again), "kinds", kinds));
		}
	}
	return out;
}

static json_t *result_object(const struct run *r)
{
	const struct vmmio_stack *s = &r->s;

	return json_pack(
		"{s:i, s:s, s:s, s:s, s:{s:s, s:s}, s:{s:i, s:i, s:i, s:s, s:b}, s:i, s:b, "
		"s:O?, "
		"s:O, s:O, s:o, s:o, s:o, s:O?}",
		"schema", VMMIO_RESULT_SCHEMA, "tool", "vmmio-bench", "kind", "stack", "accel",
		vmmio_accel_name(s->accel), "under", "kernel", s->kernel, "qemu", s->qemu,
		"options", "boots", s->boots, "rounds", s->rounds, "count", s->count, "load",
		s->load, "vhost", s->vhost, "hung", s->hung, "withheld", r->withheld, "verdict",
		r->verdict, "differs", s->differs, "checks", s->checks, "kinds",
		vmmio_stack_kinds(s), "host", host_rounds(s), "layers", vmmio_stack_layers_json(s),
		"equal", s->equal);
}

static void print_text(const struct run *r, FILE *f)
{
	size_t i;
	json_t *s;

	fprintf(f, "%s\n", r->withheld ? "no verdict" : "verdict");
	json_array_foreach(r->verdict, i, s)
		fprintf(f, "  %s\n", json_string_value(s));
	fputc('\n', f);
	vmmio_stack_print(&r->s, f);
}

static int write_folder(struct run *r, char *final)
{
	struct vmmio_result_text t;
	const struct vmmio_stack *s = &r->s;
	char set[128], why[256] = "", name[32];
	int err = vmmio_result_write_run(&r->result, result_object(r), &r->s.set,
					 vmmio_machine_describe(r->s.accel, r->setup.qemu_number),
					 r->qemu_line, r->infos, r->rows);

	if (!err && !vmmio_result_begin(&t))
		err = -ENOMEM;
	if (!err) {
		print_text(r, t.f);
		err = vmmio_result_end(&t, &r->result, "stack.txt");
	}
	/* counts that differ are no picture */
	if (!err && !r->no_plots && !r->withheld && !vmmio_stop &&
	    vmmio_plot_whole(&r->s, &r->result, why, sizeof(why)))
		fprintf(stderr, NAME "no plots: %s\n", why);
	if (err || vmmio_stop)
		return err ? err : -EINTR;
	vmmio_machine_set_name(r->s.accel, set, sizeof(set));
	/* a sweep may be called stack-scsi */
	if (!strcmp(r->load, "block"))
		snprintf(name, sizeof(name), "stack");
	else
		snprintf(name, sizeof(name), "compare-stack-%s%s", r->load,
			 s->vhost ? "-vhost" : "");
	return vmmio_result_commit(&r->result, set, name, "stack", final);
}

/* Kernel and monitor of the host, as it says: those of --initrd, not this machine's. */
static int take_under(struct run *r)
{
	const json_t *host = json_object_get(json_array_get(r->infos, 0), "host");

	r->s.kernel = json_string_value(json_object_get(host, "kernel"));
	r->s.qemu = json_string_value(json_object_get(host, "qemu"));
	if (r->s.kernel && r->s.kernel[0] && r->s.qemu && r->s.qemu[0])
		return 0;
	fprintf(stderr, NAME "the host did not say what kernel and which QEMU it has\n");
	return -EPROTO;
}

/*
 * All I/Os done; and what the device ends in against them, but of disks whose kicks are
 * timed in reads besides.
 */
static void check_load(struct run *r)
{
	const struct vmmio_load load = {.kind = vmmio_kind_find(r->load), .host_counts = true};

	for (unsigned int b = 0; b < r->s.boots; b++) {
		for (int c = 0; c < VMMIO_COLUMNS; c++) {
			const char *column = vmmio_columns[c];
			long long sent = vmmio_load_done(b, column, r->rows, r->s.checks);

			if (load.kind != &vmmio_kind_block)
				load.kind->host_check(&load, b, column, sent,
						      json_array_get(r->infos, b), r->s.checks);
		}
	}
}

static int run(struct run *r, char *final)
{
	int err = vmmio_stop ? -EINTR : run_boots(r);

	if (!err)
		err = take_under(r);
	if (!err) {
		check_load(r);
		r->s.equal = vmmio_load_equal(r->rows, r->infos, r->s.checks, r->s.checks);
		err = vmmio_stack_judge(&r->s, r->rows);
	}
	if (err)
		return err;
	r->verdict = vmmio_stack_verdict(&r->s, &r->withheld);
	err = write_folder(r, final);
	if (err && err != -EINTR)
		fprintf(stderr, NAME "--out %s: %s\n", r->setup.out, strerror(-err));
	return err;
}

/* What cannot work is found out before anything runs. */
static int prepare(struct run *r)
{
	const char *image = is_arm(r) ? VMMIO_ARM_HOST : "host.cpio";
	int err = vmmio_setup_qemu("compare", &r->setup);

	if (err)
		return err;
	vmmio_guest_image(image, r->initrd, sizeof(r->initrd));
	if (!r->setup.initrd && access(r->initrd, R_OK)) {
		fprintf(stderr, NAME "%s: %s (%s)\n", r->initrd, strerror(errno),
			is_arm(r)
				? "ctest --test-dir BUILD -R 'arm.(image|stat|host)-arm64' makes it"
				: "built on x86-64 where QEMU is installed");
		return -ENOENT;
	}
	if (!r->setup.initrd && is_arm(r))
		r->setup.initrd = r->initrd;
	if (!r->setup.kernel && is_arm(r))
		r->setup.kernel = vmmio_guest_image(VMMIO_ARM_KERNEL, r->kernel, sizeof(r->kernel));
	return vmmio_run_begin("compare --stack", &r->result, r->setup.out);
}

int vmmio_cmd_stack(int argc, char **argv)
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
	r.s.checks = json_array();
	r.s.differs = json_array();
	r.s.accel = is_arm(&r) ? VMMIO_ACCEL_ARM_ON_TCG : VMMIO_ACCEL_SVM_ON_TCG;
	r.s.load = vmmio_stack_load(r.load)->label;
	r.s.load_text = vmmio_stack_load(r.load)->text;
	r.s.host = calloc((size_t)r.s.boots * VMMIO_COLUMNS, sizeof(*r.s.host));
	if (!r.no_layers)
		r.s.layers = calloc((size_t)r.s.boots * VMMIO_COLUMNS, sizeof(*r.s.layers));
	r.s.layer_count = r.s.count < PASS ? r.s.count : PASS;
	r.s.kicks = calloc((size_t)r.s.boots * VMMIO_COLUMNS, sizeof(*r.s.kicks));
	if (!r.s.host || !r.s.kicks || (!r.no_layers && !r.s.layers) || prepare(&r) ||
	    run(&r, final))
		goto out;
	if (r.json) {
		vmmio_print_result(result_object(&r), final, &r.s.set);
	} else {
		print_text(&r, stdout);
		printf("\n%s\n", final);
	}
	status = r.withheld ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
out:
	status = vmmio_run_end("compare --stack", &r.result, status);
	json_decref(r.rows);
	json_decref(r.infos);
	json_decref(r.verdict);
	json_decref(r.s.checks);
	json_decref(r.s.differs);
	json_decref(r.s.equal);
	vmmio_series_free(&r.s.set);
	free(r.s.host);
	free(r.s.kicks);
	free(r.s.layers);
	free(r.qemu_line);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench compare --stack: the disks of a comparison in a guest of a bench
 * host (vmmio-boot --host), counted in the guest and by vmmio-stat exits on its
 * host, and then, with nothing attached on either, timed in instructions. What is
 * held against what and said of it is judge/stack.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/data/machine.h"
#include "bench/data/result.h"
#include "bench/data/rounds.h"
#include "bench/guest/qemu.h"
#include "bench/guest/pool.h"
#include "bench/judge/stack.h"
#include "bench/load/load.h"
#include "bench/plot/plot.h"
#include "cmd.h"
#include "lib/opts.h"
#include "setup.h"

#define NAME "vmmio-bench compare --stack: "
#define TRIES 3 /* of a boot that does not end, or whose guest the emulated processor kills */

struct run {
	struct vmmio_setup setup;
	struct vmmio_stack s;
	struct vmmio_result result;
	unsigned int timeout;
	bool json, withheld, on, no_plots, layers;
	json_t *rows, *infos, *verdict;
	char *qemu_line;
	struct timespec start;
};

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
		 "I/Os in a round (500)"},
		{"layers", VMMIO_OPT_FLAG, &r->layers, 0, 0, NULL, NULL,
		 "and where the instructions go: guest, KVM, monitor"},
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
	r->s.count = 500;
	r->timeout = 150;
	r->setup = (struct vmmio_setup)VMMIO_SETUP_DEFAULT;
	err = vmmio_opts_parse("compare", "--stack [options]", opts, sizeof(opts) / sizeof(opts[0]),
			       argc, argv, NULL, 0, &n);
	if (err)
		return err;
	if (!strcmp(r->setup.wish, "kvm")) {
		fprintf(stderr, NAME "--accel kvm: only emulation counts instructions\n");
		return -EINVAL;
	}
	return vmmio_setup_consistent("compare", &r->setup);
}

/* After the lines in front of it: what watches, and the guest (stack-host.sh). */
__asm__(".pushsection .rodata\n"
	"vmmio_stack_host_script:\n"
	".incbin \"stack-host.sh\"\n.byte 0\n.popsection\n");
extern const char vmmio_stack_host_script[];

/* Text of /run.sh of the host, to be freed. */
static char *host_script(const struct vmmio_stack *s, const char *const *columns, char *disks,
			 size_t len)
{
	static const struct vmmio_pass more[] = {
		{"layers", "echo @timed\nsleep 5\n", "usleep 150000"},
		{"calls", "echo @layered\nsleep 7\n", "usleep 150000"}};
	static const unsigned int depth = 1;
	struct vmmio_load load = {
		.rw = "read",
		.bs = 4096,
		.count = s->count,
		.rounds = s->rounds,
		.depths = &depth,
		.ndepths = 1,
		.columns = columns,
		.ncolumns = VMMIO_COLUMNS,
		.timing = true,
		.driver = "vmmio",
		.queue_size = 256,
		.driver_args = "",
		.between = "echo @counted\nsleep 5\n",
		.more = more,
		.nmore = s->layers ? sizeof(more) / sizeof(more[0]) : 0,
		.apart = "usleep 800000",
		.labels = "load=randread",
	};
	char *guest = vmmio_load_script(&load), *text = NULL;
	size_t size;
	FILE *f = guest ? open_memstream(&text, &size) : NULL;

	if (f) {
		snprintf(disks, len, "%s,%s,%s", columns[0], columns[1], columns[2]);
		fprintf(f, "disks=%s layers=%s\ncat >/tmp/l2.sh <<'L2-END'\n%sL2-END\n%s", disks,
			s->layers ? "yes" : "", guest, vmmio_stack_host_script);
		if (fclose(f)) {
			free(text);
			text = NULL;
		}
	}
	free(guest);
	return text;
}

/* What exits said, as it was: hosts.jsonl, an interval a line. */
static int keep_host(struct run *r, const char *text)
{
	char path[PATH_MAX];
	const char *p = text;
	FILE *f = fopen(vmmio_result_path(&r->result, "hosts.jsonl", path), "ae");

	if (!f)
		return -errno;
	while ((p = strstr(p, "@host {"))) {
		p += 6;
		fprintf(f, "%.*s\n", (int)strcspn(p, "\n"), p);
	}
	return fclose(f) ? -errno : 0;
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
	if (!err && r->s.layers)
		err = vmmio_stack_add_layers(&r->s, boot, g->output, r->rows, why, sizeof(why));
	if (!err)
		err = keep_host(r, g->output);
	if (err) {
		fprintf(stderr, NAME "boot %u: %s\n", boot, why[0] ? why : strerror(-err));
		json_decref(info);
	} else {
		json_object_set_new(info, "boot", json_integer(boot));
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

/* Did @job end well? Else it may be run once more, which is said and counted. */
static bool ended(struct run *r, unsigned int boot, struct vmmio_job *job, bool last)
{
	bool good = job->result.end == VMMIO_GUEST_DONE && !job->result.status;

	if (job->err || good || last || vmmio_stop)
		return true;
	fprintf(stderr, NAME "boot %u: %s; once more\n", boot, job->result.why);
	vmmio_guest_result_free(&job->result);
	r->s.hung++;
	return false;
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
 * As many at a time as there are processors for, two at most: what they count, and
 * their instructions, are the same. What did not end in time is run again and
 * counted; another failure ends all.
 */
static int run_boots(struct run *r)
{
	struct vmmio_job *jobs = calloc(r->s.boots, sizeof(*jobs));
	char **script = calloc(r->s.boots, sizeof(*script));
	int err = jobs && script ? 0 : -ENOMEM;

	for (unsigned int b = 0; b < r->s.boots && !err; b++) {
		const char *columns[VMMIO_COLUMNS];
		char disks[64];

		vmmio_load_order(b, columns);
		script[b] = host_script(&r->s, columns, disks, sizeof(disks));
		err = script[b] ? 0 : -ENOMEM;
		jobs[b].guest = (struct vmmio_guest){.qemu = r->setup.qemu,
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
	for (int tries = TRIES - 1; tries >= 0 && !err; tries--)
		for (unsigned int b = 0; b < r->s.boots && !err; b++)
			if (!ended(r, b, &jobs[b], !tries))
				err = vmmio_pool_run(&jobs[b], 1, 1, true, 0, &vmmio_stop, NULL,
						     NULL);
	vmmio_progress_end();
	for (unsigned int b = 0; b < r->s.boots && !err; b++) {
		err = vmmio_stop ? -EINTR : boot_failed(b, &jobs[b]);
		err = err ?: take_boot(r, b, &jobs[b].result);
	}
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
	json_t *j = json_pack("{s:s, s:b, s:f, s:f}", "kind", k->name, "of_device", k->of_device,
			      "exits", k->exits, "to_userspace", k->user);

	/* from exit to entry, with the probes: instructions under -icount */
	json_object_set_new(j, "instructions_mean",
			    k->timed > 0 ? json_real(k->ns / k->timed) : json_null());
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
				out, json_pack("{s:i, s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:o}",
					       "boot", b, "column", vmmio_columns[c], "exits",
					       h->exits, "to_userspace", h->user, "others",
					       h->others, "report", h->report, "hlt", h->halts,
					       "twice", h->again, "kinds", kinds));
		}
	}
	return out;
}

static json_t *result_object(const struct run *r)
{
	const struct vmmio_stack *s = &r->s;

	return json_pack("{s:i, s:s, s:s, s:s, s:{s:i, s:i, s:i}, s:i, s:b, s:O?, s:O, s:O, s:o, "
			 "s:o, s:o}",
			 "schema", VMMIO_RESULT_SCHEMA, "tool", "vmmio-bench", "kind", "stack",
			 "accel", s->accel, "options", "boots", s->boots, "rounds", s->rounds,
			 "count", s->count, "hung", s->hung, "withheld", r->withheld, "verdict",
			 r->verdict, "differs", s->differs, "checks", s->checks, "kinds",
			 vmmio_stack_kinds(s), "host", host_rounds(s), "layers",
			 vmmio_stack_layers_json(s));
}

static void print_text(const struct run *r, FILE *f)
{
	size_t i;
	json_t *s;

	vmmio_stack_print(&r->s, f);
	fprintf(f, "\n%s\n", r->withheld ? "no verdict" : "verdict");
	json_array_foreach(r->verdict, i, s)
		fprintf(f, "  %s\n", json_string_value(s));
}

static int write_text(const struct run *r)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int err;

	if (!f)
		return -ENOMEM;
	print_text(r, f);
	err = fclose(f) ? -ENOMEM : vmmio_result_write(&r->result, "stack.txt", text, size);
	free(text);
	return err;
}

static int write_folder(struct run *r, char *final)
{
	json_t *result = result_object(r), *series = vmmio_series_to_json(&r->s.set);
	json_t *machine = vmmio_machine_describe(r->s.accel, r->setup.qemu_number);
	char set[128], why[256] = "";
	int err = result && series && machine ? 0 : -ENOMEM;

	json_object_set_new(machine, "qemu_line", json_string(r->qemu_line));
	if (!err)
		err = vmmio_result_write_json(&r->result, "result.json", result);
	if (!err)
		err = vmmio_result_write_array(&r->result, "series.json", series);
	if (!err)
		err = vmmio_result_write_json(&r->result, "machine.json", machine);
	if (!err)
		err = vmmio_result_write_json(&r->result, "boots.json", r->infos);
	if (!err)
		err = vmmio_result_write_lines(&r->result, "rounds.jsonl", r->rows);
	if (!err)
		err = write_text(r);
	json_decref(result);
	json_decref(series);
	json_decref(machine);
	/* counts that differ are no picture */
	if (!err && !r->no_plots && !r->withheld && !vmmio_stop &&
	    vmmio_plot_whole(&r->s, &r->result, why, sizeof(why)))
		fprintf(stderr, NAME "no plots: %s\n", why);
	if (err || vmmio_stop)
		return err ? err : -EINTR;
	vmmio_machine_set_name(r->s.accel, set, sizeof(set));
	return vmmio_result_commit(&r->result, set, "stack", "stack", final);
}

static int run(struct run *r, char *final)
{
	int err = vmmio_stop ? -EINTR : run_boots(r);

	if (!err)
		err = vmmio_stack_judge(&r->s, r->rows);
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
	char path[PATH_MAX];
	int err = vmmio_setup_qemu("compare", &r->setup);

	if (err)
		return err;
	if (!r->setup.initrd && access(vmmio_guest_image("host.cpio", path, sizeof(path)), R_OK)) {
		fprintf(stderr, NAME "%s: %s (built on x86-64 where QEMU is installed)\n", path,
			strerror(errno));
		return -ENOENT;
	}
	err = vmmio_result_open(&r->result, r->setup.out);
	if (err)
		fprintf(stderr, NAME "--out %s: %s\n", r->setup.out, strerror(-err));
	return err;
}

int vmmio_cmd_stack(int argc, char **argv)
{
	struct run r = {0};
	char final[PATH_MAX] = "";
	int err, status = VMMIO_EXIT_TROUBLE;
	json_t *j;

	err = parse_options(&r, argc, argv);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	vmmio_stop_on_signals();
	r.rows = json_array();
	r.infos = json_array();
	r.s.checks = json_array();
	r.s.differs = json_array();
	r.s.accel = vmmio_accel_name(VMMIO_ACCEL_SVM_ON_TCG);
	r.s.load_text = "random reads of 4 KiB";
	r.s.qemu = r.setup.qemu_version;
	r.s.host = calloc((size_t)r.s.boots * VMMIO_COLUMNS, sizeof(*r.s.host));
	if (r.layers)
		r.s.layers = calloc((size_t)r.s.boots * VMMIO_COLUMNS, sizeof(*r.s.layers));
	if (!r.s.host || (r.layers && !r.s.layers) || prepare(&r) || run(&r, final))
		goto out;
	if (r.json) {
		j = result_object(&r);
		json_object_set_new(j, "folder", json_string(final));
		json_object_set_new(j, "series", vmmio_series_to_json(&r.s.set));
		vmmio_print_json(j);
	} else {
		print_text(&r, stdout);
		printf("\n%s\n", final);
	}
	status = r.withheld ? VMMIO_EXIT_TROUBLE : VMMIO_EXIT_OK;
	if (fflush(stdout)) {
		fprintf(stderr, NAME "standard output: %s\n", strerror(errno));
		status = VMMIO_EXIT_TROUBLE;
	}
out:
	vmmio_result_abandon(&r.result);
	if (vmmio_stop) {
		fprintf(stderr, NAME "interrupted: nothing was kept\n");
		status = 128 + vmmio_stop;
	}
	json_decref(r.rows);
	json_decref(r.infos);
	json_decref(r.verdict);
	json_decref(r.s.checks);
	json_decref(r.s.differs);
	vmmio_series_free(&r.s.set);
	free(r.s.host);
	free(r.s.layers);
	free(r.qemu_line);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench compare: boots guests that hold the same null disk behind each transport, loads them
 * in turn, and writes the table, the verdict and a result folder. blk.c and rounds.c measure,
 * verdict.c judges. Long because options, plan, boots and folder of one command share one struct.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/load/load.h"
#include "cmd.h"
#include "bench/judge/compare.h"
#include "bench/data/machine.h"
#include "bench/plot/plot.h"
#include "bench/guest/pool.h"
#include "setup.h"
#include "bench/data/result.h"
#include "bench/data/devside.h"
#include "bench/data/rounds.h"
#include "lib/ioline.h"

#define NAME "vmmio-bench compare: "

struct options {
	unsigned int boots, rounds, count, block_size, timeout, retries;
	struct vmmio_list depths;
	const char *rw, *name, *commit, *versus, *driver;
	struct vmmio_setup setup;
	bool json, emulated_time, no_plots, no_folder, stack, where;
};

struct run {
	struct options o;
	char load[40], load_text[64], labels[56];
	struct vmmio_result result;
	struct vmmio_comparison c;
	json_t *rows, *infos, *verdict;
	json_t *chosen; /* checks of what mainline chooses: said, and no reason to withhold */
	json_t *images; /* checksums of the guest's kernel and image */
	char *qemu_line;
	unsigned int failed; /* boots that were run again */
	bool withheld;
	struct timespec start;
};

bool vmmio_commit_fits(const char *id)
{
	return strlen(id) <= 80 &&
	       !id[strspn(id,
			  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+-")];
}

static int parse_options(struct options *o, int argc, char **argv)
{
	struct vmmio_opt opts[] = {
		{"boots", VMMIO_OPT_NUMBER, &o->boots, 1, 1000, NULL, "N",
		 "guests to boot: the n of every number (4)"},
		{"rounds", VMMIO_OPT_NUMBER, &o->rounds, 1, 60, NULL, "N",
		 "rounds of each load in a boot (2)"},
		{"depth", VMMIO_OPT_LIST, &o->depths, 1, 1024, NULL, "LIST",
		 "I/Os in flight (1,16)"},
		{"count", VMMIO_OPT_NUMBER, &o->count, 1, 100000000, NULL, "N",
		 "I/Os in a round (500)"},
		{"rw", VMMIO_OPT_CHOICE, &o->rw, 0, 0, "read|write", "read|write",
		 "what an I/O is (read)"},
		{"block-size", VMMIO_OPT_NUMBER, &o->block_size, 512, 1 << 20, NULL, "BYTES",
		 "of an I/O, a multiple of 512 (4096)"},
		{"driver", VMMIO_OPT_CHOICE, &o->driver, 0, 0, "vmmio|mainline", "vmmio|mainline",
		 "whose accesses (vmmio)"},
		{"emulated-time", VMMIO_OPT_FLAG, &o->emulated_time, 0, 0, NULL, NULL,
		 "show times under emulation too, marked ~"},
		{"json", VMMIO_OPT_FLAG, &o->json, 0, 0, NULL, NULL,
		 "result and series as JSON instead of the table"},
		{"no-plots", VMMIO_OPT_FLAG, &o->no_plots, 0, 0, NULL, NULL, "draw nothing"},
		{"name", VMMIO_OPT_STRING, &o->name, 0, 0, NULL, "NAME",
		 "folder within the result set (compare)"},
		{"no-folder", VMMIO_OPT_FLAG, &o->no_folder, 0, 0, NULL, NULL,
		 "keep nothing, only print (--json has all series)"},
		{"commit", VMMIO_OPT_STRING, &o->commit, 0, 0, NULL, "ID",
		 "what was measured, for regress --history: kept with the result"},
		{"timeout", VMMIO_OPT_NUMBER, &o->timeout, 5, 86400, NULL, "S",
		 "limit of one boot in seconds (120)"},
		{"retries", VMMIO_OPT_NUMBER, &o->retries, 0, 100, NULL, "N",
		 "boots that may fail, and are run again (2)"},
		{"versus", VMMIO_OPT_CHOICE, &o->versus, 0, 0, "mainline", "mainline",
		 "instead: vmmio.ko against mainline, in instructions (--versus mainline --help)"},
		{"modules", VMMIO_OPT_STRING, &o->setup.modules, 0, 0, NULL, "DIR",
		 "kernel modules, in place of the image's of the same name"},
		{"stack", VMMIO_OPT_FLAG, &o->stack, 0, 0, NULL, NULL,
		 "instead: guest, KVM and monitor in one run, exits and instructions (--stack "
		 "--help)"},
		{"where", VMMIO_OPT_FLAG, &o->where, 0, 0, NULL, NULL,
		 "instead: instructions by function and line, for diff --where (--where --help)"},
		VMMIO_SETUP_OPTS(&o->setup),
	};
	size_t n, nopts = sizeof(opts) / sizeof(opts[0]);
	int err;

	*o = (struct options){
		.boots = 4,
		.rounds = 2,
		.count = 500,
		.block_size = 4096,
		.timeout = 120,
		.retries = 2,
		.depths = {{1, 16}, 2},
		.rw = "read",
		.driver = "vmmio",
		.name = "compare",
		.setup = VMMIO_SETUP_DEFAULT,
	};
	err = vmmio_opts_parse("vmmio-bench compare", "[options]", opts, nopts, argc, argv, NULL, 0,
			       &n);
	if (err)
		return err;
	for (size_t i = 0; i < o->depths.n; i++) {
		if (o->depths.v[i] <= o->count)
			continue;
		fprintf(stderr, NAME "--count %u: fewer I/Os than --depth %u keeps in flight\n",
			o->count, o->depths.v[i]);
		return -EINVAL;
	}
	if (o->block_size % 512) {
		fprintf(stderr, NAME "--block-size %u: not a multiple of 512\n", o->block_size);
		return -EINVAL;
	}
	if (o->name[0] == '.' || strchr(o->name, '/') || strlen(o->name) > 60) {
		fprintf(stderr, NAME "--name %s: not the plain name of a folder\n", o->name);
		return -EINVAL;
	}
	if (o->commit && !vmmio_commit_fits(o->commit)) {
		fprintf(stderr, NAME "--commit %s: letters, digits and ._/+-, 80 at most\n",
			o->commit);
		return -EINVAL;
	}
	if (o->emulated_time && !strcmp(o->setup.wish, "kvm")) {
		fprintf(stderr,
			NAME "--emulated-time: contradicts --accel kvm, whose time is real\n");
		return -EINVAL;
	}
	return vmmio_setup_consistent("compare", &o->setup);
}

static double seconds(const struct run *r)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - r->start.tv_sec + (now.tv_nsec - r->start.tv_nsec) / 1e9;
}

static void progress(struct vmmio_job *job, size_t done, void *arg)
{
	const struct run *r = arg;

	(void)job;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rboot %zu of %u, %.0f s ", done, r->o.boots, seconds(r));
}

/* What cannot work is found out before anything runs. */
static int prepare(struct run *r)
{
	struct vmmio_setup *s = &r->o.setup;
	const char *tmp = getenv("TMPDIR");
	int err = vmmio_setup_qemu("compare", s);

	if (err)
		return err;
	err = vmmio_setup_modules("compare", s);
	if (err)
		return err;
	err = vmmio_run_begin("compare", &r->result,
			      !r->o.no_folder ? s->out
			      : tmp && tmp[0] ? tmp
					      : "/tmp");
	if (err)
		return err;
	err = vmmio_setup_accel("compare", s);
	if (!err && r->o.emulated_time && !vmmio_accel_emulated(s->accel))
		fprintf(stderr, NAME "--emulated-time: without effect, %s has real time\n",
			vmmio_accel_name(s->accel));
	return err;
}

static void describe(struct run *r)
{
	struct vmmio_comparison *c = &r->c;

	c->accel = r->o.setup.accel;
	/* the label tells readers of rounds that this driver keeps no counts */
	snprintf(r->load, sizeof(r->load), "rand%s%s", r->o.rw,
		 strcmp(r->o.driver, "mainline") ? "" : " driver=mainline");
	snprintf(r->load_text, sizeof(r->load_text), "random %ss of %u%s", r->o.rw,
		 r->o.block_size % 1024 ? r->o.block_size : r->o.block_size / 1024,
		 r->o.block_size % 1024 ? " bytes" : " KiB");
	snprintf(r->labels, sizeof(r->labels), "load=%s", r->load);
	c->load = r->load;
	c->load_text = r->load_text;
	c->boots = r->o.boots;
	c->rounds = r->o.rounds;
	c->count = r->o.count;
	c->depths = r->o.depths;
	c->times = !vmmio_accel_emulated(r->o.setup.accel) || r->o.emulated_time;
	c->qemu = r->o.setup.qemu_version;
	r->o.setup.jobs = vmmio_setup_jobs(&r->o.setup, c->times);
}

/*
 * Does QEMU say of each access that it got it? Not where times are measured, and under KVM
 * it does not see doorbells that the kernel takes.
 */
static bool traced(const struct run *r)
{
	return r->o.setup.accel == VMMIO_ACCEL_NONE && !r->c.times;
}

/* One boot's report into rows, infos and checks. */
static int take_boot(struct run *r, const struct vmmio_load *b, int boot, struct vmmio_job *j)
{
	char why[256] = "";
	json_t *info = json_object(), *order = json_array();
	int err;

	r->failed += j->failed;
	if (!vmmio_setup_booted("compare", boot, j))
		goto fail;
	err = vmmio_rounds_parse(j->result.output, boot, r->rows, info, why, sizeof(why));
	if (err) {
		fprintf(stderr, NAME "boot %d: %s\n", boot, why);
		goto fail;
	}
	if (traced(r) && vmmio_devside_take(j->result.trace, boot, r->rows, why, sizeof(why)))
		vmmio_check_add(r->c.checks, boot, "accesses on the device's side", false, "%s",
				why);
	for (size_t i = 0; i < b->ncolumns; i++)
		json_array_append_new(order, json_string(b->columns[i]));
	json_object_set_new(info, "boot", json_integer(boot));
	json_object_set_new(info, "device_order", order);
	json_object_set_new(info, "wall_s", json_real(j->result.wall_s));
	/* what the command line asks for; a KVM guest would show it in its exits */
	json_object_set_new(info, "ioeventfd",
			    strstr(j->result.qemu_line, "ioeventfd=off") ? json_false()
									 : json_null());
	vmmio_load_check(b, boot, r->rows, info, &j->result, r->c.checks);
	json_array_append_new(r->infos, info);
	if (!r->qemu_line)
		r->qemu_line = strdup(j->result.qemu_line);
	return 0;
fail:
	json_decref(info);
	json_decref(order);
	return -EIO;
}

static int run_boots(struct run *r)
{
	unsigned int n = r->o.boots;
	struct vmmio_job *jobs = calloc(n, sizeof(*jobs));
	struct vmmio_load *plan = calloc(n, sizeof(*plan));
	const char *(*order)[VMMIO_COLUMNS] = calloc(n, sizeof(*order));
	char(*disks)[64] = calloc(n, sizeof(*disks)), **script = calloc(n, sizeof(*script));
	int err = jobs && plan && order && disks && script ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < n && !err; i++) {
		vmmio_load_order(i, order[i]);
		snprintf(disks[i], sizeof(disks[i]), "%s,%s,%s", order[i][0], order[i][1],
			 order[i][2]);
		plan[i] = (struct vmmio_load){
			.rw = r->o.rw,
			.bs = r->o.block_size,
			.count = r->o.count,
			.rounds = r->o.rounds,
			.depths = r->o.depths.v,
			.ndepths = r->o.depths.n,
			.columns = order[i],
			.ncolumns = VMMIO_COLUMNS,
			.timing = r->c.times,
			.driver = r->o.driver,
			.queue_size = 256,
			.driver_args = "",
			.labels = r->labels,
		};
		script[i] = vmmio_load_script(&plan[i]);
		if (!script[i])
			err = -ENOMEM;
		jobs[i].guest = (struct vmmio_guest){
			.qemu = r->o.setup.qemu,
			.accel = r->o.setup.accel,
			.kernel = r->o.setup.kernel,
			.initrd = r->o.setup.initrd,
			.script = script[i],
			.columns = disks[i],
			.files = r->o.setup.files,
			.nfiles = r->o.setup.nfiles,
			.timeout_s = r->o.timeout,
			.trace_events = traced(r) ? VMMIO_IO_EVENTS : NULL,
		};
	}
	if (!err)
		err = vmmio_pool_run(jobs, n, r->o.setup.jobs, false, r->o.retries, &vmmio_stop,
				     progress, r);
	vmmio_progress_end();
	for (unsigned int i = 0; i < n && !err && !vmmio_stop; i++)
		err = take_boot(r, &plan[i], i, &jobs[i]);
	for (unsigned int i = 0; i < n && jobs; i++)
		vmmio_guest_result_free(&jobs[i].result);
	for (unsigned int i = 0; i < n && script; i++)
		free(script[i]);
	free(jobs);
	free(plan);
	free(order);
	free(disks);
	free(script);
	return vmmio_stop ? -EINTR : err;
}

static int judge(struct run *r)
{
	long long lost = vmmio_rounds_lost(r->rows);
	char text[200];
	json_t *first = json_array_get(r->infos, 0);
	bool agree;
	int err;

	vmmio_check_add(r->c.checks, -1, "no events lost", lost == 0,
			lost < 0 ? "a round does not say" : "%lld lost in all counting rounds",
			lost);
	vmmio_check_add(r->c.checks, -1, "two witnesses",
			vmmio_rounds_agree(r->rows, text, sizeof(text)), "%s", text);
	agree = vmmio_devside_agree(r->rows, text, sizeof(text));
	if (traced(r) || text[0])
		vmmio_check_add(r->c.checks, -1, "accesses on the device's side", agree && text[0],
				"%s", text[0] ? text : "no round was seen in QEMU's trace");
	/* mainline takes the rings it is offered, which differ */
	r->c.equal = vmmio_load_equal(r->rows, r->infos, r->c.checks,
				      strcmp(r->o.driver, "mainline") ? r->c.checks : r->chosen);
	r->c.guest = json_object_get(first, "guest");
	err = vmmio_rounds_series(r->rows, r->o.boots, r->c.times, &r->c.set);
	if (err)
		return err;
	r->verdict = vmmio_comparison_verdict(&r->c, &r->withheld);
	return 0;
}

static json_t *result_object(const struct run *r)
{
	json_t *depths = json_array();

	for (size_t i = 0; i < r->o.depths.n; i++)
		json_array_append_new(depths, json_integer(r->o.depths.v[i]));
	return json_pack("{s:i, s:s, s:s, s:s, s:{s:i, s:i, s:i, s:o, s:s, s:i, s:b, s:s, s:O*}, "
			 "s:s, s:s, s:O?, "
			 "s:b, "
			 "s:O, s:O, s:O, s:i, s:f, s:s*}",
			 "schema", VMMIO_RESULT_SCHEMA, "tool", "vmmio-bench", "kind", "compare",
			 "accel", vmmio_accel_name(r->c.accel), "options", "boots", r->o.boots,
			 "rounds", r->o.rounds, "count", r->o.count, "depths", depths, "rw",
			 r->o.rw, "block_size", r->o.block_size, "times", r->c.times, "driver",
			 r->o.driver, "images", r->images, "load", r->c.load, "load_text",
			 r->c.load_text, "guest", r->c.guest, "withheld", r->withheld, "verdict",
			 r->verdict, "equal", r->c.equal, "checks", r->c.checks, "boots_repeated",
			 r->failed, "wall_s", seconds(r), "commit", r->o.commit);
}

static void print_verdict(const struct run *r, FILE *f)
{
	size_t i;
	json_t *s;

	/* what was asked for comes first */
	json_array_foreach(r->verdict, i, s)
		fprintf(f, "%s%s\n",
			i	      ? ""
			: r->withheld ? "no verdict: "
				      : "",
			json_string_value(s));
	fputc('\n', f);
}

static int write_text(const struct run *r)
{
	struct vmmio_result_text t;
	int err;

	if (!vmmio_result_begin(&t))
		return -ENOMEM;
	print_verdict(r, t.f);
	vmmio_comparison_print(&r->c, t.f);
	err = vmmio_result_end(&t, &r->result, "compare.txt");
	if (err || !vmmio_result_begin(&t))
		return err ? err : -ENOMEM;
	vmmio_comparison_csv(&r->c, t.f);
	return vmmio_result_end(&t, &r->result, "compare.csv");
}

static int write_folder(struct run *r, char *final)
{
	char set[128], why[256];
	int err = vmmio_result_write_run(&r->result, result_object(r), &r->c.set,
					 vmmio_machine_describe(r->c.accel, r->o.setup.qemu_number),
					 r->qemu_line, r->infos, r->rows);

	err = err ?: write_text(r);
	if (!err && !r->o.no_plots &&
	    vmmio_plot_comparison(&r->c, r->rows, &r->result, why, sizeof(why)))
		fprintf(stderr, NAME "no plots: %s\n", why);
	if (err || vmmio_stop)
		return err ? err : -EINTR;
	if (r->o.no_folder)
		return 0;
	vmmio_machine_set_name(r->c.accel, set, sizeof(set));
	return vmmio_result_commit(&r->result, set, r->o.name, "compare", final);
}

static void print_json(const struct run *r, const char *final)
{
	json_t *j = result_object(r);

	json_object_set_new(j, "folder", final[0] ? json_string(final) : json_null());
	json_object_set_new(j, "machine",
			    vmmio_machine_describe(r->c.accel, r->o.setup.qemu_number));
	json_object_set_new(j, "series", vmmio_series_to_json(&r->c.set));
	vmmio_print_json(j);
}

int vmmio_cmd_compare(int argc, char **argv)
{
	struct run r = {0};
	char final[PATH_MAX] = "";
	int err, status = VMMIO_EXIT_TROUBLE;

	/* other questions with options of their own; the table above names them for --help */
	if (vmmio_opts_ask("--versus", argc, argv))
		return vmmio_cmd_versus(argc, argv);
	if (vmmio_opts_ask("--where", argc, argv))
		return vmmio_cmd_where(argc, argv);
	if (vmmio_opts_ask("--stack", argc, argv))
		return vmmio_cmd_stack(argc, argv);

	err = parse_options(&r.o, argc, argv);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	clock_gettime(CLOCK_MONOTONIC, &r.start);
	vmmio_stop_on_signals();
	r.rows = json_array();
	r.infos = json_array();
	r.chosen = json_array();
	r.c.checks = json_array();
	if (prepare(&r))
		goto out;
	describe(&r);
	r.images = vmmio_setup_images(&r.o.setup);
	err = vmmio_stop ? -EINTR : run_boots(&r);
	if (!err)
		err = judge(&r);
	if (!err) {
		err = write_folder(&r, final);
		if (err && err != -EINTR)
			fprintf(stderr, NAME "--out %s: %s\n", r.o.setup.out, strerror(-err));
	}
	if (err)
		goto out;
	if (r.o.json) {
		print_json(&r, final);
	} else {
		print_verdict(&r, stdout);
		vmmio_comparison_print(&r.c, stdout);
		if (r.failed)
			printf("\n%u boots failed and were run again\n", r.failed);
		printf("\n%s (%.0f s)\n", final[0] ? final : "not kept", seconds(&r));
	}
	status = r.withheld ? VMMIO_EXIT_NEGATIVE : VMMIO_EXIT_OK;
out:
	status = vmmio_run_end("compare", &r.result, status);
	json_decref(r.rows);
	json_decref(r.infos);
	json_decref(r.chosen);
	json_decref(r.images);
	json_decref(r.verdict);
	json_decref(r.c.checks);
	json_decref(r.c.equal);
	vmmio_series_free(&r.c.set);
	free(r.qemu_line);
	vmmio_setup_free(&r.o.setup);
	return status;
}

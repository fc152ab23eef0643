// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench sweep: runs an experiment in random order, keeps every run as it
 * ends, and makes a result folder when all are there. What a run is: bench/sweep/run.c;
 * how it survives an interruption: bench/sweep/state.c.
 */
#include <errno.h>
#include <limits.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "bench/data/machine.h"
#include "bench/guest/pool.h"
#include "bench/sweep/report.h"
#include "bench/data/result.h"
#include "bench/data/rounds.h"
#include "setup.h"
#include "bench/sweep/sweep.h"
#include "bench/guest/vmm.h"
#include "lib/accel.h"

#define NAME "vmmio-bench sweep: "
#define UNSAID UINT_MAX /* more than --retries takes */

struct sweep {
	struct vmmio_setup setup;
	struct vmmio_experiment e;
	struct vmmio_sweep_state st;
	struct vmmio_report report;
	struct vmmio_run_guest *store; /* of the runs that are left */
	struct vmmio_job *jobs;
	size_t *index; /* of each job in the plan */
	size_t left, begun, failed, repeated;
	unsigned int retries;
	struct vmmio_args vmm; /* none: QEMU by our own command */
	bool quick, restart, emulated_time, show, untested;
	int err; /* of storing */
	struct timespec start;
};

static double seconds(const struct sweep *s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - s->start.tv_sec + (now.tv_nsec - s->start.tv_nsec) / 1e9;
}

/* One run ended: keep it before anything else. */
static void take_run(struct vmmio_job *job, size_t done, void *arg)
{
	struct sweep *s = arg;
	size_t i = job - s->jobs;
	const struct vmmio_run *run = &s->e.runs[s->index[i]];
	double left = seconds(s) / done * (s->left - done);
	json_t *report;
	int err;

	if (vmmio_stop) /* an interrupted run is not a failed one */
		return;
	report = vmmio_run_report(run, &s->store[i], job->err, &job->result);
	if (report && json_object_get(report, "failed")) {
		s->failed++;
		vmmio_progress_end();
		fprintf(stderr, NAME "run %zu failed: %s (%s, boot %u)\n", s->index[i],
			json_string_value(json_object_get(report, "failed")), run->labels,
			run->boot);
	}
	if (report && job->failed)
		json_object_set_new(report, "failed_before",
				    json_pack("{s:i, s:s}", "times", job->failed, "why", job->why));
	err = report ? vmmio_sweep_put(&s->st, s->index[i], report) : -ENOMEM;
	if (err && !s->err) {
		s->err = err;
		vmmio_stop = SIGTERM; /* no use in measuring what cannot be kept */
	}
	json_decref(report);
	vmmio_guest_result_free(&job->result);
	memset(&job->result, 0, sizeof(job->result));
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rrun %zu of %zu, %zu failed, about %.0f s left ", s->begun + done,
			s->e.n, s->failed, left);
}

static int run_rest(struct sweep *s)
{
	int err = 0;

	s->store = calloc(s->e.n, sizeof(*s->store));
	s->jobs = calloc(s->e.n, sizeof(*s->jobs));
	s->index = calloc(s->e.n, sizeof(*s->index));
	if (!s->store || !s->jobs || !s->index)
		return -ENOMEM;
	for (size_t i = 0; i < s->e.n && !err; i++) {
		json_t *have = vmmio_sweep_get(&s->st, i);
		struct vmmio_guest *g = &s->jobs[s->left].guest;

		if (have) {
			s->failed += json_object_get(have, "failed") != NULL;
			json_decref(have);
			continue;
		}
		g->qemu = s->setup.qemu;
		g->accel = s->setup.accel;
		g->kernel = s->setup.kernel;
		g->initrd = s->setup.initrd;
		g->vmm = s->vmm.n ? &s->vmm : NULL;
		err = vmmio_run_prepare(&s->e, &s->e.runs[i], &s->store[s->left], g);
		s->index[s->left++] = i;
	}
	if (!err)
		err = vmmio_pool_run(s->jobs, s->left, vmmio_setup_jobs(&s->setup, s->show), true,
				     s->retries, &vmmio_stop, take_run, s);
	vmmio_progress_end();
	for (size_t i = 0; i < s->left; i++) {
		vmmio_run_free(&s->store[i]);
		vmmio_guest_result_free(&s->jobs[i].result);
	}
	return s->err ? s->err : err;
}

/* Is this a run of the build's own guest? The machine's description names that kernel. */
static bool is_own(const json_t *run)
{
	const char *labels = json_string_value(json_object_get(run, "labels"));

	return labels && !strstr(labels, " arch=arm64");
}

/* Kernel and QEMU of the bench host of @run, by its "under". */
static void take_host(const json_t *run, json_t *hosts)
{
	const char *labels = json_string_value(json_object_get(run, "labels"));
	const char *under = labels ? strstr(labels, " under=") : NULL;
	json_t *host = json_object_get(json_object_get(run, "info"), "host");
	char name[24];

	snprintf(name, sizeof(name), "%s", under ? under + 7 : "build");
	name[strcspn(name, " ")] = '\0';
	if (host)
		json_object_set(hosts, name, host);
}

/* The stored runs as one set of rows; failures apart. */
static int gather(struct sweep *s, json_t *rows, json_t *failures, json_t *hosts, json_t **guest,
		  json_t **line)
{
	bool own = false;

	for (size_t i = 0; i < s->e.n; i++) {
		json_t *run = vmmio_sweep_get(&s->st, i), *failed, *j;

		if (!run)
			return -ENOENT;
		failed = json_object_get(run, "failed");
		s->repeated += json_object_get(run, "failed_before") && !failed;
		if (failed)
			json_array_append_new(
				failures, json_pack("{s:i, s:O, s:O, s:O}", "run", (int)i, "labels",
						    json_object_get(run, "labels"), "boot",
						    json_object_get(run, "boot"), "why", failed));
		else
			json_array_extend(rows, json_object_get(run, "rows"));
		if (!failed)
			take_host(run, hosts);
		j = json_object_get(json_object_get(run, "info"), "guest");
		if (j && (!*guest || (is_own(run) && !own))) {
			json_decref(*guest);
			*guest = json_incref(j);
		}
		j = json_object_get(run, "qemu_line");
		if (j && !failed && (!*line || (is_own(run) && !own))) {
			json_decref(*line);
			*line = json_incref(j);
			own = is_own(run);
		}
		json_decref(run);
	}
	return 0;
}

static int write_folder(struct sweep *s, struct vmmio_result *r, char *final)
{
	enum vmmio_accel accel = vmmio_run_accel(&s->e, s->setup.accel);
	json_t *rows = json_array(), *failures = json_array(), *guest = NULL, *line = NULL;
	json_t *result = NULL, *series = NULL, *machine = NULL, *hosts = json_object();
	struct vmmio_series_set set = {0};
	char why[256], name[128], path[PATH_MAX];
	int err;

	err = gather(s, rows, failures, hosts, &guest, &line);
	if (!err)
		err = vmmio_rounds_series(rows, s->e.boots, s->e.times, &set);
	if (err)
		goto out;
	result =
		json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:i, s:i, s:I, s:O, s:I, s:O*}",
			  "schema", VMMIO_RESULT_SCHEMA, "tool", "vmmio-bench", "kind", "sweep",
			  "accel", vmmio_accel_name(accel), "experiment", s->e.name, "title",
			  s->e.title, "quick", s->quick, "boots", s->e.boots, "rounds", s->e.rounds,
			  "seed", s->e.seed, "runs", (json_int_t)s->e.n, "failed", failures,
			  "repeated", (json_int_t)s->repeated, "guest", guest);
	if (result && json_object_size(hosts))
		json_object_set(result, "hosts", hosts);
	if (s->vmm.n) {
		json_t *lines = json_array();

		for (size_t i = 0; i < s->vmm.n; i++)
			json_array_append_new(lines, json_string(s->vmm.v[i]));
		json_object_set_new(result, "vmm",
				    json_pack("{s:b, s:o}", "untested_template", s->untested,
					      "command", lines));
	}
	machine = vmmio_machine_describe(accel, s->setup.qemu_number);
	series = vmmio_series_to_json(&set);
	if (!result || !machine || !series) {
		err = -ENOMEM;
		goto out;
	}
	if (line)
		json_object_set(machine, "qemu_line_of_one_run", line);
	/* as it will be read back: what nobody could measure is no series */
	vmmio_series_free(&set);
	err = vmmio_series_from_json(&set, series, why, sizeof(why));
	if (err)
		goto out;
	s->report.result = result;
	s->report.machine = machine;
	s->report.set = &set;
	if (!vmmio_accel_emulated(accel))
		s->report.rows = rows;
	err = vmmio_result_write_json(r, "result.json", result);
	err = err ?: vmmio_result_write_json(r, "machine.json", machine);
	err = err ?: vmmio_result_write_array(r, "series.json", series);
	err = err ?: vmmio_result_write(r, "experiment.ini", s->e.text, strlen(s->e.text));
	err = err ?: vmmio_rounds_write(vmmio_result_path(r, "rounds.jsonl.gz", path), rows);
	err = err ?: vmmio_report_store_costs(&s->report, r);
	if (!err) {
		err = vmmio_report_write(&s->report, r, why, sizeof(why));
		if (why[0])
			fprintf(stderr, NAME "no figures: %s\n", why);
	}
	if (!err) {
		vmmio_machine_set_name(accel, name, sizeof(name));
		err = vmmio_result_commit(r, name, s->e.name, "sweep", final);
	}
out:
	vmmio_series_free(&set);
	json_decref(rows);
	json_decref(hosts);
	json_decref(failures);
	json_decref(guest);
	json_decref(line);
	json_decref(result);
	json_decref(machine);
	json_decref(series);
	return err;
}

/* @name as the experiment at @path means it: from its folder. */
static const char *beside(const char *path, const char *name, char *file, size_t len)
{
	char folder[PATH_MAX / 2];

	snprintf(folder, sizeof(folder), "%s", path);
	if (name[0] == '/')
		snprintf(file, len, "%s", name);
	else /* of a plain name dirname() leaves the buffer alone and returns its own "." */
		snprintf(file, len, "%s/%s", dirname(folder), name);
	return file;
}

/* The command of another monitor; that it is none of ours stands where the title stands. */
static int load_vmm(struct sweep *s, const char *path)
{
	char file[PATH_MAX], why[256] = "", title[sizeof(s->e.title)];

	if (!s->e.vmm[0])
		return 0;
	if (vmmio_vmm_load(beside(path, s->e.vmm, file, sizeof(file)), &s->vmm, why, sizeof(why)) ||
	    vmmio_run_template(&s->e, &s->vmm, why, sizeof(why))) {
		fprintf(stderr, NAME "%s: vmm %s: %s\n", path, s->e.vmm, why);
		return -EINVAL;
	}
	s->untested = !vmmio_vmm_tested(&s->vmm);
	if (!s->untested)
		return 0;
	snprintf(title, sizeof(title), "%s", s->e.title[0] ? s->e.title : s->e.name);
	snprintf(s->e.title, sizeof(s->e.title), "Untested template: %.60s", title);
	fprintf(stderr,
		NAME "%s: untested template: no such monitor was ever run by this project\n",
		s->e.vmm);
	return 0;
}

/* The tables that the experiment at @path names, beside it. */
static int load_costs(struct sweep *s, const char *path)
{
	char file[PATH_MAX], why[256], *save = NULL;

	for (char *w = strtok_r(s->e.costs, ", ", &save); w; w = strtok_r(NULL, ", ", &save)) {
		beside(path, w, file, sizeof(file));
		if (vmmio_report_add_costs(&s->report, file, s->e.allow_soft, why, sizeof(why))) {
			fprintf(stderr, NAME "%s: costs %s: %s\n", path, w, why);
			return -EINVAL;
		}
	}
	return 0;
}

static int parse(struct sweep *s, const char **path, int argc, char **argv)
{
	struct vmmio_opt opts[] = {
		{"retries", VMMIO_OPT_NUMBER, &s->retries, 0, 1000, NULL, "N",
		 "runs that may fail and are run again (2; with host = on, as many as there are "
		 "runs); what fails then is in no number"},
		{"quick", VMMIO_OPT_FLAG, &s->quick, 0, 0, NULL, NULL,
		 "the experiment's [quick] values: a look, not a study"},
		{"restart", VMMIO_OPT_FLAG, &s->restart, 0, 0, NULL, NULL,
		 "forget the runs of an interrupted sweep"},
		VMMIO_SETUP_OPTS(&s->setup),
	};
	char why[256] = "";
	size_t n;
	int err;

	err = vmmio_opts_parse("vmmio-bench sweep", "EXPERIMENT.ini [options]", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, path, 1, &n);
	if (err)
		return err;
	if (!n) {
		fprintf(stderr, NAME "no experiment given (try bench/experiments/)\n");
		return -EINVAL;
	}
	err = vmmio_setup_consistent("sweep", &s->setup);
	if (err)
		return err;
	if (vmmio_experiment_load(*path, s->quick, &s->e, why, sizeof(why))) {
		fprintf(stderr, NAME "%s: %s\n", *path, why);
		return -EINVAL;
	}
	err = load_vmm(s, *path);
	return err ? err : load_costs(s, *path);
}

/* What the runs are made with beside the experiment's text; NULL with @why. */
static json_t *describe_setup(const struct sweep *s, char *why, size_t len)
{
	json_t *images = vmmio_run_images(&s->e, s->setup.kernel, s->setup.initrd, why, len);
	json_t *vmm = json_array();

	for (size_t i = 0; i < s->vmm.n; i++)
		json_array_append_new(vmm, json_string(s->vmm.v[i]));
	return json_pack("{s:s, s:s, s:o, s:o}", "qemu",
			 s->setup.qemu ? s->setup.qemu : "qemu-system-x86_64", "qemu_version",
			 s->setup.qemu_version, "images", images, "vmm", vmm);
}

/* Opens the state, and says why not. */
static int open_state(struct sweep *s)
{
	char why[256] = "";
	json_t *setup = describe_setup(s, why, sizeof(why));
	int err;

	if (!setup) {
		fprintf(stderr, NAME "%s\n", why[0] ? why : strerror(ENOMEM));
		return -EIO;
	}
	err = vmmio_sweep_open(&s->st, s->setup.out, &s->e,
			       vmmio_accel_name(vmmio_run_accel(&s->e, s->setup.accel)), setup,
			       s->restart, &s->begun);
	json_decref(setup);
	if (err == -EBUSY && s->st.holder)
		fprintf(stderr, NAME "%s: process %d is running this experiment there\n", s->st.dir,
			s->st.holder);
	else if (err)
		fprintf(stderr, NAME "%s: %s\n", s->st.dir,
			err == -ESTALE ? "an unfinished sweep of another text or version, with "
					 "other images, another QEMU or monitor; --restart forgets "
					 "it"
				       : strerror(-err));
	return err;
}

/* 0 ok, 1 trouble */
static int run(struct sweep *s, struct vmmio_result *r, char *final)
{
	char why[256] = "";
	int err = vmmio_setup_qemu("sweep", &s->setup);

	if (err)
		return err;
	err = vmmio_run_begin("sweep", r, s->setup.out);
	if (err)
		return err;
	err = vmmio_setup_accel("sweep", &s->setup);
	if (err)
		return err;
	err = vmmio_run_possible(&s->e, s->setup.accel, why, sizeof(why));
	if (err) {
		fprintf(stderr, NAME "%s: %s\n", s->e.name, why);
		return err;
	}
	for (size_t i = 0; i < s->e.n && (s->setup.kernel || s->setup.initrd); i++) {
		if (!vmmio_run_has_own_host(&s->e.runs[i].s))
			continue;
		fprintf(stderr, NAME "%s: --kernel and --initrd are not of its bench host: %s\n",
			s->e.name, s->e.runs[i].labels);
		return -EINVAL;
	}
	/* a bench host hangs now and then, by a fault of its emulated processor */
	if (s->retries == UNSAID)
		s->retries = s->e.n && s->e.runs[0].s.host ? s->e.n : 2;
	s->show = s->e.times && !vmmio_accel_emulated(s->setup.accel);
	err = open_state(s);
	if (err)
		return err;
	if (s->begun)
		fprintf(stderr, NAME "going on: %zu of %zu runs are there\n", s->begun, s->e.n);
	err = run_rest(s);
	if (vmmio_stop && !s->err)
		return -EINTR;
	if (!err)
		err = write_folder(s, r, final);
	if (err)
		fprintf(stderr, NAME "--out %s: %s\n", s->setup.out, strerror(-err));
	return err;
}

int vmmio_cmd_sweep(int argc, char **argv)
{
	struct sweep s = {.setup = VMMIO_SETUP_DEFAULT, .retries = UNSAID};
	char final[PATH_MAX];
	struct vmmio_result r = {0};
	const char *path = NULL;
	int err = parse(&s, &path, argc, argv);

	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	clock_gettime(CLOCK_MONOTONIC, &s.start);
	vmmio_stop_on_signals();
	s.st.lock = -1;
	err = run(&s, &r, final);
	vmmio_result_abandon(&r);
	if (!err) {
		vmmio_sweep_remove(&s.st);
		printf("%s\n%s%zu runs, %zu failed, %zu run again, %.0f s\n", final,
		       s.untested ? "untested template: " : "", s.e.n, s.failed, s.repeated,
		       seconds(&s));
		if (s.failed == s.e.n)
			err = -EIO; /* a folder of failures is no result */
	} else if (vmmio_stop && !s.err) {
		fprintf(stderr,
			NAME "interrupted: the same command goes on where this one stopped\n");
	}
	vmmio_sweep_close(&s.st);
	free(s.store);
	free(s.jobs);
	free(s.index);
	vmmio_args_free(&s.vmm);
	vmmio_experiment_free(&s.e);
	vmmio_report_free(&s.report);
	if (err)
		return vmmio_stop && !s.err ? 128 + vmmio_stop : VMMIO_EXIT_TROUBLE;
	return VMMIO_EXIT_OK;
}

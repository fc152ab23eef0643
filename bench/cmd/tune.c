// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench tune: queue size x notification suppression x interrupt mode for
 * one load, least first by an objective. Settings are measured boot by boot,
 * all of them in each round and in random order; it stops when no outcome of
 * the boots that are left could change which one is first. It does not advise
 * on emulated time.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "cmd.h"
#include "bench/judge/compare.h"
#include "bench/guest/pool.h"
#include "bench/data/rounds.h"
#include "setup.h"
#include "bench/data/stats.h"
#include "bench/sweep/sweep.h"
#include "bench/judge/tune.h"

#define NAME "vmmio-bench tune: "

struct tune {
	struct vmmio_setup setup;
	struct vmmio_list sizes;
	unsigned int boots, depth, count, seed;
	const char *objective, *measure, *rw;
	struct vmmio_tune t;
	bool json;
};

/* The objective as a command of the user's: the setting in its environment, a number from it. */
static int measure_by_command(const struct tune *t, const struct vmmio_tune_setting *s,
			      unsigned int boot, double *out)
{
	char text[128], cmd[4096], *end;
	FILE *f;
	int status;

	if (snprintf(cmd, sizeof(cmd),
		     "export VMMIO_QUEUE_SIZE=%u VMMIO_EVENT_IDX=%s VMMIO_TRANSPORT=%s "
		     "VMMIO_BOOT=%u; %s",
		     s->queue_size, s->event_idx ? "on" : "off", s->transport, boot,
		     t->measure) >= (int)sizeof(cmd))
		return -ENAMETOOLONG;
	f = popen(cmd, "re");
	if (!f)
		return -errno;
	text[0] = '\0';
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	status = pclose(f);
	*out = strtod(text, &end);
	if (status || end == text || (*end && *end != '\n') || !isfinite(*out)) {
		fprintf(stderr, NAME "--measure: %s\n",
			status ? "the command failed" : "the command did not print a number");
		return -EIO;
	}
	return 0;
}

static const char *metric_of(const struct tune *t)
{
	return !strcmp(t->objective, "latency") ? "latency_p50_us"
	       : !strcmp(t->objective, "kicks") ? "kicks_per_io"
						: "accesses_per_io";
}

/* One boot: the transports of one queue size and suppression share it. */
static int measure_boot(struct tune *t, unsigned int size, bool event_idx, unsigned int boot)
{
	struct vmmio_experiment e = {
		.rounds = 1, .timeout = 120, .times = !strcmp(t->objective, "latency")};
	struct vmmio_run run = {.boot = boot, .labels = "load=tune"};
	struct vmmio_series_set set = {0};
	struct vmmio_run_guest store;
	struct vmmio_job job = {0};
	json_t *report = NULL;
	const char *failed;
	int err;

	snprintf(run.s.driver, sizeof(run.s.driver), "vmmio");
	snprintf(run.s.rw, sizeof(run.s.rw), "%s", t->rw);
	run.s.queue_size = size;
	run.s.queues = run.s.vcpus = 1;
	run.s.block_size = 4096;
	run.s.event_idx = event_idx;
	run.s.indirect = true;
	run.s.count = t->count;
	run.s.depths.v[0] = t->depth;
	run.s.depths.n = 1;
	for (int i = 0; i < VMMIO_COLUMNS; i++)
		run.s.columns[run.s.ncolumns++] = vmmio_columns[i];
	job.guest = (struct vmmio_guest){.qemu = t->setup.qemu,
					 .accel = t->setup.accel,
					 .kernel = t->setup.kernel,
					 .initrd = t->setup.initrd};
	err = vmmio_run_prepare(&e, &run, &store, &job.guest);
	err = err ?: vmmio_pool_run(&job, 1, 1, false, &vmmio_stop, NULL, NULL);
	if (!err && !vmmio_stop)
		report = vmmio_run_report(&run, &store, job.err, &job.result);
	failed = json_string_value(json_object_get(report, "failed"));
	if (failed) {
		fprintf(stderr, NAME "a boot failed: %s\n", failed);
		err = -EIO;
	}
	if (report && !err) {
		json_t *rows = json_object_get(report, "rows"), *row;
		size_t i;

		json_array_foreach(rows, i, row)
			json_object_set_new(row, "boot", json_integer(0));
		err = vmmio_rounds_series(rows, 1, e.times, &set);
	}
	for (size_t i = 0; i < set.n && !err; i++) {
		char transport[24];

		if (strcmp(set.s[i].key, metric_of(t)))
			continue;
		vmmio_series_label(&set.s[i], "transport", transport, sizeof(transport));
		err = vmmio_tune_add(&t->t, size, event_idx, transport, set.s[i].v[0]);
	}
	vmmio_series_free(&set);
	json_decref(report);
	vmmio_run_free(&store);
	vmmio_guest_result_free(&job.result);
	return vmmio_stop ? -EINTR : err;
}

/* One round: every setting once, in random order. */
static int measure_round(struct tune *t, gsl_rng *rng, unsigned int boot)
{
	size_t n = t->measure ? t->t.n : 2 * t->sizes.n, *order = calloc(n, sizeof(*order));
	int err = order ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && !err; i++)
		order[i] = i;
	if (!err)
		gsl_ran_shuffle(rng, order, n, sizeof(*order));
	for (size_t i = 0; i < n && !err && !vmmio_stop; i++) {
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\rround %u of at most %u, %zu of %zu ", boot + 1, t->boots,
				i + 1, n);
		if (t->measure) {
			struct vmmio_tune_setting *s = &t->t.s[order[i]];
			double v;

			err = measure_by_command(t, s, boot, &v);
			err = err
				      ?: vmmio_tune_add(&t->t, s->queue_size, s->event_idx,
							s->transport, v);
		} else {
			err = measure_boot(t, t->sizes.v[order[i] / 2], order[i] & 1, boot);
		}
	}
	free(order);
	vmmio_progress_end();
	return err;
}

/* The setting that a device has if nothing is set: the same transport, event_idx, largest ring. */
static size_t usual(const struct tune *t, const struct vmmio_tune_setting *b)
{
	size_t found = 0;

	for (size_t i = 0; i < t->t.n; i++) {
		const struct vmmio_tune_setting *s = &t->t.s[i];

		if (!strcmp(s->transport, b->transport) && s->event_idx &&
		    (strcmp(t->t.s[found].transport, b->transport) || !t->t.s[found].event_idx ||
		     s->queue_size > t->t.s[found].queue_size))
			found = i;
	}
	return found;
}

/* How much less @best is than setting @other, with the interval by boot. */
static void say_effect(const struct tune *t, size_t best, size_t other, const char *what)
{
	const struct vmmio_tune_setting *b = &t->t.s[best], *o = &t->t.s[other];
	double least = vmmio_stats_median(b->v, b->n), m = vmmio_stats_median(o->v, o->n);
	struct vmmio_interval ci;

	if (best == other || vmmio_tune_difference(&t->t, other, best, &ci))
		return;
	printf("effect: %.4g less than %.4g of %s (%s, queue_size %u, event_idx %s), %.1f %% "
	       "interval %.4g to %.4g%s\n",
	       m - least, m, what, o->transport, o->queue_size, o->event_idx ? "on" : "off",
	       100 * ci.level, ci.low, ci.high, ci.low <= 0 ? ": no difference shown" : "");
}

/* The second least: what the choice was between in the end. */
static size_t runner_up(const struct tune *t, size_t best)
{
	size_t found = best ? 0 : 1;

	for (size_t i = 0; i < t->t.n; i++)
		if (i != best && vmmio_stats_median(t->t.s[i].v, t->t.s[i].n) <
					 vmmio_stats_median(t->t.s[found].v, t->t.s[found].n))
			found = i;
	return found;
}

/* What to type: for vmmio.ko, and for mainline's drivers, which can withhold features only. */
static void say_commands(const struct vmmio_tune_setting *b)
{
	printf("with vmmio.ko:\n  vmmio-ctl set DEVICE queue_size=%u%s%s --rebind\n", b->queue_size,
	       b->event_idx ? "" : " withhold=event_idx",
	       !strcmp(b->transport, "pci-msix")   ? " irq=msix"
	       : !strcmp(b->transport, "pci-intx") ? " irq=intx"
						   : "");
	printf("with mainline's drivers: the ring is as the VMM offers it (queue-size=%u)",
	       b->queue_size);
	if (b->event_idx) {
		printf(", event_idx is on where the device has it\n");
		return;
	}
	printf("; where the kernel has CONFIG_VIRTIO_DEBUG, for a device virtioN served by "
	       "DRIVER:\n"
	       "  echo 29 >/sys/kernel/debug/virtio/virtioN/filter_feature_add\n"
	       "  echo virtioN >/sys/bus/virtio/drivers/DRIVER/unbind\n"
	       "  echo virtioN >/sys/bus/virtio/drivers/DRIVER/bind\n");
}

static void recommend(const struct tune *t, size_t best, unsigned int boots)
{
	const struct vmmio_tune_setting *b = &t->t.s[best];
	const char *unit = t->measure			      ? "by the command"
			   : !strcmp(t->objective, "latency") ? "us, median latency"
			   : !strcmp(t->objective, "kicks")   ? "kicks per I/O"
							      : "accesses per I/O";
	struct vmmio_interval ci;
	char text[24];

	for (size_t i = 0; i < t->t.n; i++) {
		const struct vmmio_tune_setting *s = &t->t.s[i];
		double m = vmmio_stats_median(s->v, s->n);

		vmmio_format(m, text, sizeof(text));
		printf("%s queue_size=%-4u event_idx=%-3s %-8s %10s %s", i == best ? "*" : " ",
		       s->queue_size, s->event_idx ? "on" : "off", s->transport, text, unit);
		if (i != best && !vmmio_tune_difference(&t->t, i, best, &ci))
			printf("  (+%.4g, %.1f %% interval %.4g to %.4g)",
			       m - vmmio_stats_median(b->v, b->n), 100 * ci.level, ci.low, ci.high);
		printf("\n");
	}
	printf("\nrecommended, n = %u boots: %s, queue_size %u, event_idx %s; ties went to the "
	       "smaller ring\n",
	       boots, b->transport, b->queue_size, b->event_idx ? "on" : "off");
	say_effect(t, best, usual(t, b), "the default");
	if (t->t.n > 1)
		say_effect(t, best, runner_up(t, best), "the next best");
	say_commands(b);
}

static int parse(struct tune *t, int argc, char **argv)
{
	struct vmmio_opt opts[] = {
		{"queue-size", VMMIO_OPT_LIST, &t->sizes, 16, 1024, NULL, "LIST",
		 "rings to try (64,128,256)"},
		{"boots", VMMIO_OPT_NUMBER, &t->boots, 3, 999, NULL, "N",
		 "boots of each setting at most (9)"},
		{"depth", VMMIO_OPT_NUMBER, &t->depth, 1, 1024, NULL, "N", "I/Os in flight (1)"},
		{"count", VMMIO_OPT_NUMBER, &t->count, 1, 100000000, NULL, "N",
		 "I/Os of one measurement (500)"},
		{"rw", VMMIO_OPT_CHOICE, &t->rw, 0, 0, "read|write", "read|write",
		 "what an I/O is (read)"},
		{"objective", VMMIO_OPT_CHOICE, &t->objective, 0, 0, "latency|accesses|kicks",
		 "latency|accesses|kicks", "what is to be least (latency)"},
		{"measure", VMMIO_OPT_STRING, &t->measure, 0, 0, NULL, "CMD",
		 "a command that prints the number instead; setting in VMMIO_*"},
		{"seed", VMMIO_OPT_NUMBER, &t->seed, 1, 4294967295.0, NULL, "N",
		 "of the order of measurements (1)"},
		VMMIO_SETUP_OPTS(&t->setup),
	};
	size_t n;
	int err = vmmio_opts_parse("tune", "[options]", opts, sizeof(opts) / sizeof(opts[0]), argc,
				   argv, NULL, 0, &n);

	if (err)
		return err;
	if (t->depth > t->count) {
		fprintf(stderr, NAME "--count %u: fewer I/Os than --depth %u keeps in flight\n",
			t->count, t->depth);
		return -EINVAL;
	}
	return vmmio_setup_consistent("tune", &t->setup);
}

/* What may be said on this accelerator; prints the refusal. */
static bool may_advise(const struct tune *t)
{
	if (t->measure || t->setup.accel != VMMIO_ACCEL_NONE)
		return true;
	if (!strcmp(t->objective, "accesses") && t->depth == 1)
		return true;
	fprintf(stderr,
		NAME "no advice under tcg: %s; --objective accesses --depth 1 is structural and "
		     "can be had\n",
		!strcmp(t->objective, "latency")
			? "its time is emulated"
			: "what it counts is true of the emulated run only");
	return false;
}

static int run(struct tune *t)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int boot = 0;
	size_t best = 0;
	int err = 0;

	if (!rng)
		return VMMIO_EXIT_TROUBLE;
	gsl_rng_set(rng, t->seed);
	for (size_t i = 0; i < t->sizes.n && !err; i++)
		for (int k = 0; k < 2 * VMMIO_COLUMNS && !err; k++)
			err = vmmio_tune_setting(&t->t, t->sizes.v[i], !(k & 1),
						 vmmio_columns[k / 2]);
	while (!err && boot < t->boots) {
		err = measure_round(t, rng, boot);
		if (!err && vmmio_tune_settled(&t->t, ++boot, t->boots, &best))
			break;
	}
	gsl_rng_free(rng);
	if (err) {
		if (err != -EINTR && err != -EIO)
			fprintf(stderr, NAME "%s\n", strerror(-err));
		return vmmio_stop ? 128 + vmmio_stop : VMMIO_EXIT_TROUBLE;
	}
	best = vmmio_tune_best(&t->t);
	recommend(t, best, boot);
	return VMMIO_EXIT_OK;
}

int vmmio_cmd_tune(int argc, char **argv)
{
	struct tune t = {.setup = VMMIO_SETUP_DEFAULT,
			 .sizes = {{64, 128, 256}, 3},
			 .boots = 9,
			 .depth = 1,
			 .count = 500,
			 .seed = 1,
			 .objective = "latency",
			 .rw = "read"};
	int err = parse(&t, argc, argv), status;

	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	vmmio_stop_on_signals();
	if (!t.measure &&
	    (vmmio_setup_qemu("tune", &t.setup) || vmmio_setup_accel("tune", &t.setup)))
		return VMMIO_EXIT_TROUBLE;
	if (!may_advise(&t))
		return VMMIO_EXIT_NEGATIVE;
	status = run(&t);
	vmmio_tune_free(&t.t);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench tune: queue size x notification suppression x interrupt mode for
 * one load. Settings are measured boot by boot, all of them in each round and in
 * random order; one is recommended if it is shown to be less than the default, else
 * there is nothing to gain. It does not advise on emulated time.
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
#define ALPHA 0.05 /* of recommending anything where nothing is better */

struct tune {
	struct vmmio_setup setup;
	struct vmmio_list sizes;
	unsigned int boots, depth, count, seed;
	const char *objective, *measure, *rw, *transport;
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

/* Is @column one that --transport asks for? */
static bool takes(const struct tune *t, const char *column)
{
	return !strcmp(t->transport, "all") || !strncmp(column, t->transport, strlen(t->transport));
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
		if (takes(t, vmmio_columns[i]))
			run.s.columns[run.s.ncolumns++] = vmmio_columns[i];
	job.guest = (struct vmmio_guest){.qemu = t->setup.qemu,
					 .accel = t->setup.accel,
					 .kernel = t->setup.kernel,
					 .initrd = t->setup.initrd};
	err = vmmio_run_prepare(&e, &run, &store, &job.guest);
	err = err ?: vmmio_pool_run(&job, 1, 1, false, 2, &vmmio_stop, NULL, NULL);
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

static const char *unit_of(const struct tune *t)
{
	return t->measure			  ? "by the command"
	       : !strcmp(t->objective, "latency") ? "us, median latency"
	       : !strcmp(t->objective, "kicks")	  ? "kicks per I/O"
						  : "accesses per I/O";
}

static const char *describe(const struct vmmio_tune_setting *s, char *buf, size_t len)
{
	snprintf(buf, len, "%s, queue_size %u, event_idx %s", s->transport, s->queue_size,
		 s->event_idx ? "on" : "off");
	return buf;
}

/* One line for each bus: what was asked. */
static void say_choice(const struct tune *t, const char *bus, unsigned int boots,
		       const struct vmmio_tune_choice *c)
{
	const struct vmmio_tune_setting *b = &t->t.s[c->best], *u = &t->t.s[c->usual];
	double usual = vmmio_stats_median(u->v, u->n), least = vmmio_stats_median(b->v, b->n);
	char best[64], other[64];

	describe(b, best, sizeof(best));
	describe(u, other, sizeof(other));
	if (c->best == c->usual)
		printf("nothing to gain (%s), n = %u boots: no setting was shown to be less than "
		       "the default (%s: %.4g); a gain of up to %.4g could be hidden\n",
		       bus, boots, other, usual, c->hidden);
	else
		printf("recommended (%s), n = %u boots: %s: %.4g less than the %.4g of the default "
		       "(%s), p %.3g\n",
		       bus, boots, best, usual - least, usual, other, c->p);
}

static void say_settings(const struct tune *t, const char *bus, const struct vmmio_tune_choice *c)
{
	size_t family = vmmio_tune_family(&t->t);
	struct vmmio_interval ci;
	char text[24];

	for (size_t i = 0; i < t->t.n; i++) {
		const struct vmmio_tune_setting *s = &t->t.s[i];
		double m = vmmio_stats_median(s->v, s->n);

		if (!vmmio_tune_on(&t->t, i, bus))
			continue;
		vmmio_format(m, text, sizeof(text));
		printf("%s queue_size=%-4u event_idx=%-3s %-8s %10s %s", i == c->best ? "*" : " ",
		       s->queue_size, s->event_idx ? "on" : "off", s->transport, text, unit_of(t));
		if (i == c->usual)
			printf("  (the default)");
		else if (!vmmio_tune_difference(&t->t, i, c->usual, 1 - 2 * ALPHA / family, &ci))
			printf("  (%+.4g, %.2f %% interval %.4g to %.4g)",
			       m - vmmio_stats_median(t->t.s[c->usual].v, t->t.s[c->usual].n),
			       100 * ci.level, ci.low, ci.high);
		printf("\n");
	}
}

static int recommend(const struct tune *t, unsigned int boots)
{
	static const char *const buses[] = {"mmio", "pci"};
	size_t family = vmmio_tune_family(&t->t);
	struct vmmio_tune_choice c[2];
	int err[2];

	for (int i = 0; i < 2; i++) {
		err[i] = vmmio_tune_choose(&t->t, buses[i], family, ALPHA, &c[i]);
		if (!err[i])
			say_choice(t, buses[i], boots, &c[i]);
		else if (err[i] != -ENOENT)
			return err[i];
	}
	printf("\n");
	for (int i = 0; i < 2; i++)
		if (!err[i])
			say_settings(t, buses[i], &c[i]);
	for (int i = 0; i < 2; i++)
		if (!err[i] && c[i].best != c[i].usual)
			say_commands(&t->t.s[c[i].best]);
	return 0;
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
		{"transport", VMMIO_OPT_CHOICE, &t->transport, 0, 0, "all|mmio|pci", "all|mmio|pci",
		 "settings of which devices (all)"},
		{"measure", VMMIO_OPT_STRING, &t->measure, 0, 0, NULL, "CMD",
		 "a command that prints the number instead; setting in VMMIO_*"},
		{"seed", VMMIO_OPT_NUMBER, &t->seed, 1, 4294967295.0, NULL, "N",
		 "of the order of measurements (1)"},
		VMMIO_SETUP_OPTS(&t->setup),
	};
	size_t n;
	int err = vmmio_opts_parse("vmmio-bench tune", "[options]", opts,
				   sizeof(opts) / sizeof(opts[0]), argc, argv, NULL, 0, &n);

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
	if (t->measure || !vmmio_accel_emulated(t->setup.accel))
		return true;
	if (!strcmp(t->objective, "accesses") && t->depth == 1)
		return true;
	fprintf(stderr,
		NAME "no advice under %s: %s; --objective accesses --depth 1 is structural and "
		     "can be had\n",
		vmmio_accel_name(t->setup.accel),
		!strcmp(t->objective, "latency")
			? "its time is emulated"
			: "what it counts is true of the emulated run only");
	return false;
}

static int run(struct tune *t)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int boot = 0, least;
	int err = 0;

	if (!rng)
		return VMMIO_EXIT_TROUBLE;
	gsl_rng_set(rng, t->seed);
	least = vmmio_tune_least_boots(vmmio_tune_family(&t->t), ALPHA);
	if (t->boots < least) {
		fprintf(stderr,
			NAME "--boots %u: too few to show anything of %zu settings, which takes "
			     "%u\n",
			t->boots, vmmio_tune_family(&t->t), least);
		gsl_rng_free(rng);
		return VMMIO_EXIT_USAGE;
	}
	while (!err && boot < t->boots) {
		err = measure_round(t, rng, boot);
		/* to stop where nothing can come of it makes no false recommendation more likely */
		if (!err && vmmio_tune_futile(&t->t, ++boot, t->boots, ALPHA))
			break;
	}
	gsl_rng_free(rng);
	err = err ?: recommend(t, boot);
	if (err) {
		if (err != -EINTR && err != -EIO)
			fprintf(stderr, NAME "%s\n", strerror(-err));
		return vmmio_stop ? 128 + vmmio_stop : VMMIO_EXIT_TROUBLE;
	}
	return VMMIO_EXIT_OK;
}

/* Every setting that is tried. */
static int plan(struct tune *t)
{
	int err = 0;

	for (size_t i = 0; i < t->sizes.n && !err; i++)
		for (int k = 0; k < 2 * VMMIO_COLUMNS && !err; k++)
			if (takes(t, vmmio_columns[k / 2]))
				err = vmmio_tune_setting(&t->t, t->sizes.v[i], !(k & 1),
							 vmmio_columns[k / 2]);
	return err;
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
			 .rw = "read",
			 .transport = "all"};
	int err = parse(&t, argc, argv), status;

	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	vmmio_stop_on_signals();
	if (!t.measure &&
	    (vmmio_setup_qemu("tune", &t.setup) || vmmio_setup_accel("tune", &t.setup)))
		return VMMIO_EXIT_TROUBLE;
	if (!may_advise(&t))
		return VMMIO_EXIT_NEGATIVE;
	status = plan(&t) ? VMMIO_EXIT_TROUBLE : run(&t);
	vmmio_tune_free(&t.t);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench tune: queue size x notification suppression x interrupt mode for one load, at each
 * depth. Each round measures all settings, in random order, boot by boot. A setting is recommended
 * if it is shown to be below the default; else there is nothing to gain. It does not advise on
 * emulated time.
 *
 * Long because options, measurement, choice and texts of one command share one struct.
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
#include "bench/guest/qemu.h"
#include "bench/data/rounds.h"
#include "setup.h"
#include "bench/data/stats.h"
#include "bench/sweep/sweep.h"
#include "bench/judge/tune.h"

#define NAME "vmmio-bench tune: "
#define ALPHA 0.05 /* of recommending anything where nothing is better */

struct tune {
	struct vmmio_setup setup;
	struct vmmio_list sizes, depths;
	unsigned int boots, count, seed;
	const char *objective, *measure, *rw, *transport, *load;
	const struct vmmio_kind *kind; /* of @load */
	struct vmmio_tune *t;	       /* of each depth */
	bool json;
};

/* The objective as a command of the user's: the setting in its environment, a number from it. */
static int measure_by_command(const struct tune *t, const struct vmmio_tune_setting *s,
			      unsigned int depth, unsigned int boot, double *out)
{
	char text[128], cmd[4096], *end;
	FILE *f;
	int status;

	if (snprintf(cmd, sizeof(cmd),
		     "export VMMIO_QUEUE_SIZE=%u VMMIO_EVENT_IDX=%s VMMIO_TRANSPORT=%s "
		     "VMMIO_DEPTH=%u VMMIO_BOOT=%u; %s",
		     s->queue_size, s->event_idx ? "on" : "off", s->transport, depth, boot,
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

static enum vmmio_metric_id metric_of(const struct tune *t)
{
	return !strcmp(t->objective, "latency") ? VMMIO_M_LATENCY_P50
	       : !strcmp(t->objective, "kicks") ? VMMIO_M_KICKS_PER_IO
						: VMMIO_M_ACCESSES_PER_IO;
}

/* The objective's values of a boot, one for each transport and depth: all of them, or -ENODATA. */
static int take_series(struct tune *t, const struct vmmio_series_set *set, unsigned int size,
		       bool event_idx)
{
	size_t wanted = 0, found = 0;
	int err = 0;

	for (int i = 0; i < VMMIO_COLUMNS; i++)
		wanted += takes(t, vmmio_columns[i]) ? t->depths.n : 0;
	for (size_t i = 0; i < set->n && !err; i++) {
		char transport[24], depth[24];

		if (set->s[i].id != metric_of(t))
			continue;
		vmmio_series_label(&set->s[i], "transport", transport, sizeof(transport));
		vmmio_series_label(&set->s[i], "depth", depth, sizeof(depth));
		for (size_t d = 0; d < t->depths.n && !err; d++)
			if (strtoul(depth, NULL, 10) == t->depths.v[d]) {
				err = vmmio_tune_add(&t->t[d], size, event_idx, transport,
						     set->s[i].v[0]);
				found++;
			}
	}
	if (err || found == wanted)
		return err;
	fprintf(stderr, NAME "--objective %s: --load %s does not say it\n", t->objective, t->load);
	return -EIO;
}

/* One boot: the transports and depths of one queue size and suppression share it. */
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
	run.s.kind = t->kind;
	run.s.request = 32; /* netperf's */
	run.s.response = 1024;
	run.s.queue_size = size;
	run.s.queues = run.s.vcpus = 1;
	run.s.block_size = 4096;
	run.s.event_idx = event_idx;
	run.s.indirect = true;
	run.s.count = t->count;
	run.s.depths = t->depths;
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
	err = err ?: take_series(t, &set, size, event_idx);
	vmmio_series_free(&set);
	json_decref(report);
	vmmio_run_free(&store);
	vmmio_guest_result_free(&job.result);
	return vmmio_stop ? -EINTR : err;
}

/* One round: every setting once, in random order. */
static int measure_round(struct tune *t, gsl_rng *rng, unsigned int boot)
{
	size_t per = t->t[0].n;
	size_t n = t->measure ? per * t->depths.n : 2 * t->sizes.n,
	       *order = calloc(n, sizeof(*order));
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
			struct vmmio_tune *at = &t->t[order[i] / per];
			struct vmmio_tune_setting *s = &at->s[order[i] % per];
			double v = NAN;

			err = measure_by_command(t, s, t->depths.v[order[i] / per], boot, &v);
			err = err
				      ?: vmmio_tune_add(at, s->queue_size, s->event_idx,
							s->transport, v);
		} else {
			err = measure_boot(t, t->sizes.v[order[i] / 2], order[i] & 1, boot);
		}
	}
	free(order);
	vmmio_progress_end();
	return vmmio_stop ? -EINTR : err;
}

/* What to type: for vmmio.ko, and for mainline's drivers, which can withhold features only. */
static void say_commands(const struct vmmio_tune_setting *b)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): one of those that were planned */
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

/* Settings that were tried, of all depths. */
static size_t family_of(const struct tune *t)
{
	size_t n = 0;

	for (size_t d = 0; d < t->depths.n; d++)
		n += vmmio_tune_family(&t->t[d]);
	return n;
}

/* "mmio", with several depths "mmio, depth 16". */
static const char *question(const struct tune *t, const char *bus, size_t d, char *buf, size_t len)
{
	if (t->depths.n == 1)
		return bus;
	snprintf(buf, len, "%s, depth %u", bus, t->depths.v[d]);
	return buf;
}

/* One line for each bus and depth: what was asked. */
static void say_choice(const struct tune *t, size_t d, const char *bus, unsigned int boots,
		       const struct vmmio_tune_choice *c)
{
	const struct vmmio_tune_setting *b = &t->t[d].s[c->best], *u = &t->t[d].s[c->usual];
	double usual = vmmio_stats_median(u->v, u->n), least = vmmio_stats_median(b->v, b->n);
	char best[64], other[64], of[40];

	describe(b, best, sizeof(best));
	describe(u, other, sizeof(other));
	if (c->best == c->usual)
		printf("nothing to gain (%s), n = %u boots: no setting was shown to be less than "
		       "the default (%s: %.4g); a gain of up to %.4g could be hidden\n",
		       question(t, bus, d, of, sizeof(of)), boots, other, usual, c->hidden);
	else
		printf("recommended (%s), n = %u boots: %s: %.4g less than the %.4g of the default "
		       "(%s), p %.3g\n",
		       question(t, bus, d, of, sizeof(of)), boots, best, usual - least, usual,
		       other, c->p);
}

static void say_settings(const struct tune *t, size_t d, const char *bus,
			 const struct vmmio_tune_choice *c)
{
	const struct vmmio_tune *at = &t->t[d];
	size_t family = family_of(t);
	struct vmmio_interval ci;
	char text[24];

	for (size_t i = 0; i < at->n; i++) {
		const struct vmmio_tune_setting *s = &at->s[i];
		double m = vmmio_stats_median(s->v, s->n);

		if (!vmmio_tune_on(at, i, bus))
			continue;
		vmmio_format(m, text, sizeof(text));
		printf("%s queue_size=%-4u event_idx=%-3s %-8s", i == c->best ? "*" : " ",
		       s->queue_size, s->event_idx ? "on" : "off", s->transport);
		if (t->depths.n > 1)
			printf(" depth=%-4u", t->depths.v[d]);
		printf(" %10s %s", text, unit_of(t));
		if (i == c->usual)
			printf("  (the default)");
		else if (!vmmio_tune_difference(at, i, c->usual, 1 - 2 * ALPHA / family, &ci))
			printf("  (%+.4g, %.2f %% interval %.4g to %.4g)",
			       m - vmmio_stats_median(at->s[c->usual].v, at->s[c->usual].n),
			       100 * ci.level, ci.low, ci.high);
		printf("\n");
	}
}

static const char *const buses[] = {"mmio", "pci"};
#define BUSES 2

/* What was chosen over each bus at each depth, usual == t->t[d].n where there is no such bus. */
static int choose(const struct tune *t, struct vmmio_tune_choice *all)
{
	size_t family = family_of(t);
	int err = 0;

	for (size_t k = 0; k < BUSES * t->depths.n && !err; k++) {
		const struct vmmio_tune *at = &t->t[k / BUSES];

		err = vmmio_tune_choose(at, buses[k % BUSES], family, ALPHA, &all[k]);
		if (err == -ENOENT) {
			all[k].usual = at->n;
			err = 0;
		}
	}
	return err;
}

static int recommend(const struct tune *t, unsigned int boots)
{
	size_t n = BUSES * t->depths.n;
	struct vmmio_tune_choice *c = calloc(n, sizeof(*c));
	int err = c ? choose(t, c) : -ENOMEM;

	for (size_t k = 0; k < n && !err; k++)
		if (c[k].usual < t->t[k / BUSES].n)
			say_choice(t, k / BUSES, buses[k % BUSES], boots, &c[k]);
	if (!err)
		printf("\n");
	for (size_t k = 0; k < n && !err; k++)
		if (c[k].usual < t->t[k / BUSES].n)
			say_settings(t, k / BUSES, buses[k % BUSES], &c[k]);
	for (size_t k = 0; k < n && !err; k++) {
		char of[40];

		if (c[k].usual == t->t[k / BUSES].n || c[k].best == c[k].usual)
			continue;
		if (t->depths.n > 1)
			printf("%s: ", question(t, buses[k % BUSES], k / BUSES, of, sizeof(of)));
		say_commands(&t->t[k / BUSES].s[c[k].best]);
	}
	free(c);
	return err;
}

static int parse(struct tune *t, int argc, char **argv)
{
	struct vmmio_opt opts[] = {
		{"queue-size", VMMIO_OPT_LIST, &t->sizes, 16, 1024, NULL, "LIST",
		 "rings to try (64,128,256)"},
		{"boots", VMMIO_OPT_NUMBER, &t->boots, 3, 999, NULL, "N",
		 "boots of each setting at most (9)"},
		{"load", VMMIO_OPT_CHOICE, &t->load, 0, 0, "block|fio|udp_rr|tcp_rr",
		 "block|fio|udp_rr|tcp_rr", "whose settings: a disk's, or a NIC's (block)"},
		{"depth", VMMIO_OPT_LIST, &t->depths, 1, 1024, NULL, "LIST",
		 "I/Os in flight, a recommendation for each (1)"},
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
	if (t->measure && (t->load || t->rw || t->objective || t->count)) {
		fprintf(stderr,
			NAME "--%s: contradicts --measure, whose command has a load of its own\n",
			t->load	       ? "load"
			: t->rw	       ? "rw"
			: t->objective ? "objective"
				       : "count");
		return -EINVAL;
	}
	t->load = t->load ?: "block";
	t->rw = t->rw ?: "read";
	t->objective = t->objective ?: "latency";
	t->count = t->count ?: 500;
	t->kind = vmmio_kind_find(t->load);
	for (size_t d = 0; d < t->depths.n && !t->measure; d++)
		if (t->depths.v[d] > t->count) {
			fprintf(stderr,
				NAME "--count %u: fewer I/Os than --depth %u keeps in flight\n",
				t->count, t->depths.v[d]);
			return -EINVAL;
		}
	for (size_t i = 0; i < t->sizes.n && !t->measure; i++)
		if (t->kind->ring_max && t->sizes.v[i] > t->kind->ring_max) {
			fprintf(stderr, NAME "--queue-size %u: --load %s has rings of at most %u\n",
				t->sizes.v[i], t->load, t->kind->ring_max);
			return -EINVAL;
		}
	return vmmio_setup_consistent("tune", &t->setup);
}

/* What may be said on this accelerator; prints the refusal. */
static bool may_advise(const struct tune *t)
{
	if (t->measure || !vmmio_accel_emulated(t->setup.accel))
		return true;
	if (!strcmp(t->objective, "accesses") && t->depths.n == 1 && t->depths.v[0] == 1 &&
	    strcmp(t->load, "tcp_rr"))
		return true;
	fprintf(stderr,
		NAME "no advice under %s: %s; --objective accesses --depth 1 is structural and "
		     "can be had, but for tcp_rr\n",
		vmmio_accel_name(t->setup.accel),
		!strcmp(t->objective, "latency")
			? "its time is emulated"
			: "what it counts is true of the emulated run only");
	return false;
}

static bool futile(const struct tune *t, unsigned int boots)
{
	for (size_t d = 0; d < t->depths.n; d++)
		if (!vmmio_tune_futile(&t->t[d], boots, t->boots, family_of(t), ALPHA))
			return false;
	return true;
}

static int run(struct tune *t)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int boot = 0, least;
	int err = 0;

	if (!rng)
		return VMMIO_EXIT_TROUBLE;
	gsl_rng_set(rng, t->seed);
	least = vmmio_tune_least_boots(family_of(t), ALPHA);
	if (t->boots < least) {
		fprintf(stderr,
			NAME "--boots %u: too few to show anything of %zu settings, which takes "
			     "%u\n",
			t->boots, family_of(t), least);
		gsl_rng_free(rng);
		return VMMIO_EXIT_USAGE;
	}
	while (!err && boot < t->boots) {
		err = measure_round(t, rng, boot);
		/* to stop where nothing can come of it makes no false recommendation more likely */
		boot++;
		if (!err && futile(t, boot))
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

	t->t = calloc(t->depths.n, sizeof(*t->t));
	if (!t->t)
		return -ENOMEM;
	for (size_t i = 0; i < t->depths.n * t->sizes.n && !err; i++)
		for (int k = 0; k < 2 * VMMIO_COLUMNS && !err; k++)
			if (takes(t, vmmio_columns[k / 2]))
				err = vmmio_tune_setting(&t->t[i / t->sizes.n],
							 t->sizes.v[i % t->sizes.n], !(k & 1),
							 vmmio_columns[k / 2]);
	return err;
}

int vmmio_cmd_tune(int argc, char **argv)
{
	struct tune t = {.setup = VMMIO_SETUP_DEFAULT,
			 .sizes = {{64, 128, 256}, 3},
			 .boots = 9,
			 .depths = {{1}, 1},
			 .seed = 1,
			 .transport = "all"};
	int err = parse(&t, argc, argv), status;
	char image[PATH_MAX];

	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	vmmio_stop_on_signals();
	if (!t.measure &&
	    (vmmio_setup_qemu("tune", &t.setup) || vmmio_setup_accel("tune", &t.setup)))
		return VMMIO_EXIT_TROUBLE;
	if (!may_advise(&t))
		return VMMIO_EXIT_NEGATIVE;
	if (!t.measure && t.kind->image && !t.setup.initrd &&
	    access(vmmio_guest_image(t.kind->image, image, sizeof(image)), R_OK)) {
		fprintf(stderr,
			NAME
			"--load %s: its image is missing: cmake --build BUILD --target %s-image\n",
			t.load, t.load);
		return VMMIO_EXIT_TROUBLE;
	}
	status = plan(&t) ? VMMIO_EXIT_TROUBLE : run(&t);
	for (size_t d = 0; t.t && d < t.depths.n; d++)
		vmmio_tune_free(&t.t[d]);
	free(t.t);
	return status;
}

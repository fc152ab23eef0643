// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench regress: a stored result against a new run, or two commands in
 * turn, once or many times over. What counts as different is ab.c.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "diff.h"
#include "regress.h"
#include "bench/judge/looks.h"
#include "bench/data/machine.h"
#include "bench/guest/pool.h"
#include "setup.h"
#include "lib/accel.h"

#define BASELINE_ARGS 40 /* 32 are used, with all that can be given and the end */

struct regress {
	struct vmmio_ab_command c;
	const char *a, *b;			   /* commands */
	unsigned int pairs, most, repeat, retries; /* pairs 0: as many as it takes, up to most */
	const char *out, *save;
	const char *qemu, *kernel, *initrd,
		*modules;    /* of a baseline's new run; NULL: the build's */
	unsigned int failed; /* runs that were repeated */
	char how[160];	     /* it was decided */
	json_t *outputs;     /* --json: what each repetition concluded */
};

/*
 * One run into @side. A run that fails is repeated and counted; one that does so again and
 * again is nobody's regression: it cannot be decided. 0, -EINTR, or -EAGAIN after the one line.
 */
static int run_into(struct regress *g, char *const argv[], const char *shown, bool pool,
		    struct vmmio_side *side)
{
	char why[160] = "", text[600];

	for (unsigned int i = 0; i <= g->retries && !vmmio_stop; i++) {
		json_t *j = vmmio_run_json(argv, why, sizeof(why));

		if (j && !vmmio_side_take(j, pool, side, why, sizeof(why)))
			return 0;
		g->failed += i < g->retries && !vmmio_stop;
	}
	if (vmmio_stop)
		return -EINTR;
	vmmio_progress_end();
	snprintf(text, sizeof(text), "%s: %s, %u times", shown, why, g->retries + 1);
	return vmmio_ab_refuse(&g->c, text) == VMMIO_EXIT_TROUBLE ? -EIO : -EAGAIN;
}

/* What is kept of repeated pairs: every value, and what was concluded from it. */
struct kept {
	struct vmmio_series_set all;
	json_t *verdicts, *options;
	unsigned int different;
	char accel[16];
};

/* The series of one side of a repetition, with labels that say so. */
static int keep(struct kept *k, const struct vmmio_series_set *set, unsigned int repeat, char side)
{
	struct vmmio_series_set named = {0};
	int err = vmmio_series_extend(&named, set);

	for (size_t i = 0; i < named.n && !err; i++)
		if (snprintf(named.s[i].labels, VMMIO_LABELS_MAX, "repeat=%u side=%c %s",
			     repeat + 1, side, set->s[i].labels) >= VMMIO_LABELS_MAX)
			err = -ENAMETOOLONG;
	err = err ?: vmmio_series_extend(&k->all, &named);
	vmmio_series_free(&named);
	return err;
}

/* One repetition: its conclusion to be kept and, of many, in a line. */
static int conclude_one(const struct regress *g, struct kept *k, const struct vmmio_series_set *a,
			const struct vmmio_series_set *b, unsigned int repeat, unsigned int pairs)
{
	struct vmmio_ab ab;
	int err = vmmio_ab_compare(a, b, &g->c.o, &ab);
	double least = 1;

	if (err)
		return err;
	for (size_t i = 0; i < ab.n; i++)
		if (ab.row[i].tested && ab.row[i].p < least)
			least = ab.row[i].p;
	k->different += ab.different > 0;
	json_array_append_new(k->verdicts,
			      json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:f, s:f}", "pairs", pairs,
					"series", (json_int_t)ab.n, "tested", (json_int_t)ab.tested,
					"different", (json_int_t)ab.different, "regressions",
					(json_int_t)ab.regressions, "undecided",
					(json_int_t)ab.undecided, "least_p", least, "floor",
					ab.floor));
	if (g->repeat > 1 && !g->c.json) {
		printf("repetition %u of %u: %s after %u pairs, %zu of %zu series different",
		       repeat + 1, g->repeat, vmmio_ab_verdict(&ab), pairs, ab.different, ab.n);
		if (ab.tested)
			printf(", %zu tested, least p %.3g%s", ab.tested, least,
			       ab.floor >= g->c.o.alpha ? " (too few runs to show any)" : "");
		printf("\n");
		fflush(stdout);
	}
	/* nothing in common is nothing compared */
	err = ab.regressions	      ? VMMIO_EXIT_NEGATIVE
	      : ab.undecided || !ab.n ? VMMIO_EXIT_UNDECIDED
				      : VMMIO_EXIT_OK;
	vmmio_ab_free(&ab);
	return err;
}

static int write_kept(const struct regress *g, const struct kept *k, const struct vmmio_result *r,
		      char *final)
{
	const char *accel = g->c.o.accel;
	json_t *result = json_pack(
		"{s:i, s:s, s:s, s:s, s:i, s:b, s:i, s:f, s:f, s:i, s:i, s:O, s:O*}", "schema",
		VMMIO_RESULT_SCHEMA, "tool", "vmmio-bench", "kind", "pairs", "accel", accel,
		"pairs", g->pairs ? g->pairs : g->most, "sequential", !g->pairs, "repeat",
		(int)json_array_size(k->verdicts), "alpha", g->c.o.alpha, "threshold_pct",
		g->c.o.threshold, "repeats_different", k->different, "runs_repeated", g->failed,
		"verdicts", k->verdicts, "options", k->options);
	json_t *series = vmmio_series_to_json(&k->all), *machine = vmmio_machine_describe(accel, 0);
	char set[128];
	int err = result && series && machine ? 0 : -ENOMEM;

	json_object_del(machine, "qemu"); /* the commands know theirs */
	err = err ?: vmmio_result_write_json(r, "result.json", result);
	err = err ?: vmmio_result_write_json(r, "machine.json", machine);
	err = err ?: vmmio_result_write_array(r, "series.json", series);
	json_decref(result);
	json_decref(series);
	json_decref(machine);
	if (err)
		return err;
	vmmio_machine_set_name(accel, set, sizeof(set));
	return vmmio_result_commit((struct vmmio_result *)r, set, g->save, "pairs", final);
}

/* Pairs @from to @to: A B, B A, A B ... so that a drift of the machine falls on both. */
static int run_pairs(struct regress *g, unsigned int from, unsigned int to,
		     struct vmmio_side side[2])
{
	int err = 0;

	for (unsigned int i = 2 * from; i < 2 * to && !vmmio_stop && !err; i++) {
		int which = (i & 1) ^ (i >> 1 & 1);
		const char *text = which ? g->b : g->a;
		char *const argv[] = {"/bin/sh", "-c", (char *)text, NULL};

		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\rpair %u (%c) ", i / 2 + 1, 'A' + which);
		err = run_into(g, argv, text, true, &side[which]);
	}
	vmmio_progress_end();
	return vmmio_stop ? -EINTR : err;
}

/* Both sides as they are: may they be compared? 0 or the exit status. */
static int may_compare(struct regress *g, const struct vmmio_side *a, const json_t *ma,
		       const struct vmmio_side *b, const json_t *mb)
{
	vmmio_ab_set_accel(&g->c, a->accel, b->accel);
	return vmmio_ab_set_dims(&g->c, a->result, ma, b->result, mb);
}

/*
 * Pairs until it is decided, or as many as were asked for: how many in *@pairs. 0, the exit
 * status of what is not compared, or -errno.
 */
static int run_until_decided(struct regress *g, struct vmmio_side side[2], unsigned int *pairs)
{
	struct vmmio_sequence q = {0};
	struct vmmio_ab_options *o = &g->c.o;
	bool goes_on = true;
	int err = 0;

	vmmio_looks_plan(g->most, &q.looks);
	*pairs = 0;
	while (goes_on && !err) {
		unsigned int to = g->pairs ? g->pairs : q.looks.pairs[q.look];
		struct vmmio_ab ab;

		err = run_pairs(g, *pairs, to, side);
		*pairs = to;
		err = err
			      ?: may_compare(g, &side[0],
					     json_object_get(side[0].result, "machine"), &side[1],
					     json_object_get(side[1].result, "machine"));
		if (err || g->pairs)
			return err;
		vmmio_sequence_next(&q, &side[0].set, o);
		err = vmmio_ab_compare(&side[0].set, &side[1].set, o, &ab);
		goes_on = !err && vmmio_sequence_goes_on(&q, &ab);
		snprintf(
			g->how, sizeof(g->how),
			"after %u pair%s, look %zu of %zu; alpha %g in equal parts for classes and "
			"their looks",
			to, to == 1 ? "" : "s", q.look, q.looks.n, o->alpha);
		o->how = g->how;
		if (!err)
			vmmio_ab_free(&ab);
	}
	return err;
}

/* One repetition: its exit status, or -errno. */
static int run_once(struct regress *g, unsigned int repeat, struct kept *k)
{
	struct vmmio_side side[2] = {0};
	unsigned int pairs;
	int err = run_until_decided(g, side, &pairs), status = err > 0 ? err : 0;
	json_t *json = NULL;

	err = err < 0 ? err : 0;
	if (!err && !status) {
		if (!k->options)
			k->options = json_incref(json_object_get(side[0].result, "options"));
		if (g->repeat == 1 || g->c.json)
			status = vmmio_ab_conclude(&g->c, &side[0].set, &side[1].set, &json);
		if (json) {
			json_object_set_new(json, "pairs", json_integer(pairs));
			json_array_append_new(g->outputs, json);
		}
		if (status != VMMIO_EXIT_TROUBLE)
			status = conclude_one(g, k, &side[0].set, &side[1].set, repeat, pairs);
		/* half a repetition is none */
		for (int i = 0; i < 2 && g->save && !err; i++)
			err = keep(k, &side[i].set, repeat, 'a' + i);
	}
	snprintf(k->accel, sizeof(k->accel), "%s", side[0].accel);
	g->c.o.accel = k->accel;
	vmmio_side_free(&side[0]);
	vmmio_side_free(&side[1]);
	return err == -EAGAIN ? VMMIO_EXIT_UNDECIDED : err ? err : status;
}

/* A regression in any repetition, else that one could not be decided, else what there is. */
static int worse_status(int a, int b)
{
	static const int rank[] = {[VMMIO_EXIT_OK] = 0,
				   [VMMIO_EXIT_UNDECIDED] = 1,
				   [VMMIO_EXIT_NEGATIVE] = 2,
				   [VMMIO_EXIT_USAGE] = 3,
				   [VMMIO_EXIT_TROUBLE] = 3};

	return rank[b] > rank[a] ? b : a;
}

/* The whole of --json: one object, of many repetitions with all of them. */
static void print_outputs(const struct regress *g, const struct kept *k, const char *final)
{
	json_t *j;

	if (!json_array_size(g->outputs))
		return;
	j = g->repeat > 1 ? json_pack("{s:i, s:i, s:i, s:O}", "schema", 1, "repeat",
				      (int)json_array_size(g->outputs), "repeats_different",
				      k->different, "repetitions", g->outputs)
			  : json_incref(json_array_get(g->outputs, 0));
	json_object_set_new(j, "runs_repeated", json_integer(g->failed));
	if (final[0])
		json_object_set_new(j, "folder", json_string(final));
	vmmio_print_json(j);
}

static int run_commands(struct regress *g)
{
	struct kept k = {.verdicts = json_array()};
	struct vmmio_result r = {0};
	char final[PATH_MAX] = "";
	int status = VMMIO_EXIT_OK, err = 0, one = 0;
	size_t done;

	g->outputs = json_array();
	if (g->save)
		err = vmmio_result_open(&r, g->out);
	if (err)
		fprintf(stderr, "vmmio-bench regress: --out %s: %s\n", g->out, strerror(-err));
	for (unsigned int i = 0; i < g->repeat && !err && one != VMMIO_EXIT_TROUBLE; i++) {
		one = run_once(g, i, &k);
		err = one < 0 ? one : 0;
		status = one > 0 ? worse_status(status, one) : status;
	}
	done = json_array_size(k.verdicts);
	if (done && g->repeat > 1 && !g->c.json)
		printf("%u of %zu repetitions found something different\n", k.different, done);
	if (g->failed && !g->c.json)
		printf("%u runs failed and were repeated\n", g->failed);
	/* a long series that was interrupted has what it has, repetition by repetition */
	if (g->save && done) {
		int kept = write_kept(g, &k, &r, final);

		if (kept)
			fprintf(stderr, "vmmio-bench regress: --out %s: %s\n", g->out,
				strerror(-kept));
		else if (!g->c.json)
			printf("%s\n", final);
		err = err ?: kept;
	}
	print_outputs(g, &k, final);
	vmmio_result_abandon(&r);
	json_decref(g->outputs);
	json_decref(k.verdicts);
	json_decref(k.options);
	vmmio_series_free(&k.all);
	if (vmmio_stop)
		return 128 + vmmio_stop;
	return err ? VMMIO_EXIT_TROUBLE : status;
}

/* The command that measures what @base did; its texts are in static storage. */
static int baseline_command(const struct regress *g, const struct vmmio_loaded *base,
			    char *argv[BASELINE_ARGS])
{
	static char boots[16], rounds[16], count[16], bs[16], depths[256], self[PATH_MAX];
	int nboots = 0, nrounds = 0, ncount = 0, block = 0, times = 0;
	bool emulated = vmmio_accel_name_emulated(base->accel);
	/* a KVM on an emulated processor is a KVM all the same */
	char *accel = strcmp(base->accel, vmmio_accel_name(VMMIO_ACCEL_NONE)) ? "kvm" : "tcg";
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *rw = "read", *driver = NULL;
	json_t *list, *d;
	size_t i, n = 0;

	if (len < 0)
		return -errno;
	if (strcmp(base->kind, "compare") ||
	    json_unpack(base->result, "{s:{s:i, s:i, s:i, s:o, s:s, s:i, s:b, s?s}}", "options",
			"boots", &nboots, "rounds", &nrounds, "count", &ncount, "depths", &list,
			"rw", &rw, "block_size", &block, "times", &times, "driver", &driver))
		return -EPROTO;
	self[len] = depths[0] = '\0';
	json_array_foreach(list, i, d)
		snprintf(depths + strlen(depths), sizeof(depths) - strlen(depths), "%s%d",
			 i ? "," : "", (int)json_integer_value(d));
	snprintf(boots, sizeof(boots), "%d", nboots);
	snprintf(rounds, sizeof(rounds), "%d", nrounds);
	snprintf(count, sizeof(count), "%d", ncount);
	snprintf(bs, sizeof(bs), "%d", block);
	{
		char *const all[] = {
			self,		"compare",  "--json",	    "--no-plots", "--boots",
			boots,		"--rounds", rounds,	    "--count",	  count,
			"--block-size", bs,	    "--rw",	    rw,		  "--depth",
			depths,		"--out",    (char *)g->out, "--accel",	  accel};

		for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			argv[n++] = all[i];
	}
	if (emulated && times)
		argv[n++] = "--emulated-time";
	if (driver) {
		argv[n++] = "--driver";
		argv[n++] = driver;
	}
	{
		const struct {
			char *option;
			const char *value;
		} given[] = {{"--qemu", g->qemu},
			     {"--kernel", g->kernel},
			     {"--initrd", g->initrd},
			     {"--modules", g->modules}};

		for (i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
			if (!given[i].value)
				continue;
			argv[n++] = given[i].option;
			argv[n++] = (char *)given[i].value;
		}
	}
	argv[n] = NULL;
	return 0;
}

/* The baseline's own options again, by this program. */
static int run_again(struct regress *g, const char *path)
{
	struct vmmio_side now = {0}, was = {0};
	int status = VMMIO_EXIT_TROUBLE, err;
	struct vmmio_loaded base;
	char *argv[BASELINE_ARGS];
	json_t *json = NULL;

	if (vmmio_ab_load(&g->c, path, &base))
		return VMMIO_EXIT_TROUBLE;
	if (baseline_command(g, &base, argv)) {
		fprintf(stderr,
			"vmmio-bench regress: %s: a result of %s cannot be run again by regress\n",
			path, base.kind);
		goto out;
	}
	/* one stored run and one new one: how runs differ is not known */
	g->c.o.one_run = true;
	err = run_into(g, argv, "compare", false, &now);
	if (err) {
		status = VMMIO_EXIT_UNDECIDED;
		goto out;
	}
	was.result = base.result;
	snprintf(was.accel, sizeof(was.accel), "%s", base.accel);
	status = may_compare(g, &was, base.machine, &now, json_object_get(now.result, "machine"));
	if (!status)
		status = vmmio_ab_conclude(&g->c, &base.series, &now.set, &json);
	if (json)
		vmmio_print_json(json);
out:
	vmmio_side_free(&now);
	vmmio_result_unload(&base);
	return vmmio_stop ? 128 + vmmio_stop : status;
}

int vmmio_cmd_regress(int argc, char **argv)
{
	struct regress g = {
		.c = {.name = "regress", .o = {.alpha = 0.05, .threshold = 5, .resolution = 0.01}},
		.most = 16,
		.repeat = 1,
		.retries = 2,
		.out = "results"};
	struct vmmio_opt opts[] = {
		{"a", VMMIO_OPT_STRING, &g.a, 0, 0, NULL, "CMD",
		 "what was: a shell command that prints the JSON of compare --json"},
		{"b", VMMIO_OPT_STRING, &g.b, 0, 0, NULL, "CMD", "what is; run in turn with A"},
		{"pairs", VMMIO_OPT_NUMBER, &g.pairs, 1, 1000, NULL, "N",
		 "exactly so many of each, looked at once (as many as it takes)"},
		{"max-pairs", VMMIO_OPT_NUMBER, &g.most, 1, 1000, NULL, "N",
		 "what it may take (16)"},
		{"resolution", VMMIO_OPT_DOUBLE, &g.c.o.resolution, 0, 1e6, NULL, "N",
		 "events per I/O more that must not go unseen (0.01)"},
		{"repeat", VMMIO_OPT_NUMBER, &g.repeat, 1, 1000, NULL, "N",
		 "the whole again, each judged by itself (1)"},
		{"retries", VMMIO_OPT_NUMBER, &g.retries, 0, 100, NULL, "N",
		 "how often a run that fails is repeated (2)"},
		{"save", VMMIO_OPT_STRING, &g.save, 0, 0, NULL, "NAME",
		 "keep the values of --a and --b as a result of that name"},
		{"out", VMMIO_OPT_STRING, &g.out, 0, 0, NULL, "DIR",
		 "where results are kept (results)"},
		{"qemu", VMMIO_OPT_STRING, &g.qemu, 0, 0, NULL, "PROGRAM",
		 "QEMU of the baseline's new run (qemu-system-x86_64)"},
		{"kernel", VMMIO_OPT_STRING, &g.kernel, 0, 0, NULL, "FILE",
		 "its guest kernel (that of the build)"},
		{"initrd", VMMIO_OPT_STRING, &g.initrd, 0, 0, NULL, "FILE",
		 "its guest image (that of the build)"},
		{"modules", VMMIO_OPT_STRING, &g.modules, 0, 0, NULL, "DIR",
		 "its kernel modules, in place of the image's of the same name"},
		VMMIO_AB_OPTS(&g.c),
	};
	const char *path = NULL;
	size_t n;
	int err;

	err = vmmio_opts_parse("regress", "BASELINE [options], or --a CMD --b CMD [options]", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, &path, 1, &n);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	if (!g.a != !g.b || !n == !g.a || (n && (g.save || g.repeat > 1 || g.pairs))) {
		fprintf(stderr, "vmmio-bench regress: %s\n",
			n && g.a       ? "--a: contradicts a baseline"
			: n	       ? "--pairs, --save and --repeat: need --a and --b"
			: !g.a && !g.b ? "a baseline is needed, or --a and --b"
			: g.a	       ? "--a: needs --b"
				       : "--b: needs --a");
		return VMMIO_EXIT_USAGE;
	}
	if (g.repeat > 1 && (g.c.markdown || g.c.junit || g.c.github)) {
		fprintf(stderr, "vmmio-bench regress: --%s: of one repetition\n",
			g.c.markdown ? "markdown"
			: g.c.junit  ? "junit"
				     : "github");
		return VMMIO_EXIT_USAGE;
	}
	if (g.a && (g.qemu || g.kernel || g.initrd || g.modules)) {
		fprintf(stderr, "vmmio-bench regress: --%s: of --a and --b the commands say it\n",
			g.qemu	   ? "qemu"
			: g.kernel ? "kernel"
			: g.initrd ? "initrd"
				   : "modules");
		return VMMIO_EXIT_USAGE;
	}
	if (g.save && (g.save[0] == '.' || strchr(g.save, '/') || strlen(g.save) > 60)) {
		fprintf(stderr, "vmmio-bench regress: --save %s: not the plain name of a folder\n",
			g.save);
		return VMMIO_EXIT_USAGE;
	}
	if (vmmio_ab_consistent(&g.c))
		return VMMIO_EXIT_USAGE;
	vmmio_stop_on_signals();
	err = g.a ? run_commands(&g) : run_again(&g, path);
	json_decref(g.c.changed);
	return err;
}

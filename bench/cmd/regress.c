// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench regress: a stored result against a new run, or two commands or builds in
 * turn, once or many times over; of commits bisect.c. What counts as different is ab.c.
 *
 * Long because its forms share one command line, and what contradicts what is said in one place.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bisect.h"
#include "builds.h"
#include "cmd.h"
#include "diff.h"
#include "pairs.h"
#include "bench/data/machine.h"
#include "bench/guest/pool.h"
#include "setup.h"
#include "lib/accel.h"

#define WORDS_MAX 64	 /* of the command line */
#define BASELINE_ARGS 40 /* 32 are used, with all that can be given and the end */

struct regress {
	struct vmmio_ab_command c;
	struct vmmio_pairs p;
	const char *a, *b; /* commands */
	unsigned int repeat;
	const char *out, *save;
	const char *measure, *cache; /* of a bisection */
	const char *history;	     /* history.c */
	struct vmmio_builds builds;  /* of a baseline's new run, or of both sides */
	char *const *argv[2];	     /* of both sides, where they are no shell commands */
	json_t *outputs;	     /* --json: what each repetition concluded */
};

/* What is kept of repeated pairs: every value, and what was concluded from it. */
struct kept {
	struct vmmio_series_set all;
	json_t *verdicts, *options;
	unsigned int different;
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
	enum vmmio_accel accel = g->c.o.accel;
	json_t *result = json_pack(
		"{s:i, s:s, s:s, s:s, s:i, s:b, s:i, s:f, s:f, s:i, s:i, s:O, s:O*}", "schema",
		VMMIO_RESULT_SCHEMA, "tool", "vmmio-bench", "kind", "pairs", "accel",
		vmmio_accel_name(accel), "pairs", g->p.pairs ? g->p.pairs : g->p.most, "sequential",
		!g->p.pairs, "repeat", (int)json_array_size(k->verdicts), "alpha", g->c.o.alpha,
		"threshold_pct", g->c.o.threshold, "repeats_different", k->different,
		"runs_repeated", g->p.failed, "verdicts", k->verdicts, "options", k->options);
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

/* One repetition: its exit status, or -errno. */
static int run_once(struct regress *g, unsigned int repeat, struct kept *k)
{
	struct vmmio_side side[2] = {0};
	unsigned int pairs;
	int err = vmmio_pairs_run(&g->p, side, &pairs), status = err > 0 ? err : 0;
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
	g->c.o.accel = side[0].accel;
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
	json_object_set_new(j, "runs_repeated", json_integer(g->p.failed));
	if (final[0])
		json_object_set_new(j, "folder", json_string(final));
	vmmio_print_json(j);
}

static int run_commands(struct regress *g)
{
	char *const a[] = {"/bin/sh", "-c", (char *)g->a, NULL};
	char *const b[] = {"/bin/sh", "-c", (char *)g->b, NULL};
	bool shell = g->a;
	struct kept k = {.verdicts = json_array()};
	struct vmmio_result r = {0};
	char final[PATH_MAX] = "";
	int status = VMMIO_EXIT_OK, err = 0, one = 0;
	size_t done;

	g->p.argv[0] = shell ? a : g->argv[0];
	g->p.argv[1] = shell ? b : g->argv[1];
	g->p.shown[0] = shell ? g->a : "compare of A";
	g->p.shown[1] = shell ? g->b : "compare of B";
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
	if (g->p.failed && !g->c.json)
		printf("%u runs failed and were repeated\n", g->p.failed);
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
	g->p.argv[0] = g->p.argv[1] = NULL; /* they were of this function */
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
	bool emulated = vmmio_accel_emulated(base->accel);
	/* a KVM on an emulated processor is a KVM all the same */
	char *accel = base->accel == VMMIO_ACCEL_NONE ? "tcg" : "kvm";
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
	vmmio_builds_add(&g->builds, 0, argv, &n);
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
	err = vmmio_pairs_one(&g->p, argv, "compare", false, &now);
	if (err) {
		status = VMMIO_EXIT_UNDECIDED;
		goto out;
	}
	was.result = base.result;
	was.accel = base.accel;
	status = vmmio_pairs_may(&g->p, &was, base.machine, &now,
				 json_object_get(now.result, "machine"));
	if (!status)
		status = vmmio_ab_conclude(&g->c, &base.series, &now.set, &json);
	if (json)
		vmmio_print_json(json);
out:
	vmmio_side_free(&now);
	vmmio_result_unload(&base);
	return vmmio_stop ? 128 + vmmio_stop : status;
}

/* Builds of both sides by this program, with the @n words for compare. */
static int run_builds(struct regress *g, const char *const *words, size_t n)
{
	char *argv[2][BASELINE_ARGS + WORDS_MAX], self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	for (size_t i = 0; i < n; i++) {
		if (!vmmio_builds_is(words[i]))
			continue;
		fprintf(stderr, "vmmio-bench regress: %s: belongs before --, once or twice\n",
			words[i]);
		return VMMIO_EXIT_USAGE;
	}
	if (len < 0) {
		perror("vmmio-bench regress: /proc/self/exe");
		return VMMIO_EXIT_TROUBLE;
	}
	self[len] = '\0';
	for (int side = 0; side < 2; side++) {
		char *const first[] = {self,	  "compare", "--json",	   "--no-plots",
				       "--boots", "2",	     "--rounds",   "1",
				       "--depth", "1",	     "--no-folder"};
		size_t to = 0;

		for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
			argv[side][to++] = first[i];
		vmmio_builds_add(&g->builds, side, argv[side], &to);
		for (size_t i = 0; i < n; i++)
			argv[side][to++] = (char *)words[i];
		argv[side][to] = NULL;
		g->argv[side] = argv[side];
	}
	return run_commands(g);
}

/* What was given that a bisection has no use for, or NULL. */
static const char *bisect_contradicts(const struct regress *g)
{
	const struct {
		const char *name;
		bool given;
	} all[] = {{"a", g->a},
		   {"b", g->b},
		   {"save", g->save},
		   {"repeat", g->repeat > 1},
		   {"markdown", g->c.markdown},
		   {"junit", g->c.junit},
		   {"github", g->c.github}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].given)
			return all[i].name;
	return vmmio_builds_given(&g->builds);
}

static int run_bisect(struct regress *g, bool asked, const char *const *words, size_t n)
{
	const char *other = bisect_contradicts(g);
	int status;

	if (!asked || n < 3 || other) {
		fprintf(stderr, "vmmio-bench regress: %s%s%s\n", asked && other ? "--" : "",
			!asked	? "--measure and --cache: need --bisect"
			: other ? other
				: "--bisect: needs GOOD, BAD and, after --, what builds",
			asked && other ? ": contradicts --bisect" : "");
		return VMMIO_EXIT_USAGE;
	}
	if (vmmio_ab_consistent(&g->c))
		return VMMIO_EXIT_USAGE;
	vmmio_stop_on_signals();
	status = vmmio_bisect_command(&(const struct vmmio_bisect_command){
		.c = &g->c,
		.good = words[0],
		.bad = words[1],
		.build = words + 2,
		.nbuild = n - 2,
		.measure = g->measure,
		.cache = g->cache,
		.pairs = g->p.pairs,
		.most = g->p.most,
		.retries = g->p.retries,
	});
	json_decref(g->c.changed);
	return status;
}

int vmmio_cmd_regress(int argc, char **argv)
{
	struct regress g = {
		.c = {.name = "regress", .o = {.alpha = 0.05, .threshold = 5, .resolution = 0.01}},
		.p = {.most = 16, .retries = 2},
		.repeat = 1,
		.out = "results"};
	bool bisect = false;
	struct vmmio_opt opts[] = {
		{"a", VMMIO_OPT_STRING, &g.a, 0, 0, NULL, "CMD",
		 "what was: a shell command that prints the JSON of compare --json"},
		{"b", VMMIO_OPT_STRING, &g.b, 0, 0, NULL, "CMD", "what is; run in turn with A"},
		{"pairs", VMMIO_OPT_NUMBER, &g.p.pairs, 1, 1000, NULL, "N",
		 "exactly so many of each, looked at once (as many as it takes)"},
		{"max-pairs", VMMIO_OPT_NUMBER, &g.p.most, 1, 1000, NULL, "N",
		 "what it may take (16)"},
		{"resolution", VMMIO_OPT_DOUBLE, &g.c.o.resolution, 0, 1e6, NULL, "N",
		 "events per I/O more that must not go unseen (0.01)"},
		{"repeat", VMMIO_OPT_NUMBER, &g.repeat, 1, 1000, NULL, "N",
		 "the whole again, each judged by itself (1)"},
		{"retries", VMMIO_OPT_NUMBER, &g.p.retries, 0, 100, NULL, "N",
		 "how often a run that fails is repeated (2)"},
		{"save", VMMIO_OPT_STRING, &g.save, 0, 0, NULL, "NAME",
		 "keep the values of --a and --b as a result of that name"},
		{"out", VMMIO_OPT_STRING, &g.out, 0, 0, NULL, "DIR",
		 "where results are kept (results)"},
		VMMIO_BUILDS_OPTS(&g.builds),
		{"history", VMMIO_OPT_STRING, &g.history, 0, 0, NULL, "DIR",
		 "instead: stored results over time, and where they changed (--history DIR "
		 "--help)"},
		{"bisect", VMMIO_OPT_FLAG, &bisect, 0, 0, NULL, NULL,
		 "instead: which commit after GOOD made it worse; BUILD is run in a tree of each"},
		{"measure", VMMIO_OPT_STRING, &g.measure, 0, 0, NULL, "CMD",
		 "of --bisect: prints the JSON of compare --json for what is in $OUT (compare "
		 "--timeout 60 --retries 0)"},
		{"cache", VMMIO_OPT_STRING, &g.cache, 0, 0, NULL, "DIR",
		 "of --bisect: where builds are kept (~/.cache/vmmio/builds)"},
		VMMIO_AB_OPTS(&g.c),
	};
	const char *words[WORDS_MAX];
	const char *path, *twice;
	size_t n;
	int err;

	if (vmmio_opts_ask("--history", argc, argv))
		return vmmio_cmd_history(argc, argv);
	err = vmmio_opts_parse("vmmio-bench regress",
			       "BASELINE [options], or --a CMD --b CMD [options]\n"
			       "--kernel A --kernel B [options] [-- COMPARE-OPTIONS]\n"
			       "--bisect GOOD BAD [options] -- BUILD...",
			       opts, sizeof(opts) / sizeof(opts[0]), argc, argv, words, WORDS_MAX,
			       &n);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	if (bisect || g.measure || g.cache)
		return run_bisect(&g, bisect, words, n);
	twice = vmmio_builds_twice(&g.builds);
	if (twice) {
		bool operand = n && words[0][0] != '-';

		if (g.a || g.b || operand) {
			fprintf(stderr, "vmmio-bench regress: --%s: twice contradicts %s\n", twice,
				g.a   ? "--a"
				: g.b ? "--b"
				      : "a baseline (what follows -- is compare's)");
			return VMMIO_EXIT_USAGE;
		}
		path = NULL;
	} else if (n > 1) {
		fprintf(stderr, "vmmio-bench regress: %s: one operand too many\n", words[1]);
		return VMMIO_EXIT_USAGE;
	} else {
		path = n ? words[0] : NULL;
	}
	if (!twice &&
	    (!g.a != !g.b || !n == !g.a || (n && (g.save || g.repeat > 1 || g.p.pairs)))) {
		fprintf(stderr, "vmmio-bench regress: %s\n",
			n && g.a ? "--a: contradicts a baseline"
			: n	 ? "--pairs, --save and --repeat: need --a and --b"
			: !g.a && !g.b
				? "a baseline is needed, --a and --b, or two of --kernel, --qemu, "
				  "--modules or --initrd"
			: g.a ? "--a: needs --b"
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
	if (g.a && vmmio_builds_given(&g.builds)) {
		fprintf(stderr, "vmmio-bench regress: --%s: of --a and --b the commands say it\n",
			vmmio_builds_given(&g.builds));
		return VMMIO_EXIT_USAGE;
	}
	if (g.save && (g.save[0] == '.' || strchr(g.save, '/') || strlen(g.save) > 60)) {
		fprintf(stderr, "vmmio-bench regress: --save %s: not the plain name of a folder\n",
			g.save);
		return VMMIO_EXIT_USAGE;
	}
	if (vmmio_ab_consistent(&g.c))
		return VMMIO_EXIT_USAGE;
	g.p.c = &g.c;
	vmmio_stop_on_signals();
	err = g.a ? run_commands(&g) : twice ? run_builds(&g, words, n) : run_again(&g, path);
	json_decref(g.c.changed);
	return err;
}

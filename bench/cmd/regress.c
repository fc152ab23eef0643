// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench regress: a stored result against a new run, or two commands in
 * turn, once or many times over. What counts as different is ab.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "diff.h"
#include "bench/data/machine.h"
#include "bench/guest/pool.h"
#include "setup.h"

struct regress {
	struct vmmio_ab_command c;
	const char *a, *b; /* commands */
	unsigned int pairs, repeat;
	const char *out, *save;
};

/*
 * Run @argv with standard output into a JSON object. The child goes with its
 * parent, and what it starts goes with it.
 */
static json_t *run_json(const struct vmmio_ab_command *c, char *const argv[], const char *shown)
{
	int pipefd[2], status = -1;
	json_error_t e;
	json_t *j = NULL;
	pid_t pid;
	FILE *f;

	if (pipe2(pipefd, O_CLOEXEC))
		return NULL;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(pipefd[1], 1);
		execv(argv[0], argv);
		_exit(127);
	}
	close(pipefd[1]);
	f = pid > 0 ? fdopen(pipefd[0], "r") : NULL;
	if (f) {
		j = json_loadf(f, JSON_DISABLE_EOF_CHECK, &e);
		while (!vmmio_stop && fgetc(f) != EOF)
			;
		fclose(f);
	} else {
		close(pipefd[0]);
	}
	if (pid > 0 && vmmio_stop)
		kill(pid, SIGTERM); /* the signal came while its output was read */
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		if (vmmio_stop)
			kill(pid, SIGTERM);
	if (!vmmio_stop && (!WIFEXITED(status) || WEXITSTATUS(status) || !j)) {
		fprintf(stderr, "vmmio-bench %s: %s: %s\n", c->name, shown,
			j ? "failed" : "its output is not the JSON of a result");
		json_decref(j);
		j = NULL;
	}
	return j;
}

/* The series of one command's output; a command of several boots gives all of them. */
static int take_series(const struct vmmio_ab_command *c, json_t *j, const char *shown,
		       struct vmmio_series_set *set, char *accel, size_t len)
{
	struct vmmio_series_set one = {0};
	const char *name = NULL;
	char why[128] = "no series";
	int err = -EPROTO;

	if (j && !json_unpack(j, "{s:s}", "accel", &name))
		err = vmmio_series_from_json(&one, json_object_get(j, "series"), why, sizeof(why));
	if (!err && accel[0] && strcmp(accel, name)) {
		snprintf(why, sizeof(why), "accelerator %s after %s", name, accel);
		err = -EPROTO;
	}
	if (!err) {
		snprintf(accel, len, "%s", name);
		err = vmmio_series_extend(set, &one);
	} else if (j) {
		fprintf(stderr, "vmmio-bench %s: %s: %s\n", c->name, shown, why);
	}
	vmmio_series_free(&one);
	json_decref(j);
	return err;
}

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
			const struct vmmio_series_set *b, unsigned int repeat)
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
			      json_pack("{s:I, s:I, s:I, s:I, s:f, s:f}", "series",
					(json_int_t)ab.n, "tested", (json_int_t)ab.tested,
					"different", (json_int_t)ab.different, "regressions",
					(json_int_t)ab.regressions, "least_p", least, "floor",
					ab.floor));
	if (g->repeat > 1) {
		printf("repetition %u of %u: %s, %zu of %zu series different", repeat + 1,
		       g->repeat, ab.regressions ? "REGRESSION" : "no regression", ab.different,
		       ab.n);
		if (ab.tested)
			printf(", %zu by rank test, least p %.3g%s", ab.tested, least,
			       ab.floor >= g->c.o.alpha ? " (too few runs to show any)" : "");
		printf("\n");
		fflush(stdout);
	}
	err = ab.regressions ? VMMIO_EXIT_NEGATIVE : VMMIO_EXIT_OK;
	vmmio_ab_free(&ab);
	return err;
}

static int write_kept(const struct regress *g, const struct kept *k, const struct vmmio_result *r,
		      char *final)
{
	const char *accel = g->c.o.accel;
	json_t *result = json_pack("{s:i, s:s, s:s, s:s, s:i, s:i, s:f, s:f, s:i, s:O, s:O*}",
				   "schema", VMMIO_RESULT_SCHEMA, "tool", "vmmio-bench", "kind",
				   "pairs", "accel", accel, "pairs", g->pairs, "repeat",
				   (int)json_array_size(k->verdicts), "alpha", g->c.o.alpha,
				   "threshold_pct", g->c.o.threshold, "repeats_different",
				   k->different, "verdicts", k->verdicts, "options", k->options);
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

/* A B, B A, A B ... so that a drift of the machine falls on both. */
static int run_pairs(struct regress *g, unsigned int repeat, struct vmmio_series_set set[2],
		     char accel[2][16], json_t **options)
{
	int err = 0;

	for (unsigned int i = 0; i < 2 * g->pairs && !vmmio_stop && !err; i++) {
		int side = (i & 1) ^ (i >> 1 & 1);
		const char *text = side ? g->b : g->a;
		char *const argv[] = {"/bin/sh", "-c", (char *)text, NULL};
		json_t *j;

		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\rrun %u of %u (%c) ", repeat * 2 * g->pairs + i + 1,
				2 * g->pairs * g->repeat, 'A' + side);
		j = run_json(&g->c, argv, text);
		if (j && !*options)
			*options = json_incref(json_object_get(j, "options"));
		err = take_series(&g->c, j, text, &set[side], accel[side], sizeof(accel[0]));
	}
	vmmio_progress_end();
	return vmmio_stop ? -EINTR : err;
}

/* One repetition: its exit status, or -errno. */
static int run_once(struct regress *g, unsigned int repeat, struct kept *k, char accel[2][16])
{
	struct vmmio_series_set set[2] = {0};
	int err, status = 0;

	accel[0][0] = accel[1][0] = '\0';
	err = run_pairs(g, repeat, set, accel, &k->options);
	if (!err) {
		vmmio_ab_set_accel(&g->c, accel[0], accel[1]);
		if (g->repeat == 1)
			status = vmmio_ab_conclude(&g->c, &set[0], &set[1]);
		if (status != VMMIO_EXIT_TROUBLE)
			status = conclude_one(g, k, &set[0], &set[1], repeat);
	}
	/* half a repetition is none */
	for (int side = 0; side < 2 && g->save && !err; side++)
		err = keep(k, &set[side], repeat, 'a' + side);
	vmmio_series_free(&set[0]);
	vmmio_series_free(&set[1]);
	return err ? err : status;
}

static int run_commands(struct regress *g)
{
	struct kept k = {.verdicts = json_array()};
	struct vmmio_result r = {0};
	char final[PATH_MAX], accel[2][16];
	int status = VMMIO_EXIT_OK, err = 0, one = 0;
	size_t done;

	if (g->save)
		err = vmmio_result_open(&r, g->out);
	if (err)
		fprintf(stderr, "vmmio-bench regress: --out %s: %s\n", g->out, strerror(-err));
	for (unsigned int i = 0; i < g->repeat && !err && one != VMMIO_EXIT_TROUBLE; i++) {
		one = run_once(g, i, &k, accel);
		err = one < 0 ? one : 0;
		status = one > status ? one : status;
	}
	done = json_array_size(k.verdicts);
	if (done && g->repeat > 1)
		printf("%u of %zu repetitions found something different\n", k.different, done);
	/* a long series that was interrupted has what it has, repetition by repetition */
	if (g->save && (done || (!err && one != VMMIO_EXIT_TROUBLE))) {
		int kept = write_kept(g, &k, &r, final);

		if (kept)
			fprintf(stderr, "vmmio-bench regress: --out %s: %s\n", g->out,
				strerror(-kept));
		else
			printf("%s\n", final);
		err = err ?: kept;
	}
	vmmio_result_abandon(&r);
	json_decref(k.verdicts);
	json_decref(k.options);
	vmmio_series_free(&k.all);
	if (vmmio_stop)
		return 128 + vmmio_stop;
	return err ? VMMIO_EXIT_TROUBLE : status;
}

/* The baseline's own options again, by this program. */
static int run_again(struct regress *g, const char *path)
{
	struct vmmio_ab_command *c = &g->c;
	char boots[16], rounds[16], count[16], bs[16], depths[128] = "", self[PATH_MAX];
	const char *rw = "read";
	int nboots = 0, nrounds = 0, ncount = 0, block = 0, times = 0, status = VMMIO_EXIT_TROUBLE;
	struct vmmio_series_set now = {0};
	char accel[16] = "";
	struct vmmio_loaded base;
	json_t *list, *d;
	ssize_t len;
	size_t i;

	if (vmmio_ab_load(c, path, &base))
		return VMMIO_EXIT_TROUBLE;
	if (strcmp(base.kind, "compare") ||
	    json_unpack(base.result, "{s:{s:i, s:i, s:i, s:o, s:s, s:i, s:b}}", "options", "boots",
			&nboots, "rounds", &nrounds, "count", &ncount, "depths", &list, "rw", &rw,
			"block_size", &block, "times", &times)) {
		fprintf(stderr,
			"vmmio-bench regress: %s: a result of %s cannot be run again by regress\n",
			path, base.kind);
		goto out;
	}
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0)
		goto out;
	self[len] = '\0';
	json_array_foreach(list, i, d)
		snprintf(depths + strlen(depths), sizeof(depths) - strlen(depths), "%s%d",
			 i ? "," : "", (int)json_integer_value(d));
	snprintf(boots, sizeof(boots), "%d", nboots);
	snprintf(rounds, sizeof(rounds), "%d", nrounds);
	snprintf(count, sizeof(count), "%d", ncount);
	snprintf(bs, sizeof(bs), "%d", block);
	{
		bool emulated = !strcmp(base.accel, "tcg");
		char *const argv[] = {self,
				      "compare",
				      "--json",
				      "--no-plots",
				      "--boots",
				      boots,
				      "--rounds",
				      rounds,
				      "--count",
				      count,
				      "--block-size",
				      bs,
				      "--rw",
				      (char *)rw,
				      "--depth",
				      depths,
				      "--out",
				      (char *)g->out,
				      "--accel",
				      emulated ? "tcg" : "kvm",
				      emulated && times ? "--emulated-time" : NULL,
				      NULL};

		if (take_series(c, run_json(c, argv, "compare"), "compare", &now, accel,
				sizeof(accel)))
			goto out;
	}
	vmmio_ab_set_accel(c, base.accel, accel);
	if (!c->o.only_structural && (strcmp(base.accel, "tcg") || c->o.times))
		fprintf(stderr,
			"vmmio-bench regress: times are held against a stored baseline; on a noisy "
			"machine only --a and --b in turn are fair\n");
	status = vmmio_ab_conclude(c, &base.series, &now);
out:
	vmmio_series_free(&now);
	vmmio_result_unload(&base);
	return vmmio_stop ? 128 + vmmio_stop : status;
}

int vmmio_cmd_regress(int argc, char **argv)
{
	struct regress g = {.c = {.name = "regress", .o = {.alpha = 0.05, .threshold = 5}},
			    .pairs = 8,
			    .repeat = 1,
			    .out = "results"};
	struct vmmio_opt opts[] = {
		{"a", VMMIO_OPT_STRING, &g.a, 0, 0, NULL, "CMD",
		 "what was: a shell command that prints the JSON of compare --json"},
		{"b", VMMIO_OPT_STRING, &g.b, 0, 0, NULL, "CMD", "what is; run in turn with A"},
		{"pairs", VMMIO_OPT_NUMBER, &g.pairs, 1, 1000, NULL, "N",
		 "how often each is run (8)"},
		{"repeat", VMMIO_OPT_NUMBER, &g.repeat, 1, 1000, NULL, "N",
		 "the whole again, each judged by itself (1)"},
		{"save", VMMIO_OPT_STRING, &g.save, 0, 0, NULL, "NAME",
		 "keep the values of --a and --b as a result of that name"},
		{"out", VMMIO_OPT_STRING, &g.out, 0, 0, NULL, "DIR",
		 "where results are kept (results)"},
		VMMIO_AB_OPTS(&g.c),
	};
	const char *path = NULL;
	size_t n;
	int err;

	err = vmmio_opts_parse("regress", "BASELINE [options], or --a CMD --b CMD [options]", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, &path, 1, &n);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	if (!g.a != !g.b || !n == !g.a || (n && (g.save || g.repeat > 1))) {
		fprintf(stderr, "vmmio-bench regress: %s\n",
			n && g.a       ? "--a: contradicts a baseline"
			: n	       ? "--save and --repeat: need --a and --b"
			: !g.a && !g.b ? "a baseline is needed, or --a and --b"
			: g.a	       ? "--a: needs --b"
				       : "--b: needs --a");
		return VMMIO_EXIT_USAGE;
	}
	if (g.save && (g.save[0] == '.' || strchr(g.save, '/') || strlen(g.save) > 60)) {
		fprintf(stderr, "vmmio-bench regress: --save %s: not the plain name of a folder\n",
			g.save);
		return VMMIO_EXIT_USAGE;
	}
	vmmio_stop_on_signals();
	return g.a ? run_commands(&g) : run_again(&g, path);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench diff and regress: two stored folders, a stored one against a new
 * run, or two commands in turn. What counts as different is ab.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ab.h"
#include "cmd.h"
#include "opts.h"
#include "pool.h"
#include "result.h"
#include "setup.h"

struct ab_command {
	const char *name;
	struct vmmio_ab_options o;
	bool all, json;
	const char *a, *b; /* commands */
	unsigned int pairs;
	const char *out;
};

static int conclude(const struct ab_command *c, const struct vmmio_series_set *a,
		    const struct vmmio_series_set *b)
{
	struct vmmio_ab ab;
	int err = vmmio_ab_compare(a, b, &c->o, &ab), status;

	if (err) {
		fprintf(stderr, "vmmio-bench %s: %s\n", c->name, strerror(-err));
		return VMMIO_EXIT_TROUBLE;
	}
	if (!ab.n) {
		fprintf(stderr, "vmmio-bench %s: the two have no series in common\n", c->name);
		vmmio_ab_free(&ab);
		return VMMIO_EXIT_TROUBLE;
	}
	if (c->json) {
		json_t *j = vmmio_ab_json(&ab, &c->o);

		json_dumpf(j, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
		putchar('\n');
		json_decref(j);
	} else {
		vmmio_ab_print(&ab, &c->o, c->all, stdout);
	}
	status = ab.regressions ? VMMIO_EXIT_NEGATIVE : VMMIO_EXIT_OK;
	vmmio_ab_free(&ab);
	return status;
}

static int load(const struct ab_command *c, const char *path, struct vmmio_loaded *l)
{
	char why[256];
	int err = vmmio_result_load(path, l, why, sizeof(why));

	if (err)
		fprintf(stderr, "vmmio-bench %s: %s: %s\n", c->name, path, why);
	return err;
}

/* TCG and KVM are never in one comparison, and neither are two kinds of KVM. */
static void set_accel(struct ab_command *c, const char *a, const char *b)
{
	c->o.accel = a;
	c->o.only_structural = strcmp(a, b) ? "the accelerators differ" : NULL;
}

/* Depths and transports are labels; these options of compare are not. */
static bool other_load(const struct vmmio_loaded *a, const struct vmmio_loaded *b)
{
	static const char *const keys[] = {"rounds", "count", "block_size"};
	const json_t *x = json_object_get(a->result, "options");
	const json_t *y = json_object_get(b->result, "options");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && x && y; i++)
		if (!json_equal(json_object_get(x, keys[i]), json_object_get(y, keys[i])))
			return true;
	return false;
}

#define AB_OPTS(c)                                                                                 \
	{"threshold",                                                                              \
	 VMMIO_OPT_DOUBLE,                                                                         \
	 &(c)->o.threshold,                                                                        \
	 0,                                                                                        \
	 1000,                                                                                     \
	 NULL,                                                                                     \
	 "PCT",                                                                                    \
	 "a difference below it is no regression; structural ones always are (5)"},                \
		{"alpha",	VMMIO_OPT_DOUBLE,                                                  \
		 &(c)->o.alpha, 1e-6,                                                              \
		 0.5,		NULL,                                                              \
		 "P",		"chance of calling anything different when nothing is (0.05)"},    \
		{"emulated-time",                                                                  \
		 VMMIO_OPT_FLAG,                                                                   \
		 &(c)->o.times,                                                                    \
		 0,                                                                                \
		 0,                                                                                \
		 NULL,                                                                             \
		 NULL,                                                                             \
		 "compare times of emulated runs too"},                                            \
		{"all", VMMIO_OPT_FLAG, &(c)->all, 0, 0, NULL, NULL, "also what does not differ"}, \
	{                                                                                          \
		"json", VMMIO_OPT_FLAG, &(c)->json, 0, 0, NULL, NULL, "as JSON"                    \
	}

int vmmio_cmd_diff(int argc, char **argv)
{
	struct ab_command c = {.name = "diff", .o = {.alpha = 0.05, .threshold = 5}};
	struct vmmio_opt opts[] = {AB_OPTS(&c)};
	struct vmmio_loaded a, b;
	const char *path[2];
	size_t n;
	int err, status;

	err = vmmio_opts_parse("diff", "A B [options]   (two result folders)", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, path, 2, &n);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	if (n != 2) {
		fprintf(stderr, "vmmio-bench diff: two result folders are needed\n");
		return VMMIO_EXIT_USAGE;
	}
	if (load(&c, path[0], &a))
		return VMMIO_EXIT_TROUBLE;
	if (load(&c, path[1], &b)) {
		vmmio_result_unload(&a);
		return VMMIO_EXIT_TROUBLE;
	}
	set_accel(&c, a.accel, b.accel);
	if (!c.o.only_structural && other_load(&a, &b))
		c.o.only_structural = "the loads differ in rounds, count or block size";
	status = conclude(&c, &a.series, &b.series);
	vmmio_result_unload(&a);
	vmmio_result_unload(&b);
	return status;
}

/*
 * Run @argv with standard output into a JSON object. The child goes with its
 * parent, and what it starts goes with it.
 */
static json_t *run_json(const struct ab_command *c, char *const argv[], const char *shown)
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
static int take_series(const struct ab_command *c, json_t *j, const char *shown,
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

/* A B, B A, A B ... so that a drift of the machine falls on both. */
static int run_pairs(struct ab_command *c)
{
	struct vmmio_series_set set[2] = {0};
	char accel[2][16] = {"", ""};
	int status = VMMIO_EXIT_TROUBLE;

	for (unsigned int i = 0; i < 2 * c->pairs && !vmmio_stop; i++) {
		int side = (i & 1) ^ (i >> 1 & 1);
		const char *text = side ? c->b : c->a;
		char *const argv[] = {"/bin/sh", "-c", (char *)text, NULL};

		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\rrun %u of %u (%c) ", i + 1, 2 * c->pairs, 'A' + side);
		if (take_series(c, run_json(c, argv, text), text, &set[side], accel[side],
				sizeof(accel[0])))
			goto out;
	}
	vmmio_progress_end();
	if (!vmmio_stop) {
		set_accel(c, accel[0], accel[1]);
		status = conclude(c, &set[0], &set[1]);
	}
out:
	vmmio_series_free(&set[0]);
	vmmio_series_free(&set[1]);
	return vmmio_stop ? 128 + vmmio_stop : status;
}

/* The baseline's own options again, by this program. */
static int run_again(struct ab_command *c, const char *path)
{
	char boots[16], rounds[16], count[16], bs[16], depths[128] = "", self[PATH_MAX];
	const char *rw = "read";
	int nboots = 0, nrounds = 0, ncount = 0, block = 0, times = 0, status = VMMIO_EXIT_TROUBLE;
	struct vmmio_series_set now = {0};
	char accel[16] = "";
	struct vmmio_loaded base;
	json_t *list, *d;
	ssize_t len;
	size_t i;

	if (load(c, path, &base))
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
				      (char *)c->out,
				      "--accel",
				      emulated ? "tcg" : "kvm",
				      emulated && times ? "--emulated-time" : NULL,
				      NULL};

		if (take_series(c, run_json(c, argv, "compare"), "compare", &now, accel,
				sizeof(accel)))
			goto out;
	}
	set_accel(c, base.accel, accel);
	if (!c->o.only_structural && (strcmp(base.accel, "tcg") || c->o.times))
		fprintf(stderr,
			"vmmio-bench regress: times are held against a stored baseline; on a noisy "
			"machine only --a and --b in turn are fair\n");
	status = conclude(c, &base.series, &now);
out:
	vmmio_series_free(&now);
	vmmio_result_unload(&base);
	return vmmio_stop ? 128 + vmmio_stop : status;
}

int vmmio_cmd_regress(int argc, char **argv)
{
	struct ab_command c = {.name = "regress",
			       .o = {.alpha = 0.05, .threshold = 5},
			       .pairs = 8,
			       .out = "results"};
	struct vmmio_opt opts[] = {
		{"a", VMMIO_OPT_STRING, &c.a, 0, 0, NULL, "CMD",
		 "what was: a shell command that prints the JSON of compare --json"},
		{"b", VMMIO_OPT_STRING, &c.b, 0, 0, NULL, "CMD", "what is; run in turn with A"},
		{"pairs", VMMIO_OPT_NUMBER, &c.pairs, 1, 1000, NULL, "N",
		 "how often each is run (8)"},
		{"out", VMMIO_OPT_STRING, &c.out, 0, 0, NULL, "DIR",
		 "where the new run of a baseline is kept (results)"},
		AB_OPTS(&c),
	};
	const char *path = NULL;
	size_t n;
	int err;

	err = vmmio_opts_parse("regress", "BASELINE [options], or --a CMD --b CMD [options]", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, &path, 1, &n);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	if (!c.a != !c.b || !n == !c.a) {
		fprintf(stderr, "vmmio-bench regress: %s\n",
			n && c.a       ? "--a: contradicts a baseline"
			: !c.a && !c.b ? "a baseline is needed, or --a and --b"
			: c.a	       ? "--a: needs --b"
				       : "--b: needs --a");
		return VMMIO_EXIT_USAGE;
	}
	vmmio_stop_on_signals();
	return c.a ? run_pairs(&c) : run_again(&c, path);
}

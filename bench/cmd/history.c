// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench regress --history: finds the results below a folder, groups them by what they
 * measure, and says where their series changed. judge/history.c decides what is a change.
 *
 * Long because it is one command from its folders to its exit status.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/judge/dims.h"
#include "bench/judge/history.h"
#include "bench/judge/history_ci.h"
#include "bench/plot/plot.h"
#include "cmd.h"
#include "diff.h"
#include "pairs.h"

#define NAME "vmmio-bench regress: "
#define DEEPEST 6
#define DAY 10		/* what of a date is the day */
#define PICTURES_MAX 80 /* three files each: a manifest has room for so many */

/* Results that ask the same. */
struct group {
	char *question;
	struct vmmio_history_result *r;
	size_t n;
	struct vmmio_history h;
	bool judged;
};

struct history {
	struct vmmio_ab_command c;
	const char *dir, *since, *plots;
	struct vmmio_loaded *l;
	size_t n;
	struct group *g;
	size_t groups;
	json_t *unread; /* "path: why" */
	size_t earlier; /* than --since */
	size_t pairs;	/* results that have two sides, and are no point of time */
	struct folder { /* that was looked at: links lead to it again */
		dev_t dev;
		ino_t ino;
	} * seen;
	size_t nseen;
	json_t *alone; /* results of the newest date that are compared with nothing */
	size_t pictures, left_out;
	char final[PATH_MAX];
};

/* JSON takes UTF-8: a name that is none is told with ? for its other bytes. */
static void make_plain(char *name)
{
	json_t *j = json_string(name);

	for (char *p = name; !j && *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	json_decref(j);
}

static void not_read(struct history *h, const char *path, const char *why)
{
	char plain[PATH_MAX];

	snprintf(plain, sizeof(plain), "%s", path);
	make_plain(plain);
	json_array_append_new(h->unread, json_sprintf("%s: %s", plain, why));
}

static const char *date_of(const struct vmmio_loaded *l)
{
	return json_string_value(json_object_get(l->machine, "date"));
}

static int take_result(struct history *h, const char *path)
{
	struct vmmio_loaded l, *all;
	char why[256] = "";

	if (vmmio_result_load(path, &l, why, sizeof(why))) {
		not_read(h, path, why);
		return 0;
	}
	if (!date_of(&l))
		snprintf(why, sizeof(why), "its machine.json has no date");
	else if (json_is_true(json_object_get(l.result, "withheld")))
		snprintf(why, sizeof(why), "withheld: a check of it failed");
	if (why[0]) {
		not_read(h, path, why);
		vmmio_result_unload(&l);
		return 0;
	}
	if (!strcmp(l.kind, "pairs")) {
		h->pairs++;
		vmmio_result_unload(&l);
		return 0;
	}
	if (h->since && strcmp(date_of(&l), h->since) < 0) {
		h->earlier++;
		vmmio_result_unload(&l);
		return 0;
	}
	all = realloc(h->l, (h->n + 1) * sizeof(*all));
	if (!all) {
		vmmio_result_unload(&l);
		return -ENOMEM;
	}
	make_plain(l.path); /* all of it is read */
	h->l = all;
	h->l[h->n++] = l;
	return 0;
}

/* 1 if the folder of @st was looked at before, or -errno. */
static int look_once(struct history *h, const struct stat *st)
{
	struct folder *all;

	for (size_t i = 0; i < h->nseen; i++)
		if (h->seen[i].dev == st->st_dev && h->seen[i].ino == st->st_ino)
			return 1;
	all = realloc(h->seen, (h->nseen + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	h->seen = all;
	h->seen[h->nseen++] = (struct folder){st->st_dev, st->st_ino};
	return 0;
}

static int find_results(struct history *h, const char *dir, int depth);

static int find_below(struct history *h, const char *dir, const char *name, int depth)
{
	char path[PATH_MAX], why[48];
	struct stat st;
	int err;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path)) {
		not_read(h, dir, strerror(ENAMETOOLONG));
		return 0;
	}
	if (stat(path, &st)) {
		not_read(h, path, strerror(errno));
		return 0;
	}
	if (!S_ISDIR(st.st_mode))
		return 0;
	err = look_once(h, &st);
	if (err)
		return err < 0 ? err : 0;
	if (depth > DEEPEST) {
		snprintf(why, sizeof(why), "more than %d folders deep", DEEPEST);
		not_read(h, path, why);
		return 0;
	}
	return find_results(h, path, depth);
}

static int find_results(struct history *h, const char *dir, int depth)
{
	struct dirent **list = NULL;
	char path[PATH_MAX];
	int err = 0, n;

	snprintf(path, sizeof(path), "%s/manifest.json", dir);
	if (!access(path, F_OK))
		return take_result(h, dir);
	n = scandir(dir, &list, NULL, alphasort);
	if (n < 0) {
		not_read(h, dir, strerror(errno));
		return 0;
	}
	for (int i = 0; i < n; i++) {
		if (!err && list[i]->d_name[0] != '.')
			err = find_below(h, dir, list[i]->d_name, depth + 1);
		free(list[i]);
	}
	free(list);
	return err;
}

static int by_date(const void *a, const void *b)
{
	const struct vmmio_loaded *x = a, *y = b;

	return strcmp(date_of(x), date_of(y)) ?: strcmp(x->path, y->path);
}

static struct group *group_of(struct history *h, char *question)
{
	struct group *all;

	for (size_t i = 0; i < h->groups; i++) {
		if (strcmp(h->g[i].question, question))
			continue;
		free(question);
		return &h->g[i];
	}
	all = realloc(h->g, (h->groups + 1) * sizeof(*all));
	if (!all) {
		free(question);
		return NULL;
	}
	h->g = all;
	h->g[h->groups] = (struct group){.question = question};
	return &h->g[h->groups++];
}

static int add_to_group(struct history *h, struct vmmio_loaded *l)
{
	json_t *dims = vmmio_dims_of(l->result, l->machine);
	char *asked = vmmio_dims_question(dims), *question = NULL;
	struct vmmio_history_result *r = NULL;
	struct group *g = NULL;

	/* under KVM other series are known than in an emulated run, and others decide */
	if (asked && asprintf(&question, "%s, accel %s", asked, vmmio_accel_name(l->accel)) >= 0)
		g = group_of(h, question);
	free(asked);
	if (g)
		r = realloc(g->r, (g->n + 1) * sizeof(*g->r));
	if (!r) {
		json_decref(dims);
		return -ENOMEM;
	}
	g->r = r;
	r = &g->r[g->n++];
	memset(r, 0, sizeof(*r));
	r->path = l->path;
	r->commit = json_string_value(json_object_get(l->result, "commit"));
	r->commit = r->commit && vmmio_commit_fits(r->commit) ? r->commit : NULL;
	r->dims = dims;
	snprintf(r->date, sizeof(r->date), "%s", date_of(l));
	r->accel = l->accel;
	r->machine = json_string_value(json_object_get(dims, "machine"));
	r->machine = r->machine ? r->machine : vmmio_accel_name(l->accel);
	return vmmio_side_pool(&l->series, &r->set);
}

static int judge(struct history *h)
{
	struct vmmio_ab_options o = h->c.o;
	size_t judged = 0;
	int err = 0;

	for (size_t i = 0; i < h->n && !err; i++)
		err = add_to_group(h, &h->l[i]);
	for (size_t i = 0; i < h->groups; i++)
		judged += h->g[i].n > 1;
	o.alpha /= judged ? judged : 1;
	for (size_t i = 0; i < h->groups && !err; i++) {
		struct group *g = &h->g[i];

		if (g->n < 2) {
			if (!strncmp(g->r[0].date, date_of(&h->l[h->n - 1]), DAY))
				json_array_append_new(h->alone, json_string(g->r[0].path));
			continue;
		}
		err = vmmio_history_judge(g->r, g->n, &o, &g->h);
		g->judged = !err;
	}
	return err;
}

static int draw_line(struct history *h, const struct group *g, const struct vmmio_history_line *l,
		     const struct vmmio_result *to)
{
	char name[48], why[256] = "";
	int err;

	if (!l->n || (!l->changes && l->open == l->n && !h->c.all))
		return 0;
	if (h->pictures == PICTURES_MAX) {
		h->left_out++;
		return 0;
	}
	snprintf(name, sizeof(name), "history-%02zu", ++h->pictures);
	err = vmmio_plot_history(l, g->r, name, to, why, sizeof(why));
	if (err)
		fprintf(stderr, NAME "--plots %s: %s\n", h->plots, why[0] ? why : strerror(-err));
	return err;
}

static int draw(struct history *h)
{
	struct vmmio_result to = {0};
	int err = vmmio_result_open(&to, h->plots);

	if (err) {
		fprintf(stderr, NAME "--plots %s: %s\n", h->plots, strerror(-err));
		return err;
	}
	for (size_t i = 0; i < h->groups && !err; i++)
		for (size_t k = 0; k < h->g[i].h.n && !err; k++)
			err = draw_line(h, &h->g[i], &h->g[i].h.line[k], &to);
	if (!err && h->pictures) {
		err = vmmio_result_commit(&to, "", "history", "plots", h->final);
		if (err)
			fprintf(stderr, NAME "--plots %s: %s\n", h->plots, strerror(-err));
	}
	vmmio_result_abandon(&to);
	return err;
}

struct sums {
	size_t lines, changes, regressions, warnings, undecided, judged;
};

static struct sums sum(const struct history *h)
{
	struct sums s = {0};

	for (size_t i = 0; i < h->groups; i++) {
		s.lines += h->g[i].h.n;
		s.changes += h->g[i].h.changes;
		s.regressions += h->g[i].h.regressions;
		s.warnings += h->g[i].h.warnings;
		s.undecided += h->g[i].h.undecided;
		s.judged += h->g[i].judged;
	}
	return s;
}

static void print_text(const struct history *h, const struct sums *s, const char *headline)
{
	json_t *j;
	size_t i;

	printf("%s\n", headline);
	if (s->warnings)
		printf("%zu above their soft limit\n", s->warnings);
	if (s->undecided)
		printf("not decided: %zu series vanished, have too few results, or too few events "
		       "to tell\n",
		       s->undecided);
	json_array_foreach(h->unread, i, j)
		printf("not read: %s\n", json_string_value(j));
	for (i = 0; i < h->groups; i++) {
		const struct group *g = &h->g[i];

		if (h->groups > 1)
			printf("%zu result%s of %s:\n", g->n, g->n == 1 ? "" : "s", g->question);
		if (g->judged)
			vmmio_history_print(&g->h, g->r, g->n, h->c.all, stdout);
		else
			printf("one result, %s, has no history%s\n", g->r[0].path,
			       strncmp(g->r[0].date, date_of(&h->l[h->n - 1]), DAY)
				       ? ""
				       : ": what is newest is compared with nothing");
	}
	printf("alpha %g for all series together: the chance of any change where there is none\n",
	       h->c.o.alpha);
	if (h->pairs)
		printf("%zu result%s of pairs left out: two sides are no point of time\n", h->pairs,
		       h->pairs == 1 ? "" : "s");
	if (h->earlier)
		printf("%zu result%s from before %s\n", h->earlier, h->earlier == 1 ? "" : "s",
		       h->since);
	if (h->final[0])
		printf("%s: %zu picture%s\n", h->final, h->pictures, h->pictures == 1 ? "" : "s");
	if (h->left_out)
		printf("%zu more were not drawn\n", h->left_out);
}

static void print_json(const struct history *h, const struct sums *s, const char *verdict)
{
	json_t *all = json_array(), *j;

	for (size_t i = 0; i < h->groups; i++) {
		const struct group *g = &h->g[i];

		j = vmmio_history_json(&g->h, g->r, g->n);
		json_object_set_new(j, "question", json_string(g->question));
		json_array_append_new(all, j);
	}
	j = json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:f, s:O, s:O, s:I, s:I, s:I, s:I, s:o}",
		      "schema", 1, "verdict", verdict, "changes", (json_int_t)s->changes,
		      "regressions", (json_int_t)s->regressions, "warnings",
		      (json_int_t)s->warnings, "undecided", (json_int_t)s->undecided, "alpha",
		      h->c.o.alpha, "not_read", h->unread, "not_compared", h->alone, "before_since",
		      (json_int_t)h->earlier, "pairs_left_out", (json_int_t)h->pairs, "pictures",
		      (json_int_t)h->pictures, "not_drawn", (json_int_t)h->left_out, "histories",
		      all);
	if (h->final[0])
		json_object_set_new(j, "plots", json_string(h->final));
	vmmio_print_json(j);
}

/* What CI reads, besides. */
static int write_reports(const struct history *h, const char *headline)
{
	struct vmmio_history_part *part = calloc(h->groups + 1, sizeof(*part));
	json_t *trouble = json_array(), *path;
	struct vmmio_history_report r = {
		.verdict = headline, .part = part, .n = h->groups, .trouble = trouble};
	int err = part && trouble ? 0 : -ENOMEM;
	size_t k;

	json_array_extend(trouble, h->unread);
	json_array_foreach(h->alone, k, path)
		json_array_append_new(trouble, json_sprintf("%s: compared with nothing",
							    json_string_value(path)));
	for (size_t i = 0; i < h->groups && !err; i++)
		part[i] = (struct vmmio_history_part){
			.question = h->g[i].question,
			.h = h->g[i].judged ? &h->g[i].h : NULL,
			.r = h->g[i].r,
			.n = h->g[i].n,
		};
	for (int which = 0; which < 2 && !err; which++) {
		const char *to = which ? h->c.junit : h->c.markdown;
		FILE *f = to ? fopen(to, "we") : NULL;

		if (f)
			(which ? vmmio_history_junit : vmmio_history_markdown)(&r, f);
		if (to)
			err = vmmio_report_done(&h->c, to, f);
	}
	json_decref(trouble);
	free(part);
	return err;
}

static int conclude(struct history *h)
{
	struct sums s = sum(h);
	/* what could not be read, or is compared with nothing, may be what it is about */
	bool open =
		s.undecided || !s.judged || json_array_size(h->unread) || json_array_size(h->alone);
	const char *verdict = s.regressions ? "REGRESSION" : open ? "UNDECIDED" : "no regression";
	int err = h->plots ? draw(h) : 0;
	char headline[200];

	snprintf(headline, sizeof(headline),
		 "%s: %zu of %zu series worse than they were; %zu change%s in %zu result%s, %.10s "
		 "to "
		 "%.10s",
		 verdict, s.regressions, s.lines, s.changes, s.changes == 1 ? "" : "s", h->n,
		 h->n == 1 ? "" : "s", date_of(&h->l[0]), date_of(&h->l[h->n - 1]));
	err = write_reports(h, headline) ?: err;
	if (h->c.json)
		print_json(h, &s, verdict);
	else
		print_text(h, &s, headline);
	return err	       ? VMMIO_EXIT_TROUBLE
	       : s.regressions ? VMMIO_EXIT_NEGATIVE
	       : open	       ? VMMIO_EXIT_UNDECIDED
			       : VMMIO_EXIT_OK;
}

static void free_all(struct history *h)
{
	for (size_t i = 0; i < h->groups; i++) {
		struct group *g = &h->g[i];

		if (g->judged)
			vmmio_history_free(&g->h);
		for (size_t k = 0; k < g->n; k++) {
			vmmio_series_free(&g->r[k].set);
			json_decref(g->r[k].dims);
		}
		free(g->r);
		free(g->question);
	}
	free(h->g);
	for (size_t i = 0; i < h->n; i++)
		vmmio_result_unload(&h->l[i]);
	free(h->l);
	json_decref(h->unread);
	json_decref(h->alone);
	free(h->seen);
}

/* A date, NNNN-NN-NN, or with a time after a T: dates are compared as texts. */
static bool is_date(const char *text)
{
	struct tm tm;

	for (size_t i = 0; i < DAY; i++)
		if (i == 4 || i == 7 ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
	return strptime(text, "%Y-%m-%d", &tm) &&
	       (!text[DAY] ||
		(text[DAY] == 'T' && !text[DAY + 1 + strspn(text + DAY + 1, "0123456789:Z")]));
}

int vmmio_cmd_history(int argc, char **argv)
{
	struct history h = {.c = {.name = "regress", .o = {.alpha = 0.05, .threshold = 5}}};
	struct vmmio_opt opts[] = {
		{"history", VMMIO_OPT_STRING, &h.dir, 0, 0, NULL, "DIR",
		 "the results in it, in folders below too, by their dates"},
		{"since", VMMIO_OPT_STRING, &h.since, 0, 0, NULL, "DATE",
		 "none of before: 2026-11-29, or with a time, 2026-11-29T12:00"},
		{"plots", VMMIO_OPT_STRING, &h.plots, 0, 0, NULL, "DIR",
		 "a picture of each series that changed (--all: of each) in DIR/history"},
		VMMIO_JUDGE_OPTS(&h.c),
		VMMIO_REPORT_OPTS(&h.c),
	};
	struct stat st;
	size_t n;
	int err = vmmio_opts_parse("vmmio-bench regress", "--history DIR [options]", opts,
				   sizeof(opts) / sizeof(opts[0]), argc, argv, NULL, 0, &n);

	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	if (vmmio_ab_consistent(&h.c))
		return VMMIO_EXIT_USAGE;
	if (h.since && !is_date(h.since)) {
		fprintf(stderr, NAME "--since %s: not a date, such as 2026-11-29\n", h.since);
		return VMMIO_EXIT_USAGE;
	}
	h.unread = json_array();
	h.alone = json_array();
	if (!stat(h.dir, &st))
		look_once(&h, &st);
	err = find_results(&h, h.dir, 0);
	if (!err && !h.n) {
		const char *why = json_string_value(json_array_get(h.unread, 0));

		why = why	  ? why
		      : h.earlier ? "all results in it are from before --since"
				  : "no results in it";
		fprintf(stderr, NAME "--history %s: %s\n", h.dir, why);
		/* the reports of another day are none of today */
		if (!json_array_size(h.unread))
			not_read(&h, h.dir, why);
		write_reports(&h, "UNDECIDED: nothing could be compared");
		free_all(&h);
		return VMMIO_EXIT_TROUBLE;
	}
	qsort(h.l, h.n, sizeof(*h.l), by_date);
	err = err ?: judge(&h);
	if (err)
		fprintf(stderr, NAME "--history %s: %s\n", h.dir, strerror(-err));
	err = err ? VMMIO_EXIT_TROUBLE : conclude(&h);
	free_all(&h);
	return err;
}

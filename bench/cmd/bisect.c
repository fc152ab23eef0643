// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench regress --bisect: builds commits of a range that git chooses, compares each with the
 * good one, and names the first that is worse in a series in which the bad one is worse. A commit
 * that cannot be built, measured or decided is skipped.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/guest/pool.h"
#include "bench/judge/compare.h"
#include "bisect.h"
#include "bisect_tree.h"
#include "cmd.h"
#include "pairs.h"
#include "lib/text.h"

#define NAME "vmmio-bench regress: "
#define ARGS 32

enum step_verdict {
	GOOD,
	BAD,
	SKIPPED
};
static const char *const words[] = {"good", "bad", "skip"};

/* A build and how it is measured; texts that argv points to. */
struct candidate {
	char out[PATH_MAX], env[PATH_MAX + 8], kernel[PATH_MAX + 16], qemu[PATH_MAX + 24];
	char *argv[ARGS];
};

struct bisect {
	const struct vmmio_bisect_command *o;
	struct vmmio_bisect_tree t;
	struct vmmio_pairs p;
	struct candidate good, now;
	struct vmmio_side side[2];	  /* of the good commit, which is kept, and of another */
	struct vmmio_series_set is_worse; /* series in which bad is worse, as good has them */
	json_t *steps, *worse;		  /* and how bad has them */
	char self[PATH_MAX];
	unsigned int builds, cached, runs;
	struct timespec start;
};

static double seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - t->tv_sec + (now.tv_nsec - t->tv_nsec) / 1e9;
}

/* compare with what was built: modules, a kernel, a QEMU, whatever of these there is. */
static void measure_by_compare(const struct bisect *b, struct candidate *c)
{
	static const char *const kernels[] = {"bzImage", "vmlinuz"};
	char *const all[] = {(char *)b->self, "compare",
			     "--json",	      "--no-plots",
			     "--boots",	      "1",
			     "--rounds",      "1",
			     "--depth",	      "1",
			     "--retries",     "0",
			     "--timeout",     "60",
			     "--accel",	      "tcg",
			     "--out",	      (char *)b->t.runs};
	char modules[PATH_MAX + 8];
	glob_t found;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		c->argv[n++] = all[i];
	snprintf(modules, sizeof(modules), "%s/*.ko", c->out);
	if (!glob(modules, 0, NULL, &found)) {
		c->argv[n++] = "--modules";
		c->argv[n++] = c->out;
		globfree(&found);
	}
	for (size_t i = 0; i < 2; i++) {
		snprintf(c->kernel, sizeof(c->kernel), "%s/%s", c->out, kernels[i]);
		if (access(c->kernel, R_OK))
			continue;
		c->argv[n++] = "--kernel";
		c->argv[n++] = c->kernel;
		break;
	}
	snprintf(c->qemu, sizeof(c->qemu), "%s/qemu-system-x86_64", c->out);
	if (!access(c->qemu, X_OK)) {
		c->argv[n++] = "--qemu";
		c->argv[n++] = c->qemu;
	}
	c->argv[n] = NULL;
}

static void measure_by_command(const struct bisect *b, struct candidate *c)
{
	char *const all[] = {"/usr/bin/env", "-C", (char *)b->t.runs,	  c->env,
			     "/bin/sh",	     "-c", (char *)b->o->measure, NULL};

	snprintf(c->env, sizeof(c->env), "OUT=%s", c->out);
	memcpy(c->argv, all, sizeof(all));
}

/* -errno with the reason in b->t.why */
static int build(struct bisect *b, const struct vmmio_commit *commit, struct candidate *c,
		 bool *cached)
{
	int err;

	*cached = false;
	err = vmmio_bisect_build(&b->t, commit, b->o->build, b->o->nbuild, c->out, cached);
	if (err)
		return err;
	b->builds += !*cached;
	b->cached += *cached;
	if (b->o->measure)
		measure_by_command(b, c);
	else
		measure_by_compare(b, c);
	return 0;
}

/*
 * What the runs of the candidate say against those of the good commit, about the series that count
 * (o->only). *@row: the worst of them, or the one that leaves it open; valid as long as *@ab.
 */
static enum step_verdict look(struct bisect *b, struct vmmio_ab *ab,
			      const struct vmmio_ab_row **row)
{
	enum step_verdict v = GOOD;

	for (size_t i = 0; i < ab->n; i++) {
		const struct vmmio_ab_row *r = &ab->row[i];
		enum step_verdict one = r->regression ? BAD : GOOD;

		if (!r->regression &&
		    (r->open || r->finding == VMMIO_AB_GONE || r->finding == VMMIO_AB_LOST ||
		     r->finding == VMMIO_AB_UNKNOWN))
			one = SKIPPED;
		if (one == BAD ? v != BAD : one == SKIPPED && v == GOOD) {
			v = one;
			*row = r;
		}
	}
	/* without any, nothing was compared; of all series, the verdict knows better */
	if (!ab->n || (v == GOOD && ab->undecided))
		v = SKIPPED;
	if (!*row && ab->n)
		*row = &ab->row[0];
	return v;
}

static void say_row(const struct vmmio_ab_row *r, char *buf, size_t len)
{
	bool events = r->tested && r->by == VMMIO_AB_EVENTS;
	char x[24], y[24];

	vmmio_format(events ? r->events.rate[0] : r->median_a, x, sizeof(x));
	vmmio_format(events ? r->events.rate[1] : r->median_b, y, sizeof(y));
	snprintf(buf, len, "%s, %s: %s -> %s", r->a->labels, r->a->heading, x,
		 r->median_b == r->median_b ? y : "-");
}

/* One commit in the list of steps, and a line about it while it goes on. */
static int add_step(struct bisect *b, const struct vmmio_commit *c, const char *verdict,
		    bool cached, const char *what, const struct timespec *since)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:b, s:i, s:s, s:f}", "commit", c->id, "name",
			      c->name, "verdict", verdict, "cached", cached, "runs",
			      (int)b->side[1].runs, "what", what, "seconds", seconds_since(since));

	fprintf(stderr, "%-4s  %s (%s)\n", verdict, c->name, what);
	return json_array_append_new(b->steps, j) ? -ENOMEM : 0;
}

/* Without the good commit nothing can be told: -EAGAIN. */
static int good_failed(struct bisect *b, const char *what, const struct timespec *since)
{
	return add_step(b, &b->t.good, words[SKIPPED], false, what, since) ?: -EAGAIN;
}

/* The series in which the bad commit is worse: those that say what the others are. */
static int keep_worse(struct bisect *b, const struct vmmio_ab *ab)
{
	char text[VMMIO_LABELS_MAX + 160];
	int err = 0;

	for (size_t i = 0; i < ab->n && !err; i++) {
		const struct vmmio_ab_row *r = &ab->row[i];
		struct vmmio_series s = *r->a;
		struct vmmio_series_set one = {.s = &s, .n = 1};

		if (!r->regression)
			continue;
		say_row(r, text, sizeof(text));
		json_array_append_new(b->worse, json_string(text));
		err = vmmio_series_extend(&b->is_worse, &one);
	}
	return err;
}

/*
 * Build @c and measure it against the good commit: what it is. -EINTR, -ENOMEM; -EAGAIN if it
 * cannot be told, since there is no run of the good commit.
 */
static int try(struct bisect *b, const struct vmmio_commit *c, enum step_verdict *v)
{
	char what[VMMIO_LABELS_MAX + 1024] = "";
	const struct vmmio_ab_row *row = NULL;
	bool cached, first = !b->is_worse.n;
	struct vmmio_ab ab = {0};
	struct timespec since;
	unsigned int pairs = 0;
	int err;

	*v = SKIPPED;
	clock_gettime(CLOCK_MONOTONIC, &since);
	vmmio_side_free(&b->side[1]);
	b->p.why[0] = '\0';
	err = build(b, c, &b->now, &cached);
	if (err) {
		snprintf(what, sizeof(what), "%s", b->t.why[0] ? b->t.why : strerror(-err));
	} else {
		err = vmmio_pairs_run(&b->p, b->side, &pairs);
		/* the good commit is measured first: it is not about @c */
		if (err && err != -EINTR && err != -ENOMEM && !b->side[0].runs)
			return good_failed(b, b->p.why, &since);
		if (err)
			vmmio_say(what, sizeof(what), "not measured: %s",
				  b->p.why[0] ? b->p.why : "not comparable");
	}
	b->runs += b->side[1].runs;
	if (!err)
		err = vmmio_ab_compare(&b->side[0].set, &b->side[1].set, &b->o->c->o, &ab);
	if (!err) {
		*v = look(b, &ab, &row);
		if (row)
			say_row(row, what, sizeof(what));
		if (first && *v == BAD)
			err = keep_worse(b, &ab);
	}
	vmmio_ab_free(&ab);
	if (vmmio_stop || err == -EINTR)
		return -EINTR;
	if (err == -ENOMEM)
		return err;
	return add_step(b, c, words[*v], cached, what, &since);
}

/* Build the good commit: what is measured beside each other one. */
static int begin(struct bisect *b)
{
	bool cached;
	int err = build(b, &b->t.good, &b->good, &cached);

	if (err && err != -EINTR && err != -ENOMEM)
		return good_failed(b, b->t.why[0] ? b->t.why : strerror(-err), &b->start);
	b->p.argv[0] = b->good.argv;
	b->p.argv[1] = b->now.argv;
	b->p.shown[0] = b->t.good.name;
	b->p.shown[1] = "this commit";
	return err;
}

static void print_text(const struct bisect *b, const char *verdict)
{
	json_t *j;
	size_t i;

	if (b->t.first.id[0])
		printf("first bad commit: %s\n", b->t.first.name);
	else
		printf("%s\n", verdict);
	json_array_foreach(b->worse, i, j)
		printf("worse: %s\n", json_string_value(j));
	json_array_foreach(b->t.candidates, i, j)
		printf("could be: %s\n", json_string_value(j));
	json_array_foreach(b->steps, i, j)
		printf("%-4s  %s (%s)\n", json_string_value(json_object_get(j, "verdict")),
		       json_string_value(json_object_get(j, "name")),
		       json_string_value(json_object_get(j, "what")));
	printf("%lu commits after %s; %u built, %u from the cache, %u runs, %.0f s\n", b->t.commits,
	       b->t.good.name, b->builds, b->cached, b->runs + b->side[0].runs,
	       seconds_since(&b->start));
}

static void print_json(const struct bisect *b, const char *verdict)
{
	json_t *first = b->t.first.id[0] ? json_pack("{s:s, s:s}", "commit", b->t.first.id, "name",
						     b->t.first.name)
					 : json_null();

	vmmio_print_json(json_pack(
		"{s:i, s:s, s:o, s:O, s:o, s:O, s:s, s:s, s:I, s:i, s:i, s:i, s:f}", "schema", 1,
		"verdict", verdict, "first_bad", first, "worse", b->worse, "candidates",
		b->t.candidates ? json_incref(b->t.candidates) : json_array(), "steps", b->steps,
		"good", b->t.good.id, "bad", b->t.bad.id, "commits", (json_int_t)b->t.commits,
		"built", b->builds, "cached", b->cached, "runs", b->runs + b->side[0].runs,
		"seconds", seconds_since(&b->start)));
}

static int conclude(struct bisect *b, int status, const char *verdict)
{
	if (b->o->c->json)
		print_json(b, verdict);
	else
		print_text(b, verdict);
	return status;
}

/* -errno, or the exit status. */
static int search(struct bisect *b)
{
	enum step_verdict v;
	int err = begin(b);

	if (err == -EAGAIN)
		return conclude(b, VMMIO_EXIT_UNDECIDED, "UNDECIDED: good cannot be built");
	err = err ?: try(b, &b->t.bad, &v);
	if (err == -EAGAIN)
		return conclude(b, VMMIO_EXIT_UNDECIDED, "UNDECIDED: good cannot be measured");
	if (err)
		return err;
	if (v != BAD)
		return v == GOOD
			       ? conclude(b, VMMIO_EXIT_OK,
					  "no regression: bad is no worse than good")
			       : conclude(b, VMMIO_EXIT_UNDECIDED,
					  "UNDECIDED: it is not shown that bad is worse than good");
	b->o->c->o.only = &b->is_worse;
	err = vmmio_bisect_begin(&b->t);
	while (!err && b->t.next.id[0]) {
		struct vmmio_commit c = b->t.next;

		err = try(b, &c, &v) ?: vmmio_bisect_mark(&b->t, words[v]);
	}
	if (err == -EPROTO) {
		fprintf(stderr, NAME "%s\n", b->t.why);
		return conclude(b, VMMIO_EXIT_UNDECIDED, "UNDECIDED: git found none");
	}
	if (err)
		return err;
	if (b->t.first.id[0])
		return conclude(b, VMMIO_EXIT_NEGATIVE, "first bad commit");
	return conclude(b, VMMIO_EXIT_UNDECIDED, "UNDECIDED: what is left could not be decided");
}

int vmmio_bisect_command(const struct vmmio_bisect_command *o)
{
	struct bisect b = {
		.o = o,
		.p = {.c = o->c, .pairs = o->pairs, .most = o->most, .retries = o->retries},
		.steps = json_array(),
		.worse = json_array()};
	ssize_t len = readlink("/proc/self/exe", b.self, sizeof(b.self) - 1);
	int status = len < 0 ? -errno : 0;

	clock_gettime(CLOCK_MONOTONIC, &b.start);
	/* counts decide: they need no quiet machine, and transfer from boot to boot */
	o->c->o.structural = true;
	if (!status && vmmio_bisect_open(&b.t, o->good, o->bad, o->cache)) {
		fprintf(stderr, NAME "--bisect: %s\n", b.t.why);
		status = VMMIO_EXIT_TROUBLE;
	} else if (!status) {
		status = search(&b);
	}
	if (status < 0 && status != -EINTR)
		fprintf(stderr, NAME "--bisect: %s\n", b.t.why[0] ? b.t.why : strerror(-status));
	vmmio_bisect_close(&b.t);
	vmmio_side_free(&b.side[0]);
	vmmio_side_free(&b.side[1]);
	vmmio_series_free(&b.is_worse);
	json_decref(b.steps);
	json_decref(b.worse);
	if (vmmio_stop)
		return 128 + vmmio_stop;
	return status < 0 ? VMMIO_EXIT_TROUBLE : status;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* What diff and regress share: options, and the conclusion from two sets of series. */
#ifndef VMMIO_BENCH_DIFF_H
#define VMMIO_BENCH_DIFF_H

#include "bench/judge/ab.h"
#include "lib/opts.h"
#include "bench/data/result.h"

struct vmmio_ab_command {
	const char *name;
	struct vmmio_ab_options o;
	bool all, json;
	const char *allow, *limits_file;
	const char *markdown, *junit; /* files to write, or NULL */
	bool github;
	struct vmmio_limits limits;
	json_t *changed; /* what the two were measured with, where it differs; free it */
};

/*
 * Exit status of the command: 0, 1, 3 if there is a regression, or 4 if it could not be
 * decided. Prints the text, or puts the JSON into *@json if the command wants that.
 */
int vmmio_ab_conclude(const struct vmmio_ab_command *c, const struct vmmio_series_set *a,
		      const struct vmmio_series_set *b, json_t **json);

/* Wrong names in --allow, or a wrong --limits: prints the one line, returns -errno. */
int vmmio_ab_consistent(struct vmmio_ab_command *c);

/*
 * Nothing is compared, for @why: the one line, and the files that CI reads. VMMIO_EXIT_UNDECIDED,
 * or 1 if one cannot be written.
 */
int vmmio_ab_refuse(const struct vmmio_ab_command *c, const char *why);

/* Prints the one line if the folder cannot be read. */
int vmmio_ab_load(const struct vmmio_ab_command *c, const char *path, struct vmmio_loaded *l);

/* TCG and KVM are never in one comparison, and neither are two kinds of KVM. */
void vmmio_ab_set_accel(struct vmmio_ab_command *c, enum vmmio_accel a, enum vmmio_accel b);

/* A report for CI in @path is written; @f NULL: was not opened. Prints the one line, -errno. */
int vmmio_report_done(const struct vmmio_ab_command *c, const char *path, FILE *f);

/*
 * What was changed between results @a and @b, with machines @ma and @mb (dims.h). 0, or
 * VMMIO_EXIT_UNDECIDED after the one line that says why the two are not compared.
 */
int vmmio_ab_set_dims(struct vmmio_ab_command *c, const json_t *a, const json_t *ma,
		      const json_t *b, const json_t *mb);

/* What decides and what is shown: also of a history. @c points to a struct vmmio_ab_command. */
#define VMMIO_JUDGE_OPTS(c)                                                                 \
	{"threshold",                                                                       \
	 VMMIO_OPT_DOUBLE,                                                                  \
	 &(c)->o.threshold,                                                                 \
	 0,                                                                                 \
	 1000,                                                                              \
	 .arg = "PCT",                                                                      \
	 .help = "a difference below it is no regression; structural ones always are (5)"}, \
		{"alpha",                                                                   \
		 VMMIO_OPT_DOUBLE,                                                          \
		 &(c)->o.alpha,                                                             \
		 1e-6,                                                                      \
		 0.5,                                                                       \
		 .arg = "P",                                                                \
		 .help = "chance of calling anything different when nothing is (0.05)"},    \
		{"emulated-time", VMMIO_OPT_FLAG, &(c)->o.times,                            \
		 .help = "times of emulated runs too"},                                     \
		{"structural", VMMIO_OPT_FLAG, &(c)->o.structural,                          \
		 .help = "judge structural series only"},                                   \
		{"limits", VMMIO_OPT_STRING, &(c)->limits_file, .arg = "FILE",              \
		 .help = "soft and hard limits of series, in place of --threshold "         \
			 "(docs/gate.md)"},                                                 \
		{"all", VMMIO_OPT_FLAG, &(c)->all, .help = "also what does not differ"},    \
	{                                                                                   \
		"json", VMMIO_OPT_FLAG, &(c)->json, .help = "as JSON"                       \
	}

/* Files for CI. */
#define VMMIO_REPORT_OPTS(c)                                                                       \
	{"markdown", VMMIO_OPT_STRING, &(c)->markdown, .arg = "FILE",                              \
	 .help = "a comment for a change, besides: verdict, what changed, how sure"},              \
	{                                                                                          \
		"junit", VMMIO_OPT_STRING, &(c)->junit,                                            \
			.arg = "FILE",                                                             \
			.help = "JUnit's XML, besides: a case a series, undecided ones are errors" \
	}

#define VMMIO_AB_OPTS(c)                                                                          \
	VMMIO_JUDGE_OPTS(c),                                                                      \
		{"allow", VMMIO_OPT_STRING, &(c)->allow, .arg = "LIST",                           \
		 .help = "what may differ besides one thing: kind, load, count, rounds, driver, " \
			 "settings, kernel, image, qemu, vmmio, machine"},                        \
		VMMIO_REPORT_OPTS(c),                                                             \
	{                                                                                         \
		"github", VMMIO_OPT_FLAG, &(c)->github,                                           \
			.help = "annotations of GitHub, on standard error"                        \
	}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Command line of the bench's subcommands: one parser for options and
 * numbers, so that each mistake gives one line naming the option and exit
 * status 2. Options are data: a table of name, kind, target and help.
 */
#ifndef VMMIO_BENCH_OPTS_H
#define VMMIO_BENCH_OPTS_H

#include <stdbool.h>
#include <stddef.h>

enum vmmio_opt_kind {
	VMMIO_OPT_FLAG,	  /* bool */
	VMMIO_OPT_NUMBER, /* unsigned int within min .. max */
	VMMIO_OPT_DOUBLE, /* double within min .. max */
	VMMIO_OPT_STRING, /* const char *, not empty */
	VMMIO_OPT_CHOICE, /* const char *, one of the words in choices */
	VMMIO_OPT_LIST,	  /* struct vmmio_list of numbers within min .. max */
};

#define VMMIO_LIST_MAX 16

struct vmmio_list {
	unsigned int v[VMMIO_LIST_MAX];
	size_t n;
};

struct vmmio_opt {
	const char *name; /* without the dashes */
	enum vmmio_opt_kind kind;
	void *target;
	double min, max;
	const char *choices; /* "auto|kvm|tcg" */
	const char *arg;     /* its name in the help */
	const char *help;
	bool given; /* set by the parser */
};

/*
 * Parse argv[1..]; operands are gathered in @operands (room for @max_operands,
 * count in *@n). Returns 0; 1 if help was asked for and printed; or -EINVAL
 * after printing the one line.
 */
int vmmio_opts_parse(const char *command, const char *usage, struct vmmio_opt *opts, size_t nopts,
		     int argc, char **argv, const char **operands, size_t max_operands, size_t *n);

#endif

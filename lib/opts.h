/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one parser of command lines. Options are data: a table of name, kind, target and help, which
 * also makes the text of --help and the manual page. Each mistake gives one line, "program command:
 * what is wrong", and exit status 2. Names must be written in full: the next option would change
 * the meaning of an abbreviation.
 */
#ifndef VMMIO_OPTS_H
#define VMMIO_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum vmmio_opt_kind {
	VMMIO_OPT_FLAG,	   /* bool */
	VMMIO_OPT_NUMBER,  /* unsigned int within min .. max */
	VMMIO_OPT_U64,	   /* __u64 within min .. max; a max of 0: any */
	VMMIO_OPT_DOUBLE,  /* double within min .. max */
	VMMIO_OPT_SECONDS, /* __u64 of nanoseconds, from seconds within min .. max */
	VMMIO_OPT_STRING,  /* const char *, not empty */
	VMMIO_OPT_CHOICE,  /* const char *, one of the words in choices */
	VMMIO_OPT_LIST,	   /* struct vmmio_list of numbers within min .. max */
	VMMIO_OPT_CALL,	   /* take() is called each time that it is given */
};

#define VMMIO_LIST_MAX 16

struct vmmio_list {
	unsigned int v[VMMIO_LIST_MAX];
	size_t n;
};

#define VMMIO_OPT_WHY 200 /* bytes of a reason */

struct vmmio_opt {
	const char *name; /* without the dashes */
	enum vmmio_opt_kind kind;
	void *target;
	double min, max;
	const char *choices; /* "auto|kvm|tcg" */
	/* its value's name in the help; NULL: takes none; "=full": one that may be left out */
	const char *arg;
	const char *help; /* NULL: not shown */
	char letter;	  /* 0: has no short form */
	/*
	 * @value is NULL if none was given. 0; 1 if it was a question, answered on stdout; or
	 * -errno, with @why, which follows "--name value: ".
	 */
	int (*take)(void *target, const char *value, char why[VMMIO_OPT_WHY]);
	bool given; /* set by the parser */
};

struct vmmio_cmdline {
	const char *program; /* "vmmio-bench compare" */
	const char *usage;   /* what follows it; a newline begins another form of it */
	const char *about;   /* lines between them and the options, or NULL */
	const char *after;   /* lines below the options, or NULL */
	const char *version; /* "charload 0.1.0", what --version says; NULL: there is none */
	struct vmmio_opt *opts;
	size_t nopts;
	struct vmmio_opt *more; /* a second table, of options that programs share */
	size_t nmore;
	const char **operands; /* room for max_operands */
	size_t max_operands;
	size_t n;    /* of operands, set by the parser */
	bool rest;   /* "--" begins a command, no operands */
	char **left; /* set by the parser: what follows "--", or NULL */
};

#define VMMIO_OPTS_OF(table) .opts = (table), .nopts = sizeof(table) / sizeof((table)[0])

/* Is the option @what ("--name") given? Of a question that has a table of its own. */
bool vmmio_opts_ask(const char *what, int argc, char **argv);

/*
 * Parses argv[1..]. Returns 0; 1 if help was asked for and printed; or -EINVAL after printing
 * the one line. --help=table is for what makes the manual pages: a line of the name and the
 * usage, then one of letter, name, value and help for each option, tabs between them.
 */
int vmmio_cmdline_parse(struct vmmio_cmdline *c, int argc, char **argv);
void vmmio_cmdline_help(const struct vmmio_cmdline *c, FILE *f);

/* The same with neither texts nor a command: operands go to @operands, their number to *@n. */
int vmmio_opts_parse(const char *program, const char *usage, struct vmmio_opt *opts, size_t nopts,
		     int argc, char **argv, const char **operands, size_t max_operands, size_t *n);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parser of the options that live, list, regs and hist share.
 */
#ifndef VMMIO_PARSE_H
#define VMMIO_PARSE_H

#include "lib/opts.h"
#include "tools/vmmio-stat/core/options.h"

/* The options that a subcommand takes, and its texts (lib/opts.h). */
struct vmmio_form {
	const char *program; /* "vmmio-stat hist" */
	const char *usage, *about, *after;
	/*
	 * Which of the common options, by their letters; those without one: j json, c csv,
	 * t textfile, p per, s self, v verify, o source, e emulated-time, d device-driven. NULL:
	 * all.
	 */
	const char *takes;
	struct vmmio_opt *own; /* its own options */
	size_t nown;
	bool command; /* "-- command" */
};

/*
 * Returns 0 to go on; otherwise 1 + the exit status to end with: everything
 * has been printed. Operands are left in argc and argv.
 */
int vmmio_options_parse(struct vmmio_options *o, const struct vmmio_form *form, int argc,
			char **argv);

/* Takes "[interval [count]]" from the operands; returns as above. */
int vmmio_options_interval(struct vmmio_options *o);

/* What the fields shown need from a source. */
struct vmmio_want vmmio_options_want(const struct vmmio_options *o);

#endif

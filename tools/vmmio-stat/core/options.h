/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The options that live, list, regs and hist share, as views and sessions see
 * them. session/parse.c reads them.
 */
#ifndef VMMIO_OPTIONS_H
#define VMMIO_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "fields.h"

enum vmmio_format {
	VMMIO_FORMAT_TABLE,
	VMMIO_FORMAT_JSON,
	VMMIO_FORMAT_CSV,
	VMMIO_FORMAT_TEXTFILE,
};

struct vmmio_options {
	__u64 interval_ns;
	__u64 count;	     /* 0: endless */
	bool interval_given; /* -i or the operand */
	bool timestamp;
	bool extended;
	bool skip_idle;
	bool verify;
	bool self; /* say what watching cost */
	__u64 per; /* counts of a command are per this many of its operations; 0: as they are */
	bool json_full;
	bool emulated_time;
	bool device_driven; /* latencies of queues that the device drives */
	enum vmmio_format format;
	const char *device; /* patterns as of the shell, or NULL */
	const char *driver;
	const char *queue;
	const char *source;
	const char *textfile; /* with VMMIO_FORMAT_TEXTFILE */
	int sort;	      /* field id, or -1 */
	int fields[VMMIO_F_COUNT];
	int nfields;
	bool chosen;	   /* -f: these and no others */
	bool fields_given; /* by -f */
	unsigned int max_slots;
	char **command; /* after "--", or NULL */
	int argc;	/* what is left: operands */
	const char **argv;
	const char *operands[4]; /* where argv points into */
};

#endif

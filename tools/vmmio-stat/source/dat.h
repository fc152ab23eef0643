/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trace.dat of version 6, as "vmmio-stat record" and trace-cmd write it: formats of events, and
 * the places of each CPU's pages. The file is not trusted and may be cut anywhere: what is not
 * there is not read.
 */
#ifndef VMMIO_DAT_H
#define VMMIO_DAT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "vmmio/types.h"

#define DAT_MAGIC "\x17\x08\x44tracing"
/* vmmio-stat's own section, behind the table of CPUs: this word, its length, JSON. */
#define DAT_FACTS "vmmiofct"

struct dat {
	int fd;
	size_t page_size;	/* of the ring's pages */
	unsigned int long_size; /* of the kernel */
	struct dat_format {
		char *system, *text;
	} * formats;
	unsigned int nformats;
	struct dat_cpu {
		__u64 at, size; /* in the file, as far as it goes */
		__u64 missing;	/* bytes that the file ends too early for */
	} * cpus;
	unsigned int ncpus;
	char *facts; /* JSON; NULL: another program recorded */
	char *tasks; /* lines of number and name, as many as the kernel kept; or NULL */
};

/* Does it begin like one? */
bool dat_is_one(const char *path);

/* Returns 0 or -errno with one line in @why. */
int dat_open(struct dat *d, const char *path, char *why, size_t size);
void dat_close(struct dat *d);

/*
 * The tasks of this name, or of this number, into *@pids, which the caller frees. Returns how
 * many; -ENOENT: a name that is not in it, or -ENOMEM.
 */
ssize_t dat_tasks(const struct dat *d, const char *task, __s32 **pids);

/* The format of an event, or NULL. */
const char *dat_format(const struct dat *d, const char *system, const char *name);

#endif

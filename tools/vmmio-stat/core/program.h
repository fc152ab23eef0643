/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all of vmmio-stat shares: signals that end it, the form of an error
 * line, and the end of a pipe. Exit statuses are lib/status.h's.
 */
#ifndef VMMIO_PROGRAM_H
#define VMMIO_PROGRAM_H

#include <limits.h>
#include <signal.h>
#include <stdio.h>

#include <linux/types.h>

#include "lib/status.h"

/* Number of the signal that asks us to end, or 0. */
extern volatile sig_atomic_t vmmio_stop;

/* Installs the handlers for it, without SA_RESTART; ignores SIGPIPE. */
void vmmio_catch_signals(void);

/* Sleeps until CLOCK_MONOTONIC says @ns, or a signal asks us to end. */
void vmmio_sleep_until(__u64 ns);

#define VMMIO_WHY_MAX (PATH_MAX + 256) /* bytes of a reason for it: a path is not cut */

/* "vmmio-stat: ..." and a newline on stderr. */
void vmmio_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Flushes @out. Returns 0; 1 when the reader closed the pipe (end quietly,
 * with VMMIO_EXIT_OK); -errno when the data could not be written.
 */
int vmmio_flush(FILE *out);

#endif

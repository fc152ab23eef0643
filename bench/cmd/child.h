/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs a program to its end, in its own process group: it and its children end when the user stops
 * ours. pairs_run.c runs programs whose output is the JSON of a result.
 */
#ifndef VMMIO_BENCH_CHILD_H
#define VMMIO_BENCH_CHILD_H

#include <stdbool.h>

/*
 * @argv, searched in PATH, in the folder @dir (NULL: this one), with nothing to read; its output
 * to @out and @err (-1: to nowhere). Its exit status, 128 + signal of what a signal ended, -EINTR
 * if the user stopped it, or -errno. @to_the_end: it is not stopped, since it cleans up.
 */
int vmmio_child_run(char *const argv[], const char *dir, int out, int err, bool to_the_end);

/* All that was written to the file @fd, as text to free; NULL if there is no memory. */
char *vmmio_child_text(int fd);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The subcommands of vmmio-bench: one function each, listed in main.c. They
 * get their own name as argv[0] and return the exit status: 0 ok, 1 trouble,
 * 2 wrong usage, 3 negative verdict, 4 could not be decided.
 */
#ifndef VMMIO_BENCH_CMD_H
#define VMMIO_BENCH_CMD_H

#include <stdbool.h>

#include "lib/status.h"

int vmmio_cmd_compare(int argc, char **argv);
/* May @id be a commit's, as --commit takes it and a stored result has it? */
bool vmmio_commit_fits(const char *id);
/* versus.c: what "compare --versus mainline" is */
int vmmio_cmd_versus(int argc, char **argv);
/* where.c: what "compare --where" is; diff_where.c: what "diff --where" is */
int vmmio_cmd_where(int argc, char **argv);
int vmmio_cmd_diff_where(int argc, char **argv);
/* stack.c: what "compare --stack" is */
int vmmio_cmd_stack(int argc, char **argv);
int vmmio_cmd_sweep(int argc, char **argv);
int vmmio_cmd_diff(int argc, char **argv);
int vmmio_cmd_regress(int argc, char **argv);
/* history.c: what "regress --history" is */
int vmmio_cmd_history(int argc, char **argv);
int vmmio_cmd_plot(int argc, char **argv);
int vmmio_cmd_report(int argc, char **argv);
int vmmio_cmd_tune(int argc, char **argv);
int vmmio_cmd_predict(int argc, char **argv);
int vmmio_cmd_conform(int argc, char **argv);
int vmmio_cmd_micro(int argc, char **argv);
int vmmio_cmd_witness(int argc, char **argv);

#endif

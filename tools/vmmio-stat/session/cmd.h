/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subcommands of vmmio-stat. One subcommand is one file, cmd/<name>.c,
 * and one row of the table in cmd/main.c:
 *
 *   int vmmio_cmd_foo(int argc, char **argv);
 *
 * argv[0] is the subcommand's name; the function parses its own options
 * (vmmio_options_parse() gives the common ones), prints data on stdout and
 * at most one line of trouble on stderr through vmmio_complain(), and returns
 * the exit status: VMMIO_EXIT_*. It leaves nothing attached and nothing
 * running, whatever ends it: SIGINT, SIGTERM, SIGHUP set vmmio_stop.
 */
#ifndef VMMIO_CMD_H
#define VMMIO_CMD_H

#include "tools/vmmio-stat/core/program.h"

struct vmmio_cmd {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help; /* one line for --help */
};

int vmmio_cmd_live(int argc, char **argv); /* no subcommand given */
int vmmio_cmd_advise(int argc, char **argv);
int vmmio_cmd_doctor(int argc, char **argv);
int vmmio_cmd_hist(int argc, char **argv);
int vmmio_cmd_join(int argc, char **argv);
int vmmio_cmd_list(int argc, char **argv);
int vmmio_cmd_record(int argc, char **argv);
int vmmio_cmd_report(int argc, char **argv);
int vmmio_cmd_regs(int argc, char **argv);
int vmmio_cmd_serve(int argc, char **argv);
int vmmio_cmd_stalls(int argc, char **argv);
int vmmio_cmd_top(int argc, char **argv);
int vmmio_cmd_vms(int argc, char **argv);
int vmmio_cmd_exits(int argc, char **argv);

/* NULL-named entry ends it; main.c. */
extern const struct vmmio_cmd vmmio_cmds[];

#endif

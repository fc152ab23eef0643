/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subcommands of vmmio-stat. One subcommand is one file, cmd_<name>.c or
 * <name>.c, and one row of the table in main.c:
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

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

enum {
	VMMIO_EXIT_OK = 0,
	VMMIO_EXIT_TROUBLE = 1,
	VMMIO_EXIT_USAGE = 2,
	VMMIO_EXIT_NEGATIVE = 3, /* a check said no */
};

struct vmmio_cmd {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help; /* one line for --help */
};

int vmmio_cmd_live(int argc, char **argv); /* no subcommand given */
int vmmio_cmd_doctor(int argc, char **argv);
int vmmio_cmd_hist(int argc, char **argv);
int vmmio_cmd_list(int argc, char **argv);
int vmmio_cmd_regs(int argc, char **argv);
int vmmio_cmd_top(int argc, char **argv);
int vmmio_cmd_vms(int argc, char **argv);
int vmmio_cmd_exits(int argc, char **argv);

/* NULL-named entry ends it; main.c. */
extern const struct vmmio_cmd vmmio_cmds[];

/* Number of the signal that asks us to end, or 0. */
extern volatile sig_atomic_t vmmio_stop;

/* Installs the handlers for it, without SA_RESTART; ignores SIGPIPE. */
void vmmio_catch_signals(void);

/* "vmmio-stat: ..." and a newline on stderr. */
void vmmio_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Flushes @out. Returns 0; 1 when the reader closed the pipe (end quietly,
 * with VMMIO_EXIT_OK); -errno when the data could not be written.
 */
int vmmio_flush(FILE *out);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/* vmmio-bench: finds the subcommand in a table and calls it. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
	char *forms[3]; /* options by which it is another command, with a table of its own */
} commands[] = {
	{"compare",
	 vmmio_cmd_compare,
	 "one load over virtio-mmio and virtio-pci: table and verdict",
	 {"--versus=mainline", "--stack", "--where"}},
	{"sweep", vmmio_cmd_sweep, "an experiment file, run by run, resumable"},
	{"diff", vmmio_cmd_diff, "two stored results against each other", {"--where"}},
	{"regress",
	 vmmio_cmd_regress,
	 "a stored result against a new run, or two commands in turn",
	 {"--history=DIR"}},
	{"plot", vmmio_cmd_plot, "draw a stored result again, or the intervals of two"},
	{"report", vmmio_cmd_report, "page, tables and figures of a stored sweep again"},
	{"tune", vmmio_cmd_tune,
	 "queue size, suppression, interrupt mode: which is best for a load"},
	{"predict", vmmio_cmd_predict, "counts of a result times the access costs of a machine"},
	{"conform", vmmio_cmd_conform, "a driver's register accesses against the specification"},
	{"micro", vmmio_cmd_micro, "what one access or interrupt costs on this machine (KVM)"},
	{"witness", vmmio_cmd_witness, "runs your QEMU guest: its accesses to registers by name"},
};

static void usage(FILE *f)
{
	fprintf(f, "usage: vmmio-bench COMMAND [options]   (COMMAND --help lists them)\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(f, "  %-9s %s\n", commands[i].name, commands[i].help);
}

/* All tables of options, for the manual page (lib/opts.h), each command's behind its line. */
static int tables(void)
{
	int status = VMMIO_EXIT_OK;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		char *argv[] = {(char *)commands[i].name, "--help=table", NULL, NULL};

		printf("#\t%s\t%s\n", commands[i].name, commands[i].help);
		status = status ?: commands[i].run(2, argv);
		argv[2] = argv[1];
		for (size_t k = 0; k < 3 && commands[i].forms[k]; k++) {
			argv[1] = commands[i].forms[k];
			status = status ?: commands[i].run(3, argv);
		}
	}
	return status;
}

/* What was not written was not said: a full disk or a closed output is no success. */
static int written(const char *command, int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "vmmio-bench %s: standard output: %s\n", command,
		errno ? strerror(errno) : "could not be written");
	return VMMIO_EXIT_TROUBLE;
}

/* A closed output would be given to the next file that is opened, and written into. */
static bool can_write(void)
{
	if (fcntl(STDOUT_FILENO, F_GETFD) >= 0)
		return true;
	fprintf(stderr, "vmmio-bench: standard output: %s\n", strerror(errno));
	return false;
}

int main(int argc, char **argv)
{
	if (!can_write())
		return VMMIO_EXIT_TROUBLE;
	if (argc < 2) {
		usage(stderr);
		return VMMIO_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage(stdout);
		return written("--help", VMMIO_EXIT_OK);
	}
	if (!strcmp(argv[1], "--help=table"))
		return written("--help", tables());
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("vmmio-bench " VMMIO_VERSION "\n");
		return written("--version", VMMIO_EXIT_OK);
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return written(argv[1], commands[i].run(argc - 1, argv + 1));
	fprintf(stderr, "vmmio-bench: %s: no such command (try --help)\n", argv[1]);
	return VMMIO_EXIT_USAGE;
}

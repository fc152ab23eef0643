// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-stat: the table of subcommands, and what all of them share: signals,
 * the form of an error line, the end of a pipe.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

const struct vmmio_cmd vmmio_cmds[] = {
	{"list", vmmio_cmd_list, "devices and virtqueues: transport, ring sizes, interrupts"},
	{"regs", vmmio_cmd_regs, "register accesses by name"},
	{},
};

volatile sig_atomic_t vmmio_stop;

static void stop(int sig)
{
	vmmio_stop = sig;
}

void vmmio_catch_signals(void)
{
	struct sigaction sa = {.sa_handler = stop};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void vmmio_complain(const char *format, ...)
{
	va_list args;

	fputs("vmmio-stat: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

int vmmio_flush(FILE *out)
{
	static int err; /* stays: what failed once has lost data */

	if (err)
		return err;
	errno = 0;
	if (!fflush(out) && !ferror(out))
		return 0;
	err = errno == EPIPE ? 1 : errno ? -errno : -EIO;
	return err;
}

int main(int argc, char **argv)
{
	int i, ret, status;

	vmmio_catch_signals();
	for (i = 0; argc > 1 && vmmio_cmds[i].name; i++)
		if (!strcmp(argv[1], vmmio_cmds[i].name))
			break;
	if (argc > 1 && vmmio_cmds[i].name)
		status = vmmio_cmds[i].run(argc - 1, argv + 1);
	else
		status = vmmio_cmd_live(argc, argv);
	ret = vmmio_flush(stdout);
	if (ret < 0 && status == VMMIO_EXIT_OK) {
		vmmio_complain("cannot write the output: %s", strerror(-ret));
		status = VMMIO_EXIT_TROUBLE;
	}
	return status;
}

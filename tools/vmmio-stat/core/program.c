// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the whole program shares (program.h): signals, the form of an error line, the end of a pipe.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "program.h"

volatile sig_atomic_t vmmio_stop;

static void stop(int sig)
{
	vmmio_stop = sig;
}

void vmmio_catch_signals(void)
{
	struct sigaction sa = {.sa_handler = stop}, old;

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	/* started by nohup: stays ignored */
	if (!sigaction(SIGHUP, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void vmmio_sleep_until(__u64 ns)
{
	struct timespec t = {.tv_sec = (time_t)(ns / 1000000000),
			     .tv_nsec = (long)(ns % 1000000000)};

	while (!vmmio_stop && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
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

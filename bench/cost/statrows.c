// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes vmmio-stat-fed of vmmio-stat's own files: programs for our tracepoints
 * are attached to one that hardly ever fires, and bench/cost/statfeed.c runs them, so
 * that many rows can be had on a machine without the driver. With VMMIO_STARTED
 * (CLOCK_MONOTONIC of its parent, ns) it says when each probe was attached.
 * Linked with --wrap.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/vmmio-stat/source/source.h"
#include "lib/clock.h"

int __real_bpf_raw_tracepoint_open(const char *name, int prog_fd);
int __wrap_bpf_raw_tracepoint_open(const char *name, int prog_fd);

int __wrap_bpf_raw_tracepoint_open(const char *name, int prog_fd)
{
	bool ours = name && !strncmp(name, "vmmio_", 6);
	int fd = __real_bpf_raw_tracepoint_open(ours ? "bpf_trace_printk" : name, prog_fd);
	const char *started = getenv("VMMIO_STARTED");

	if (fd >= 0 && ours && started) {
		struct timespec cpu;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
		fprintf(stderr, "attached %s after %.3f ms, %.3f ms of CPU\n", name,
			(double)(vmmio_now_ns() - strtoull(started, NULL, 10)) / 1e6,
			(double)cpu.tv_sec * 1e3 + (double)cpu.tv_nsec / 1e6);
	}
	return fd;
}

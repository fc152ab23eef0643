// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes vmmio-stat-called of vmmio-stat's own files: what is attached to our driver's kick
 * is attached to the entry of system calls, so that both the live table and a recording
 * can be had of events at any rate on a machine without the driver (bench/cost/callfeed.c
 * makes them). Our other tracepoints never fire. Linked with --wrap.
 */
#include <errno.h>
#include <string.h>

#include "tools/vmmio-stat/source/source.h"
#include "tools/vmmio-stat/source/tracefs_ring.h"

int __real_bpf_raw_tracepoint_open(const char *name, int prog_fd);
int __wrap_bpf_raw_tracepoint_open(const char *name, int prog_fd);
int __real_trace_ring_enable(struct trace_ring *r, const struct trace_event *event, char *why,
			     size_t size);
int __wrap_trace_ring_enable(struct trace_ring *r, const struct trace_event *event, char *why,
			     size_t size);

int __wrap_bpf_raw_tracepoint_open(const char *name, int prog_fd)
{
	if (name && !strcmp(name, "vmmio_kick"))
		name = "sys_enter";
	else if (name && !strncmp(name, "vmmio_", 6))
		name = "bpf_trace_printk";
	return __real_bpf_raw_tracepoint_open(name, prog_fd);
}

int __wrap_trace_ring_enable(struct trace_ring *r, const struct trace_event *event, char *why,
			     size_t size)
{
	struct trace_event e = *event;

	if (!strcmp(e.system, "vmmio")) {
		if (strcmp(e.name, "vmmio_kick"))
			return 0;
		e.system = "raw_syscalls";
		e.name = "sys_enter";
	}
	return __real_trace_ring_enable(r, &e, why, size);
}

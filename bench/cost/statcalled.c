// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes vmmio-stat-called of vmmio-stat's own files: what is attached to our driver's kick
 * is attached to the entry of system calls, so that both the live table and a recording
 * can be had of events at any rate on a machine without the driver (bench/cost/callfeed.c
 * makes them). Our other tracepoints never fire. Linked with --wrap.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <tracefs.h>

#include "tools/vmmio-stat/source/event_fields.h"
#include "tools/vmmio-stat/source/source.h"
#include "tools/vmmio-stat/source/tracefs_ring.h"
#include "vmmio/events.h"

int __real_bpf_raw_tracepoint_open(const char *name, int prog_fd);
int __wrap_bpf_raw_tracepoint_open(const char *name, int prog_fd);
int __real_trace_ring_enable(struct trace_ring *r, const struct trace_event *event, char *why,
			     size_t size);
/* Nothing of mainline's is recorded. */
bool __wrap_tracefs_stock_is_there(void);

bool __wrap_tracefs_stock_is_there(void)
{
	return false;
}

int __wrap_trace_ring_enable(struct trace_ring *r, const struct trace_event *event, char *why,
			     size_t size);

char *__real_tracefs_event_file_read(struct tracefs_instance *instance, const char *system,
				     const char *event, const char *file, int *psize);
char *__wrap_tracefs_event_file_read(struct tracefs_instance *instance, const char *system,
				     const char *event, const char *file, int *psize);

#define FIRST_ID 9001 /* no event has it or those that follow */

#define NAME(name, type) #name,
static const char *const events[] = {VMMIO_TRACEPOINTS(NAME)};

/* The kernel's words about an event of ours, which it does not know here; NULL: no memory. */
static char *format_of(const char *event)
{
	const struct trace_field *f = vmmio_event_fields(event);
	char *text = NULL;
	int at = 8, i = 0;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out || !f)
		return NULL;
	while (strcmp(events[i], event))
		i++;
	fprintf(out,
		"name: %s\nID: %d\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
		"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n",
		event, FIRST_ID + i);
	for (; f->name; at += f->size, f++)
		fprintf(out, "\tfield:u%d %s;\toffset:%d;\tsize:%d;\tsigned:0;\n", f->size * 8,
			f->name, at, f->size);
	fprintf(out, "\nprint fmt: \"\"\n");
	return fclose(out) ? NULL : text;
}

char *__wrap_tracefs_event_file_read(struct tracefs_instance *instance, const char *system,
				     const char *event, const char *file, int *psize)
{
	if (!strcmp(system, "vmmio"))
		return format_of(event);
	return __real_tracefs_event_file_read(instance, system, event, file, psize);
}

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

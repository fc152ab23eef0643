/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tracing instance of our own: its per-CPU rings read as raw pages, merged
 * by time, and the records that they had no room for. It knows how a record
 * of an event is laid out because the kernel's format file says so; what an
 * event means is the business of its callers.
 */
#ifndef VMMIO_TRACEFS_RING_H
#define VMMIO_TRACEFS_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "vmmio/types.h"

struct tracefs_instance;
struct tep_handle;
struct kbuffer;

#define TRACE_FIELDS 10
#define TRACE_EVENTS 32
#define TRACE_TEXT 64 /* of a string field, with its end */

/* A field of a record and where its value goes. */
struct trace_field {
	const char *name;
	__u16 to;   /* offset in the caller's struct */
	__u16 size; /* bytes in both; TRACE_TEXT: a string */
};

/* Where and when a record was made. */
struct trace_context {
	__u64 ns;
	int cpu; /* index, below ring->ncpus */
	__s32 pid;
};

struct trace_event {
	const char *system, *name;
	const struct trace_field *fields; /* ends with a NULL name */
	/* @values: room for the caller's struct, filled by the fields. */
	void (*handle)(void *data, int arg, const struct trace_context *at, const void *values);
	void *data;
	int arg;
	/* what the kernel says */
	int id;
	__u16 from[TRACE_FIELDS];
};

struct trace_cpu {
	int pages, stats; /* files; -1: none */
	bool absent;	  /* offline since before the ring was made: it has no pages yet */
	struct kbuffer *kbuf;
	void *page;
	void *record; /* next one; NULL: read another page */
	unsigned long long ns;
	__u64 lost; /* so far */
};

struct trace_ring {
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	struct trace_cpu *cpus;
	int ncpus;
	size_t page_size;
	__u16 type_at, pid_at; /* of the fields that all records have */
	struct trace_event events[TRACE_EVENTS];
	int nevents;
	__u64 strange;	 /* records that could not be read */
	char system[32]; /* of probes of our own: one for each process */
};

/*
 * Finds tracefs, removes what processes that are dead left there, and makes an
 * instance. Returns 0 or -errno with one line in @why.
 */
int trace_ring_open(struct trace_ring *r, char *why, size_t size);
/* Removes it with all that was enabled in it. */
void trace_ring_close(struct trace_ring *r);

/* Adds *@event, whose layout is read from the kernel, and enables it. */
int trace_ring_enable(struct trace_ring *r, const struct trace_event *event, char *why,
		      size_t size);
/* Disables the events with this @data; records of them that are there go unheard. */
void trace_ring_forget(struct trace_ring *r, const void *data);

/*
 * Hands the records that are there, made at @until (CLOCK_MONOTONIC) or before,
 * to their events' handlers. Returns 0 or -errno.
 */
int trace_ring_drain(struct trace_ring *r, __u64 until);
/* Waits until there is something to drain, @ms at most. */
void trace_ring_wait(struct trace_ring *r, int ms);
/* Records that the rings had no room for, and those that could not be read. */
__u64 trace_ring_lost(struct trace_ring *r);

#endif

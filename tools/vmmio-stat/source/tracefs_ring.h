/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A private tracing instance: its per-CPU rings read as raw pages, merged by time, and the count of
 * records that found no room. The kernel's format file gives the layout of a record; the callers
 * know what an event means.
 */
#ifndef VMMIO_TRACEFS_RING_H
#define VMMIO_TRACEFS_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "vmmio/types.h"

struct tracefs_instance;
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
	int cpu;    /* index, below ring->ncpus */
	int number; /* of the CPU */
	__s32 pid;
};

struct trace_event {
	const char *system, *name;
	const char *title;		  /* its name in a recording; NULL: the same */
	const struct trace_field *fields; /* ends with a NULL name */
	/* @values: room for the caller's struct, filled by the fields. */
	void (*handle)(void *data, int arg, const struct trace_context *at, const void *values);
	void *data;
	int arg;
	/* what the kernel says */
	__u16 id;
	__u16 from[TRACE_FIELDS];
};

struct trace_cpu {
	int pages, stats; /* files; -1: none */
	int number;	  /* of the CPU */
	bool absent;	  /* offline since before the ring was made: it has no pages yet */
	bool skipped;	  /* its records are not asked for */
	__u64 at, end;	  /* of a recording: its pages in the file, from the next one on */
	bool started;	  /* of a recording: a page was read */
	bool missed;	  /* of a recording: between its pages records are missing */
	struct kbuffer *kbuf;
	void *page;
	void *record; /* next one; NULL: read another page */
	unsigned long long ns;
	__u64 lost; /* so far */
};

struct trace_ring {
	struct tracefs_instance *instance;
	struct trace_cpu *cpus;
	int ncpus;
	int file; /* a recording; -1: live */
	/* of a recording: the format of an event, or NULL */
	const char *(*format)(void *recording, const char *system, const char *name);
	void *recording;
	size_t page_size;
	unsigned int long_size; /* of the kernel, bytes */
	__u16 type_at, pid_at;	/* of the fields that all records have */
	struct trace_event events[TRACE_EVENTS];
	int nevents;
	__u64 from, until; /* ns: what is outside is not handed out */
	const __s32 *pids; /* of a recording: only records of these tasks; NULL: all */
	size_t npids;
	/* is told whose records are not taken; NULL: nobody is */
	void (*unwanted)(void *data, __s32 pid);
	void *unwanted_data;
	__u64 taken;	 /* records that a handler got */
	__u64 strange;	 /* records that could not be read */
	__u64 cut;	 /* pages of a recording that could not be read to their end */
	char system[32]; /* of probes of our own: one for each process */
};

/*
 * Finds tracefs, removes what processes that are dead left there, and makes an
 * instance. Returns 0 or -errno with one line in @why.
 */
int trace_ring_open(struct trace_ring *r, char *why, size_t size);
/*
 * The same with @kib for each CPU (0: as many as the kernel likes). @keep: when a
 * ring is full the oldest goes, not the newest.
 */
int trace_ring_open_sized(struct trace_ring *r, unsigned int kib, bool keep, char *why,
			  size_t size);
/*
 * Finds tracefs and how its rings' pages are laid out, without an instance. Returns 0 or
 * -errno with @why.
 */
int trace_ring_layout(struct trace_ring *r, char *why, size_t size);
/* Removes it with all that was enabled in it. */
void trace_ring_close(struct trace_ring *r);

/* What a CPU's ring has, as the kernel counts. */
struct trace_ring_stats {
	__u64 bytes, events_read, overrun, dropped;
	char text[512]; /* the kernel's */
};
void trace_ring_stats(const struct trace_cpu *c, struct trace_ring_stats *s);

/*
 * Walks through @len bytes of records: where the next one begins, 0: @at is the last
 * place that can be read. What is between is at *@from and has *@size bytes, 0: it is
 * no event.
 */
size_t trace_page_next(const char *data, size_t len, size_t at, size_t *from, size_t *size);

/* Memory of *@c, once the layout of pages is known. Returns 0 or -ENOMEM. */
int trace_ring_cpu(struct trace_ring *r, struct trace_cpu *c);

/* Where *@e's fields are, by @text, its format. Returns 0 or -EPROTO with @why. */
int trace_ring_learn(struct trace_ring *r, const char *text, struct trace_event *e, char *why,
		     size_t size);

/*
 * Adds *@event, whose layout is read from the kernel, and enables it; of a recording
 * its layout is read there (-ENOENT: it has none of them). Returns 0 or -errno with
 * @why.
 */
int trace_ring_enable(struct trace_ring *r, const struct trace_event *event, char *why,
		      size_t size);
/* The same without enabling it: its records are made by somebody else. */
int trace_ring_know(struct trace_ring *r, const struct trace_event *event, char *why, size_t size);
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

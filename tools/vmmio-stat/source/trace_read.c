// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records out of raw pages, of a live ring or of a recording (see tracefs_ring.h): the places of an
 * event's fields, pages into records, CPUs merged by time. A page of a recording is checked before
 * it is read: what does not fit is left out and counted.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kbuffer.h>

#include "trace_format.h"
#include "tracefs_ring.h"

#define SLACK 64 /* behind a page, of zeros: what is read before it is checked */
#define COMMIT_BITS 0x7ffffffu
#define MISSED_HERE (1u << 31)	/* before this page records were lost */
#define MISSED_COUNT (1u << 30) /* and how many stands behind its data */

int trace_ring_cpu(struct trace_ring *r, struct trace_cpu *c)
{
	c->page = calloc(1, r->page_size + SLACK);
	c->kbuf = kbuffer_alloc(r->long_size == 8 ? KBUFFER_LSIZE_8 : KBUFFER_LSIZE_4,
				KBUFFER_ENDIAN_SAME_AS_HOST);
	return c->page && c->kbuf ? 0 : -ENOMEM;
}

static int find_place(const char *text, const char *name, __u32 size, __u16 *at)
{
	bool want_text = size == TRACE_TEXT;
	struct trace_place p;
	int err = trace_format_field(text, name, &p);

	if (err)
		return err;
	if (p.text != want_text || p.size != (want_text ? 4 : size) || p.at >= 4096)
		return -EPROTO;
	*at = (__u16)p.at;
	return 0;
}

int trace_ring_learn(struct trace_ring *r, const char *text, struct trace_event *e, char *why,
		     size_t size)
{
	int i;

	if (trace_format_id(text, &e->id)) {
		snprintf(why, size, "tracefs: the format of %s is not understood", e->name);
		return -EPROTO;
	}
	if (find_place(text, "common_type", 2, &r->type_at) ||
	    find_place(text, "common_pid", 4, &r->pid_at)) {
		snprintf(why, size,
			 "tracefs: %s has no common_type and common_pid of 2 and 4 bytes", e->name);
		return -EPROTO;
	}
	for (i = 0; e->fields[i].name; i++) {
		if (!find_place(text, e->fields[i].name, e->fields[i].size, &e->from[i]))
			continue;
		snprintf(why, size, "tracefs: %s has no %s of %u bytes", e->name, e->fields[i].name,
			 e->fields[i].size);
		return -EPROTO;
	}
	return 0;
}

/* Values of a record into the caller's struct; false if it ends early. */
static bool copy(const struct trace_event *e, const char *record, size_t len, char *values)
{
	const struct trace_field *f = e->fields;
	__u32 loc;
	int i;

	for (i = 0; f[i].name; i++) {
		size_t want = f[i].size == TRACE_TEXT ? 4 : f[i].size, n;

		if (e->from[i] + want > len)
			return false;
		if (f[i].size != TRACE_TEXT) {
			memcpy(values + f[i].to, record + e->from[i], want);
			continue;
		}
		memcpy(&loc, record + e->from[i], sizeof(loc)); /* length, offset */
		n = loc >> 16;
		loc &= 0xffff;
		if (loc + n > len)
			return false;
		n = n < TRACE_TEXT ? n : TRACE_TEXT - 1;
		memcpy(values + f[i].to, record + loc, n);
		values[f[i].to + n] = '\0';
	}
	return true;
}

/* Is a record of this task asked for? */
static bool is_wanted(const struct trace_ring *r, __s32 pid)
{
	size_t i;

	for (i = 0; i < r->npids; i++)
		if (r->pids[i] == pid)
			return true;
	return !r->pids;
}

static void take(struct trace_ring *r, int cpu)
{
	struct trace_cpu *c = &r->cpus[cpu];
	struct trace_context at = {.ns = c->ns, .cpu = cpu, .number = c->number};
	size_t len = (size_t)kbuffer_event_size(c->kbuf);
	const char *record = c->record;
	__u64 values[24];
	__u16 type;
	int i;

	if (c->ns < r->from || c->ns > r->until || c->skipped)
		return;
	if (r->type_at + sizeof(type) > len || r->pid_at + sizeof(at.pid) > len) {
		r->strange++;
		return;
	}
	memcpy(&type, record + r->type_at, sizeof(type));
	memcpy(&at.pid, record + r->pid_at, sizeof(at.pid));
	if (!is_wanted(r, at.pid)) {
		if (r->unwanted)
			r->unwanted(r->unwanted_data, at.pid);
		return;
	}
	for (i = 0; i < r->nevents && r->events[i].id != type; i++)
		;
	if (i < r->nevents ? !r->events[i].handle : r->file >= 0)
		return; /* not asked for; a recording may have more than was */
	if (i == r->nevents || !copy(&r->events[i], record, len, (char *)values)) {
		r->strange++;
		return;
	}
	r->taken++;
	r->events[i].handle(r->events[i].data, r->events[i].arg, &at, values);
}

size_t trace_page_next(const char *data, size_t len, size_t at, size_t *from, size_t *size)
{
	__u32 head, more = 0;
	size_t next;

	*from = *size = 0;
	if (at + 4 > len)
		return 0;
	memcpy(&head, data + at, 4);
	if (at + 8 <= len)
		memcpy(&more, data + at + 4, 4);
	switch (head & 31) {
	case 0: /* preceded by its length */
	case KBUFFER_TYPE_PADDING:
		if (more < 4 || more > len)
			return 0;
		next = at + 4 + ((more + 3) & ~3u);
		if (!(head & 31)) {
			*from = at + 8;
			*size = more - 4;
		}
		break;
	case KBUFFER_TYPE_TIME_EXTEND:
	case KBUFFER_TYPE_TIME_STAMP:
		next = at + 8;
		break;
	default:
		*from = at + 4;
		*size = (head & 31) * 4;
		next = *from + *size;
	}
	return next <= len ? next : 0;
}

/* How many bytes of @data are whole records; @len at most. */
static size_t whole(const char *data, size_t len)
{
	size_t at = 0, next, from, size;

	while ((next = trace_page_next(data, len, at, &from, &size)))
		at = next;
	return at;
}

/* The next page of a recording: bytes, 0: there is none, or -errno. */
static ssize_t read_page(struct trace_ring *r, struct trace_cpu *c)
{
	size_t head = 8 + r->long_size, want = r->page_size, fits, got = 0;
	__u32 commit, good;
	ssize_t n = 0;

	if (c->end - c->at < want)
		want = (size_t)(c->end - c->at);
	while (got < want) {
		n = pread(r->file, (char *)c->page + got, want - got, (off_t)(c->at + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	if (n < 0)
		return -errno;
	c->at += got ? r->page_size : c->end - c->at;
	if (c->at > c->end)
		c->at = c->end;
	if (!got)
		return 0;
	memset((char *)c->page + got, 0, r->page_size + SLACK - got);
	if (got < head) {
		r->cut++;
		return 0;
	}
	memcpy(&commit, (char *)c->page + 8, 4);
	if (commit & MISSED_HERE && c->started)
		c->missed = true;
	c->started = true;
	fits = got - head < (commit & COMMIT_BITS) ? got - head : commit & COMMIT_BITS;
	good = (__u32)whole((char *)c->page + head, fits);
	if (good != (commit & COMMIT_BITS))
		r->cut++;
	if (commit & MISSED_COUNT && good != (commit & COMMIT_BITS))
		commit &= ~MISSED_COUNT;
	commit = (commit & ~COMMIT_BITS) | good;
	memcpy((char *)c->page + 8, &commit, 4);
	if (r->long_size == 8)
		memset((char *)c->page + 12, 0, 4);
	return (ssize_t)got;
}

/*
 * The next record of a CPU into c->record, if there is one. A CPU that was never
 * online since the ring was made has nothing to read until it comes. Returns 0 or
 * -errno.
 */
static int refill(struct trace_ring *r, struct trace_cpu *c)
{
	ssize_t n;

	while (!c->record) {
		if (r->file >= 0) {
			if (c->at >= c->end)
				return 0;
			n = read_page(r, c);
			if (n < 0)
				return (int)n;
			if (!n)
				continue;
		} else {
			n = read(c->pages, c->page, r->page_size);
			if (n < 0 && errno == EINTR)
				continue;
			c->absent = n < 0 && errno == ENODEV;
			if (n < 0)
				return errno == EAGAIN || c->absent ? 0 : -errno;
			if (!n)
				return 0;
		}
		if (kbuffer_load_subbuffer(c->kbuf, c->page))
			return -EPROTO;
		c->record = kbuffer_read_event(c->kbuf, &c->ns);
	}
	return 0;
}

int trace_ring_drain(struct trace_ring *r, __u64 until)
{
	int i, next, err;

	for (i = 0; i < r->ncpus; i++) {
		err = refill(r, &r->cpus[i]);
		if (err)
			return err;
	}
	for (;;) {
		for (next = -1, i = 0; i < r->ncpus; i++)
			if (r->cpus[i].record && (next < 0 || r->cpus[i].ns < r->cpus[next].ns))
				next = i;
		if (next < 0 || r->cpus[next].ns > until)
			return 0;
		take(r, next);
		r->cpus[next].record = kbuffer_next_event(r->cpus[next].kbuf, &r->cpus[next].ns);
		err = refill(r, &r->cpus[next]);
		if (err)
			return err;
	}
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * See tracefs_ring.h. Rings do not overwrite: what comes while one is full is
 * refused and counted by the kernel, so counted and lost make up all there was.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <kbuffer.h>
#include <tracefs.h>

#include "lib/num.h"
#include "tools/vmmio-stat/core/rights.h"
#include "tracefs_ring.h"

#define TRACEFS_SUPER 0x74726163 /* of statfs() */
#define INSTANCE "vmmio-stat-"
#define SYSTEM "vmmio_stat_"

static int refuse(char *why, size_t size, int err, const char *what)
{
	snprintf(why, size, "tracefs: %s: %s%s", what, strerror(-err),
		 err == -EACCES	      ? ": run as root"
		 : err == -EPERM      ? " (lockdown? vmmio-stat doctor)"
		 : err == -EADDRINUSE ? " (another vmmio-stat?)"
				      : "");
	return err;
}

static int find_tracefs(char *why, size_t size)
{
	static char *const dirs[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	struct statfs fs;
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (statfs(dirs[i], &fs) || (unsigned long)fs.f_type != TRACEFS_SUPER)
			continue;
		if (access(dirs[i], R_OK | W_OK | X_OK))
			return refuse(why, size, -errno, dirs[i]);
		return tracefs_set_tracing_dir(dirs[i]) ? -ENOMEM : 0;
	}
	if (access(dirs[0], F_OK))
		snprintf(why, size, "tracefs: this kernel has none (CONFIG_TRACING)");
	else
		snprintf(why, size, "tracefs is not mounted: mount -t tracefs tracefs %s", dirs[0]);
	return -ENOENT;
}

/* "<prefix><pid>" of a process that is no more. */
static bool of_the_dead(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);
	__u64 pid;

	return !strncmp(name, prefix, len) && !vmmio_parse_u64(name + len, 1, 0x7fffffff, &pid) &&
	       kill((pid_t)pid, 0) && errno == ESRCH;
}

/* One in use refuses to go: its process may live in another PID namespace. */
static void remove_stale(void)
{
	struct tracefs_dynevent **probes;
	char **names = tracefs_instances(NULL), *system, *event;
	int i;

	for (i = 0; names && names[i]; i++) {
		struct tracefs_instance *old;

		if (!of_the_dead(names[i], INSTANCE))
			continue;
		old = tracefs_instance_create(names[i]);
		if (!old)
			continue;
		tracefs_instance_destroy(old);
		tracefs_instance_free(old);
	}
	tracefs_list_free(names);
	probes = tracefs_dynevent_get_all(TRACEFS_DYNEVENT_KPROBE | TRACEFS_DYNEVENT_KRETPROBE,
					  NULL);
	for (i = 0; probes && probes[i]; i++) {
		system = event = NULL;
		tracefs_dynevent_info(probes[i], &system, &event, NULL, NULL, NULL);
		if (system && of_the_dead(system, SYSTEM))
			tracefs_dynevent_destroy(probes[i], false);
		free(system);
		free(event);
	}
	tracefs_dynevent_list_free(probes);
}

static int read_layout(struct trace_ring *r)
{
	char *page = tracefs_instance_file_read(NULL, "events/header_page", NULL);
	int err;

	if (!page)
		return -errno ? -errno : -EIO;
	err = tep_parse_header_page(r->tep, page, strlen(page), sizeof(long)) ? -EPROTO : 0;
	free(page);
	if (err)
		return err;
	r->page_size = (size_t)tep_get_sub_buffer_size(r->tep);
	return r->page_size >= 4096 && r->page_size <= 1 << 24 ? 0 : -EPROTO;
}

static int open_cpu(struct trace_ring *r, int cpu)
{
	struct trace_cpu *c = &r->cpus[r->ncpus];
	char name[64];

	c->pages = c->stats = -1;
	snprintf(name, sizeof(name), "per_cpu/cpu%d/stats", cpu);
	c->stats = tracefs_instance_file_open(r->instance, name, O_RDONLY | O_CLOEXEC);
	if (c->stats < 0)
		return -errno;
	r->ncpus++; /* closed from now on */
	snprintf(name, sizeof(name), "per_cpu/cpu%d/trace_pipe_raw", cpu);
	c->pages = tracefs_instance_file_open(r->instance, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (c->pages < 0)
		return -errno;
	c->page = malloc(r->page_size);
	c->kbuf = kbuffer_alloc(tep_get_header_page_size(r->tep) == 8 ? KBUFFER_LSIZE_8
								      : KBUFFER_LSIZE_4,
				KBUFFER_ENDIAN_SAME_AS_HOST);
	return c->page && c->kbuf ? 0 : -ENOMEM;
}

static int open_cpus(struct trace_ring *r)
{
	long n = sysconf(_SC_NPROCESSORS_CONF), cpu;
	int err;

	r->cpus = calloc(n > 0 ? (size_t)n : 1, sizeof(*r->cpus));
	if (!r->cpus)
		return -ENOMEM;
	for (cpu = 0; cpu < n; cpu++) {
		err = open_cpu(r, (int)cpu);
		/* there may be gaps, but not none */
		if (err && err != -ENOENT)
			return err;
	}
	return r->ncpus ? 0 : -ENOENT;
}

static int set_up(struct trace_ring *r)
{
	/* for tests: a ring that overflows */
	const char *kib = getenv("VMMIO_TRACE_KB");

	if (tracefs_option_disable(r->instance, TRACEFS_OPTION_OVERWRITE))
		return -EIO;
	/* of all CPUs: records are merged by it */
	if (tracefs_instance_file_write(r->instance, "trace_clock", "mono") < 0)
		return -EIO;
	if (kib && tracefs_instance_file_write(r->instance, "buffer_size_kb", kib) < 0)
		return -EINVAL;
	return open_cpus(r);
}

int trace_ring_open(struct trace_ring *r, char *why, size_t size)
{
	char name[32];
	int err;

	memset(r, 0, sizeof(*r));
	tracefs_set_loglevel(TEP_LOG_NONE);
	err = find_tracefs(why, size);
	if (err)
		return err;
	remove_stale();
	snprintf(r->system, sizeof(r->system), SYSTEM "%d", (int)getpid());
	snprintf(name, sizeof(name), INSTANCE "%d", (int)getpid());
	r->tep = tep_alloc();
	if (!r->tep)
		return -ENOMEM;
	tep_set_loglevel(TEP_LOG_NONE);
	errno = 0;
	err = read_layout(r);
	if (err == -ENOENT)
		snprintf(why, size, "tracefs is empty: %s",
			 vmmio_rights_locked() ? "the kernel is locked down (confidentiality)"
					       : "no CONFIG_EVENT_TRACING, or lockdown");
	else if (err)
		refuse(why, size, err, "events/header_page");
	if (err)
		goto err_free;
	errno = 0;
	r->instance = tracefs_instance_create(name);
	if (!r->instance) {
		err = refuse(why, size, errno ? -errno : -ENOMEM, "cannot make an instance");
		goto err_free;
	}
	errno = 0;
	err = set_up(r);
	if (!err)
		return 0;
	refuse(why, size, err, "cannot set up an instance");
err_free:
	trace_ring_close(r);
	return err;
}

void trace_ring_close(struct trace_ring *r)
{
	int i;

	for (i = 0; i < r->ncpus; i++) {
		if (r->cpus[i].pages >= 0)
			close(r->cpus[i].pages);
		close(r->cpus[i].stats);
		kbuffer_free(r->cpus[i].kbuf);
		free(r->cpus[i].page);
	}
	free(r->cpus);
	if (r->instance) {
		tracefs_event_disable(r->instance, NULL, NULL);
		tracefs_instance_destroy(r->instance);
		tracefs_instance_free(r->instance);
	}
	tep_free(r->tep);
	memset(r, 0, sizeof(*r));
}

static const struct tep_format_field *find_field(struct tep_event *ev, const char *name, int size)
{
	const struct tep_format_field *f = tep_find_any_field(ev, name);
	bool text = size == TRACE_TEXT;

	if (!f || !!(f->flags & TEP_FIELD_IS_DYNAMIC) != text)
		return NULL;
	return f->size == (text ? 4 : size) && f->offset >= 0 && f->offset < 4096 ? f : NULL;
}

static int learn(struct trace_ring *r, struct trace_event *e, char *why, size_t size)
{
	const struct tep_format_field *f;
	struct tep_event *ev;
	char *text;
	int i, len, err;

	text = tracefs_event_file_read(r->instance, e->system, e->name, "format", &len);
	if (!text)
		return refuse(why, size, errno ? -errno : -ENOENT, e->name);
	err = tep_parse_event(r->tep, text, (unsigned long)len, e->system);
	free(text);
	ev = err ? NULL : tep_find_event_by_name(r->tep, e->system, e->name);
	if (!ev) {
		snprintf(why, size, "tracefs: the format of %s is not understood", e->name);
		return -EPROTO;
	}
	e->id = ev->id;
	f = find_field(ev, "common_type", 2);
	if (f)
		r->type_at = (__u16)f->offset;
	for (i = 0; f && e->fields[i].name; i++) {
		f = find_field(ev, e->fields[i].name, e->fields[i].size);
		if (f)
			e->from[i] = (__u16)f->offset;
	}
	if (!f) {
		snprintf(why, size, "tracefs: %s has no %s of %u bytes", e->name,
			 i ? e->fields[i - 1].name : "common_type", i ? e->fields[i - 1].size : 2);
		return -EPROTO;
	}
	f = find_field(ev, "common_pid", 4);
	if (!f) {
		snprintf(why, size, "tracefs: %s has no common_pid of 4 bytes", e->name);
		return -EPROTO;
	}
	r->pid_at = (__u16)f->offset;
	return 0;
}

int trace_ring_enable(struct trace_ring *r, const struct trace_event *event, char *why, size_t size)
{
	struct trace_event *e = &r->events[r->nevents];
	int err;

	if (r->nevents == TRACE_EVENTS)
		return -ENOSPC;
	*e = *event;
	errno = 0;
	err = learn(r, e, why, size);
	if (err)
		return err;
	errno = 0;
	if (tracefs_event_enable(r->instance, e->system, e->name))
		return refuse(why, size, errno ? -errno : -EIO, e->name);
	r->nevents++;
	return 0;
}

void trace_ring_forget(struct trace_ring *r, const void *data)
{
	int i;

	for (i = 0; i < r->nevents; i++) {
		struct trace_event *e = &r->events[i];

		if (!e->handle || e->data != data)
			continue;
		tracefs_event_disable(r->instance, e->system, e->name);
		*e = (struct trace_event){.id = e->id};
	}
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

static void take(struct trace_ring *r, int cpu)
{
	struct trace_cpu *c = &r->cpus[cpu];
	struct trace_context at = {.ns = c->ns, .cpu = cpu};
	size_t len = (size_t)kbuffer_event_size(c->kbuf);
	const char *record = c->record;
	__u64 values[24];
	__u16 type;
	int i;

	if (r->type_at + sizeof(type) > len || r->pid_at + sizeof(at.pid) > len) {
		r->strange++;
		return;
	}
	memcpy(&type, record + r->type_at, sizeof(type));
	memcpy(&at.pid, record + r->pid_at, sizeof(at.pid));
	for (i = 0; i < r->nevents && r->events[i].id != type; i++)
		;
	if (i < r->nevents && !r->events[i].handle)
		return;
	if (i == r->nevents || !copy(&r->events[i], record, len, (char *)values)) {
		r->strange++;
		return;
	}
	r->events[i].handle(r->events[i].data, r->events[i].arg, &at, values);
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
		n = read(c->pages, c->page, r->page_size);
		if (n < 0 && errno == EINTR)
			continue;
		c->absent = n < 0 && errno == ENODEV;
		if (n < 0)
			return errno == EAGAIN || c->absent ? 0 : -errno;
		if (!n)
			return 0;
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

void trace_ring_wait(struct trace_ring *r, int ms)
{
	struct pollfd *p = calloc((size_t)r->ncpus, sizeof(*p));
	int i;

	for (i = 0; p && i < r->ncpus; i++) {
		/* poll() does not wait for what cannot be read */
		p[i].fd = r->cpus[i].absent ? -1 : r->cpus[i].pages;
		p[i].events = POLLIN;
	}
	poll(p, p ? (nfds_t)r->ncpus : 0, ms);
	free(p);
}

/* "overrun: 0": what the kernel counts, or 0. */
static __u64 stat(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

__u64 trace_ring_lost(struct trace_ring *r)
{
	__u64 sum = r->strange;
	char text[512];
	ssize_t n;
	int i;

	for (i = 0; i < r->ncpus; i++) {
		n = pread(r->cpus[i].stats, text, sizeof(text) - 1, 0);
		if (n > 0) {
			text[n] = '\0';
			r->cpus[i].lost = stat(text, "\noverrun: ") +
					  stat(text, "\ncommit overrun: ") +
					  stat(text, "\ndropped events: ");
		}
		sum += r->cpus[i].lost;
	}
	return sum;
}

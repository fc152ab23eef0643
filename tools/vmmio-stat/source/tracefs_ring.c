// SPDX-License-Identifier: GPL-2.0-only
/*
 * See tracefs_ring.h. Rings do not overwrite: the kernel refuses and counts records that come while
 * one is full, so counted and lost add up to all.
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
#include "trace_format.h"
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
	err = trace_format_page(page, &r->page_size, &r->long_size);
	free(page);
	return err;
}

static int open_cpu(struct trace_ring *r, int cpu)
{
	struct trace_cpu *c = &r->cpus[r->ncpus];
	char name[64];

	c->pages = c->stats = -1;
	c->number = cpu;
	snprintf(name, sizeof(name), "per_cpu/cpu%d/stats", cpu);
	c->stats = tracefs_instance_file_open(r->instance, name, O_RDONLY | O_CLOEXEC);
	if (c->stats < 0)
		return -errno;
	r->ncpus++; /* closed from now on */
	snprintf(name, sizeof(name), "per_cpu/cpu%d/trace_pipe_raw", cpu);
	c->pages = tracefs_instance_file_open(r->instance, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (c->pages < 0)
		return -errno;
	return trace_ring_cpu(r, c);
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

static int set_up(struct trace_ring *r, unsigned int asked, bool keep)
{
	/* for tests: a ring that overflows */
	const char *kib = getenv("VMMIO_TRACE_KB");
	char text[16];

	if (!kib && asked) {
		snprintf(text, sizeof(text), "%u", asked);
		kib = text;
	}
	if (!keep && tracefs_option_disable(r->instance, TRACEFS_OPTION_OVERWRITE))
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
	return trace_ring_open_sized(r, 0, false, why, size);
}

int trace_ring_layout(struct trace_ring *r, char *why, size_t size)
{
	int err;

	memset(r, 0, sizeof(*r));
	r->file = -1;
	r->until = ~0ull;
	tracefs_set_loglevel(TEP_LOG_NONE);
	err = find_tracefs(why, size);
	if (err)
		return err;
	errno = 0;
	err = read_layout(r);
	if (err == -ENOENT)
		snprintf(why, size, "tracefs is empty: %s",
			 vmmio_rights_locked() ? "the kernel is locked down (confidentiality)"
					       : "no CONFIG_EVENT_TRACING, or lockdown");
	else if (err)
		refuse(why, size, err, "events/header_page");
	return err;
}

int trace_ring_open_sized(struct trace_ring *r, unsigned int kib, bool keep, char *why, size_t size)
{
	char name[32];
	int err = trace_ring_layout(r, why, size);

	if (err)
		goto err_free;
	remove_stale();
	snprintf(r->system, sizeof(r->system), SYSTEM "%d", (int)getpid());
	snprintf(name, sizeof(name), INSTANCE "%d", (int)getpid());
	errno = 0;
	r->instance = tracefs_instance_create(name);
	if (!r->instance) {
		err = refuse(why, size, errno ? -errno : -ENOMEM, "cannot make an instance");
		goto err_free;
	}
	errno = 0;
	err = set_up(r, kib, keep);
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
		if (r->cpus[i].stats >= 0)
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
	memset(r, 0, sizeof(*r));
}

static int learn(struct trace_ring *r, struct trace_event *e, char *why, size_t size)
{
	const char *recorded;
	char *text;
	int err;

	if (r->file >= 0) {
		recorded = r->format(r->recording, e->system, e->title ? e->title : e->name);
		return recorded ? trace_ring_learn(r, recorded, e, why, size) : -ENOENT;
	}
	text = tracefs_event_file_read(r->instance, e->system, e->name, "format", NULL);
	if (!text)
		return refuse(why, size, errno ? -errno : -ENOENT, e->name);
	err = trace_ring_learn(r, text, e, why, size);
	free(text);
	return err;
}

int trace_ring_know(struct trace_ring *r, const struct trace_event *event, char *why, size_t size)
{
	struct trace_event *e = &r->events[r->nevents];
	int err;

	if (r->nevents == TRACE_EVENTS)
		return -ENOSPC;
	*e = *event;
	errno = 0;
	err = learn(r, e, why, size);
	if (!err)
		r->nevents++;
	return err;
}

int trace_ring_enable(struct trace_ring *r, const struct trace_event *event, char *why, size_t size)
{
	int err = trace_ring_know(r, event, why, size);

	errno = 0;
	if (err || r->file >= 0 || !tracefs_event_enable(r->instance, event->system, event->name))
		return err;
	r->nevents--;
	return refuse(why, size, errno ? -errno : -EIO, event->name);
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

void trace_ring_stats(const struct trace_cpu *c, struct trace_ring_stats *s)
{
	ssize_t n = pread(c->stats, s->text, sizeof(s->text) - 1, 0);

	s->text[n > 0 ? n : 0] = '\0';
	s->bytes = stat(s->text, "\nbytes: ");
	s->events_read = stat(s->text, "\nread events: ");
	s->overrun = stat(s->text, "\noverrun: ");
	s->dropped = stat(s->text, "\ncommit overrun: ") + stat(s->text, "\ndropped events: ");
}

__u64 trace_ring_lost(struct trace_ring *r)
{
	struct trace_ring_stats s;
	__u64 sum = r->strange;
	int i;

	for (i = 0; i < r->ncpus; i++) {
		if (r->file < 0) {
			trace_ring_stats(&r->cpus[i], &s);
			if (s.text[0])
				r->cpus[i].lost = s.overrun + s.dropped;
		}
		sum += r->cpus[i].lost;
	}
	return sum;
}

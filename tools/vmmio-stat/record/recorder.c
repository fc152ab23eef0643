// SPDX-License-Identifier: GPL-2.0-only
/* See recorder.h. Long because set-up, reading and end undo each other. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <tracefs.h>

#include "lib/clock.h"
#include "lib/num.h"
#include "tools/vmmio-stat/core/env.h"
#include "tools/vmmio-stat/source/trace_format.h"
#include "vmmio/events.h"
#include "tools/vmmio-stat/source/host_steps.h"
#include "bpfring.h"
#include "facts.h"
#include "hostfacts.h"
#include "recorder.h"

#define TICK_NS 20000000      /* between two looks at the rings */
#define LOOK_NS 1000000000ull /* between two looks at the devices */
#define CHUNK_PAGES 64

static const struct trace_field no_fields[] = {{}};

#define TRACEPOINT(name, type) #name,
static const char *const tracepoints[] = {VMMIO_TRACEPOINTS(TRACEPOINT)};

static int cpus(const struct vmmio_recorder *r)
{
	return r->fast ? vmmio_bpfring_cpus(r->fast) : r->ring.ncpus;
}

static int number_of(const struct vmmio_recorder *r, int i)
{
	return r->fast ? i : r->ring.cpus[i].number;
}

/* The kernel's tracepoints of our driver; @enable: into the rings of @ring. */
static int enable_ours(struct trace_ring *ring, bool enable, char *why, size_t size)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof(tracepoints) / sizeof(tracepoints[0]); i++) {
		struct trace_event e = {
			.system = "vmmio", .name = tracepoints[i], .fields = no_fields};

		err = enable ? trace_ring_enable(ring, &e, why, size)
			     : trace_ring_know(ring, &e, why, size);
	}
	return err;
}

/* What of KVM's and the scheduler's events there is; the rest goes into @note. */
static int enable_host(struct vmmio_recorder *r, char *why, size_t size)
{
	const struct vmmio_host_event *e, *before = NULL;
	char *note = r->facts.note;
	size_t n = 0;
	int i, err;

#if defined(__aarch64__)
	const enum vmmio_host_machine other = VMMIO_HOST_X86;
#else
	const enum vmmio_host_machine other = VMMIO_HOST_ARM;
#endif

#if !defined(__x86_64__) && !defined(__aarch64__)
	snprintf(why, size,
		 "of a KVM host on this architecture no recording is made yet: "
		 "its events are not known (vmmio-stat exits counts them)");
	return -EOPNOTSUPP;
#endif
	for (i = 0; (e = vmmio_host_event(i))->name; i++) {
		struct trace_event one = {
			.system = e->system, .name = e->name, .fields = no_fields};

		if (e->machine == other || (before && !strcmp(before->name, e->name)))
			continue;
		before = e;
		err = trace_ring_enable(&r->ring, &one, why, size);
		if (err && err != -ENOENT)
			return err;
		if (err && n < sizeof(r->facts.note))
			n += (size_t)snprintf(note + n, sizeof(r->facts.note) - n, "%s%s",
					      n ? " " : "this kernel lacks ", e->name);
	}
	if (r->ring.nevents && !strcmp(r->ring.events[0].system, "kvm"))
		return 0;
	snprintf(why, size, "this kernel has no KVM, or it is not loaded");
	return -ENODEV;
}

/* The kernel's format text under the event's name in the recording. */
static char *retitle(const char *text, const char *title)
{
	const char *rest = strchr(text, '\n');
	char *made;

	if (!title)
		return strdup(text);
	if (!rest || asprintf(&made, "name: %s%s", title, rest) < 0)
		return NULL;
	return made;
}

/* The formats of the events for the file, and the places of data that must not be in it. */
static int describe(struct vmmio_recorder *r)
{
	int i, err;

	for (i = 0; i < r->ring.nevents; i++) {
		const struct trace_event *from = &r->ring.events[i];
		struct recorder_event *to = &r->events[r->nevents++];
		char *text;

		text = tracefs_event_file_read(r->ring.instance, from->system, from->name, "format",
					       NULL);
		if (!text)
			return -errno ? -errno : -EIO;
		to->id = from->id;
		to->system = strdup(from->title ? TRACEFS_STOCK_SYSTEM : from->system);
		to->format = retitle(text, from->title);
		err = vmmio_conceal_find(&to->conceal, from, text);
		free(text);
		if (err || !to->system || !to->format)
			return err ? err : -ENOMEM;
	}
	return 0;
}

/* The kernel stops the rings at the event. Before 6.0 it stopped all instances' rings. */
static int set_limit(struct vmmio_recorder *r, char *why, size_t size)
{
	struct utsname u;
	char text[120];

	if (uname(&u) || strtoul(u.release, NULL, 10) < 6) {
		snprintf(why, size, "--until kick_to_irq needs Linux 6.0: it is %.40s here",
			 u.release);
		return -EOPNOTSUPP;
	}
	snprintf(text, sizeof(text), "traceoff if kick_to_irq_ns > %llu && flags & %u",
		 (unsigned long long)r->opt.limit_ns, VMMIO_EV_LATENCY);
	errno = 0;
	if (tracefs_event_file_write(r->ring.instance, "vmmio", "vmmio_vq_irq", "trigger", text) >=
	    0)
		return 0;
	snprintf(why, size, "the kernel takes no trigger on vmmio_vq_irq: %s", strerror(errno));
	return errno ? -errno : -EIO;
}

static int open_part(struct vmmio_recorder *r, int ncpus)
{
	int n = r->opt.parts ? snprintf(r->part_path, sizeof(r->part_path), "%s.%u", r->opt.path,
					r->part)
			     : snprintf(r->part_path, sizeof(r->part_path), "%s", r->opt.path);

	if (n >= (int)sizeof(r->part_path))
		return -ENAMETOOLONG;
	return vmmio_writer_open(&r->writer, r->part_path, r->ring.page_size, ncpus);
}

/* Why BPF cannot record it; NULL: it can. */
static const char *bpf_lacks(const struct vmmio_recorder_opts *opts)
{
	if (opts->host)
		return "a host's events";
	if (opts->keep)
		return "rings that keep the newest";
	if (opts->kib > VMMIO_BPFRING_KIB_MAX)
		return "rings of more than 2M for each CPU";
	if (access(VMMIO_SYSFS, F_OK))
		return "anything without vmmio.ko";
	if (tracefs_stock_is_there())
		return "mainline's drivers, which are loaded";
	return NULL;
}

static void keep(struct vmmio_recorder *r, int cpu, char *pages, size_t n);

static void keep_fast(void *data, int cpu, char *pages, size_t n)
{
	keep(data, cpu, pages, n);
}

/* Rings of the BPF program: ftrace gives only the formats of the events. */
static int open_fast(struct vmmio_recorder *r, char *why, size_t size)
{
	const char *kib = getenv("VMMIO_TRACE_KB"); /* for tests, as of ftrace's rings */
	struct vmmio_bpfring_opts opts = {
		.kib = r->opt.kib,
		.take = keep_fast,
		.data = r,
	};
	__u64 v;
	int err = trace_ring_layout(&r->ring, why, size);

	if (kib && !vmmio_parse_u64(kib, 1, VMMIO_BPFRING_KIB_MAX, &v))
		opts.kib = (unsigned int)v;
	opts.page_size = r->ring.page_size;
	opts.long_size = r->ring.long_size;
	if (!err)
		err = enable_ours(&r->ring, false, why, size);
	if (!err)
		err = vmmio_bpfring_open(&r->fast, &opts, why, size);
	if (err)
		trace_ring_close(&r->ring);
	return err;
}

static int open_rings(struct vmmio_recorder *r, char *why, size_t size)
{
	const char *lack = bpf_lacks(&r->opt);
	int err = -EOPNOTSUPP;

	if (r->opt.source != VMMIO_RECORDER_TRACEFS && !lack)
		err = open_fast(r, why, size);
	else if (r->opt.source == VMMIO_RECORDER_BPF)
		snprintf(why, size, "BPF cannot record %s: --source tracefs can", lack);
	if (!err || r->opt.source == VMMIO_RECORDER_BPF)
		return err;
	err = trace_ring_open_sized(&r->ring, r->opt.kib, r->opt.keep, why, size);
	if (!err)
		tracefs_trace_off(r->ring.instance);
	return err;
}

int vmmio_recorder_open(struct vmmio_recorder *r, const struct vmmio_recorder_opts *opts, char *why,
			size_t size)
{
	char ours[240] = "", stock[240] = "";
	long possible = sysconf(_SC_NPROCESSORS_CONF);
	int err, err2;

	memset(r, 0, sizeof(*r));
	r->opt = *opts;
	r->writer.fd = r->writer.reserve = -1;
	err = open_rings(r, why, size);
	if (err)
		return err;
	r->part = 1;
	r->lost_before = calloc((size_t)cpus(r) + 1, sizeof(*r->lost_before));
	err = r->lost_before ? open_part(r, (int)possible) : -ENOMEM;
	if (err) {
		snprintf(why, size, "cannot write %s: %s", r->part_path,
			 err == -EINVAL ? "no regular file" : strerror(-err));
		goto err_close;
	}
	r->probes.ring = &r->ring;
	r->facts.host = opts->host;
	if (r->fast)
		goto described;
	if (opts->host) {
		err = vmmio_hostfacts_check(why, size);
		if (!err)
			err = enable_host(r, why, size);
		if (err)
			goto err_close;
		goto described;
	}
	err = access(VMMIO_SYSFS, F_OK) ? -ENODEV : enable_ours(&r->ring, true, ours, sizeof(ours));
	if (!err && opts->limit_ns)
		err = set_limit(r, ours, sizeof(ours));
	else if (opts->limit_ns)
		snprintf(ours, sizeof(ours),
			 "kick_to_irq is known of vmmio.ko's devices only: it is not loaded");
	if (err && opts->limit_ns) {
		snprintf(why, size, "%s", ours);
		goto err_close;
	}
	err2 = tracefs_stock_record(&r->probes, stock, sizeof(stock));
	if (err && err2) {
		snprintf(why, size, "%s", err != -ENODEV ? ours : stock);
		err = err != -ENODEV ? err : err2;
		goto err_close;
	}
	if (err && err != -ENODEV)
		snprintf(r->facts.note, sizeof(r->facts.note), "our devices: %.140s", ours);
	else if (err2 && err2 != -ENODEV)
		snprintf(r->facts.note, sizeof(r->facts.note), "mainline's devices: %.130s", stock);
described:
	err = describe(r);
	if (!err) {
		r->chunk = malloc(CHUNK_PAGES * r->ring.page_size);
		err = r->chunk ? 0 : -ENOMEM;
	}
	if (!err)
		return 0;
	snprintf(why, size, "cannot prepare the recording: %s", strerror(-err));
err_close:
	vmmio_recorder_close(r);
	return err;
}

/*
 * For rings that kept the newest events: from when on all CPUs have all, and how many they
 * overwrote before. The kernel gives the oldest to the microsecond.
 */
static void find_start(struct vmmio_recorder *r, __u64 *overwritten)
{
	struct trace_ring_stats s;
	__u64 from = r->facts.start_ns, oldest;
	const char *at;
	int i;

	for (i = 0; i < r->ring.ncpus; i++) {
		trace_ring_stats(&r->ring.cpus[i], &s);
		overwritten[i] = s.overrun;
		at = strstr(s.text, "\noldest event ts: ");
		if (!s.overrun || !at)
			continue;
		oldest = (__u64)(strtod(at + 18, NULL) * 1e6 + 0.5) * 1000 + 1000;
		if (oldest > from)
			from = oldest;
	}
	r->facts.start_ms += (from - r->facts.start_ns) / 1000000;
	r->facts.start_ns = from;
}

/* Removes the concealed data from a page. */
static void hide(const struct vmmio_recorder *r, char *page)
{
	size_t head = 8 + r->ring.long_size, at = 0, next, from, size, len;
	__u32 commit;
	__u16 type;
	int i;

	memcpy(&commit, page + 8, sizeof(commit));
	len = commit & 0x7ffffff;
	if (len > r->ring.page_size - head)
		return;
	for (; (next = trace_page_next(page + head, len, at, &from, &size)); at = next) {
		char *record = page + head + from;

		if (!size || r->ring.type_at + sizeof(type) > size)
			continue;
		memcpy(&type, record + r->ring.type_at, sizeof(type));
		for (i = 0; i < r->nevents && r->events[i].id != type; i++)
			;
		if (i == r->nevents)
			continue;
		vmmio_conceal_record(&r->events[i].conceal, record, size);
	}
}

static void keep(struct vmmio_recorder *r, int cpu, char *pages, size_t n)
{
	size_t i, size = r->ring.page_size, fits = n;

	for (i = 0; (r->probes.n || r->opt.host) && i < n; i++)
		hide(r, pages + i * size);
	if (r->opt.max_size && !r->opt.parts && fits > (r->opt.max_size - r->writer.size) / size)
		fits = (size_t)(r->opt.max_size - r->writer.size) / size;
	vmmio_writer_pages(&r->writer, cpu, pages, fits * size);
	if (fits == n)
		return;
	if (!r->writer.err)
		r->writer.err = -EFBIG;
	vmmio_writer_pages(&r->writer, cpu, pages + fits * size, (n - fits) * size);
}

/* Is so little on a page that the CPU still writes to it? */
static bool is_begun(const struct vmmio_recorder *r, const char *page)
{
	__u32 commit;

	memcpy(&commit, page + 8, sizeof(commit));
	return (commit & 0x7ffffff) < r->ring.page_size - r->ring.page_size / 4;
}

/*
 * What a CPU's ring has. While the CPU goes on it ends with the page that is written to: to
 * read on would take each few events on a page of their own. The first page may be what was left
 * of that of the last time.
 */
static int drain_ftrace(struct vmmio_recorder *r, struct trace_cpu *c)
{
	size_t n = 0;
	bool first = true, caught_up = false;
	ssize_t got = 0;
	char *page;

	while (!caught_up) {
		page = r->chunk + n * r->ring.page_size;
		got = read(c->pages, page, r->ring.page_size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		memset(page + got, 0, r->ring.page_size - (size_t)got);
		caught_up = !r->facts.end_ns && !first && is_begun(r, page);
		first = false;
		if (++n < CHUNK_PAGES)
			continue;
		keep(r, c->number, r->chunk, n);
		n = 0;
	}
	if (n)
		keep(r, c->number, r->chunk, n);
	/* a CPU that was never online has no ring yet */
	return got < 0 && errno != EAGAIN && errno != ENODEV ? -errno : 0;
}

/* @end: of this file; what is begun goes into it, too. */
static int drain(struct vmmio_recorder *r, int i, bool end)
{
	return r->fast ? vmmio_bpfring_drain(r->fast, i, end) : drain_ftrace(r, &r->ring.cpus[i]);
}

static bool is_due(const struct vmmio_recorder *r, int i, __u64 full)
{
	struct trace_ring_stats s;

	if (r->fast)
		return vmmio_bpfring_is_due(r->fast, i);
	trace_ring_stats(&r->ring.cpus[i], &s);
	return s.bytes >= full;
}

/* A CPU's events so far; @text: tracefs' statistics. */
struct tally {
	__u64 read, lost;
	char text[512];
};

static void count(const struct vmmio_recorder *r, int i, __u64 overwritten, struct tally *t)
{
	struct trace_ring_stats s;

	if (r->fast) {
		vmmio_bpfring_count(r->fast, i, &t->read, &t->lost);
		snprintf(t->text, sizeof(t->text), "overrun: %llu\nread events: %llu\n",
			 (unsigned long long)t->lost, (unsigned long long)t->read);
		return;
	}
	trace_ring_stats(&r->ring.cpus[i], &s);
	t->read = s.events_read;
	t->lost = s.overrun - overwritten + s.dropped;
	memcpy(t->text, s.text, sizeof(t->text));
}

static __u64 missed(struct vmmio_recorder *r)
{
	return r->fast ? vmmio_bpfring_missed(r->fast) : trace_probes_missed(&r->probes);
}

static void turn_on(struct vmmio_recorder *r, bool on, int *err)
{
	if (r->fast)
		vmmio_bpfring_switch(r->fast, on);
	else if (on ? tracefs_trace_on(r->ring.instance) : tracefs_trace_off(r->ring.instance))
		*err = -EIO;
}

static void cease(struct vmmio_recorder *r, const char *why)
{
	int err;

	if (r->facts.end_ns)
		return;
	turn_on(r, false, &err);
	r->facts.end_ns = vmmio_now_ns();
	snprintf(r->facts.why, sizeof(r->facts.why), "%s", why);
}

static int look(struct vmmio_recorder *r)
{
	int err = vmmio_facts_look(&r->facts);

	return err || !r->opt.look ? err : r->opt.look(r->opt.look_data, &r->facts);
}

static char *facts_text(void *data, const struct vmmio_writer *w)
{
	struct vmmio_recorder *r = data;
	struct dat_facts now;
	char *text = NULL;
	size_t size, i;
	FILE *out;

	for (i = 0; i < r->facts.ncpus; i++)
		r->facts.cpus[i].dropped = w->cpus[r->facts.cpus[i].cpu].dropped;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	now = r->facts;
	if (!now.end_ns) { /* a part, and it goes on */
		now.end_ns = r->part_end_ns;
		snprintf(now.why, sizeof(now.why), "size");
	}
	vmmio_facts_write(&now, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int write_file(struct vmmio_recorder *r, const __u64 *overwritten)
{
	struct vmmio_writer_event events[TRACE_EVENTS];
	struct vmmio_writer_head head = {
		.header_page = tracefs_instance_file_read(NULL, "events/header_page", NULL),
		.header_event = tracefs_instance_file_read(NULL, "events/header_event", NULL),
		.tasks = r->fast ? vmmio_bpfring_tasks(r->fast)
				 : tracefs_instance_file_read(NULL, "saved_cmdlines", NULL),
		.events = events,
		.nevents = (size_t)r->nevents,
		.facts = facts_text,
		.data = r,
	};
	char **stats = calloc((size_t)r->writer.ncpus, sizeof(*stats));
	struct tally t;
	int i, err = stats && head.header_page && head.header_event ? 0 : -ENOMEM;

	free(r->facts.cpus);
	r->facts.ncpus = 0;
	r->recorded = r->lost = 0;
	r->facts.cpus = calloc((size_t)cpus(r), sizeof(*r->facts.cpus));
	if (!r->facts.cpus)
		err = -ENOMEM;
	for (i = 0; !err && i < cpus(r); i++) {
		int cpu = number_of(r, i);

		count(r, i, overwritten[i], &t);
		r->facts.cpus[r->facts.ncpus++] = (struct dat_cpu_facts){
			.cpu = (__u32)cpu,
			.lost = t.lost - r->lost_before[i],
			.overwritten = overwritten[i],
		};
		r->recorded += t.read;
		r->lost += t.lost;
		r->lost_before[i] = t.lost; /* of the next part */
		if (asprintf(&stats[cpu], "CPU: %d\n%s", cpu, t.text) < 0) {
			stats[cpu] = NULL;
			err = -ENOMEM;
		}
	}
	r->facts.missed = missed(r);
	r->lost += r->facts.missed;
	if (r->facts.missed < r->missed_before) /* it could not be read this time */
		r->facts.missed = r->missed_before;
	r->facts.missed -= r->missed_before;
	r->missed_before += r->facts.missed;
	for (i = 0; i < r->nevents; i++)
		events[i] = (struct vmmio_writer_event){r->events[i].system, r->events[i].format};
	head.stats = (const char *const *)stats;
	if (!err)
		err = vmmio_writer_finish(&r->writer, &head);
	for (i = 0; stats && i < r->writer.ncpus; i++)
		free(stats[i]);
	free(stats);
	free((char *)head.header_page);
	free((char *)head.header_event);
	free((char *)head.tasks);
	return err;
}

/*
 * Completes the part and begins the next. Events recorded before the ring is emptied are in it,
 * later ones in the next, so each event is in one, and the parts overlap in time by little.
 */
static void next_part(struct vmmio_recorder *r)
{
	__u64 *none = calloc((size_t)cpus(r), sizeof(*none)), from = vmmio_now_ns();
	char path[sizeof(r->part_path) + 16];
	int i, ncpus = r->writer.ncpus, err = none ? 0 : -ENOMEM;

	for (i = 0; !err && i < cpus(r); i++)
		err = drain(r, i, true);
	if (err)
		r->err = err;
	if (err || r->writer.err) {
		cease(r, err ? DAT_WHY_ERROR : "disk");
		free(none);
		return;
	}
	r->part_end_ns = vmmio_now_ns();
	err = look(r);
	if (!err)
		err = write_file(r, none);
	free(none);
	r->written += r->writer.size;
	err = err ? err : r->writer.err;
	vmmio_writer_close(&r->writer);
	r->writer.size = 0;
	r->facts.start_ms += (from - r->facts.start_ns) / 1000000;
	r->facts.start_ns = from;
	r->part++;
	if (!err)
		err = open_part(r, ncpus);
	if (err) {
		r->part--; /* the last one; there is no file to go on in */
		r->err = err;
		cease(r, "disk");
	} else if (r->part > r->opt.parts) {
		snprintf(path, sizeof(path), "%s.%u", r->opt.path, r->part - r->opt.parts);
		unlink(path);
	}
}

static void *read_on(void *arg)
{
	const struct timespec tick = {.tv_nsec = TICK_NS};
	struct vmmio_recorder *r = arg;
	__u64 full = (__u64)r->opt.kib * 1024 / 8;
	__u64 looked = vmmio_now_ns();
	int i;

	if (r->opt.parts && r->opt.max_size < full)
		full = r->opt.max_size;
	while (!r->end) {
		nanosleep(&tick, NULL);
		if (r->opt.limit_ns && !r->facts.end_ns && !tracefs_trace_is_on(r->ring.instance))
			cease(r, "kick_to_irq");
		if (r->opt.usr1 && *r->opt.usr1)
			cease(r, "SIGUSR1");
		if (r->opt.stall && *r->opt.stall)
			cease(r, "stall");
		for (i = 0; i < cpus(r) && !r->facts.end_ns && !r->opt.keep; i++) {
			if (!is_due(r, i, full))
				continue;
			r->err = drain(r, i, false);
			if (r->err || r->writer.err)
				cease(r, r->err			   ? DAT_WHY_ERROR
					 : r->writer.err == -EFBIG ? "size"
								   : "disk");
		}
		if (r->opt.parts && !r->facts.end_ns && r->writer.size >= r->opt.max_size)
			next_part(r);
		if (r->facts.end_ns || vmmio_now_ns() - looked < LOOK_NS)
			continue;
		look(r);
		if (r->opt.host)
			vmmio_hostfacts_filter(&r->facts, r->ring.instance, &r->filtered);
		if (r->fast)
			vmmio_bpfring_grow(r->fast); /* what is missed meanwhile is counted */
		looked = vmmio_now_ns();
	}
	return NULL;
}

int vmmio_recorder_start(struct vmmio_recorder *r)
{
	sigset_t all, old;
	int err;

	vmmio_facts_begin(&r->facts);
	err = look(r);
	if (err)
		return err;
	if (r->opt.host)
		vmmio_hostfacts_filter(&r->facts, r->ring.instance, &r->filtered);
	turn_on(r, true, &err);
	if (err)
		return err;
	r->facts.start_ns = vmmio_now_ns();
	sigfillset(&all); /* signals are the main thread's */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = -pthread_create(&r->thread, NULL, read_on, r);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	r->running = !err;
	return err;
}

bool vmmio_recorder_goes_on(const struct vmmio_recorder *r)
{
	return !*(const volatile __u64 *)&r->facts.end_ns;
}

int vmmio_recorder_stop(struct vmmio_recorder *r, const char *why)
{
	__u64 *overwritten = calloc((size_t)cpus(r), sizeof(*overwritten));
	int i, err;

	if (r->running) {
		r->end = true;
		pthread_join(r->thread, NULL);
		r->running = false;
	}
	cease(r, why);
	if (!overwritten)
		return -ENOMEM;
	if (r->opt.keep)
		find_start(r, overwritten);
	if (r->writer.fd < 0) { /* the parts until then are whole */
		free(overwritten);
		return 0;
	}
	for (i = 0; !r->err && i < cpus(r); i++)
		r->err = drain(r, i, true);
	if (r->err)
		snprintf(r->facts.why, sizeof(r->facts.why), DAT_WHY_ERROR);
	else if (r->writer.err == -EFBIG) /* by what the rings still had */
		snprintf(r->facts.why, sizeof(r->facts.why), "size");
	err = look(r);
	if (!err)
		err = write_file(r, overwritten);
	free(overwritten);
	return err;
}

void vmmio_recorder_close(struct vmmio_recorder *r)
{
	int i;

	if (r->running) {
		r->end = true;
		pthread_join(r->thread, NULL);
	}
	vmmio_bpfring_close(r->fast);
	trace_ring_close(&r->ring);
	trace_probes_remove(&r->probes);
	free(r->lost_before);
	vmmio_writer_close(&r->writer);
	dat_facts_free(&r->facts);
	for (i = 0; i < r->nevents; i++) {
		free(r->events[i].system);
		free(r->events[i].format);
	}
	free(r->chunk);
	memset(r, 0, sizeof(*r));
}

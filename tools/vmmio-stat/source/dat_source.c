// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recording as a source: its records go to the handlers of a live tracefs source, so the counts
 * are the same. The first snapshot is the state before; each further one is an interval of the
 * recording later.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/num.h"
#include "dat_facts.h"
#include "dat_ring.h"
#include "source.h"
#include "tracefs_parts.h"

#define PIDS (1 << 22) /* the kernel's limit */

struct source {
	struct dat dat;
	struct dat_facts facts;
	struct trace_ring ring;
	struct vmmio_mem_rows rows;
	struct tracefs_vmmio vmmio;
	struct tracefs_stock *stock;
	struct vmmio_want want;
	__s32 *pids;	/* that are asked for */
	__u8 *seen;	/* a bit for each task that is named, or was met; NULL: asked by number */
	size_t unnamed; /* tasks that were met and are not */
	__u64 interval, now, end;
	bool started, ended;
	__u64 missing; /* bytes that the file ends too early for */
	bool unsaved;  /* records that were read did not come into the file */
};

static void source_free(struct source *b)
{
	if (b->ring.file >= 0)
		dat_ring_close(&b->ring);
	tracefs_stock_close(b->stock);
	vmmio_mem_rows_free(&b->rows);
	dat_facts_free(&b->facts);
	dat_close(&b->dat);
	free(b->pids);
	free(b->seen);
	free(b);
}

static int open_ring(struct source *b, const struct vmmio_source_opts *opts, char *why, size_t size)
{
	struct trace_ring *r = &b->ring;
	bool any = false;
	int i, err = dat_ring_open(r, &b->dat);
	size_t k;

	for (i = 0; i < r->ncpus; i++) {
		struct trace_cpu *c = &r->cpus[i];

		b->missing += b->dat.cpus[i].missing;
		c->skipped = opts->cpus && !(opts->cpus[i / 8] >> i % 8 & 1);
		any |= !c->skipped;
		for (k = 0; k < b->facts.ncpus; k++)
			if (b->facts.cpus[k].cpu == (__u32)i)
				c->lost = b->facts.cpus[k].lost;
	}
	if (err)
		return err;
	if (any || !opts->cpus)
		return 0;
	snprintf(why, size, "none of these CPUs is in it: it has %u", b->dat.ncpus);
	return -ENOENT;
}

static bool is_new(struct source *b, __s32 pid)
{
	__u8 bit = (__u8)(1u << pid % 8);
	bool is = pid >= 0 && pid < PIDS && !(b->seen[pid / 8] & bit);

	if (is)
		b->seen[pid / 8] |= bit;
	return is;
}

static void met(void *data, __s32 pid)
{
	struct source *b = data;

	b->unnamed += is_new(b, pid);
}

/* Tasks with known names: others may have the requested name, too. */
static int see_named(struct source *b)
{
	const char *line = b->dat.tasks;

	b->seen = calloc(1, PIDS / 8);
	if (!b->seen)
		return -ENOMEM;
	is_new(b, 0); /* the idle task, of each CPU */
	for (; line && *line; line += strcspn(line, "\n"), line += !!*line)
		is_new(b, atoi(line));
	b->ring.unwanted = met;
	b->ring.unwanted_data = b;
	return 0;
}

static int set_tasks(struct source *b, const char *task, char *why, size_t size)
{
	ssize_t n = dat_tasks(&b->dat, task, &b->pids);
	__u64 number;

	if (n > 0 && vmmio_parse_u64(task, 0, 0x7fffffff, &number) && see_named(b))
		n = -ENOMEM;
	if (n == -ENOENT)
		snprintf(why, size, "no task named %.32s is in it", task);
	if (n < 0)
		return (int)n;
	b->ring.pids = b->pids;
	b->ring.npids = (size_t)n;
	return 0;
}

static int set_window(struct source *b, const struct vmmio_source_opts *opts, char *why,
		      size_t size)
{
	__u64 first = b->facts.start_ns;

	b->end = b->facts.end_ns > first ? b->facts.end_ns : first;
	/* without an end of its own it has what it has */
	b->ring.until = b->facts.end_ns ? b->end : ~0ull;
	b->ring.from = first;
	if (opts->from_ns && opts->from_ns >= b->end - first) {
		snprintf(why, size, "--from is not before its end, %.3f s",
			 (double)(b->end - first) / 1e9);
		return -ENOENT;
	}
	if (opts->until_ns && opts->until_ns < b->end - first)
		b->end = b->ring.until = first + opts->until_ns;
	if (opts->from_ns)
		b->ring.from = first + opts->from_ns;
	if (b->ring.from > b->end)
		b->ring.from = b->end;
	b->now = b->ring.from;
	b->interval = opts->interval_ns;
	return 0;
}

/* What of it is not there, for a message. */
static void note(struct vmmio_source *src, struct source *b)
{
	bool unread = !strcmp(b->facts.why, DAT_WHY_ERROR);
	__u64 lost = b->facts.missed, dropped = 0;
	size_t n = 0, i;

	for (i = 0; i < b->facts.ncpus; i++) {
		lost += b->facts.cpus[i].lost;
		dropped += b->facts.cpus[i].dropped;
	}
	src->note[0] = '\0';
	if (b->missing)
		n += (size_t)snprintf(src->note, sizeof(src->note),
				      "the file was cut: %llu bytes of records are missing",
				      (unsigned long long)b->missing);
	if (dropped)
		n += (size_t)snprintf(src->note + n, sizeof(src->note) - n,
				      "%s%llu bytes of records found no room in the file",
				      n ? "; " : "", (unsigned long long)dropped);
	if (unread)
		n += (size_t)snprintf(src->note + n, sizeof(src->note) - n,
				      "%sthe rings could not be read to their end", n ? "; " : "");
	b->unsaved = dropped || unread;
	if (lost)
		n += (size_t)snprintf(src->note + n, sizeof(src->note) - n,
				      "%s%llu events were lost while it was recorded",
				      n ? "; " : "", (unsigned long long)lost);
	if (b->facts.note[0])
		snprintf(src->note + n, sizeof(src->note) - n, "%s%.120s", n ? "; " : "",
			 b->facts.note);
}

static int dat_source_open(struct vmmio_source *src, const struct vmmio_source_opts *opts)
{
	struct source *b = calloc(1, sizeof(*b));
	char why[160] = "";
	int err;

	if (!b)
		return -ENOMEM;
	b->ring.file = -1;
	b->dat.fd = -1;
	err = dat_open(&b->dat, opts->path, src->why, sizeof(src->why));
	if (err)
		goto err_free;
	err = -EPROTO;
	if (!b->dat.facts)
		snprintf(why, sizeof(why),
			 "not recorded by vmmio-stat record, or damaged: whose its events are is "
			 "not in it");
	else
		err = dat_facts_parse(&b->facts, b->dat.facts, why, sizeof(why));
	if (!err && b->facts.host) {
		snprintf(why, sizeof(why),
			 "a KVM host was recorded, no guest: vmmio-stat join has both");
		err = -EPROTO;
	}
	if (!err)
		err = open_ring(b, opts, why, sizeof(why));
	if (!err && opts->task)
		err = set_tasks(b, opts->task, why, sizeof(why));
	if (!err)
		err = set_window(b, opts, why, sizeof(why));
	if (err)
		goto err_say;
	b->want = opts->want;
	err = vmmio_mem_rows_init(
		&b->rows,
		opts->want.hists & (vmmio_guest_have.queue_hists | vmmio_guest_have.device_hists),
		opts->want.regs);
	if (err)
		goto err_say;
	b->rows.device_driven = opts->want.device_driven;
	b->vmmio.rows = &b->rows;
	b->vmmio.steps = opts->steps;
	err = tracefs_vmmio_open(&b->ring, &b->vmmio, why, sizeof(why));
	if (err)
		goto err_say;
	b->stock = tracefs_stock_replay(&b->ring, &dat_facts_known, &b->facts, b->facts.missed,
					&opts->steps, &err, why, sizeof(why));
	if (!b->stock && err != -ENOENT)
		goto err_say;
	snprintf(src->engine, sizeof(src->engine), "recording");
	memcpy(src->accel, b->facts.accel, sizeof(src->accel));
	memcpy(src->clocksource, b->facts.clocksource, sizeof(src->clocksource));
	note(src, b);
	src->priv = b;
	return 0;

err_say:
	snprintf(src->why, sizeof(src->why), "%s: %s", opts->path, why[0] ? why : strerror(-err));
err_free:
	source_free(b);
	return err;
}

/* At the end: whose records may be missing. */
static void note_unnamed(struct vmmio_source *src, const struct source *b)
{
	size_t n = strlen(src->note);

	if (b->unnamed)
		snprintf(src->note + n, sizeof(src->note) - n,
			 "%s%zu tasks in it have no name: by their number only", n ? "; " : "",
			 b->unnamed);
}

/* Of a slot's generations the one that has counts, else the last. Sorted by slot. */
static int add_ours(struct source *b, struct vmmio_snapshot *s)
{
	__u32 best[VMMIO_SLOTS] = {}; /* 1 + position */
	struct vmmio_row *r;
	__u32 slot, i;

	for (i = 0; i < b->facts.nslots; i++) {
		slot = b->facts.slots[i].info.slot;
		if (!best[slot] ||
		    b->facts.slots[best[slot] - 1].info.gen != b->rows.rows[slot].gen)
			best[slot] = i + 1;
	}
	for (slot = 0; slot < VMMIO_SLOTS; slot++) {
		if (!best[slot])
			continue;
		r = vmmio_snapshot_add(s);
		if (!r)
			return -ENOMEM;
		r->info = b->facts.slots[best[slot] - 1].info;
	}
	return 0;
}

static int rows(struct vmmio_source *src, struct source *b, struct vmmio_snapshot *s)
{
	int err;

	vmmio_snapshot_clear(s);
	err = add_ours(b, s);
	if (!err)
		vmmio_mem_rows_fill(&b->rows, s, &vmmio_guest_have);
	if (!err && b->stock)
		err = tracefs_stock_rows(b->stock, s, true, src->why, sizeof(src->why));
	return err;
}

static int dat_snapshot(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	struct source *b = src->priv;
	int err;

	if (b->ended) {
		snprintf(src->why, sizeof(src->why), "the recording ends here");
		return -ENODATA;
	}
	if (b->started) {
		b->now = b->interval && b->end - b->now > b->interval ? b->now + b->interval
								      : b->end;
		b->ended = b->now == b->end;
		err = trace_ring_drain(&b->ring, b->ended ? ~0ull : b->now);
		if (err) {
			snprintf(src->why, sizeof(src->why), "cannot read the recording: %s",
				 strerror(-err));
			return err;
		}
	}
	err = rows(src, b, s);
	if (err)
		return err;
	s->time_ns = b->now;
	if (b->facts.start_ms)
		s->wall_ms = b->facts.start_ms + (b->now - b->facts.start_ns) / 1000000;
	src->damaged = b->missing || b->ring.cut;
	if (b->ring.cut)
		snprintf(src->note, sizeof(src->note),
			 "%llu pages of records are damaged or cut: what they held is not counted",
			 (unsigned long long)b->ring.cut);
	if (b->ended)
		note_unnamed(src, b);
	/* how many events missing bytes were nobody knows */
	s->have_lost = !src->damaged && !b->unsaved;
	if (b->started && s->have_lost)
		s->events_lost =
			trace_ring_lost(&b->ring) + b->rows.lost + tracefs_stock_lost(b->stock);
	b->started = true;
	vmmio_snapshot_finish(s);
	return 0;
}

static int dat_discover(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	return rows(src, src->priv, s);
}

static void dat_source_close(struct vmmio_source *src)
{
	source_free(src->priv);
}

const struct vmmio_source_ops vmmio_source_dat = {
	.name = "file",
	.what = "a recording of single events",
	.asked_only = true,
	.open = dat_source_open,
	.discover = dat_discover,
	.snapshot = dat_snapshot,
	.close = dat_source_close,
};

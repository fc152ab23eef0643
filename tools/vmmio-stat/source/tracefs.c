// SPDX-License-Identifier: GPL-2.0-only
/*
 * Source "tracefs": for kernels without BPF. It reads the records of a private tracing instance; a
 * thread keeps the rings from filling up between two snapshots.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vmmio-stat/core/slots.h"
#include "source.h"
#include "tracefs_parts.h"
#include "lib/clock.h"

#define WAIT_MS 100
#define CLOCK_SLACK_NS 1000000 /* between the rings' clock and ours */

struct source {
	struct vmmio_slots files; /* of vmmio.ko, if it is there */
	bool ours;
	struct vmmio_mem_rows rows;
	struct tracefs_vmmio vmmio;
	struct trace_ring ring;
	struct tracefs_stock *stock;
	pthread_mutex_t lock; /* of all that records change */
	pthread_t reader;
	bool reading, end;
	int err; /* of the reader */
};

static void *read_on(void *arg)
{
	struct source *b = arg;
	bool end = false;

	while (!end) {
		trace_ring_wait(&b->ring, WAIT_MS);
		pthread_mutex_lock(&b->lock);
		if (!b->err)
			b->err = trace_ring_drain(&b->ring, vmmio_now_ns());
		end = b->end || b->err;
		pthread_mutex_unlock(&b->lock);
	}
	return NULL;
}

/* Signals are the main thread's. */
static int start_reader(struct source *b)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = -pthread_create(&b->reader, NULL, read_on, b);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	b->reading = !err;
	return err;
}

static void source_free(struct source *b)
{
	if (b->reading) {
		pthread_mutex_lock(&b->lock);
		b->end = true;
		pthread_mutex_unlock(&b->lock);
		pthread_join(b->reader, NULL);
	}
	trace_ring_close(&b->ring);
	tracefs_stock_close(b->stock);
	pthread_mutex_destroy(&b->lock);
	vmmio_slots_close(&b->files);
	vmmio_mem_rows_free(&b->rows);
	free(b);
}

static int open_ours(struct vmmio_source *src, struct source *b,
		     const struct vmmio_source_opts *opts)
{
	int err = vmmio_slots_open(&b->files, VMMIO_SYSFS, src->why, sizeof(src->why));

	if (err)
		return err;
	err = vmmio_mem_rows_init(
		&b->rows,
		opts->want.hists & (vmmio_guest_have.queue_hists | vmmio_guest_have.device_hists),
		opts->want.regs);
	if (err)
		return err;
	b->rows.device_driven = opts->want.device_driven;
	b->vmmio.rows = &b->rows;
	err = tracefs_vmmio_open(&b->ring, &b->vmmio, src->why, sizeof(src->why));
	b->ours = !err;
	return err;
}

static int tracefs_open(struct vmmio_source *src, const struct vmmio_source_opts *opts)
{
	struct source *b = calloc(1, sizeof(*b));
	char why[sizeof(src->why)] = "";
	int err, err2 = 0;

	if (!b)
		return -ENOMEM;
	pthread_mutex_init(&b->lock, NULL);
	b->files.slots = b->files.counters = b->files.regs = -EBADF;
	err = trace_ring_open(&b->ring, src->why, sizeof(src->why));
	if (err)
		goto err_free;
	err = open_ours(src, b, opts);
	b->stock = tracefs_stock_open(&b->ring, &err2, why, sizeof(why));
	if (!b->ours && !b->stock) {
		/* no module is not what to complain of where mainline's cannot be probed */
		if (err == -ENODEV)
			memcpy(src->why, why, sizeof(why));
		err = err == -ENODEV ? err2 : err;
		goto err_free;
	}
	if (!b->ours && err != -ENODEV)
		snprintf(src->note, sizeof(src->note), "our devices are not seen: %.120s",
			 src->why);
	else if (!b->stock && err2 != -ENODEV)
		snprintf(src->note, sizeof(src->note), "mainline's devices are not seen: %.120s",
			 why);
	err = start_reader(b);
	if (err)
		goto err_free;
	snprintf(src->engine, sizeof(src->engine), "tracefs");
	src->sees = (b->ours ? VMMIO_SEES_OURS : 0) | (b->stock ? VMMIO_SEES_MAINLINE : 0);
	src->priv = b;
	return 0;

err_free:
	source_free(b);
	return err;
}

static int rows(struct vmmio_source *src, struct vmmio_snapshot *s, bool counters)
{
	struct source *b = src->priv;
	int err;

	vmmio_snapshot_clear(s);
	err = b->ours ? vmmio_slots_read(&b->files, s) : 0;
	if (err) {
		snprintf(src->why, sizeof(src->why), "cannot read %s/slots: %s", VMMIO_SYSFS,
			 err == -ENODEV || err == -ENOENT ? "the module was unloaded"
							  : strerror(-err));
		return err;
	}
	if (counters)
		vmmio_mem_rows_fill(&b->rows, s, &vmmio_guest_have);
	return b->stock ? tracefs_stock_rows(b->stock, s, counters, src->why, sizeof(src->why)) : 0;
}

static int tracefs_discover(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	struct source *b = src->priv;
	int err;

	pthread_mutex_lock(&b->lock);
	err = rows(src, s, false);
	pthread_mutex_unlock(&b->lock);
	return err;
}

static int tracefs_snapshot(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	struct source *b = src->priv;
	__u64 now = vmmio_now_ns();
	int err;

	pthread_mutex_lock(&b->lock);
	err = b->err ? b->err : trace_ring_drain(&b->ring, now + CLOCK_SLACK_NS);
	if (err)
		snprintf(src->why, sizeof(src->why), "tracefs: cannot read the rings: %s",
			 strerror(-err));
	else
		err = rows(src, s, true);
	if (!err) {
		s->time_ns = now;
		s->have_lost = true;
		s->events_lost =
			trace_ring_lost(&b->ring) + b->rows.lost + tracefs_stock_lost(b->stock);
		vmmio_snapshot_finish(s);
	}
	pthread_mutex_unlock(&b->lock);
	return err;
}

static void tracefs_close(struct vmmio_source *src)
{
	source_free(src->priv);
}

_Static_assert(sizeof(struct vmmio_reg_counts) ==
		       sizeof(struct vmmio_bpf_regs) - offsetof(struct vmmio_bpf_regs, reads),
	       "copied as one");

const struct vmmio_source_ops vmmio_source_tracefs = {
	.name = "tracefs",
	.what = "records of the kernel's tracing: no BPF needed",
	.open = tracefs_open,
	.discover = tracefs_discover,
	.snapshot = tracefs_snapshot,
	.close = tracefs_close,
};

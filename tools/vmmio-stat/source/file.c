// SPDX-License-Identifier: GPL-2.0-only
/*
 * Source "file:PATH": replays a recording of "vmmio-stat --json=full", one line per snapshot, at
 * the reader's pace (dat_source.c replays those of "record"). Lines are intervals and snapshots are
 * sums, so it adds the lines up; deltas of its snapshots are the lines again. It measures nothing
 * and reports the machine of the recording.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "tools/vmmio-stat/core/fields.h"
#include "tools/vmmio-stat/core/regtable.h"
#include "dat.h"
#include "identity.h"
#include "source.h"

#define SCHEMA 1
#define INTERVAL_MAX_S 1e9 /* 30 years: what is more is no interval */

struct source {
	FILE *in;
	char *line;
	size_t cap;
	unsigned long lineno;
	bool started;		     /* a snapshot was delivered: the zero point */
	bool intervals;		     /* a line that is no total was seen */
	json_t *next;		     /* the line to come; NULL: none is left */
	struct vmmio_snapshot acc;   /* sums so far */
	struct vmmio_snapshot fresh; /* the line at hand */
};

static int bad(struct vmmio_source *src, const struct source *f, const char *what)
{
	snprintf(src->why, sizeof(src->why), "recording, line %lu: %s", f->lineno, what);
	return -EPROTO;
}

static int one_hist(const json_t *from, struct vmmio_hist *h)
{
	const json_t *buckets = json_object_get(from, "buckets");
	size_t i;

	if (!json_is_array(buckets))
		return -EINVAL;
	for (i = 0; i < json_array_size(buckets); i++) {
		const json_t *pair = json_array_get(buckets, i);
		__u64 low, n;

		if (!vmmio_json_count(json_array_get(pair, 0), &low) ||
		    !vmmio_json_count(json_array_get(pair, 1), &n))
			return -EINVAL;
		h->n[vmmio_hist_bucket(low)] += (__u32)n;
	}
	return 0;
}

static int row(struct vmmio_source *src, struct source *f, const json_t *from)
{
	const json_t *counters = json_object_get(from, "counters");
	const json_t *hists = json_object_get(from, "hist");
	struct vmmio_row *r;
	__u64 slot;
	int id;

	if (!json_is_object(from) || !json_is_object(counters) ||
	    !vmmio_json_count(json_object_get(from, "slot"), &slot) || slot >= VMMIO_SLOTS)
		return bad(src, f, "a row without slot or counters");
	r = vmmio_snapshot_add(&f->fresh);
	if (!r)
		return -ENOMEM;
	vmmio_identity_parse(from, &r->info);
	for (id = 0; id < VMMIO_C_COUNT; id++) {
		__u64 v;

		if (vmmio_json_count(json_object_get(counters, vmmio_counter_keys[id]), &v))
			vmmio_row_set(r, id, v);
	}
	for (id = 0; id < VMMIO_HIST_COUNT; id++) {
		struct vmmio_hist *h = vmmio_row_hist(&f->fresh, f->fresh.n - 1, id);
		const json_t *v = json_object_get(hists, vmmio_hist_keys[id]);

		if (!h || !json_is_object(v))
			continue;
		if (one_hist(v, h))
			return bad(src, f, "a histogram that is none");
		r->have_hist |= 1u << id;
	}
	return 0;
}

static void registers(struct source *f, const json_t *list)
{
	size_t i, d;
	int k;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *from = json_array_get(list, i);
		const char *device = json_string_value(json_object_get(from, "device"));
		const char *name = json_string_value(json_object_get(from, "register"));

		for (d = 0; device && name && d < f->fresh.n; d++) {
			struct vmmio_row *r = &f->fresh.rows[d];
			struct vmmio_reg_counts *g = vmmio_row_regs(&f->fresh, d);

			if (!g || r->info.kind != VMMIO_SLOT_DEVICE ||
			    strcmp(r->info.device, device))
				continue;
			r->have_regs = true;
			for (k = 0; k < VMMIO_REG_COUNT; k++) {
				bool pci = r->info.transport == VMMIO_TRANSPORT_PCI;

				if (strcmp(vmmio_regs[k].name, name) ||
				    pci != !!(vmmio_regs[k].versions & VMMIO_PCI))
					continue;
				vmmio_json_count(json_object_get(from, "reads"), &g->reads[k]);
				vmmio_json_count(json_object_get(from, "writes"), &g->writes[k]);
				r->have_reg_ns = vmmio_json_count(json_object_get(from, "read_ns"),
								  &g->read_ns[k]) &&
						 vmmio_json_count(json_object_get(from, "write_ns"),
								  &g->write_ns[k]);
			}
		}
	}
}

/* Queues point to their device by slot; a recording names it. */
static void find_devices(struct vmmio_snapshot *s)
{
	size_t i, d;

	for (i = 0; i < s->n; i++)
		for (d = 0; d < s->n; d++)
			if (s->rows[d].info.kind == VMMIO_SLOT_DEVICE &&
			    !strcmp(s->rows[d].info.device, s->rows[i].info.device))
				s->rows[i].info.dev_slot = s->rows[d].info.slot;
}

/* f->next into f->fresh; with @zero the identities and what is known, no counts. */
static int take_line(struct vmmio_source *src, struct source *f)
{
	const json_t *rows = json_object_get(f->next, "rows");
	json_t *sorted;
	size_t i, k;
	int err = 0;
	__u64 lost, ms, unplaced, unseen;
	double seconds = json_number_value(json_object_get(f->next, "interval_s"));

	vmmio_snapshot_clear(&f->fresh);
	if (!json_is_array(rows))
		return bad(src, f, "no rows");
	if (!(seconds >= 0 && seconds < INTERVAL_MAX_S))
		return bad(src, f, "an interval that is none");
	/* The snapshot's pools go by position: rows must come in order of their slots. */
	sorted = json_array();
	for (i = 0; i < json_array_size(rows); i++) {
		json_t *r = json_array_get(rows, i);
		json_int_t slot = json_integer_value(json_object_get(r, "slot"));

		for (k = 0; k < json_array_size(sorted); k++)
			if (json_integer_value(json_object_get(json_array_get(sorted, k), "slot")) >
			    slot)
				break;
		json_array_insert(sorted, k, r);
	}
	for (i = 0; !err && i < json_array_size(sorted); i++)
		err = row(src, f, json_array_get(sorted, i));
	json_decref(sorted);
	if (err)
		return err;
	find_devices(&f->fresh);
	registers(f, json_object_get(f->next, "registers"));
	f->fresh.have_lost = vmmio_json_count(json_object_get(f->next, "events_lost"), &lost);
	f->fresh.events_lost = f->fresh.have_lost ? lost : 0;
	f->fresh.untold =
		!vmmio_json_count(json_object_get(f->next, "queues_unplaced"), &unplaced) ||
		!vmmio_json_count(json_object_get(f->next, "unseen_devices"), &unseen);
	f->fresh.unplaced = f->fresh.untold ? 0 : unplaced;
	f->fresh.unseen = f->fresh.untold ? 0 : unseen;
	f->fresh.time_ns = (__u64)(seconds * 1e9);
	if (vmmio_json_count(json_object_get(f->next, "time_ms"), &ms))
		f->fresh.wall_ms = ms;
	return 0;
}

/* Reads on to the next line that counts; f->next is NULL at the end. */
static int read_line(struct vmmio_source *src, struct source *f)
{
	json_error_t error;
	__u64 schema;

	json_decref(f->next);
	f->next = NULL;
	while (getline(&f->line, &f->cap, f->in) > 0) {
		f->lineno++;
		f->next = json_loads(f->line, 0, &error);
		if (!f->next || !json_is_object(f->next))
			return bad(src, f, "not a JSON object");
		if (!vmmio_json_count(json_object_get(f->next, "schema"), &schema) ||
		    schema != SCHEMA)
			return bad(src, f, "not of schema 1");
		/* the total at the end of a recording repeats its intervals */
		if (!json_is_true(json_object_get(f->next, "total")) || !f->intervals) {
			f->intervals |= !json_is_true(json_object_get(f->next, "total"));
			return 0;
		}
		json_decref(f->next);
		f->next = NULL;
	}
	return ferror(f->in) ? -EIO : 0;
}

static void clear_counts(struct vmmio_snapshot *s)
{
	size_t i;
	int id;

	for (i = 0; i < s->n; i++) {
		memset(s->rows[i].c, 0, sizeof(s->rows[i].c));
		for (id = 0; id < VMMIO_HIST_COUNT; id++)
			if (vmmio_row_hist(s, i, id))
				memset(vmmio_row_hist(s, i, id), 0, sizeof(struct vmmio_hist));
		if (vmmio_row_regs(s, i))
			memset(vmmio_row_regs(s, i), 0, sizeof(struct vmmio_reg_counts));
	}
	s->time_ns = 0;
	s->wall_ms = 0; /* the begin of the first line is unknown */
	s->events_lost = 0;
	s->unplaced = 0;
	s->unseen = 0;
}

/* @to += @from, rows of @from only. */
static void add_row(struct vmmio_snapshot *to, size_t i, const struct vmmio_snapshot *from,
		    size_t j)
{
	struct vmmio_reg_counts *g = vmmio_row_regs(to, i);
	const struct vmmio_reg_counts *o = vmmio_row_regs(from, j);
	int id, k;

	for (k = 0; k < VMMIO_C_COUNT; k++)
		to->rows[i].c[k] += from->rows[j].c[k];
	for (id = 0; id < VMMIO_HIST_COUNT; id++) {
		struct vmmio_hist *h = vmmio_row_hist(to, i, id);
		const struct vmmio_hist *p = vmmio_row_hist(from, j, id);

		for (k = 0; h && p && k < VMMIO_HIST_BUCKETS; k++)
			h->n[k] += p->n[k];
	}
	for (k = 0; g && o && k < VMMIO_REG_MAX; k++) {
		g->reads[k] += o->reads[k];
		g->writes[k] += o->writes[k];
		g->read_ns[k] += o->read_ns[k];
		g->write_ns[k] += o->write_ns[k];
	}
}

/* The sums become sums with the line at hand; rows that it lacks are forgotten. */
static int add_line(struct source *f)
{
	size_t i, j;

	for (i = 0; i < f->fresh.n; i++)
		for (j = 0; j < f->acc.n; j++)
			if (f->acc.rows[j].info.slot == f->fresh.rows[i].info.slot &&
			    f->acc.rows[j].info.gen == f->fresh.rows[i].info.gen)
				add_row(&f->fresh, i, &f->acc, j);
	f->fresh.time_ns += f->acc.time_ns;
	f->fresh.events_lost += f->acc.events_lost;
	return vmmio_snapshot_copy(&f->acc, &f->fresh);
}

static void file_free(struct source *f)
{
	if (f->in && f->in != stdin)
		fclose(f->in);
	json_decref(f->next);
	free(f->line);
	vmmio_snapshot_free(&f->acc);
	vmmio_snapshot_free(&f->fresh);
	free(f);
}

static int file_open(struct vmmio_source *src, const struct vmmio_source_opts *opts)
{
	struct source *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	if (dat_is_one(opts->path)) {
		free(f);
		src->ops = &vmmio_source_dat;
		return src->ops->open(src, opts);
	}
	vmmio_snapshot_init(&f->acc, &opts->want);
	vmmio_snapshot_init(&f->fresh, &opts->want);
	f->in = strcmp(opts->path, "-") ? fopen(opts->path, "re") : stdin;
	if (!f->in) {
		err = -errno;
		snprintf(src->why, sizeof(src->why), "cannot read %s: %s", opts->path,
			 strerror(-err));
		goto err_free;
	}
	err = read_line(src, f);
	if (err)
		goto err_free;
	if (!f->next) {
		err = -ENODATA;
		snprintf(src->why, sizeof(src->why),
			 "%s holds no recording (vmmio-stat --json=full)", opts->path);
		goto err_free;
	}
	vmmio_json_copy(f->next, "accel", src->accel, sizeof(src->accel));
	vmmio_json_copy(f->next, "clocksource", src->clocksource, sizeof(src->clocksource));
	snprintf(src->engine, sizeof(src->engine), "file");
	src->priv = f;
	return 0;

err_free:
	file_free(f);
	return err;
}

static int file_snapshot(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	struct source *f = src->priv;
	int err;

	if (!f->next) {
		snprintf(src->why, sizeof(src->why), "the recording ends here");
		return -ENODATA;
	}
	err = take_line(src, f);
	if (err)
		return err;
	if (!f->started) {
		/* the state before the first line; the line itself comes next */
		clear_counts(&f->fresh);
		err = vmmio_snapshot_copy(&f->acc, &f->fresh);
		f->started = true;
	} else {
		err = add_line(f);
		if (!err)
			err = read_line(src, f);
	}
	if (!err)
		err = vmmio_snapshot_copy(s, &f->acc);
	return err;
}

static int file_discover(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	struct source *f = src->priv;
	int err = 0;

	if (f->next && !f->started) {
		err = take_line(src, f);
		if (!err)
			err = vmmio_snapshot_copy(s, &f->fresh);
		return err;
	}
	return vmmio_snapshot_copy(s, &f->acc);
}

static void file_close(struct vmmio_source *src)
{
	file_free(src->priv);
}

const struct vmmio_source_ops vmmio_source_file = {
	.name = "file",
	.what = "file:PATH, a recording of --json=full or of record",
	.asked_only = true,
	.open = file_open,
	.discover = file_discover,
	.snapshot = file_snapshot,
	.close = file_close,
};

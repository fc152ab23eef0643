// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model of "top", see top.h.
 */
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top.h"

const struct top_spark_info top_sparks[TOP_SPARKS] = {
	[TOP_SPARK_KICKS] = {VMMIO_F_KICKS, "kick/s"},
	[TOP_SPARK_IRQS] = {VMMIO_F_IRQS, "irq/s"},
	[TOP_SPARK_REQUESTS] = {VMMIO_F_REQUESTS, "req/s"},
};

void top_model_init(struct top_model *m, const struct vmmio_options *o)
{
	memset(m, 0, sizeof(*m));
	m->sort = o->sort;
	m->skip_idle = o->skip_idle;
	m->pane = true;
	m->hist = -1;
	m->sel_slot = ~0u;
}

static void free_maps(struct top_row *r)
{
	int id;

	for (id = 0; id < VMMIO_HIST_COUNT; id++) {
		free(r->maps[id]);
		r->maps[id] = NULL;
	}
}

void top_model_free(struct top_model *m)
{
	size_t i;

	for (i = 0; i < m->nrows; i++)
		free_maps(&m->rows[i]);
	free(m->rows);
	free(m->index);
	memset(m, 0, sizeof(*m));
}

static void fresh_row(struct top_row *r, const struct vmmio_slot_info *info)
{
	int k, t;

	r->slot = info->slot;
	r->gen = info->gen;
	memset(r->maps, 0, sizeof(r->maps));
	for (k = 0; k < TOP_SPARKS; k++)
		for (t = 0; t < TOP_MINUTE; t++)
			r->minute[k][t] = NAN;
}

static struct top_row *find(struct top_row *rows, size_t n, size_t hint,
			    const struct vmmio_slot_info *info)
{
	size_t i;

	if (hint < n && rows[hint].slot == info->slot && rows[hint].gen == info->gen)
		return &rows[hint];
	for (i = 0; i < n; i++)
		if (rows[i].slot == info->slot && rows[i].gen == info->gen)
			return &rows[i];
	return NULL;
}

/* @seconds of @rate at the end of the minute; at least the newest one. */
static void push(float *minute, float rate, int seconds)
{
	int t;

	if (seconds > TOP_MINUTE)
		seconds = TOP_MINUTE;
	memmove(minute, minute + seconds, (TOP_MINUTE - seconds) * sizeof(*minute));
	for (t = TOP_MINUTE - seconds; t < TOP_MINUTE; t++)
		minute[t] = rate;
}

/*
 * Intervals are not seconds: a long one fills several, of short ones the
 * newest second shows the last.
 */
static void remember(struct top_row *r, const struct vmmio_snapshot *d, size_t i, int seconds)
{
	double dt = (double)d->time_ns / 1e9;
	int k;

	for (k = 0; k < TOP_SPARKS; k++) {
		struct vmmio_value v = vmmio_field_eval(d, i, top_sparks[k].field);
		float rate = v.known && dt > 0 ? (float)(v.v / dt) : NAN;

		if (seconds)
			push(r->minute[k], rate, seconds);
		else
			r->minute[k][TOP_MINUTE - 1] = rate;
	}
}

/* Each distribution has a map from its first sample on; without memory it has none. */
static void map_rows(struct top_row *r, const struct vmmio_snapshot *d, size_t i)
{
	int id;

	for (id = 0; id < VMMIO_HIST_COUNT; id++) {
		const struct vmmio_hist *h = vmmio_row_hist(d, i, id);

		if (!h || !(d->rows[i].have_hist >> id & 1))
			h = NULL;
		if (!r->maps[id] && h && vmmio_hist_total(h))
			r->maps[id] = calloc(1, sizeof(*r->maps[id]));
		if (r->maps[id])
			top_map_push(r->maps[id], h);
	}
}

static bool knows(const struct vmmio_row *r, const struct vmmio_field *f)
{
	if (f->op == VMMIO_OP_PCTL)
		return r->have_hist >> f->a & 1;
	if (f->op == VMMIO_OP_COUNT)
		return vmmio_row_has(r, f->a);
	return vmmio_row_has(r, f->a) && vmmio_row_has(r, f->b);
}

/* On a device's row alone a field is no column of virtqueues. */
static void note_fields(struct top_model *m, const struct vmmio_row *r)
{
	int id;

	if (r->info.kind == VMMIO_SLOT_DEVICE && !m->show_devices)
		return;
	for (id = 0; id < VMMIO_F_COUNT; id++)
		if (knows(r, &vmmio_fields[id]))
			m->fields |= 1ull << id;
}

int top_model_update(struct top_model *m, const struct vmmio_snapshot *d,
		     const struct vmmio_options *o)
{
	struct top_row *rows = malloc((d->n + 1) * sizeof(*rows));
	size_t *index = reallocarray(m->index, d->n + 1, sizeof(*index));
	int seconds;
	size_t i;

	if (index)
		m->index = index;
	if (!rows || !index) {
		free(rows);
		return -ENOMEM;
	}
	m->second += (double)d->time_ns / 1e9;
	seconds = (int)(m->second + 0.05); /* timers are late, never early */
	m->second -= seconds;
	if (m->second < 0)
		m->second = 0;
	if (!m->have_delta && !seconds)
		seconds = 1;
	for (i = 0; i < d->n; i++) {
		struct top_row *old = find(m->rows, m->nrows, i, &d->rows[i].info);

		if (old) {
			rows[i] = *old;
			memset(old->maps, 0, sizeof(old->maps)); /* the new row's now */
		} else {
			fresh_row(&rows[i], &d->rows[i].info);
		}
		remember(&rows[i], d, i, seconds);
		map_rows(&rows[i], d, i);
		note_fields(m, &d->rows[i]);
	}
	for (i = 0; i < m->nrows; i++)
		free_maps(&m->rows[i]); /* of rows that are gone */
	free(m->rows);
	m->rows = rows;
	m->nrows = d->n;
	m->have_delta = true;
	top_model_arrange(m, d, o);
	return 0;
}

bool top_filter_matches(const char *filter, const struct vmmio_row *r)
{
	const struct vmmio_slot_info *i = &r->info;
	char queue[48];
	const char *names[] = {
		vmmio_row_device(r),
		i->parent,
		i->driver,
		vmmio_transport_name(i->transport),
		vmmio_irq_mode_name(i->irq_mode),
		vmmio_format_queue(queue, sizeof(queue), r),
	};
	size_t k;

	if (!filter[0])
		return true;
	for (k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (strcasestr(names[k], filter) || !fnmatch(filter, names[k], FNM_CASEFOLD))
			return true;
	return false;
}

static bool idle(const struct vmmio_row *r)
{
	int c;

	for (c = 0; c < VMMIO_C_COUNT; c++)
		if (vmmio_row_has(r, c) && r->c[c])
			return false;
	return true;
}

/* qsort() has no argument of its own. */
static const struct vmmio_snapshot *sort_delta;
static const struct top_model *sort_model;

static int compare(const void *a, const void *b)
{
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	int sign = sort_model->ascending ? -1 : 1;

	if (sort_model->sort >= 0) {
		struct vmmio_value x = vmmio_field_eval(sort_delta, i, sort_model->sort);
		struct vmmio_value y = vmmio_field_eval(sort_delta, j, sort_model->sort);

		if (x.known != y.known)
			return x.known ? -1 : 1; /* unknown last, both ways */
		if (x.known && x.v != y.v)
			return x.v > y.v ? -sign : sign;
		sign = 1;
	} else if (!sort_model->ascending) {
		sign = -1; /* the order of the devices is the natural one */
	}
	return i < j ? sign : -sign;
}

void top_model_arrange(struct top_model *m, const struct vmmio_snapshot *d,
		       const struct vmmio_options *o)
{
	size_t i;

	m->shown = 0;
	for (i = 0; m->index && i < d->n; i++) {
		const struct vmmio_row *r = &d->rows[i];

		if (r->info.kind == VMMIO_SLOT_DEVICE && !m->show_devices)
			continue;
		if (!vmmio_row_matches(r, o) || !top_filter_matches(m->filter, r) ||
		    (m->skip_idle && idle(r)))
			continue;
		m->index[m->shown++] = i;
	}
	sort_delta = d;
	sort_model = m;
	if (m->shown > 1)
		qsort(m->index, m->shown, sizeof(*m->index), compare);
	for (i = 0; i < m->shown; i++) {
		const struct vmmio_slot_info *info = &d->rows[m->index[i]].info;

		if (info->slot == m->sel_slot && info->gen == m->sel_gen) {
			m->sel = i;
			return;
		}
	}
	/* gone: the selection stays at its place on the screen */
	top_model_move(m, d, 0);
}

void top_model_move(struct top_model *m, const struct vmmio_snapshot *d, long by)
{
	long to = (long)m->sel + by;

	if (!m->shown) {
		m->sel = 0;
		return;
	}
	if (to < 0)
		to = 0;
	if (to >= (long)m->shown)
		to = (long)m->shown - 1;
	m->sel = to;
	m->sel_slot = d->rows[m->index[to]].info.slot;
	m->sel_gen = d->rows[m->index[to]].info.gen;
}

long top_model_selected(const struct top_model *m)
{
	return m->sel < m->shown ? (long)m->index[m->sel] : -1;
}

void top_spark_cells(const struct top_row *r, enum top_spark spark, int width, int levels,
		     signed char *cells)
{
	const float *minute = r->minute[spark];
	float max = 0, v[TOP_MINUTE];
	int c, t, known;

	if (width > TOP_MINUTE)
		width = TOP_MINUTE;
	for (c = 0; c < width; c++) {
		int from = c * TOP_MINUTE / width, to = (c + 1) * TOP_MINUTE / width;
		float sum = 0;

		known = 0;
		for (t = from; t < to; t++) {
			if (isnan(minute[t]))
				continue;
			known++;
			sum += minute[t];
		}
		v[c] = known ? sum / (float)known : NAN;
		if (v[c] > max)
			max = v[c];
	}
	for (c = 0; c < width; c++) {
		if (isnan(v[c]))
			cells[c] = -1;
		else if (v[c] <= 0)
			cells[c] = 0;
		else /* something is never shown as nothing */
			cells[c] = (signed char)fmaxf(1, roundf(v[c] / max * (float)levels));
	}
}

/* In the order in which a wider screen gets them. */
static const int columns[] = {
	VMMIO_F_BUFFERS,	  VMMIO_F_IN_FLIGHT,   VMMIO_F_KICKS,	     VMMIO_F_SUPPRESSED,
	VMMIO_F_BUFFERS_PER_KICK, VMMIO_F_IRQS,	       VMMIO_F_USED_PER_IRQ, VMMIO_F_LATENCY_P99,
	VMMIO_F_SPURIOUS,	  VMMIO_F_LATENCY_P50, VMMIO_F_KICK_P50,     VMMIO_F_KICK_P99,
	VMMIO_F_REQUESTS,	  VMMIO_F_REQUEST_P50, VMMIO_F_REQUEST_P99,  VMMIO_F_OCCUPANCY,
	VMMIO_F_BYTES_OUT,	  VMMIO_F_BYTES_IN,    VMMIO_F_IRQS_NOTHING, VMMIO_F_KICKS_MERGED,
	VMMIO_F_ACCESSES,	  VMMIO_F_CONFIG_IRQS,
};

void top_heading(char *buf, size_t size, const struct vmmio_env *env, int id, int *width)
{
	const struct vmmio_field *f = &vmmio_fields[id];
	size_t len = strlen(f->heading);
	int least = f->op == VMMIO_OP_COUNT ? 6 : 5;

	if (f->op == VMMIO_OP_COUNT && !vmmio_env_rates(env) && len > 2 &&
	    !strcmp(f->heading + len - 2, "/s"))
		len -= 2;
	snprintf(buf, size, "%s%.*s",
		 env->emulated && f->cls != VMMIO_STRUCTURAL && f->cls != VMMIO_PATH ? "~" : "",
		 (int)len, f->heading);
	*width = (int)strlen(buf) > least ? (int)strlen(buf) : least;
}

int top_columns(const struct top_model *m, const struct vmmio_env *env, int width, int *ids)
{
	int left = width - TOP_DEVICE_WIDTH - 1 - top_queue_width(width), spark = width / 4, n = 0,
	    w;
	char text[32];
	size_t i;

	if (spark < TOP_SPARK_MIN)
		spark = TOP_SPARK_MIN;
	if (spark > TOP_MINUTE)
		spark = TOP_MINUTE;
	/* on a narrow screen a number is worth more than its past */
	if (width < 100)
		spark = TOP_SPARK_MIN;
	for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		if (!(m->fields >> columns[i] & 1) || !vmmio_field_visible(columns[i], env))
			continue;
		top_heading(text, sizeof(text), env, columns[i], &w);
		if (left - (w + 1) < spark + 1)
			break;
		left -= w + 1;
		ids[n++] = columns[i];
	}
	return n;
}

bool top_hist_visible(int id, const struct vmmio_env *env)
{
	if (!vmmio_hist_is_time(id))
		return true;
	return vmmio_env_times(env);
}

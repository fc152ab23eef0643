// SPDX-License-Identifier: GPL-2.0-only
/*
 * See waits.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "waits.h"

static void add(struct vmmio_waits *w, const struct vmmio_journey *x, enum vmmio_wait_end end,
		__u64 ns)
{
	struct vmmio_wait *p;

	if (w->n == VMMIO_WAITS_MAX) {
		w->more++;
		return;
	}
	p = w->n & (w->n - 1) ? w->v : reallocarray(w->v, w->n ? 2 * w->n : 1, sizeof(*p));
	if (!p) {
		w->err = -ENOMEM;
		return;
	}
	w->v = p;
	p[w->n++] = (struct vmmio_wait){*x, end, ns};
}

static void on_irq(void *data, const struct vmmio_journey *x)
{
	struct vmmio_waits *w = data;

	if (x->latency_ns > w->bound_ns)
		add(w, x, VMMIO_WAIT_INTERRUPT, x->latency_ns);
}

static void on_left(void *data, const struct vmmio_journey *x, bool taken)
{
	struct vmmio_waits *w = data;
	__u64 ns = w->now_ns > x->kick_ns ? w->now_ns - x->kick_ns : 0;

	if (ns > w->bound_ns)
		add(w, x, taken ? VMMIO_WAIT_KICK : VMMIO_WAIT_GOES_ON, ns);
}

int vmmio_waits_init(struct vmmio_waits *w, __u64 bound_ns)
{
	int err;

	memset(w, 0, sizeof(*w));
	w->bound_ns = bound_ns;
	err = vmmio_journeys_init(&w->journeys, 0);
	w->journeys.take = on_irq;
	w->journeys.left = on_left;
	w->journeys.data = w;
	return err;
}

void vmmio_waits_free(struct vmmio_waits *w)
{
	vmmio_journeys_free(&w->journeys);
	free(w->v);
	w->v = NULL;
	w->n = 0;
}

void vmmio_waits_step(void *waits, const struct vmmio_step *s)
{
	struct vmmio_waits *w = waits;

	w->now_ns = s->begin_ns && s->kind == VMMIO_STEP_KICK ? s->begin_ns : s->ns;
	vmmio_journeys_step(&w->journeys, s);
}

static int by_begin(const void *a, const void *b)
{
	const struct vmmio_wait *x = a, *y = b;

	return x->x.kick_ns < y->x.kick_ns ? -1 : x->x.kick_ns > y->x.kick_ns;
}

void vmmio_waits_finish(struct vmmio_waits *w, __u64 end_ns)
{
	if (end_ns > w->now_ns)
		w->now_ns = end_ns;
	vmmio_journeys_finish(&w->journeys);
	if (w->n)
		qsort(w->v, w->n, sizeof(*w->v), by_begin);
	w->err = w->err ?: w->journeys.err;
}

static const char *const ends[] = {
	[VMMIO_WAIT_GOES_ON] = NULL,
	[VMMIO_WAIT_INTERRUPT] = "interrupt",
	[VMMIO_WAIT_KICK] = "kick",
};

static void known(struct vmmio_json *j, const char *key, __s64 value)
{
	if (value < 0)
		vmmio_json_null(j, key);
	else
		vmmio_json_u64(j, key, (__u64)value);
}

static void show_json(struct vmmio_json *j, const struct vmmio_wait *x, const struct vmmio_row *row,
		      __u64 at)
{
	vmmio_json_open(j, NULL, '{');
	vmmio_json_text(j, "device", vmmio_row_device(row));
	vmmio_json_u64(j, "queue", row->info.queue);
	vmmio_json_text(j, "queue_name", row->info.queue_name);
	vmmio_json_u64(j, "at_ns", at);
	known(j, "kick_cpu", x->x.kick_cpu);
	known(j, "pid", x->x.pid);
	vmmio_json_u64(j, "waited_ns", x->ns);
	if (ends[x->end])
		vmmio_json_text(j, "ended_by", ends[x->end]);
	else
		vmmio_json_null(j, "ended_by");
	known(j, "kicks_merged", x->x.kick_cpu < 0 ? -1 : (__s64)x->x.merged);
	vmmio_json_close(j, '}');
}

static void cell(FILE *out, __s64 value, int width)
{
	if (value < 0)
		fprintf(out, " %*s", width, "-");
	else
		fprintf(out, " %*lld", width, (long long)value);
}

static void show_row(FILE *out, const struct vmmio_wait *x, const struct vmmio_row *row, __u64 at)
{
	char queue[48];

	fprintf(out, "%-9s %-10s %10.6f", vmmio_row_device(row),
		vmmio_format_queue(queue, sizeof(queue), row), (double)at / 1e9);
	cell(out, x->x.kick_cpu, 5);
	cell(out, x->x.pid, 8);
	fprintf(out, " %12.3f", (double)x->ns / 1e6);
	cell(out, x->x.kick_cpu < 0 ? -1 : (__s64)x->x.merged, 6);
	fprintf(out, "  %s\n", ends[x->end] ? ends[x->end] : "-");
}

size_t vmmio_waits_show(const struct vmmio_waits *w, const struct vmmio_view *v, __u64 start_ns,
			const struct vmmio_row *(*row_of)(void *data,
							  const struct vmmio_journey *x),
			void *data)
{
	bool as_json = v->opt->format == VMMIO_FORMAT_JSON;
	struct vmmio_json j = {.out = v->out};
	size_t i, n = 0;

	if (as_json) {
		vmmio_json_open(&j, NULL, '{');
		vmmio_json_u64(&j, "schema", 1);
		vmmio_json_text(&j, "accel", v->env->accel);
		vmmio_json_u64(&j, "bound_ns", w->bound_ns);
		vmmio_json_open(&j, "waits", '[');
	} else {
		fprintf(v->out,
			"at: s since the beginning; ended: by what, - where the recording ends\n"
			"%-9s %-10s %10s %5s %8s %12s %6s  %s\n",
			"DEVICE", "VQ", "at", "CPU", "task", "waited-ms", "merged", "ended");
	}
	for (i = 0; i < w->n; i++) {
		const struct vmmio_wait *x = &w->v[i];
		const struct vmmio_row *row = row_of(data, &x->x);
		__u64 at = x->x.kick_ns > start_ns ? x->x.kick_ns - start_ns : 0;

		if (!row)
			continue;
		n++;
		if (as_json)
			show_json(&j, x, row, at);
		else
			show_row(v->out, x, row, at);
	}
	if (as_json) {
		vmmio_json_close(&j, ']');
		vmmio_json_close(&j, '}');
		fputc('\n', v->out);
	}
	return n;
}

// SPDX-License-Identifier: GPL-2.0-only
/* See slowest.h. A step that was not seen is "-" or null. */
#include <stdio.h>

#include "slowest.h"

static bool as_json(const struct vmmio_view *v)
{
	return v->opt->format == VMMIO_FORMAT_JSON;
}

void vmmio_slowest_begin(struct vmmio_slowest *w, const struct vmmio_view *v, __u64 start_ns)
{
	const char *mark = v->env->emulated ? "~" : "";

	w->view = v;
	w->start_ns = start_ns;
	if (!as_json(v)) {
		fprintf(v->out,
			"times in us%s; at: s since the beginning; write: of the doorbell, within "
			"irq\n",
			v->env->emulated ? " of an emulated clock (~)" : "");
		fprintf(v->out, "%-9s %-10s %10s %5s %5s %9s%s %9s%s %9s%s %9s%s %6s %5s\n",
			"DEVICE", "VQ", "at", "CPU", "to", "whole", mark, "irq", mark, "write",
			mark, "handler", mark, "merged", "used");
		return;
	}
	w->json = (struct vmmio_json){.out = v->out};
	vmmio_json_open(&w->json, NULL, '{');
	vmmio_json_u64(&w->json, "schema", 1);
	vmmio_json_text(&w->json, "accel", v->env->accel);
	vmmio_json_open(&w->json, "slowest", '[');
}

static __u64 handler_ns(const struct vmmio_journey *j)
{
	return j->end_ns > j->irq_ns ? j->end_ns - j->irq_ns : 0;
}

/* 0: its end was not seen. */
static __u64 whole_ns(const struct vmmio_journey *j)
{
	return j->end_ns ? vmmio_journey_whole(j) : 0;
}

static void us(FILE *out, __u64 ns, bool emulated)
{
	if (ns)
		fprintf(out, " %9.1f%s", (double)ns / 1e3, emulated ? " " : "");
	else
		fprintf(out, " %9s%s", "-", emulated ? " " : "");
}

static void cpu(FILE *out, int number)
{
	if (number < 0)
		fprintf(out, " %5s", "-");
	else
		fprintf(out, " %5d", number);
}

static void row_json(struct vmmio_slowest *w, const struct vmmio_journey *j,
		     const struct vmmio_row *row)
{
	vmmio_json_open(&w->json, NULL, '{');
	vmmio_json_text(&w->json, "device", vmmio_row_device(row));
	vmmio_json_u64(&w->json, "queue", row->info.queue);
	vmmio_json_text(&w->json, "queue_name", row->info.queue_name);
	vmmio_json_u64(&w->json, "at_ns", j->kick_ns > w->start_ns ? j->kick_ns - w->start_ns : 0);
	if (j->kick_cpu < 0)
		vmmio_json_null(&w->json, "kick_cpu");
	else
		vmmio_json_u64(&w->json, "kick_cpu", (__u64)j->kick_cpu);
	vmmio_json_u64(&w->json, "irq_cpu", (__u64)j->irq_cpu);
	if (j->pid < 0)
		vmmio_json_null(&w->json, "pid");
	else
		vmmio_json_u64(&w->json, "pid", (__u64)j->pid);
	vmmio_json_known(&w->json, "whole_ns", whole_ns(j));
	vmmio_json_known(&w->json, "asked_to_kick_ns",
			 j->asked_ns && j->kick_ns > j->asked_ns ? j->kick_ns - j->asked_ns : 0);
	vmmio_json_u64(&w->json, "kick_to_irq_ns", j->latency_ns);
	vmmio_json_known(&w->json, "doorbell_ns", j->write_ns);
	vmmio_json_known(&w->json, "handler_ns", handler_ns(j));
	if (j->kick_cpu < 0)
		vmmio_json_null(&w->json, "kicks_merged");
	else
		vmmio_json_u64(&w->json, "kicks_merged", j->merged);
	if (j->mainline)
		vmmio_json_null(&w->json, "used_buffers");
	else
		vmmio_json_u64(&w->json, "used_buffers", j->used);
	vmmio_json_close(&w->json, '}');
}

void vmmio_slowest_row(struct vmmio_slowest *w, const struct vmmio_journey *j,
		       const struct vmmio_row *row)
{
	const struct vmmio_view *v = w->view;
	bool emulated = v->env->emulated;
	char queue[48];

	if (as_json(v)) {
		row_json(w, j, row);
		return;
	}
	fprintf(v->out, "%-9s %-10s %10.6f", vmmio_row_device(row),
		vmmio_format_queue(queue, sizeof(queue), row),
		j->kick_ns > w->start_ns ? (double)(j->kick_ns - w->start_ns) / 1e9 : 0);
	cpu(v->out, j->kick_cpu);
	cpu(v->out, j->irq_cpu);
	us(v->out, whole_ns(j), emulated);
	us(v->out, j->latency_ns, emulated);
	us(v->out, j->write_ns, emulated);
	us(v->out, handler_ns(j), emulated);
	if (j->kick_cpu < 0)
		fprintf(v->out, " %6s", "-");
	else
		fprintf(v->out, " %6u", j->merged);
	if (j->mainline)
		fprintf(v->out, " %5s\n", "-");
	else
		fprintf(v->out, " %5u\n", j->used);
}

void vmmio_slowest_end(struct vmmio_slowest *w)
{
	if (!as_json(w->view))
		return;
	vmmio_json_close(&w->json, ']');
	vmmio_json_close(&w->json, '}');
	fputc('\n', w->view->out);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * CSV: one header, one line per row and interval. Counts are of the interval,
 * an unknown value is an empty cell. Names come from the kernel: quoted.
 */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "view.h"

static void quoted(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		if (*s == '"')
			fputc('"', out);
		fputc((unsigned char)*s < ' ' ? '?' : *s, out);
	}
	fputs("\",", out);
}

static void number(FILE *out, struct vmmio_value v)
{
	if (!v.known || isnan(v.v))
		return;
	if (v.v == floor(v.v) && fabs(v.v) < 1e15)
		fprintf(out, "%.0f", v.v);
	else
		fprintf(out, "%.6g", v.v);
}

void vmmio_view_csv(struct vmmio_view *v, const struct vmmio_report *r)
{
	size_t i;
	int f;

	if (!v->started) {
		fputs("time_s,interval_s,accel,device,parent,transport,irq_mode,driver,queue,queue_"
		      "name,slot",
		      v->out);
		for (f = 0; f < v->opt->nfields; f++)
			fprintf(v->out, ",%s", vmmio_fields[v->opt->fields[f]].key);
		fputs(",events_lost\n", v->out);
		v->started = true;
	}
	for (i = 0; i < r->n; i++) {
		const struct vmmio_row *x = &r->delta->rows[r->rows[i]];
		const struct vmmio_slot_info *s = &x->info;

		if (r->delta->wall_ms)
			fprintf(v->out, "%llu.%03u", (unsigned long long)r->delta->wall_ms / 1000,
				(unsigned int)(r->delta->wall_ms % 1000));
		fprintf(v->out, ",%.6f,%s,", (double)r->delta->time_ns / 1e9, v->env->accel);
		quoted(v->out, vmmio_row_device(x));
		quoted(v->out, s->parent);
		fprintf(v->out, "%s,%s,", vmmio_transport_name(s->transport),
			vmmio_irq_mode_name(s->irq_mode));
		quoted(v->out, s->driver);
		if (s->kind == VMMIO_SLOT_QUEUE)
			fprintf(v->out, "%u", s->queue);
		fputc(',', v->out);
		quoted(v->out, s->queue_name);
		fprintf(v->out, "%u", s->slot);
		for (f = 0; f < v->opt->nfields; f++) {
			fputc(',', v->out);
			number(v->out,
			       vmmio_field_show(r->delta, r->rows[i], v->opt->fields[f], v->env));
		}
		fputc(',', v->out);
		if (r->delta->have_lost)
			fprintf(v->out, "%llu", (unsigned long long)r->delta->events_lost);
		fputc('\n', v->out);
	}
}

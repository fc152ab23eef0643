// SPDX-License-Identifier: GPL-2.0-only
/*
 * CSV: one header, one line per row and interval. Counts are of the interval,
 * an unknown value is an empty cell. Names come from the kernel: quoted.
 */
#include <math.h>
#include <stdio.h>

#include "lib/csv.h"
#include "view.h"

void vmmio_view_csv(struct vmmio_view *v, const struct vmmio_report *r)
{
	struct vmmio_csv c = {v->out};
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
			vmmio_csv_put(&c, "%llu.%03u", (unsigned long long)r->delta->wall_ms / 1000,
				      (unsigned int)(r->delta->wall_ms % 1000));
		else
			vmmio_csv_unknown(&c);
		vmmio_csv_put(&c, "%.6f", (double)r->delta->time_ns / 1e9);
		vmmio_csv_put(&c, "%s", v->env->accel);
		vmmio_csv_text(&c, vmmio_row_device(x));
		vmmio_csv_text(&c, s->parent);
		vmmio_csv_put(&c, "%s", vmmio_transport_name(s->transport));
		vmmio_csv_put(&c, "%s", vmmio_irq_mode_name(s->irq_mode));
		vmmio_csv_text(&c, s->driver);
		if (s->kind == VMMIO_SLOT_QUEUE)
			vmmio_csv_put(&c, "%u", s->queue);
		else
			vmmio_csv_unknown(&c);
		vmmio_csv_text(&c, s->queue_name);
		vmmio_csv_put(&c, "%u", s->slot);
		for (f = 0; f < v->opt->nfields; f++) {
			struct vmmio_value shown =
				vmmio_field_show(r->delta, r->rows[i], v->opt->fields[f], v->env);

			vmmio_csv_number(&c, shown.known ? shown.v : NAN, 6);
		}
		vmmio_csv_number(&c, r->delta->have_lost ? (double)r->delta->events_lost : NAN, 6);
		vmmio_csv_end(&c);
	}
}

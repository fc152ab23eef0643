// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON: one object per line and interval. Counters and count fields are of the interval. Unknown
 * values are null, and so are durations that may not be shown (emulated ones, unless asked for),
 * with their sums and histograms. The layout has a number, "schema": keys may be added under it,
 * never changed.
 */
#include <stdio.h>

#include "hist.h"
#include "lib/json.h"
#include "tools/vmmio-stat/core/regtable.h"
#include "tools/vmmio-stat/core/self.h"
#include "view.h"

#define SCHEMA 1

static void counters(struct vmmio_json *j, const struct vmmio_view *v, const struct vmmio_row *x)
{
	bool times = vmmio_env_times(v->env);
	__u64 which = ~0ull, fields = 0;
	int c;

	for (c = 0; c < v->opt->nfields; c++)
		fields |= 1ull << v->opt->fields[c];
	if (v->opt->chosen && !v->opt->json_full)
		which = vmmio_fields_counters(fields);
	vmmio_json_open(j, "counters", '{');
	for (c = 0; c < VMMIO_C_COUNT; c++) {
		if (!(which >> c & 1))
			continue;
		if (vmmio_row_has(x, c) && (times || !vmmio_counter_is_time(c)))
			vmmio_json_u64(j, vmmio_counter_keys[c], x->c[c]);
		else
			vmmio_json_null(j, vmmio_counter_keys[c]);
	}
	vmmio_json_close(j, '}');
}

static void fields(struct vmmio_json *j, const struct vmmio_view *v, const struct vmmio_report *r,
		   size_t row)
{
	int i;

	vmmio_json_open(j, "fields", '{');
	for (i = 0; i < v->opt->nfields; i++) {
		int id = v->opt->fields[i];
		struct vmmio_value x = vmmio_field_show(r->delta, row, id, v->env);

		if (x.known)
			vmmio_json_double(j, vmmio_fields[id].key, x.v);
		else
			vmmio_json_null(j, vmmio_fields[id].key);
	}
	vmmio_json_close(j, '}');
}

/* --per: count fields of one operation. */
static void per_operation(struct vmmio_json *j, const struct vmmio_view *v,
			  const struct vmmio_report *r, size_t row)
{
	int i;

	vmmio_json_open(j, "per_operation", '{');
	for (i = 0; i < v->opt->nfields; i++) {
		int id = v->opt->fields[i];
		struct vmmio_value x = vmmio_field_show(r->delta, row, id, v->env);

		if (vmmio_fields[id].op != VMMIO_OP_COUNT)
			continue;
		if (x.known)
			vmmio_json_double(j, vmmio_fields[id].key, x.v / (double)v->opt->per);
		else
			vmmio_json_null(j, vmmio_fields[id].key);
	}
	vmmio_json_close(j, '}');
}

static void self(struct vmmio_json *j)
{
	struct vmmio_self s;

	vmmio_self_read(&s);
	vmmio_json_open(j, "self", '{');
	vmmio_json_double(j, "cpu_s", (double)s.cpu_ns / 1e9);
	vmmio_json_double(j, "elapsed_s", (double)s.elapsed_ns / 1e9);
	if (s.rss_bytes)
		vmmio_json_u64(j, "rss_bytes", s.rss_bytes);
	else
		vmmio_json_null(j, "rss_bytes");
	vmmio_json_u64(j, "bpf_programs", s.programs);
	vmmio_json_u64(j, "bpf_maps", s.maps);
	vmmio_json_u64(j, "bpf_map_bytes", s.map_bytes);
	if (s.have_bpf_time) {
		vmmio_json_double(j, "bpf_run_s", (double)s.bpf_ns / 1e9);
		vmmio_json_u64(j, "bpf_runs", s.bpf_runs);
	} else {
		vmmio_json_null(j, "bpf_run_s");
		vmmio_json_null(j, "bpf_runs");
	}
	vmmio_json_close(j, '}');
}

/* Pairs [smallest value, samples] of the buckets in use; null: not known. */
static void hists(struct vmmio_json *j, const struct vmmio_view *v, const struct vmmio_report *r,
		  size_t row)
{
	bool times = vmmio_env_times(v->env);
	int id, b;

	vmmio_json_open(j, "hist", '{');
	for (id = 0; id < VMMIO_HIST_COUNT; id++) {
		const struct vmmio_hist *h = vmmio_row_hist(r->delta, row, id);

		if (!h || !(r->delta->rows[row].have_hist >> id & 1) ||
		    (vmmio_hist_is_time(id) && !times)) {
			vmmio_json_null(j, vmmio_hist_keys[id]);
			continue;
		}
		vmmio_json_open(j, vmmio_hist_keys[id], '{');
		vmmio_json_text(j, "unit", vmmio_hist_units[id]);
		vmmio_json_open(j, "buckets", '[');
		for (b = 0; b < VMMIO_HIST_BUCKETS; b++) {
			if (!h->n[b])
				continue;
			vmmio_json_open(j, NULL, '[');
			vmmio_json_u64(j, NULL, vmmio_hist_low(b));
			vmmio_json_u64(j, NULL, h->n[b]);
			vmmio_json_close(j, ']');
		}
		vmmio_json_close(j, ']');
		vmmio_json_close(j, '}');
	}
	vmmio_json_close(j, '}');
}

void vmmio_json_identity(struct vmmio_json *j, const struct vmmio_row *x)
{
	const struct vmmio_slot_info *s = &x->info;
	char features[24];

	vmmio_json_text(j, "device", vmmio_row_device(x));
	vmmio_json_text(j, "parent", s->parent);
	vmmio_json_text(j, "transport", vmmio_transport_name(s->transport));
	if (s->irq_mode == VMMIO_IRQ_UNKNOWN)
		vmmio_json_null(j, "irq_mode");
	else
		vmmio_json_text(j, "irq_mode", vmmio_irq_mode_name(s->irq_mode));
	vmmio_json_text(j, "driver", s->driver);
	if (s->kind == VMMIO_SLOT_QUEUE) {
		vmmio_json_u64(j, "queue", s->queue);
		vmmio_json_text(j, "queue_name", s->queue_name);
		vmmio_json_known(j, "ring_size", s->ring_size);
		vmmio_json_known(j, "ring_max", s->ring_max);
		vmmio_json_bool(j, "packed", s->flags & VMMIO_SLOT_PACKED);
	} else {
		vmmio_json_null(j, "queue");
		vmmio_json_known(j, "queues", s->queues);
	}
	snprintf(features, sizeof(features), "0x%llx", (unsigned long long)s->features);
	vmmio_json_text(j, "features", features);
	vmmio_json_u64(j, "device_id", s->device_id);
	vmmio_json_known(j, "irq", s->irq);
	vmmio_json_u64(j, "slot", s->slot);
	vmmio_json_u64(j, "gen", s->gen);
}

static void lost(struct vmmio_json *j, const struct vmmio_report *r)
{
	if (r->delta->have_lost)
		vmmio_json_u64(j, "events_lost", r->delta->events_lost);
	else
		vmmio_json_null(j, "events_lost");
}

static void registers(struct vmmio_json *j, const struct vmmio_view *v,
		      const struct vmmio_report *r)
{
	bool times = vmmio_env_times(v->env);
	size_t i;
	int k;

	vmmio_json_open(j, "registers", '[');
	for (i = 0; i < r->n; i++) {
		const struct vmmio_row *x = &r->delta->rows[r->rows[i]];
		const struct vmmio_reg_counts *g = vmmio_row_regs(r->delta, r->rows[i]);

		if (!g || !x->have_regs)
			continue;
		for (k = 0; k < VMMIO_REG_COUNT; k++) {
			if (!g->reads[k] && !g->writes[k])
				continue;
			vmmio_json_open(j, NULL, '{');
			vmmio_json_text(j, "device", vmmio_row_device(x));
			vmmio_json_text(j, "register", vmmio_regs[k].name);
			vmmio_json_u64(j, "offset", vmmio_regs[k].offset);
			vmmio_json_u64(j, "reads", g->reads[k]);
			vmmio_json_u64(j, "writes", g->writes[k]);
			if (x->have_reg_ns && times) {
				vmmio_json_u64(j, "read_ns", g->read_ns[k]);
				vmmio_json_u64(j, "write_ns", g->write_ns[k]);
			}
			vmmio_json_close(j, '}');
		}
	}
	vmmio_json_close(j, ']');
}

void vmmio_view_json(struct vmmio_view *v, const struct vmmio_report *r)
{
	struct vmmio_json j = {.out = v->out};
	size_t i;

	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", SCHEMA);
	vmmio_json_text(&j, "tool", "vmmio-stat");
	vmmio_json_text(&j, "version", VMMIO_VERSION);
	vmmio_json_u64(&j, "abi", VMMIO_ABI);
	vmmio_json_text(&j, "accel", v->env->accel);
	vmmio_json_text(&j, "clocksource", v->env->clocksource);
	vmmio_json_bool(&j, "emulated_time", v->env->emulated_time);
	vmmio_json_text(&j, "source", v->engine);
	if (v->detail && v->detail[0])
		vmmio_json_text(&j, "source_detail", v->detail);
	vmmio_json_bool(&j, "emulated", v->env->emulated);
	vmmio_json_bool(&j, "durations", vmmio_env_times(v->env));
	vmmio_json_known(&j, "time_ms", r->delta->wall_ms);
	vmmio_json_double(&j, "interval_s", (double)r->delta->time_ns / 1e9);
	if (r->total)
		vmmio_json_bool(&j, "total", true);
	lost(&j, r);
	if (r->delta->untold) {
		vmmio_json_null(&j, "queues_unplaced");
		vmmio_json_null(&j, "unseen_devices");
	} else {
		vmmio_json_u64(&j, "queues_unplaced", r->delta->unplaced);
		vmmio_json_u64(&j, "unseen_devices", r->delta->unseen);
	}
	if (r->have_status)
		vmmio_json_u64(&j, "command_status", r->command_status);
	else
		vmmio_json_null(&j, "command_status");
	vmmio_json_open(&j, "rows", '[');
	for (i = 0; i < r->n; i++) {
		const struct vmmio_row *x = &r->delta->rows[r->rows[i]];

		vmmio_json_open(&j, NULL, '{');
		vmmio_json_identity(&j, x);
		counters(&j, v, x);
		fields(&j, v, r, r->rows[i]);
		lost(&j, r);
		if (v->opt->per)
			per_operation(&j, v, r, r->rows[i]);
		if (v->opt->json_full)
			hists(&j, v, r, r->rows[i]);
		vmmio_json_close(&j, '}');
	}
	vmmio_json_close(&j, ']');
	registers(&j, v, r);
	if (v->opt->per)
		vmmio_json_u64(&j, "per", v->opt->per);
	if (v->opt->self)
		self(&j);
	vmmio_json_close(&j, '}');
	fputc('\n', v->out);
	v->started = true;
}

void vmmio_view_report(struct vmmio_view *v, const struct vmmio_report *r)
{
	switch (v->opt->format) {
	case VMMIO_FORMAT_JSON:
		vmmio_view_json(v, r);
		break;
	case VMMIO_FORMAT_CSV:
		vmmio_view_csv(v, r);
		break;
	case VMMIO_FORMAT_TABLE:
		vmmio_view_table(v, r);
		break;
	case VMMIO_FORMAT_TEXTFILE:
		break; /* textfile.c keeps sums, it is no view of one interval */
	}
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * See report.h.
 */
#include <string.h>

#include "lib/json.h"
#include "report.h"
#include "tools/vmmio-stat/core/snapshot.h"

static void heading(const struct vmmio_stall_report *r, FILE *out)
{
	fprintf(out,
		"vmmio-stat stalls: %s, accelerator %s%s%s%s, bound %.0f ms, looked at every %.0f "
		"ms\n",
		r->engine, r->env->accel, r->env->emulated ? " (" : "",
		r->env->emulated ? vmmio_env_emulated_text(r->env) : "",
		r->env->emulated ? ": ~ is no real time)" : "", r->watch->bound_ns / 1e6,
		r->watch->period_ns / 1e6);
	if (r->when)
		fprintf(out, "%-8s ", "TIME");
	fprintf(out, "%-9s %-14s %9s %9s %9s %9s  %s\n", "DEVICE", "VQ", "in-flight", "to-take",
		r->env->emulated ? "~age-ms" : "age-ms", "kicks", "STALL");
}

static const char *age_text(const struct vmmio_stall_report *r, const struct vmmio_stall_queue *q,
			    char *buf, size_t size)
{
	__u64 min, max;

	if (!vmmio_stall_age(r->watch, q, &min, &max))
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%s%.0f", max ? "" : ">", min / 1e6);
	return buf;
}

static void row(const struct vmmio_stall_report *r, const struct vmmio_stall_queue *q, FILE *out)
{
	char queue[48] = "*", flight[16] = "-", take[16] = "-", age[24], kicks[24] = "-";
	bool is_queue = q->info.kind != VMMIO_SLOT_DEVICE;
	__u32 n, m;

	if (is_queue)
		snprintf(queue, sizeof(queue), "%u:%s", q->info.queue, q->info.queue_name);
	if (is_queue && vmmio_stall_buffers(&q->now, &n, &m)) {
		snprintf(flight, sizeof(flight), "%u", n);
		snprintf(take, sizeof(take), "%u", m);
	}
	if (is_queue && q->hooked)
		snprintf(kicks, sizeof(kicks), "%llu", (unsigned long long)q->now.kicks);
	if (r->when)
		fprintf(out, "%-8s ", r->when);
	fprintf(out, "%-9s %-14s %9s %9s %9s %9s  ", q->info.device, queue, flight, take,
		age_text(r, q, age, sizeof(age)), kicks);
	if (q->now.flags & VMMIO_LOOK_UNREAD)
		fputs("- (its ring cannot be read)\n", out);
	else if (!q->cause)
		fputs("-\n", out);
	else
		fprintf(out, "%s%s %.1f s\n          %s\n", vmmio_stall_causes[q->cause],
			q->over ? ", over after" : " for", q->stalled_ns / 1e9, q->evidence);
}

void vmmio_stall_table(const struct vmmio_stall_report *r, FILE *out)
{
	size_t i;

	if (r->first)
		heading(r, out);
	else if (r->n > 1)
		fputc('\n', out);
	for (i = 0; i < r->n; i++)
		row(r, &r->watch->list[r->rows[i]], out);
	if (r->unplaced)
		fprintf(out, "%u virtqueues found no room and are not watched\n", r->unplaced);
}

static void json_position(struct vmmio_json *j, const char *key, __u32 value, bool known)
{
	if (known)
		vmmio_json_u64(j, key, value);
	else
		vmmio_json_null(j, key);
}

static void json_ring(struct vmmio_json *j, const struct vmmio_stall_queue *q)
{
	const struct vmmio_stall_sample *s = &q->now;
	bool event = s->flags & VMMIO_LOOK_EVENT, kick = q->hooked && s->kicks;

	vmmio_json_open(j, "ring", '{');
	vmmio_json_bool(j, "packed", s->flags & VMMIO_LOOK_PACKED);
	vmmio_json_u64(j, "size", s->ring);
	vmmio_json_u64(j, "busy", s->busy);
	vmmio_json_u64(j, "avail", s->avail);
	vmmio_json_u64(j, "used", s->used);
	vmmio_json_u64(j, "taken_back", s->seen);
	vmmio_json_u64(j, "added", s->added);
	json_position(j, "avail_at_kick", s->avail_at_kick, kick);
	json_position(j, "device_event", s->device_event, event);
	json_position(j, "driver_event", s->driver_event, event);
	vmmio_json_u64(j, "device_flags", s->device_flags);
	vmmio_json_u64(j, "driver_flags", s->driver_flags);
	vmmio_json_bool(j, "callback", s->flags & VMMIO_LOOK_CALLBACK);
	vmmio_json_bool(j, "broken", s->flags & VMMIO_LOOK_BROKEN);
	if (event && s->flags & VMMIO_LOOK_KNOWS)
		vmmio_json_bool(j, "interrupted", s->flags & VMMIO_LOOK_TRIGGERED);
	else
		vmmio_json_null(j, "interrupted");
	vmmio_json_close(j, '}');
}

static void json_stall(struct vmmio_json *j, const struct vmmio_stall_queue *q)
{
	if (q->now.flags & VMMIO_LOOK_UNREAD)
		vmmio_json_null(j, "stalled");
	else
		vmmio_json_bool(j, "stalled", q->cause && !q->over);
	if (!q->cause) {
		vmmio_json_null(j, "cause");
		vmmio_json_null(j, "evidence");
		vmmio_json_null(j, "stalled_ms");
		return;
	}
	vmmio_json_text(j, "cause", vmmio_stall_causes[q->cause]);
	vmmio_json_text(j, "evidence", q->evidence);
	vmmio_json_double(j, "stalled_ms", q->stalled_ns / 1e6);
}

/* Of a device whose driver is in its probe or removal, only that is known. */
static void json_no_queue(struct vmmio_json *j)
{
	static const char *const keys[] = {"queue",	 "queue_name", "irq",
					   "in_flight",	 "to_take",    "age_min_ms",
					   "age_max_ms", "kicks",      "ring"};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		vmmio_json_null(j, keys[i]);
}

static void json_row(struct vmmio_json *j, const struct vmmio_stall_report *r,
		     const struct vmmio_stall_queue *q)
{
	__u64 min = 0, max = 0;
	bool age = vmmio_stall_age(r->watch, q, &min, &max), counted;
	__u32 flight, to_take;

	vmmio_json_open(j, NULL, '{');
	vmmio_json_text(j, "device", q->info.device);
	vmmio_json_text(j, "bus_device", q->info.parent);
	vmmio_json_text(j, "driver", q->info.driver);
	vmmio_json_text(j, "transport", vmmio_transport_name(q->info.transport));
	if (q->info.kind == VMMIO_SLOT_DEVICE) {
		json_no_queue(j);
		json_stall(j, q);
		vmmio_json_close(j, '}');
		return;
	}
	vmmio_json_u64(j, "queue", q->info.queue);
	vmmio_json_text(j, "queue_name", q->info.queue_name);
	vmmio_json_known(j, "irq", q->info.irq);
	counted = vmmio_stall_buffers(&q->now, &flight, &to_take);
	json_position(j, "in_flight", flight, counted);
	json_position(j, "to_take", to_take, counted);
	if (age)
		vmmio_json_double(j, "age_min_ms", min / 1e6);
	else
		vmmio_json_null(j, "age_min_ms");
	if (age && max)
		vmmio_json_double(j, "age_max_ms", max / 1e6);
	else
		vmmio_json_null(j, "age_max_ms");
	if (q->hooked)
		vmmio_json_u64(j, "kicks", q->now.kicks);
	else
		vmmio_json_null(j, "kicks");
	json_stall(j, q);
	json_ring(j, q);
	vmmio_json_close(j, '}');
}

void vmmio_stall_json(const struct vmmio_stall_report *r, FILE *out)
{
	struct vmmio_json j = {.out = out};
	size_t i;

	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", 1);
	vmmio_json_text(&j, "tool", "vmmio-stat stalls");
	vmmio_json_text(&j, "accel", r->env->accel);
	vmmio_json_text(&j, "hooks", r->engine);
	vmmio_json_known(&j, "time_ms", r->wall_ms);
	vmmio_json_double(&j, "interval_s", r->interval_s);
	vmmio_json_double(&j, "bound_ms", r->watch->bound_ns / 1e6);
	vmmio_json_double(&j, "resolution_ms", r->watch->period_ns / 1e6);
	vmmio_json_u64(&j, "queues_unplaced", r->unplaced);
	vmmio_json_open(&j, "rows", '[');
	for (i = 0; i < r->n; i++)
		json_row(&j, r, &r->watch->list[r->rows[i]]);
	vmmio_json_close(&j, ']');
	vmmio_json_close(&j, '}');
	fputc('\n', out);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * See beside.h. Rows are the same if device and virtqueue have the same name.
 */
#include <inttypes.h>
#include <string.h>

#include "lib/json.h"
#include "tools/vmmio-stat/view/view.h"
#include "beside.h"

struct pair {
	struct vmmio_value v[2], diff, ratio;
};

/* The row of @d that is @like, or -1. */
static long find(const struct vmmio_snapshot *d, const struct vmmio_row *like)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->rows[i].info.kind == like->info.kind &&
		    d->rows[i].info.queue == like->info.queue &&
		    !strcmp(vmmio_row_device(&d->rows[i]), vmmio_row_device(like)))
			return (long)i;
	return -1;
}

/*
 * Times of different accelerators are not compared; the recordings do not tell more of the
 * machines.
 */
static bool comparable(const struct vmmio_beside s[2], int id)
{
	return vmmio_fields[id].cls != VMMIO_TIME || !strcmp(s[0].env->accel, s[1].env->accel);
}

static struct pair field(const struct vmmio_beside s[2], const long rows[2], int id)
{
	struct pair p = {};
	int i;

	for (i = 0; i < 2; i++)
		if (rows[i] >= 0)
			p.v[i] = vmmio_field_show(s[i].delta, (size_t)rows[i], id, s[i].env);
	if (!p.v[0].known || !p.v[1].known || !comparable(s, id))
		return p;
	p.diff = (struct vmmio_value){true, p.v[1].v - p.v[0].v};
	if (p.v[0].v > 0)
		p.ratio = (struct vmmio_value){true, p.v[1].v / p.v[0].v};
	return p;
}

static void number(FILE *out, struct vmmio_value v, bool sign)
{
	if (!v.known)
		fprintf(out, " %14s", "-");
	else if (v.v > -1e15 && v.v < 1e15 && v.v == (double)(__s64)v.v)
		fprintf(out, sign ? " %+14.0f" : " %14.0f", v.v);
	else
		fprintf(out, sign ? " %+14.3f" : " %14.3f", v.v);
}

static void table_row(const struct vmmio_beside s[2], const struct vmmio_options *o,
		      const long rows[2], FILE *out)
{
	const struct vmmio_row *r = &s[rows[0] < 0].delta->rows[rows[rows[0] < 0]];
	char queue[48];
	int i;

	fprintf(out, "\n%s %s", vmmio_row_device(r), vmmio_format_queue(queue, sizeof(queue), r));
	if (rows[0] < 0 || rows[1] < 0)
		fprintf(out, " (only in %s)", rows[0] < 0 ? "B" : "A");
	fputc('\n', out);
	for (i = 0; i < o->nfields; i++) {
		const struct vmmio_field *f = &vmmio_fields[o->fields[i]];
		struct pair p = field(s, rows, o->fields[i]);
		bool mark = (s[0].env->emulated || s[1].env->emulated) &&
			    f->cls != VMMIO_STRUCTURAL && f->cls != VMMIO_PATH;

		if (!p.v[0].known && !p.v[1].known)
			continue;
		fprintf(out, "%1s%-23s %-8s", mark ? "~" : "", f->key, f->unit);
		number(out, p.v[0], false);
		number(out, p.v[1], false);
		number(out, p.diff, true);
		number(out, p.ratio, false);
		fputc('\n', out);
	}
}

static void value_json(struct vmmio_json *j, const char *key, struct vmmio_value v)
{
	if (v.known)
		vmmio_json_double(j, key, v.v);
	else
		vmmio_json_null(j, key);
}

static void json_row(const struct vmmio_beside s[2], const struct vmmio_options *o,
		     const long rows[2], struct vmmio_json *j)
{
	int i;

	vmmio_json_open(j, NULL, '{');
	vmmio_json_identity(j, &s[rows[0] < 0].delta->rows[rows[rows[0] < 0]]);
	vmmio_json_bool(j, "in_a", rows[0] >= 0);
	vmmio_json_bool(j, "in_b", rows[1] >= 0);
	vmmio_json_open(j, "fields", '{');
	for (i = 0; i < o->nfields; i++) {
		struct pair p = field(s, rows, o->fields[i]);

		vmmio_json_open(j, vmmio_fields[o->fields[i]].key, '{');
		value_json(j, "a", p.v[0]);
		value_json(j, "b", p.v[1]);
		value_json(j, "difference", p.diff);
		value_json(j, "ratio", p.ratio);
		vmmio_json_close(j, '}');
	}
	vmmio_json_close(j, '}');
	vmmio_json_close(j, '}');
}

static void heading(const struct vmmio_beside s[2], FILE *out)
{
	int i;

	for (i = 0; i < 2; i++) {
		fprintf(out, "%c: %s, %s, %.3f s", 'A' + i, s[i].name, s[i].env->accel,
			(double)s[i].delta->time_ns / 1e9);
		if (!s[i].delta->have_lost)
			fprintf(out, ", how many events are missing is not known");
		else if (s[i].delta->events_lost)
			fprintf(out, ", %" PRIu64 " events lost",
				(uint64_t)s[i].delta->events_lost);
		fputc('\n', out);
	}
	if (strcmp(s[0].env->accel, s[1].env->accel))
		fprintf(out, "times of different accelerators are not compared\n");
	fprintf(out, "%-33s %14s %14s %14s %14s\n", "", "A", "B", "B - A", "B / A");
}

static void heading_json(const struct vmmio_beside *s, const char *key, struct vmmio_json *j)
{
	vmmio_json_open(j, key, '{');
	vmmio_json_text(j, "file", s->name);
	vmmio_json_text(j, "accel", s->env->accel);
	vmmio_json_double(j, "seconds", (double)s->delta->time_ns / 1e9);
	if (s->delta->have_lost)
		vmmio_json_u64(j, "events_lost", s->delta->events_lost);
	else
		vmmio_json_null(j, "events_lost");
	vmmio_json_close(j, '}');
}

void vmmio_beside_show(const struct vmmio_beside s[2], const struct vmmio_options *o, FILE *out)
{
	bool json = o->format == VMMIO_FORMAT_JSON;
	struct vmmio_json j = {.out = out};
	size_t i;
	int side;

	if (json) {
		vmmio_json_open(&j, NULL, '{');
		vmmio_json_u64(&j, "schema", 1);
		heading_json(&s[0], "a", &j);
		heading_json(&s[1], "b", &j);
		vmmio_json_open(&j, "rows", '[');
	} else {
		heading(s, out);
	}
	for (side = 0; side < 2; side++)
		for (i = 0; i < s[side].delta->n; i++) {
			const struct vmmio_row *r = &s[side].delta->rows[i];
			long rows[2] = {side ? find(s[0].delta, r) : (long)i,
					side ? (long)i : find(s[1].delta, r)};

			/* of B only what A has not */
			if (!vmmio_row_matches(r, o) || (side && rows[0] >= 0))
				continue;
			if (json)
				json_row(s, o, rows, &j);
			else
				table_row(s, o, rows, out);
		}
	if (!json)
		return;
	vmmio_json_close(&j, ']');
	vmmio_json_close(&j, '}');
	fputc('\n', out);
}

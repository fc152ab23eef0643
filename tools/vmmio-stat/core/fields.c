// SPDX-License-Identifier: GPL-2.0-only
/*
 * The field table as data, and its evaluation. See fields.h.
 */
#include <math.h>
#include <string.h>

#include "fields.h"
#include "lib/formula.h"

const struct vmmio_field vmmio_fields[VMMIO_F_COUNT] = {
#define FIELD(id, key, heading, unit, cls, op, a, b, meaning) \
	{key, heading, unit, VMMIO_##cls, VMMIO_OP_##op, a, b, meaning},
	VMMIO_FIELDS(FIELD)
#undef FIELD
};

const char *const vmmio_counter_keys[VMMIO_C_COUNT] = {
#define KEY(id, key, rows, meaning) key,
	VMMIO_COUNTERS(KEY)
#undef KEY
};

const char *const vmmio_hist_keys[VMMIO_HIST_COUNT] = {
#define KEY(id, key, unit, meaning) key,
	VMMIO_HISTS(KEY)
#undef KEY
};

const char *const vmmio_hist_units[VMMIO_HIST_COUNT] = {
#define UNIT(id, key, unit, meaning) unit,
	VMMIO_HISTS(UNIT)
#undef UNIT
};

const char *const vmmio_class_names[] = VMMIO_CLASS_NAMES;

static const struct vmmio_value unknown;

static struct vmmio_value value(double v)
{
	return (struct vmmio_value){.known = true, .v = v};
}

__u64 vmmio_hist_total(const struct vmmio_hist *h)
{
	__u64 n = 0;
	int b;

	for (b = 0; b < VMMIO_HIST_BUCKETS; b++)
		n += h->n[b];
	return n;
}

struct vmmio_value vmmio_hist_percentile(const struct vmmio_hist *h, double p)
{
	__u64 total = vmmio_hist_total(h), rank, below = 0;
	int b;

	if (!total || p < 0 || p > 100)
		return unknown;
	/* nearest rank: the smallest value that p per cent do not exceed */
	rank = (__u64)ceil(p / 100 * (double)total);
	if (!rank)
		rank = 1;
	for (b = 0; b < VMMIO_HIST_BUCKETS; b++) {
		double low, width;

		if (below + h->n[b] < rank) {
			below += h->n[b];
			continue;
		}
		low = (double)vmmio_hist_low(b);
		width = (double)(vmmio_hist_low(b + 1) - vmmio_hist_low(b));
		/* whole numbers only: a bucket of width 1 is exact */
		return value(low + (width - 1) * ((double)(rank - below) - 0.5) / h->n[b]);
	}
	return unknown;
}

static struct vmmio_value ratio(const struct vmmio_row *r, const struct vmmio_field *f)
{
	struct vmmio_quotient q;

	if (!vmmio_row_has(r, f->a) || !vmmio_row_has(r, f->b) || !r->c[f->b])
		return unknown;
	q = vmmio_formula(f->op, (double)r->c[f->a], (double)r->c[f->b]);
	return value(q.scale * q.num / q.den);
}

struct vmmio_value vmmio_field_eval(const struct vmmio_snapshot *d, size_t row, int id)
{
	const struct vmmio_field *f = &vmmio_fields[id];
	const struct vmmio_row *r = &d->rows[row];
	struct vmmio_value v = unknown;
	const struct vmmio_hist *h;

	switch (f->op) {
	case VMMIO_OP_COUNT:
		return vmmio_row_has(r, f->a) ? value((double)r->c[f->a]) : unknown;
	case VMMIO_OP_RATIO:
	case VMMIO_OP_SHARE:
	case VMMIO_OP_REST:
	case VMMIO_OP_MEAN:
		return ratio(r, f);
	case VMMIO_OP_PCTL:
		h = vmmio_row_hist(d, row, f->a);
		if (!h || !(r->have_hist >> f->a & 1))
			return unknown;
		v = vmmio_hist_percentile(h, f->b);
		if (!strcmp(f->unit, "us") && !strcmp(vmmio_hist_units[f->a], "ns"))
			v.v /= 1000;
		break;
	}
	return v;
}

struct vmmio_value vmmio_field_show(const struct vmmio_snapshot *d, size_t row, int id,
				    const struct vmmio_env *env)
{
	if (vmmio_fields[id].cls == VMMIO_TIME && !vmmio_env_times(env))
		return unknown;
	return vmmio_field_eval(d, row, id);
}

bool vmmio_counter_is_time(int counter)
{
	size_t len = strlen(vmmio_counter_keys[counter]);

	return len > 3 && !strcmp(vmmio_counter_keys[counter] + len - 3, "_ns");
}

/* A rate is headed without "/s" where it is a count. */
static bool heads(const char *heading, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(heading, name, len) && (!heading[len] || !strcmp(heading + len, "/s"));
}

int vmmio_field_find(const char *name)
{
	int id;

	for (id = 0; id < VMMIO_F_COUNT; id++)
		if (!strcmp(name, vmmio_fields[id].key) || heads(vmmio_fields[id].heading, name))
			return id;
	return -1;
}

__u32 vmmio_fields_hists(__u64 fields)
{
	__u32 hists = 0;
	int id;

	for (id = 0; id < VMMIO_F_COUNT; id++)
		if ((fields >> id & 1) && vmmio_fields[id].op == VMMIO_OP_PCTL)
			hists |= 1u << vmmio_fields[id].a;
	return hists;
}

__u64 vmmio_fields_counters(__u64 fields)
{
	__u64 counters = 0;
	int id;

	for (id = 0; id < VMMIO_F_COUNT; id++) {
		const struct vmmio_field *f = &vmmio_fields[id];

		if (!(fields >> id & 1) || f->op == VMMIO_OP_PCTL)
			continue;
		counters |= 1ull << f->a;
		if (f->op != VMMIO_OP_COUNT)
			counters |= 1ull << f->b;
	}
	return counters;
}

__u64 vmmio_fields_timed(void)
{
	__u64 times = 0, all = (1ull << VMMIO_F_COUNT) - 1;
	int id;

	for (id = 0; id < VMMIO_F_COUNT; id++)
		if (vmmio_fields[id].cls == VMMIO_TIME)
			times |= 1ull << id;
	return vmmio_fields_counters(times) & ~vmmio_fields_counters(all & ~times);
}

bool vmmio_fields_requests(__u64 fields)
{
	int id;

	for (id = 0; id < VMMIO_F_COUNT; id++) {
		const struct vmmio_field *f = &vmmio_fields[id];

		if (!(fields >> id & 1))
			continue;
		if (f->op == VMMIO_OP_PCTL ? f->a == VMMIO_HIST_REQUEST
					   : f->a >= VMMIO_C_REQUESTS && f->a <= VMMIO_C_BYTES_IN)
			return true;
	}
	return false;
}

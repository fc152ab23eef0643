// SPDX-License-Identifier: GPL-2.0-only
/* The selection and order of rows. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

static bool match(const char *pattern, const char *text)
{
	return !fnmatch(pattern, text, 0);
}

bool vmmio_row_matches(const struct vmmio_row *r, const struct vmmio_options *o)
{
	char number[16];

	if (o->device && !match(o->device, vmmio_row_device(r)) &&
	    !match(o->device, r->info.parent))
		return false;
	if (o->driver && !match(o->driver, r->info.driver))
		return false;
	if (o->queue) {
		if (r->info.kind != VMMIO_SLOT_QUEUE)
			return false;
		snprintf(number, sizeof(number), "%u", r->info.queue);
		if (!match(o->queue, number) && !match(o->queue, r->info.queue_name))
			return false;
	}
	return true;
}

/* A scrape has all rows: a row that comes and goes would look like a restarted counter. */
static bool skips_idle(const struct vmmio_options *o)
{
	return o->skip_idle && o->format != VMMIO_FORMAT_TEXTFILE;
}

static bool idle(const struct vmmio_row *r)
{
	int c;

	for (c = 0; c < VMMIO_C_COUNT; c++)
		if (vmmio_row_has(r, c) && r->c[c])
			return false;
	return true;
}

struct key {
	size_t row;
	struct vmmio_value v;
	const char *device;
	__u32 queue; /* a device before its queues */
};

/* Unknown last, equal ones (all, if nothing is sorted by) device by device. */
static int by_value(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order;

	if (x->v.known != y->v.known)
		return x->v.known ? -1 : 1;
	if (x->v.known && x->v.v != y->v.v)
		return x->v.v > y->v.v ? -1 : 1;
	order = strverscmp(x->device, y->device);
	if (order)
		return order;
	if (x->queue != y->queue)
		return x->queue < y->queue ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

size_t vmmio_rows_select(const struct vmmio_snapshot *d, const struct vmmio_options *o,
			 size_t *index)
{
	struct key *keys;
	size_t i, n = 0;

	for (i = 0; i < d->n; i++)
		if (vmmio_row_matches(&d->rows[i], o) && !(skips_idle(o) && idle(&d->rows[i])))
			index[n++] = i;
	if (n < 2)
		return n;
	keys = calloc(n, sizeof(*keys));
	if (!keys)
		return n; /* unsorted is better than nothing */
	for (i = 0; i < n; i++) {
		const struct vmmio_slot_info *r = &d->rows[index[i]].info;

		keys[i].row = index[i];
		if (o->sort >= 0)
			keys[i].v = vmmio_field_eval(d, index[i], o->sort);
		keys[i].device = vmmio_row_device(&d->rows[index[i]]);
		keys[i].queue = r->kind == VMMIO_SLOT_QUEUE ? r->queue + 1u : 0;
	}
	qsort(keys, n, sizeof(*keys), by_value);
	for (i = 0; i < n; i++)
		index[i] = keys[i].row;
	free(keys);
	return n;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * See dat_ring.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dat_ring.h"

static const char *format(void *recording, const char *system, const char *name)
{
	return dat_format(recording, system, name);
}

int dat_ring_open(struct trace_ring *r, struct dat *d)
{
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->format = format;
	r->recording = d;
	r->page_size = d->page_size;
	r->long_size = d->long_size;
	r->file = d->fd;
	r->until = ~0ull;
	r->cpus = calloc(d->ncpus + 1, sizeof(*r->cpus));
	if (!r->cpus)
		return -ENOMEM;
	for (i = 0; i < d->ncpus; i++) {
		struct trace_cpu *c = &r->cpus[r->ncpus++];

		c->pages = c->stats = -1;
		c->number = (int)i;
		c->at = d->cpus[i].at;
		c->end = c->at + d->cpus[i].size;
		/* without a page none is ever read */
		if (c->at != c->end && trace_ring_cpu(r, c))
			return -ENOMEM;
	}
	return 0;
}

void dat_ring_close(struct trace_ring *r)
{
	r->file = -1;
	trace_ring_close(r);
	r->file = -1;
}

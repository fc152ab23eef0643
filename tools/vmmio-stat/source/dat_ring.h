/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages of a recording as a ring (tracefs_ring.h), for the readers of a live one. */
#ifndef VMMIO_DAT_RING_H
#define VMMIO_DAT_RING_H

#include "dat.h"
#include "tracefs_ring.h"

/* @d must stay. Returns 0 or -ENOMEM; to be closed in any case. */
int dat_ring_open(struct trace_ring *r, struct dat *d);
void dat_ring_close(struct trace_ring *r);

#endif

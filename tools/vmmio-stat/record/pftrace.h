/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets of Perfetto's protobuf: a named track, an event on one. The callers choose them. */
#ifndef VMMIO_PFTRACE_H
#define VMMIO_PFTRACE_H

#include <stdio.h>

#include "vmmio/types.h"

enum vmmio_pftrace_type {
	VMMIO_PFTRACE_BEGIN = 1,
	VMMIO_PFTRACE_END = 2,
	VMMIO_PFTRACE_INSTANT = 3,
};

/*
 * @name NULL: it has none, as an end. It is on flow @flow, if not 0, and ends these @nends, 16
 * at most. Errors show in @out.
 */
void vmmio_pftrace_event(FILE *out, __u64 ns, enum vmmio_pftrace_type type, __u64 track,
			 const char *name, __u64 flow, const __u64 *ends, unsigned int nends);
/* @parent 0: none. */
void vmmio_pftrace_track(FILE *out, __u64 uuid, __u64 parent, const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fields of our driver's events: those of a record (kmod/trace.h) and the place of each in the
 * event's struct (vmmio/events.h).
 */
#ifndef VMMIO_EVENT_FIELDS_H
#define VMMIO_EVENT_FIELDS_H

#include "tracefs_ring.h"

/*
 * Of "vmmio_kick" and so on: all of them, with a NULL name at the end; NULL: no such event.
 * The name that a register access has besides is a string, and not in the struct.
 */
const struct trace_field *vmmio_event_fields(const char *name);

#endif

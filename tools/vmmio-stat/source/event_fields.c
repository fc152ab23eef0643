// SPDX-License-Identifier: GPL-2.0-only
/*
 * See event_fields.h.
 */
#include <stddef.h>
#include <string.h>

#include "event_fields.h"
#include "vmmio/events.h"

#define FIELD(type, name)                                                            \
	{                                                                            \
#name, offsetof(struct type, name), sizeof(((struct type *)0)->name) \
	}

/* All that there is to each, as kmod/trace.h has it. */
static const struct trace_field fields_of_vmmio_ev_reg[] = {
	FIELD(vmmio_ev_reg, time_ns), FIELD(vmmio_ev_reg, value),
	FIELD(vmmio_ev_reg, cost_ns), FIELD(vmmio_ev_reg, slot),
	FIELD(vmmio_ev_reg, gen),     FIELD(vmmio_ev_reg, flags),
	FIELD(vmmio_ev_reg, offset),  FIELD(vmmio_ev_reg, reg),
	FIELD(vmmio_ev_reg, width),   {},
};
static const struct trace_field fields_of_vmmio_ev_kick[] = {
	FIELD(vmmio_ev_kick, time_ns),	   FIELD(vmmio_ev_kick, slot),
	FIELD(vmmio_ev_kick, gen),	   FIELD(vmmio_ev_kick, flags),
	FIELD(vmmio_ev_kick, value),	   FIELD(vmmio_ev_kick, queue),
	FIELD(vmmio_ev_kick, avail_idx),   FIELD(vmmio_ev_kick, used_idx),
	FIELD(vmmio_ev_kick, avail_delta), {},
};
static const struct trace_field fields_of_vmmio_ev_kick_done[] = {
	FIELD(vmmio_ev_kick_done, time_ns), FIELD(vmmio_ev_kick_done, cost_ns),
	FIELD(vmmio_ev_kick_done, slot),    FIELD(vmmio_ev_kick_done, gen),
	FIELD(vmmio_ev_kick_done, flags),   {},
};
static const struct trace_field fields_of_vmmio_ev_vq_irq[] = {
	FIELD(vmmio_ev_vq_irq, time_ns),
	FIELD(vmmio_ev_vq_irq, kick_to_irq_ns),
	FIELD(vmmio_ev_vq_irq, slot),
	FIELD(vmmio_ev_vq_irq, gen),
	FIELD(vmmio_ev_vq_irq, flags),
	FIELD(vmmio_ev_vq_irq, queue),
	FIELD(vmmio_ev_vq_irq, used_idx),
	FIELD(vmmio_ev_vq_irq, used_delta),
	{},
};
static const struct trace_field fields_of_vmmio_ev_irq[] = {
	FIELD(vmmio_ev_irq, time_ns),
	FIELD(vmmio_ev_irq, cost_ns),
	FIELD(vmmio_ev_irq, slot),
	FIELD(vmmio_ev_irq, gen),
	FIELD(vmmio_ev_irq, flags),
	FIELD(vmmio_ev_irq, irq),
	FIELD(vmmio_ev_irq, status),
	FIELD(vmmio_ev_irq, vqs_checked),
	FIELD(vmmio_ev_irq, vqs_worked),
	FIELD(vmmio_ev_irq, mode),
	{},
};
static const struct trace_field fields_of_vmmio_ev_vq[] = {
	FIELD(vmmio_ev_vq, time_ns),   FIELD(vmmio_ev_vq, slot),
	FIELD(vmmio_ev_vq, gen),       FIELD(vmmio_ev_vq, dev_slot),
	FIELD(vmmio_ev_vq, flags),     FIELD(vmmio_ev_vq, queue),
	FIELD(vmmio_ev_vq, ring_size), FIELD(vmmio_ev_vq, ring_max),
	FIELD(vmmio_ev_vq, vector),    {},
};
static const struct trace_field fields_of_vmmio_ev_device[] = {
	FIELD(vmmio_ev_device, time_ns),   FIELD(vmmio_ev_device, old_value),
	FIELD(vmmio_ev_device, new_value), FIELD(vmmio_ev_device, slot),
	FIELD(vmmio_ev_device, gen),	   {},
};

const struct trace_field *vmmio_event_fields(const char *name)
{
	static const struct {
		const char *name;
		const struct trace_field *fields;
	} events[] = {
#define EVENT(name, type) {#name, fields_of_##type},
		VMMIO_TRACEPOINTS(EVENT)};
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (!strcmp(events[i].name, name))
			return events[i].fields;
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of our driver's tracepoints, counted as bpf/guest.bpf.c counts the
 * events: bpf/guest_count.h is the text of both.
 */
#include <stddef.h>

#include "vmmio/events.h"
#include "tracefs_parts.h"

static inline struct vmmio_bpf_row *count_row(void *to, __u32 slot, __u32 gen)
{
	return vmmio_mem_rows_get(to, slot, gen);
}

static inline void count_hist(void *to, __u32 slot, int id, __u64 value)
{
	vmmio_mem_rows_hist(to, slot, id, value);
}

static inline bool count_device_driven(const struct vmmio_mem_rows *to)
{
	return to->device_driven;
}

static void count_reg(struct vmmio_mem_rows *to, const struct vmmio_ev_reg *ev, bool write,
		      bool timed)
{
	struct vmmio_bpf_regs *r;

	if (!to->regs)
		return;
	if (ev->reg >= VMMIO_REG_MAX) {
		to->lost++;
		return;
	}
	r = &to->regs[ev->slot];
	(write ? r->writes : r->reads)[ev->reg]++;
	if (timed)
		(write ? r->write_ns : r->read_ns)[ev->reg] += ev->cost_ns;
}

#include "guest_count.h"

#define FIELD(type, name)                                                            \
	{                                                                            \
#name, offsetof(struct type, name), sizeof(((struct type *)0)->name) \
	}

static const struct trace_field kick_fields[] = {
	FIELD(vmmio_ev_kick, slot),
	FIELD(vmmio_ev_kick, gen),
	FIELD(vmmio_ev_kick, flags),
	FIELD(vmmio_ev_kick, avail_idx),
	FIELD(vmmio_ev_kick, used_idx),
	FIELD(vmmio_ev_kick, avail_delta),
	{},
};

static const struct trace_field kick_done_fields[] = {
	FIELD(vmmio_ev_kick_done, slot),
	FIELD(vmmio_ev_kick_done, gen),
	FIELD(vmmio_ev_kick_done, flags),
	FIELD(vmmio_ev_kick_done, cost_ns),
	{},
};

static const struct trace_field vq_irq_fields[] = {
	FIELD(vmmio_ev_vq_irq, slot),	    FIELD(vmmio_ev_vq_irq, gen),
	FIELD(vmmio_ev_vq_irq, flags),	    FIELD(vmmio_ev_vq_irq, kick_to_irq_ns),
	FIELD(vmmio_ev_vq_irq, used_delta), {},
};

static const struct trace_field irq_fields[] = {
	FIELD(vmmio_ev_irq, slot),
	FIELD(vmmio_ev_irq, gen),
	FIELD(vmmio_ev_irq, flags),
	FIELD(vmmio_ev_irq, cost_ns),
	{},
};

static const struct trace_field reg_fields[] = {
	FIELD(vmmio_ev_reg, slot),    FIELD(vmmio_ev_reg, gen), FIELD(vmmio_ev_reg, flags),
	FIELD(vmmio_ev_reg, cost_ns), FIELD(vmmio_ev_reg, reg), {},
};

/* HANDLER(event, struct): the record's values are the event's. */
#define HANDLER(name, type)                                                           \
	static void count_##name(void *data, int arg, const struct trace_context *at, \
				 const void *values)                                  \
	{                                                                             \
		handle_##name(data, (const struct type *)values);                     \
	}

HANDLER(kick, vmmio_ev_kick)
HANDLER(kick_done, vmmio_ev_kick_done)
HANDLER(vq_irq, vmmio_ev_vq_irq)
HANDLER(irq, vmmio_ev_irq)
HANDLER(reg_read, vmmio_ev_reg)
HANDLER(reg_write, vmmio_ev_reg)

static const struct trace_event events[] = {
	{.name = "vmmio_kick", .fields = kick_fields, .handle = count_kick},
	{.name = "vmmio_kick_done", .fields = kick_done_fields, .handle = count_kick_done},
	{.name = "vmmio_vq_irq", .fields = vq_irq_fields, .handle = count_vq_irq},
	{.name = "vmmio_irq", .fields = irq_fields, .handle = count_irq},
	{.name = "vmmio_reg_read", .fields = reg_fields, .handle = count_reg_read},
	{.name = "vmmio_reg_write", .fields = reg_fields, .handle = count_reg_write},
};

int tracefs_vmmio_open(struct trace_ring *ring, struct vmmio_mem_rows *rows, char *why, size_t size)
{
	struct trace_event e;
	size_t i;
	int err;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		e = events[i];
		e.system = "vmmio";
		e.data = rows;
		err = trace_ring_enable(ring, &e, why, size);
		if (err)
			return err;
	}
	return 0;
}

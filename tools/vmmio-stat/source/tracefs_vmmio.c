// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of our driver's tracepoints, counted as bpf/guest.bpf.c counts the
 * events: bpf/guest_count.h is the text of both.
 */
#include <errno.h>
#include <stddef.h>

#include "vmmio/events.h"
#include "tracefs_parts.h"

static inline struct vmmio_bpf_row *count_row(void *to, __u32 slot, __u32 gen)
{
	return vmmio_mem_rows_get(to, slot, gen);
}

static inline void count_hist(void *to, const struct vmmio_bpf_row *row, __u32 slot, int id,
			      __u64 value)
{
	(void)row;
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
	FIELD(vmmio_ev_kick, time_ns),	   FIELD(vmmio_ev_kick, slot),
	FIELD(vmmio_ev_kick, gen),	   FIELD(vmmio_ev_kick, flags),
	FIELD(vmmio_ev_kick, avail_idx),   FIELD(vmmio_ev_kick, used_idx),
	FIELD(vmmio_ev_kick, avail_delta), {},
};

static const struct trace_field kick_done_fields[] = {
	FIELD(vmmio_ev_kick_done, time_ns), FIELD(vmmio_ev_kick_done, slot),
	FIELD(vmmio_ev_kick_done, gen),	    FIELD(vmmio_ev_kick_done, flags),
	FIELD(vmmio_ev_kick_done, cost_ns), {},
};

static const struct trace_field vq_irq_fields[] = {
	FIELD(vmmio_ev_vq_irq, time_ns),
	FIELD(vmmio_ev_vq_irq, slot),
	FIELD(vmmio_ev_vq_irq, gen),
	FIELD(vmmio_ev_vq_irq, flags),
	FIELD(vmmio_ev_vq_irq, kick_to_irq_ns),
	FIELD(vmmio_ev_vq_irq, used_delta),
	{},
};

static const struct trace_field irq_fields[] = {
	FIELD(vmmio_ev_irq, time_ns), FIELD(vmmio_ev_irq, slot),    FIELD(vmmio_ev_irq, gen),
	FIELD(vmmio_ev_irq, flags),   FIELD(vmmio_ev_irq, cost_ns), {},
};

static const struct trace_field reg_fields[] = {
	FIELD(vmmio_ev_reg, time_ns),
	FIELD(vmmio_ev_reg, slot),
	FIELD(vmmio_ev_reg, gen),
	FIELD(vmmio_ev_reg, flags),
	FIELD(vmmio_ev_reg, cost_ns),
	FIELD(vmmio_ev_reg, reg),
	{},
};

static void tell(struct tracefs_vmmio *v, struct vmmio_step step, const struct trace_context *at)
{
	step.ns = at->ns;
	step.cpu = at->number;
	step.pid = at->pid;
	v->steps.take(v->steps.data, &step);
}

static void step_kick(struct tracefs_vmmio *v, const struct trace_context *at,
		      const struct vmmio_ev_kick *ev)
{
	tell(v,
	     (struct vmmio_step){
		     .kind = VMMIO_STEP_KICK,
		     .begin_ns = ev->time_ns,
		     .slot = ev->slot,
		     .gen = ev->gen,
		     .flags = ev->flags,
		     .buffers = ev->avail_delta,
	     },
	     at);
}

static void step_kick_done(struct tracefs_vmmio *v, const struct trace_context *at,
			   const struct vmmio_ev_kick_done *ev)
{
	tell(v,
	     (struct vmmio_step){
		     .kind = VMMIO_STEP_KICK_DONE,
		     .begin_ns = ev->time_ns,
		     .cost_ns = ev->cost_ns,
		     .slot = ev->slot,
		     .gen = ev->gen,
		     .flags = ev->flags,
	     },
	     at);
}

static void step_vq_irq(struct tracefs_vmmio *v, const struct trace_context *at,
			const struct vmmio_ev_vq_irq *ev)
{
	tell(v,
	     (struct vmmio_step){
		     .kind = VMMIO_STEP_QUEUE_IRQ,
		     .begin_ns = ev->time_ns,
		     .latency_ns = ev->flags & VMMIO_EV_LATENCY ? ev->kick_to_irq_ns : 0,
		     .slot = ev->slot,
		     .gen = ev->gen,
		     .flags = ev->flags,
		     .buffers = ev->used_delta,
		     .found = !(ev->flags & VMMIO_EV_NONE),
	     },
	     at);
}

static void step_irq(struct tracefs_vmmio *v, const struct trace_context *at,
		     const struct vmmio_ev_irq *ev)
{
	tell(v,
	     (struct vmmio_step){
		     .kind = VMMIO_STEP_IRQ_DONE,
		     .begin_ns = ev->time_ns,
		     .cost_ns = ev->cost_ns,
		     .slot = ev->slot,
		     .gen = ev->gen,
		     .flags = ev->flags,
		     .found = !(ev->flags & VMMIO_EV_NONE),
	     },
	     at);
}

static void step_reg(struct tracefs_vmmio *v, const struct trace_context *at,
		     const struct vmmio_ev_reg *ev, bool write)
{
	tell(v,
	     (struct vmmio_step){
		     .kind = VMMIO_STEP_ACCESS,
		     .begin_ns = ev->time_ns,
		     .cost_ns = ev->cost_ns,
		     .slot = ev->slot,
		     .gen = ev->gen,
		     .flags = ev->flags,
		     .reg = ev->reg,
		     .write = write,
	     },
	     at);
}

static void step_reg_read(struct tracefs_vmmio *v, const struct trace_context *at,
			  const struct vmmio_ev_reg *ev)
{
	step_reg(v, at, ev, false);
}

static void step_reg_write(struct tracefs_vmmio *v, const struct trace_context *at,
			   const struct vmmio_ev_reg *ev)
{
	step_reg(v, at, ev, true);
}

/* HANDLER(event, struct): the record's values are the event's. */
#define HANDLER(name, type)                                                           \
	static void count_##name(void *data, int arg, const struct trace_context *at, \
				 const void *values)                                  \
	{                                                                             \
		struct tracefs_vmmio *v = data;                                       \
                                                                                      \
		handle_##name(v->rows, (const struct type *)values);                  \
		if (v->steps.take)                                                    \
			step_##name(v, at, values);                                   \
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

int tracefs_vmmio_open(struct trace_ring *ring, struct tracefs_vmmio *v, char *why, size_t size)
{
	struct trace_event e;
	size_t i;
	int err;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		e = events[i];
		e.system = "vmmio";
		e.data = v;
		err = trace_ring_enable(ring, &e, why, size);
		if (err && (err != -ENOENT || ring->file < 0))
			return err;
	}
	return 0;
}

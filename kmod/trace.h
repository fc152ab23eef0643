/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracepoints of system "vmmio": the driver's public interface. Each
 * passes a pointer to a struct of <vmmio/events.h>; the ftrace records carry
 * the same values as named fields. All share one static key, see events.c.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmmio

#if !defined(VMMIO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VMMIO_TRACE_H

#include <linux/tracepoint.h>
#include "compat.h"
#include <vmmio/events.h>

#ifndef VMMIO_TRACE_HOOKS
#define VMMIO_TRACE_HOOKS
int vmmio_trace_reg(void);
void vmmio_trace_unreg(void);
const char *vmmio_reg_name(u16 reg);
#endif

DECLARE_EVENT_CLASS(vmmio_reg_class,
	TP_PROTO(const struct vmmio_ev_reg *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, time_ns)
		__field(u64, value)
		__field(u32, cost_ns)
		__field(u32, slot)
		__field(u32, gen)
		__field(u32, flags)
		__field(u32, offset)
		__field(u16, reg)
		__field(u8, width)
		__string(name, vmmio_reg_name(ev->reg))
	),
	TP_fast_assign(
		__entry->time_ns = ev->time_ns;
		__entry->value = ev->value;
		__entry->cost_ns = ev->cost_ns;
		__entry->slot = ev->slot;
		__entry->gen = ev->gen;
		__entry->flags = ev->flags;
		__entry->offset = ev->offset;
		__entry->reg = ev->reg;
		__entry->width = ev->width;
		vmmio_assign_str(name, vmmio_reg_name(ev->reg));
	),
	TP_printk("slot=%u gen=%u reg=%s offset=0x%x width=%u value=0x%llx cost_ns=%u flags=0x%x",
		  __entry->slot, __entry->gen, __get_str(name), __entry->offset, __entry->width,
		  __entry->value, __entry->cost_ns, __entry->flags)
);

DEFINE_EVENT_FN(vmmio_reg_class, vmmio_reg_read,
	TP_PROTO(const struct vmmio_ev_reg *ev), TP_ARGS(ev),
	vmmio_trace_reg, vmmio_trace_unreg);

DEFINE_EVENT_FN(vmmio_reg_class, vmmio_reg_write,
	TP_PROTO(const struct vmmio_ev_reg *ev), TP_ARGS(ev),
	vmmio_trace_reg, vmmio_trace_unreg);

TRACE_EVENT_FN(vmmio_kick,
	TP_PROTO(const struct vmmio_ev_kick *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, time_ns)
		__field(u32, slot)
		__field(u32, gen)
		__field(u32, flags)
		__field(u32, value)
		__field(u16, queue)
		__field(u16, avail_idx)
		__field(u16, used_idx)
		__field(u16, avail_delta)
	),
	TP_fast_assign(
		__entry->time_ns = ev->time_ns;
		__entry->slot = ev->slot;
		__entry->gen = ev->gen;
		__entry->flags = ev->flags;
		__entry->value = ev->value;
		__entry->queue = ev->queue;
		__entry->avail_idx = ev->avail_idx;
		__entry->used_idx = ev->used_idx;
		__entry->avail_delta = ev->avail_delta;
	),
	TP_printk("slot=%u gen=%u queue=%u value=0x%x avail_idx=%u used_idx=%u avail_delta=%u flags=0x%x",
		  __entry->slot, __entry->gen, __entry->queue, __entry->value, __entry->avail_idx,
		  __entry->used_idx, __entry->avail_delta, __entry->flags),
	vmmio_trace_reg, vmmio_trace_unreg
);

TRACE_EVENT_FN(vmmio_kick_done,
	TP_PROTO(const struct vmmio_ev_kick_done *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, time_ns)
		__field(u32, cost_ns)
		__field(u32, slot)
		__field(u32, gen)
		__field(u32, flags)
	),
	TP_fast_assign(
		__entry->time_ns = ev->time_ns;
		__entry->cost_ns = ev->cost_ns;
		__entry->slot = ev->slot;
		__entry->gen = ev->gen;
		__entry->flags = ev->flags;
	),
	TP_printk("slot=%u gen=%u cost_ns=%u flags=0x%x", __entry->slot, __entry->gen,
		  __entry->cost_ns, __entry->flags),
	vmmio_trace_reg, vmmio_trace_unreg
);

TRACE_EVENT_FN(vmmio_vq_irq,
	TP_PROTO(const struct vmmio_ev_vq_irq *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, time_ns)
		__field(u64, kick_to_irq_ns)
		__field(u32, slot)
		__field(u32, gen)
		__field(u32, flags)
		__field(u16, queue)
		__field(u16, used_idx)
		__field(u16, used_delta)
	),
	TP_fast_assign(
		__entry->time_ns = ev->time_ns;
		__entry->kick_to_irq_ns = ev->kick_to_irq_ns;
		__entry->slot = ev->slot;
		__entry->gen = ev->gen;
		__entry->flags = ev->flags;
		__entry->queue = ev->queue;
		__entry->used_idx = ev->used_idx;
		__entry->used_delta = ev->used_delta;
	),
	TP_printk("slot=%u gen=%u queue=%u used_idx=%u used_delta=%u kick_to_irq_ns=%llu flags=0x%x",
		  __entry->slot, __entry->gen, __entry->queue, __entry->used_idx,
		  __entry->used_delta, __entry->kick_to_irq_ns, __entry->flags),
	vmmio_trace_reg, vmmio_trace_unreg
);

TRACE_EVENT_FN(vmmio_irq,
	TP_PROTO(const struct vmmio_ev_irq *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, time_ns)
		__field(u32, cost_ns)
		__field(u32, slot)
		__field(u32, gen)
		__field(u32, flags)
		__field(u32, irq)
		__field(u32, status)
		__field(u16, vqs_checked)
		__field(u16, vqs_worked)
		__field(u16, mode)
	),
	TP_fast_assign(
		__entry->time_ns = ev->time_ns;
		__entry->cost_ns = ev->cost_ns;
		__entry->slot = ev->slot;
		__entry->gen = ev->gen;
		__entry->flags = ev->flags;
		__entry->irq = ev->irq;
		__entry->status = ev->status;
		__entry->vqs_checked = ev->vqs_checked;
		__entry->vqs_worked = ev->vqs_worked;
		__entry->mode = ev->mode;
	),
	TP_printk("slot=%u gen=%u irq=%u mode=%u status=0x%x vqs_checked=%u vqs_worked=%u cost_ns=%u flags=0x%x",
		  __entry->slot, __entry->gen, __entry->irq, __entry->mode, __entry->status,
		  __entry->vqs_checked, __entry->vqs_worked, __entry->cost_ns, __entry->flags),
	vmmio_trace_reg, vmmio_trace_unreg
);

DECLARE_EVENT_CLASS(vmmio_vq_class,
	TP_PROTO(const struct vmmio_ev_vq *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, time_ns)
		__field(u32, slot)
		__field(u32, gen)
		__field(u32, dev_slot)
		__field(u32, flags)
		__field(u16, queue)
		__field(u16, ring_size)
		__field(u16, ring_max)
		__field(u16, vector)
	),
	TP_fast_assign(
		__entry->time_ns = ev->time_ns;
		__entry->slot = ev->slot;
		__entry->gen = ev->gen;
		__entry->dev_slot = ev->dev_slot;
		__entry->flags = ev->flags;
		__entry->queue = ev->queue;
		__entry->ring_size = ev->ring_size;
		__entry->ring_max = ev->ring_max;
		__entry->vector = ev->vector;
	),
	TP_printk("slot=%u gen=%u dev_slot=%u queue=%u ring_size=%u ring_max=%u vector=%u flags=0x%x",
		  __entry->slot, __entry->gen, __entry->dev_slot, __entry->queue,
		  __entry->ring_size, __entry->ring_max, __entry->vector, __entry->flags)
);

DEFINE_EVENT_FN(vmmio_vq_class, vmmio_vq_setup,
	TP_PROTO(const struct vmmio_ev_vq *ev), TP_ARGS(ev),
	vmmio_trace_reg, vmmio_trace_unreg);

DEFINE_EVENT_FN(vmmio_vq_class, vmmio_vq_reset,
	TP_PROTO(const struct vmmio_ev_vq *ev), TP_ARGS(ev),
	vmmio_trace_reg, vmmio_trace_unreg);

DECLARE_EVENT_CLASS(vmmio_device_class,
	TP_PROTO(const struct vmmio_ev_device *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, time_ns)
		__field(u64, old_value)
		__field(u64, new_value)
		__field(u32, slot)
		__field(u32, gen)
	),
	TP_fast_assign(
		__entry->time_ns = ev->time_ns;
		__entry->old_value = ev->old_value;
		__entry->new_value = ev->new_value;
		__entry->slot = ev->slot;
		__entry->gen = ev->gen;
	),
	TP_printk("slot=%u gen=%u old=0x%llx new=0x%llx", __entry->slot, __entry->gen,
		  __entry->old_value, __entry->new_value)
);

DEFINE_EVENT_FN(vmmio_device_class, vmmio_status,
	TP_PROTO(const struct vmmio_ev_device *ev), TP_ARGS(ev),
	vmmio_trace_reg, vmmio_trace_unreg);

DEFINE_EVENT_FN(vmmio_device_class, vmmio_features,
	TP_PROTO(const struct vmmio_ev_device *ev), TP_ARGS(ev),
	vmmio_trace_reg, vmmio_trace_unreg);

DEFINE_EVENT_FN(vmmio_device_class, vmmio_config_change,
	TP_PROTO(const struct vmmio_ev_device *ev), TP_ARGS(ev),
	vmmio_trace_reg, vmmio_trace_unreg);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

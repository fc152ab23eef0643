/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each event of our driver's tracepoints adds to which counter: one text
 * for the BPF program (guest.bpf.c) and for the reader of ftrace records
 * (tools/vmmio-stat/source/tracefs_vmmio.c). It computes nothing that the event does
 * not carry. Where the counters are is the business of who includes this:
 *
 *   count_row(to, slot, gen)        the row, or NULL: the event is lost
 *   count_hist(to, row, slot, id, value)
 *   count_reg(to, ev, write, timed) accesses by register
 *   count_device_driven(to)         latencies of queues the device drives, too
 */
#ifndef VMMIO_GUEST_COUNT_H
#define VMMIO_GUEST_COUNT_H

static __always_inline int handle_kick(void *to, const struct vmmio_ev_kick *ev)
{
	__u32 slot = ev->slot, flags = ev->flags;
	struct vmmio_bpf_row *row = count_row(to, slot, ev->gen);
	__u16 flight;

	if (!row)
		return 0;
	row->c[VMMIO_C_KICKS]++;
	if (flags & VMMIO_EV_MERGED)
		row->c[VMMIO_C_KICKS_MERGED]++;
	if (flags & VMMIO_EV_POLLED)
		row->c[VMMIO_C_KICKS_POLLED]++;
	if (flags & VMMIO_EV_NO_INDEX)
		return 0;
	flight = ev->avail_idx - ev->used_idx;
	row->c[VMMIO_C_OCCUPANCIES]++;
	row->c[VMMIO_C_OCCUPANCY] += flight;
	count_hist(to, row, slot, VMMIO_HIST_OCCUPANCY, flight);
	row->c[VMMIO_C_KICKS_INDEXED]++;
	row->c[VMMIO_C_KICK_BUFFERS] += ev->avail_delta;
	count_hist(to, row, slot, VMMIO_HIST_BATCH, ev->avail_delta);
	return 0;
}

static __always_inline int handle_kick_done(void *to, const struct vmmio_ev_kick_done *ev)
{
	__u32 slot = ev->slot;
	struct vmmio_bpf_row *row = count_row(to, slot, ev->gen);

	if (!row)
		return 0;
	if (ev->flags & VMMIO_EV_INTERRUPTED) {
		row->c[VMMIO_C_KICKS_INTERRUPTED]++;
		return 0;
	}
	row->c[VMMIO_C_KICKS_TIMED]++;
	row->c[VMMIO_C_KICK_NS] += ev->cost_ns;
	count_hist(to, row, slot, VMMIO_HIST_KICK, ev->cost_ns);
	return 0;
}

static __always_inline int handle_vq_irq(void *to, const struct vmmio_ev_vq_irq *ev)
{
	__u32 slot = ev->slot, flags = ev->flags;
	struct vmmio_bpf_row *row = count_row(to, slot, ev->gen);

	if (!row)
		return 0;
	row->c[VMMIO_C_IRQS]++;
	if (!(flags & VMMIO_EV_NONE))
		row->c[VMMIO_C_IRQS_FOUND]++;
	else if (flags & VMMIO_EV_DEDICATED)
		row->c[VMMIO_C_IRQS_SPURIOUS]++;
	else
		row->c[VMMIO_C_IRQS_NOTHING]++;
	if (!(flags & VMMIO_EV_NO_INDEX)) {
		row->c[VMMIO_C_IRQS_INDEXED]++;
		row->c[VMMIO_C_USED_BUFFERS] += ev->used_delta;
		if (ev->used_delta)
			count_hist(to, row, slot, VMMIO_HIST_COALESCE, ev->used_delta);
	}
	if (!(flags & VMMIO_EV_LATENCY))
		return 0;
	if ((flags & VMMIO_EV_DEVICE_DRIVEN) && !count_device_driven(to))
		return 0;
	row->c[VMMIO_C_LATENCIES]++;
	row->c[VMMIO_C_LATENCY_NS] += ev->kick_to_irq_ns;
	count_hist(to, row, slot, VMMIO_HIST_IRQ, ev->kick_to_irq_ns);
	if (flags & VMMIO_EV_EMPTY) {
		row->c[VMMIO_C_LATENCIES_EMPTY]++;
		row->c[VMMIO_C_LATENCY_EMPTY_NS] += ev->kick_to_irq_ns;
	}
	return 0;
}

static __always_inline int handle_irq(void *to, const struct vmmio_ev_irq *ev)
{
	struct vmmio_bpf_row *row = count_row(to, ev->slot, ev->gen);
	__u32 flags = ev->flags;

	if (!row)
		return 0;
	row->c[VMMIO_C_IRQS]++;
	if (flags & VMMIO_EV_NONE)
		row->c[VMMIO_C_IRQS_SPURIOUS]++;
	if (flags & VMMIO_EV_CONFIG)
		row->c[VMMIO_C_CONFIG_IRQS]++;
	row->c[VMMIO_C_HANDLER_TIMED]++;
	row->c[VMMIO_C_HANDLER_NS] += ev->cost_ns;
	return 0;
}

static __always_inline int handle_reg(void *to, const struct vmmio_ev_reg *ev, bool write)
{
	struct vmmio_bpf_row *row = count_row(to, ev->slot, ev->gen);
	bool timed = !(ev->flags & VMMIO_EV_INTERRUPTED);

	if (!row)
		return 0;
	row->c[write ? VMMIO_C_REG_WRITES : VMMIO_C_REG_READS]++;
	if (timed) {
		row->c[VMMIO_C_ACCESSES_TIMED]++;
		row->c[VMMIO_C_ACCESS_NS] += ev->cost_ns;
		count_hist(to, row, ev->slot, VMMIO_HIST_ACCESS, ev->cost_ns);
	}
	count_reg(to, ev, write, timed);
	return 0;
}

static __always_inline int handle_reg_read(void *to, const struct vmmio_ev_reg *ev)
{
	return handle_reg(to, ev, false);
}

static __always_inline int handle_reg_write(void *to, const struct vmmio_ev_reg *ev)
{
	return handle_reg(to, ev, true);
}

#endif

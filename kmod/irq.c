// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt handlers: read and acknowledge where the transport wants it, then pass the queues and
 * the configuration change to their drivers.
 *
 * The status is acknowledged before the queues are looked at. The specification wants it after
 * (4.2.2.2), but then a buffer used between the last look and the acknowledge would be acknowledged
 * unseen and its notification lost. In our order the worst case is one spurious interrupt.
 *
 * Each handler is compiled twice from one text: with tracing off, the record of the run lives in
 * registers or not at all.
 */
#include <linux/jiffies.h>
#include "events.h"

/* Handler runs a second for configuration changes alone; more are not believed. */
#define CONFIG_RUNS_MAX 1000

#define HANDLER(name)                                                    \
	static noinline irqreturn_t name##_traced(int irq, void *opaque) \
	{                                                                \
		return name(irq, opaque, true);                          \
	}                                                                \
	irqreturn_t vmmio_irq_##name(int irq, void *opaque)              \
	{                                                                \
		if (vmmio_tracing())                                     \
			return name##_traced(irq, opaque);               \
		return name(irq, opaque, false);                         \
	}

static __always_inline void run_begin(struct vmmio_irq_run *run, int irq, u8 mode, bool traced)
{
	*run = (struct vmmio_irq_run){
		.t0 = traced ? vmmio_irq_begin_traced() : 0,
		.irq = irq,
		.mode = mode,
	};
}

/*
 * Do configuration changes come faster than is plausible? A status bit that cannot be cleared keeps
 * a level-triggered line up, and each run finds a change.
 */
static noinline bool config_storms(struct vmmio_device *vd)
{
	if (time_after(jiffies, vd->config_since + HZ)) {
		vd->config_since = jiffies;
		vd->config_runs = 0;
	}
	return ++vd->config_runs > CONFIG_RUNS_MAX;
}

/*
 * For runs that no queue counts for the device. A run of a line that found nothing is not handled:
 * a healthy device has few of them (a buffer used between acknowledge and look leaves one). Only
 * kernel/irq/spurious.c can disable a line that stays up for ever, and it needs 99,900 of 100,000.
 */
static __always_inline irqreturn_t run_end(struct vmmio_device *vd, struct vmmio_irq_run *run,
					   bool traced)
{
	bool line = run->mode == VMMIO_IRQ_LINE || run->mode == VMMIO_IRQ_INTX;
	irqreturn_t ret = IRQ_HANDLED;

	if (unlikely(!run->worked)) {
		if (!(run->flags & VMMIO_EV_CONFIG)) {
			smp_wmb(); /* pairs with smp_rmb() in vmmio_sum_device() */
			vmmio_count(vd->counts, irqs_none);
			run->flags |= VMMIO_EV_NONE;
			ret = line ? IRQ_NONE : IRQ_HANDLED;
		} else if (line && config_storms(vd)) {
			ret = IRQ_NONE;
		}
	}
	if (traced)
		vmmio_irq_end_traced(vd, run);
	return ret;
}

/* The first read of a run is counted by the run's own count; a further read is counted here. */
static __always_inline u32 run_read(struct vmmio_device *vd, const struct vmmio_irq_run *run,
				    bool traced, enum vmmio_reg reg, void __iomem *p,
				    enum vmmio_space space, u32 offset, unsigned int width)
{
	if (traced)
		return vmmio_irq_read_traced(vd, run, reg, p, space, offset, width);
	return vmmio_raw_read(p, space, width);
}

static __always_inline u32 line_read(struct vmmio_device *vd, const struct vmmio_irq_run *run,
				     bool traced)
{
	return run_read(vd, run, traced, VMMIO_REG_INTERRUPT_STATUS,
			vd->common + VMMIO_OFF_INTERRUPT_STATUS, VMMIO_SPACE_MEMORY,
			VMMIO_OFF_INTERRUPT_STATUS, 4);
}

static __always_inline void line_ack(struct vmmio_device *vd, bool traced, u32 bits)
{
	void __iomem *p = vd->common + VMMIO_OFF_INTERRUPT_ACK;

	if (traced)
		vmmio_write_traced(vd, VMMIO_REG_INTERRUPT_ACK, p, VMMIO_SPACE_MEMORY,
				   VMMIO_OFF_INTERRUPT_ACK, 4, bits);
	else
		vmmio_raw_write(p, VMMIO_SPACE_MEMORY, 4, bits);
}

/* Passes on the flags of a run, by value: a run that lives in registers stays there. */
static noinline u32 come_early(struct vmmio_device *vd, u32 flags)
{
	if (!READ_ONCE(vd->driver_ok) && !(flags & VMMIO_EV_EARLY)) {
		vmmio_count(vd->counts, irqs_early);
		flags |= VMMIO_EV_EARLY;
	}
	WRITE_ONCE(vd->irq_pending, 1);
	/* pairs with the barrier in vmmio_irq_replay(): one of the two sees the other */
	smp_mb();
	return flags;
}

/* A queue that is being reset is not live either; its run is forgotten. */
static __always_inline bool is_live(struct vmmio_queue *q, struct vmmio_irq_run *run)
{
	/* pairs with smp_store_release() in queue_enable() and vmmio_queues_go_live() */
	if (likely(smp_load_acquire(&q->live)))
		return true;
	run->flags = come_early(q->vd, run->flags);
	/* as above */
	return smp_load_acquire(&q->live);
}

static noinline bool check_queue_traced(struct vmmio_queue *q, struct vmmio_irq_run *run)
{
	struct vmmio_ev_vq_irq ev;
	u16 used, delta, prev;
	bool found;

	delta = vmmio_observe(q, &q->used_seen, q->used_idx, &used, &prev);
	vmmio_vq_irq_begin_traced(q, run, used, delta, &ev);
	found = vring_interrupt(run->irq, q->vq) == IRQ_HANDLED;
	vmmio_vq_irq_end_traced(&ev, found);
	return found;
}

static __always_inline void check_queue(struct vmmio_queue *q, struct vmmio_irq_run *run,
					bool traced)
{
	bool found;

	if (unlikely(!is_live(q, run)))
		return;
	vmmio_count(q->counts, irqs);
	if (traced) {
		found = check_queue_traced(q, run);
	} else {
		if (unlikely(vmmio_index_turned(q, &q->used_seen, q->used_idx)))
			vmmio_observe_turn(q, &q->used_seen, q->used_idx);
		found = vring_interrupt(run->irq, q->vq) == IRQ_HANDLED;
	}
	run->checked++;
	if (likely(found)) {
		run->worked++;
	} else {
		smp_wmb(); /* pairs with smp_rmb() in vmmio_sum_queue(): the run first */
		vmmio_count(q->counts, irqs_none);
	}
}

static __always_inline void check_all(struct vmmio_device *vd, struct vmmio_irq_run *run,
				      bool traced)
{
	struct vmmio_queue **q = vd->scan, **end = q + vd->nscan;

	for (; q < end; q++)
		check_queue(*q, run, traced);
}

static noinline u32 config_changed(struct vmmio_device *vd, u32 status, u32 flags)
{
	if (unlikely(!READ_ONCE(vd->driver_ok))) {
		flags = come_early(vd, flags);
		if (!READ_ONCE(vd->driver_ok))
			return flags;
	}
	vmmio_count(vd->counts, config_irqs);
	vmmio_trace_config_change(vd, status);
	virtio_config_changed(&vd->vdev);
	return flags | VMMIO_EV_CONFIG;
}

/* For both kinds of line. run->status: the defined bits of the device's status. */
static __always_inline irqreturn_t serve_line(struct vmmio_device *vd, struct vmmio_irq_run *run,
					      bool traced)
{
	if (unlikely(run->status & VMMIO_INT_CONFIG))
		run->flags = config_changed(vd, run->status, run->flags);
	if (likely(run->status & VMMIO_INT_VRING))
		check_all(vd, run, traced);
	return run_end(vd, run, traced);
}

/* A status other than just "used buffer". @gone: what an absent device reads as. */
static __always_inline irqreturn_t other_status(struct vmmio_device *vd, struct vmmio_irq_run *run,
						u32 gone, bool ack, bool traced)
{
	if (run->status == gone) {
		vmmio_count(vd->counts, irqs_gone);
		run->flags |= VMMIO_EV_GONE;
		run->status = 0;
	}
	run->status &= VMMIO_INT_MASK;
	if (!run->status) {
		smp_wmb(); /* pairs with smp_rmb() in add_regs(): the run first */
		vmmio_count(vd->counts, runs_unacked);
		return run_end(vd, run, traced);
	}
	if (ack)
		line_ack(vd, traced, run->status);
	return serve_line(vd, run, traced);
}

static noinline irqreturn_t line_other(struct vmmio_device *vd, int irq, u32 status)
{
	struct vmmio_irq_run run;

	run_begin(&run, irq, VMMIO_IRQ_LINE, false);
	run.status = status;
	return other_status(vd, &run, U32_MAX, true, false);
}

/* virtio-mmio: read the status, acknowledge what is defined of it (4.2.2.2). */
static __always_inline irqreturn_t line_status(struct vmmio_device *vd, struct vmmio_irq_run *run,
					       bool traced)
{
	vmmio_count(vd->counts, runs_read);
	if (traced) {
		run->status = vmmio_irq_line_traced(vd, run);
		return other_status(vd, run, U32_MAX, false, true);
	}
	run->status = line_read(vd, run, false);
	if (unlikely(run->status != VMMIO_INT_VRING))
		return line_other(vd, run->irq, run->status);
	line_ack(vd, false, VMMIO_INT_VRING);
	check_all(vd, run, false);
	return run_end(vd, run, false);
}

static __always_inline irqreturn_t line(int irq, void *opaque, bool traced)
{
	struct vmmio_irq_run run;

	run_begin(&run, irq, VMMIO_IRQ_LINE, traced);
	return line_status(opaque, &run, traced);
}
HANDLER(line)

/*
 * How often a device can announce something new without a callback in between: once for each buffer
 * that it can have, and once for its configuration.
 */
static noinline unsigned int rereads_max(const struct vmmio_device *vd)
{
	unsigned int i, n = 1;

	for (i = 0; i < vd->nscan; i++)
		n += virtqueue_get_vring_size(vd->scan[i]->vq);
	return n;
}

/*
 * reread_status=1, for edge-triggered lines: a bit that the device sets between the read of its
 * status and the acknowledge keeps the line high, and a line that does not fall does not rise
 * again. So the status is read until it is 0, one access more per interrupt. A level-triggered line
 * does not need this: it interrupts again. The loop ends: without a callback the device gets no new
 * buffers.
 */
static __always_inline irqreturn_t reread(int irq, void *opaque, bool traced)
{
	struct vmmio_device *vd = opaque;
	unsigned int rounds = 0;
	struct vmmio_irq_run run;
	u32 status, seen;

	run_begin(&run, irq, VMMIO_IRQ_LINE, traced);
	vmmio_count(vd->counts, runs_read);
	status = line_read(vd, &run, traced);
	if (unlikely(status == U32_MAX || !(status & VMMIO_INT_MASK))) {
		run.status = status;
		return other_status(vd, &run, U32_MAX, true, traced);
	}
	for (seen = status & VMMIO_INT_MASK;; seen |= status) {
		line_ack(vd, traced, status & VMMIO_INT_MASK);
		run.status = seen;
		vmmio_count(vd->counts, reads[VMMIO_REG_INTERRUPT_STATUS]);
		status = line_read(vd, &run, traced);
		if (likely(!(status & VMMIO_INT_MASK)) || status == U32_MAX ||
		    ++rounds > rereads_max(vd))
			break;
		vmmio_count(vd->counts, writes[VMMIO_REG_INTERRUPT_ACK]);
		status &= VMMIO_INT_MASK;
	}
	return serve_line(vd, &run, traced);
}
HANDLER(reread)

/*
 * lazy_status=1, a departure from 4.2.3.4.1: the used-buffer bit is acknowledged unread, and the
 * status is read only when no queue had a used buffer. Any other status bit keeps a level-triggered
 * line asserted, so the next run, which finds the queues empty, reads it. On an edge-triggered line
 * there would be no next run.
 */
static __always_inline irqreturn_t lazy(int irq, void *opaque, bool traced)
{
	struct vmmio_device *vd = opaque;
	struct vmmio_irq_run run;

	if (unlikely(!READ_ONCE(vd->driver_ok)))
		return vmmio_irq_line(irq, opaque);
	run_begin(&run, irq, VMMIO_IRQ_LINE, traced);
	vmmio_count(vd->counts, writes[VMMIO_REG_INTERRUPT_ACK]);
	line_ack(vd, traced, VMMIO_INT_VRING);
	check_all(vd, &run, traced);
	if (unlikely(!run.worked))
		return line_status(vd, &run, traced);
	vmmio_count(vd->counts, runs_unread);
	return run_end(vd, &run, traced);
}
HANDLER(lazy)

static noinline irqreturn_t intx_other(struct vmmio_device *vd, int irq, u32 status)
{
	struct vmmio_irq_run run;

	run_begin(&run, irq, VMMIO_IRQ_INTX, false);
	run.status = status;
	return other_status(vd, &run, U8_MAX, false, false);
}

/* INTx: reading the ISR status acknowledges it (4.1.4.5). */
static __always_inline irqreturn_t isr_status(struct vmmio_device *vd, int irq,
					      enum vmmio_space space, bool traced)
{
	struct vmmio_irq_run run;

	run_begin(&run, irq, VMMIO_IRQ_INTX, traced);
	vmmio_count(vd->counts, runs_read);
	run.status = run_read(vd, &run, traced, VMMIO_REG_PCI_ISR, vd->isr, space, 0, 1);
	if (traced)
		return other_status(vd, &run, U8_MAX, false, true);
	if (unlikely(run.status != VMMIO_INT_VRING))
		return intx_other(vd, irq, run.status);
	check_all(vd, &run, false);
	return run_end(vd, &run, false);
}

static __always_inline irqreturn_t intx(int irq, void *opaque, bool traced)
{
	return isr_status(opaque, irq, VMMIO_SPACE_MEMORY, traced);
}
HANDLER(intx)

static __always_inline irqreturn_t intx_io(int irq, void *opaque, bool traced)
{
	return isr_status(opaque, irq, VMMIO_SPACE_BAR, traced);
}
HANDLER(intx_io)

/* MSI-X: a vector of the device rather than of a queue, whose meaning is known. */
static __always_inline irqreturn_t vector(struct vmmio_device *vd, int irq, u8 mode, u32 status,
					  bool traced)
{
	struct vmmio_irq_run run;

	run_begin(&run, irq, mode, traced);
	vmmio_count(vd->counts, runs_unread);
	run.status = status;
	return serve_line(vd, &run, traced);
}

/* The vector for configuration changes. */
static __always_inline irqreturn_t config(int irq, void *opaque, bool traced)
{
	struct vmmio_device *vd = opaque;

	return vector(vd, irq, vd->irq_mode, VMMIO_INT_CONFIG, traced);
}
HANDLER(config)

/* One vector for all queues. */
static __always_inline irqreturn_t shared(int irq, void *opaque, bool traced)
{
	return vector(opaque, irq, VMMIO_IRQ_MSIX_SHARED, VMMIO_INT_VRING, traced);
}
HANDLER(shared)

/*
 * A vector of one queue: no register is accessed, and the queue's count is also the device's,
 * except for a run that ends early.
 */
static __always_inline irqreturn_t queue(int irq, void *opaque, bool traced)
{
	struct vmmio_queue *q = opaque;
	struct vmmio_irq_run run;

	run_begin(&run, irq, VMMIO_IRQ_MSIX, traced);
	check_queue(q, &run, traced);
	if (unlikely(!run.checked)) {
		vmmio_count(q->vd->counts, runs_unread);
		vmmio_count(q->vd->counts, irqs_none);
	}
	if (traced) {
		run.flags |= run.worked ? 0 : VMMIO_EV_NONE;
		vmmio_irq_end_traced(q->vd, &run);
	}
	return IRQ_HANDLED;
}
HANDLER(queue)

/*
 * Runs the queue's callback as its handler would. The handler must not run meanwhile on another
 * CPU. Softirqs are off, so those that a callback raises run at the end. With PREEMPT_RT handlers
 * run in threads, and callbacks may sleep on locks. Returns 0, -ENODATA if nothing was used,
 * -EOPNOTSUPP without a callback.
 */
int vmmio_irq_poll(struct vmmio_queue *q)
{
	int irq = q->vd->transport->queue_irq(q);
	unsigned long flags = 0;
	irqreturn_t found;

	if (irq <= 0)
		return -EOPNOTSUPP;
	disable_irq(irq);
	local_bh_disable();
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		local_irq_save(flags);
	found = vring_interrupt(irq, q->vq);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		local_irq_restore(flags);
	local_bh_enable();
	enable_irq(irq);
	return found == IRQ_HANDLED ? 0 : -ENODATA;
}

/*
 * Called right after driver_ok was set: makes up for interrupts that came
 * before it. The device must not send any (2.1.2), but one that does must
 * neither reach a driver that is not ready nor be lost for one that is.
 */
void vmmio_irq_replay(struct vmmio_device *vd)
{
	unsigned int i;

	/* pairs with the barrier in come_early() */
	smp_mb();
	if (!xchg(&vd->irq_pending, 0))
		return;
	for (i = 0; i < vd->nqueues; i++)
		if (vd->queues[i] && READ_ONCE(vd->queues[i]->live))
			vmmio_irq_poll(vd->queues[i]);
	virtio_config_changed(&vd->vdev);
}

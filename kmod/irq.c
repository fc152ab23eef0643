// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt handlers: read and acknowledge where the transport wants it, then
 * hand the queues and the configuration change to their drivers.
 *
 * The status is acknowledged before the queues are looked at. The
 * specification asks for after (4.2.2.2), but a buffer used between the last
 * look and such an acknowledge would be acknowledged unseen and its
 * notification lost; this way round the worst is one spurious interrupt.
 */
#include "events.h"

/* Loads and stores of driver_ok pair with those in vmmio_irq_replay(). */
static bool may_call_back(struct vmmio_device *vd)
{
	if (likely(READ_ONCE(vd->driver_ok)))
		return true;
	this_cpu_inc(vd->counts->irqs_early);
	WRITE_ONCE(vd->irq_pending, true);
	/* pairs with the barrier in vmmio_irq_replay(): one of us sees the other */
	smp_mb();
	return READ_ONCE(vd->driver_ok);
}

static __always_inline void run_begin(struct vmmio_irq_run *run, int irq, u8 mode)
{
	run->t0 = vmmio_tracing() ? vmmio_irq_begin_traced() : 0;
	run->status = 0;
	run->flags = 0;
	run->irq = irq;
	run->checked = 0;
	run->worked = 0;
	run->mode = mode;
}

static __always_inline irqreturn_t run_end(struct vmmio_device *vd, struct vmmio_irq_run *run,
					   irqreturn_t ret)
{
	this_cpu_inc(vd->counts->irqs);
	if (!run->worked && !(run->flags & VMMIO_EV_CONFIG)) {
		this_cpu_inc(vd->counts->irqs_none);
		run->flags |= VMMIO_EV_NONE;
	}
	if (unlikely(run->t0))
		vmmio_irq_end_traced(vd, run);
	return ret;
}

static __always_inline void check_queue(struct vmmio_queue *q, struct vmmio_irq_run *run)
{
	struct vmmio_ev_vq_irq ev;
	u16 used = 0, delta = 0, prev;
	bool found;

	/* pairs with smp_store_release() in queue_enable() */
	if (unlikely(!smp_load_acquire(&q->live)))
		return;
	this_cpu_inc(q->counts->irqs);
	if (q->vring) {
		used = vmmio_used_idx(q);
		delta = vmmio_observe(&q->used_seen, used, &prev);
	}
	if (unlikely(run->t0))
		vmmio_vq_irq_begin_traced(q, run, used, delta, &ev);
	found = vring_interrupt(run->irq, q->vq) == IRQ_HANDLED;
	run->checked++;
	if (found)
		run->worked++;
	else
		this_cpu_inc(q->counts->irqs_none);
	if (unlikely(run->t0))
		vmmio_vq_irq_end_traced(&ev, found);
}

static void check_all(struct vmmio_device *vd, struct vmmio_irq_run *run)
{
	unsigned int i;

	for (i = 0; i < vd->nqueues; i++)
		if (vd->queues[i])
			check_queue(vd->queues[i], run);
}

static void config_changed(struct vmmio_device *vd, struct vmmio_irq_run *run)
{
	run->flags |= VMMIO_EV_CONFIG;
	this_cpu_inc(vd->counts->config_irqs);
	vmmio_trace_config_change(vd, run->status);
	virtio_config_changed(&vd->vdev);
}

/* Both kinds of line: @status is what the device said, its defined bits only. */
static irqreturn_t serve_line(struct vmmio_device *vd, struct vmmio_irq_run *run)
{
	if (!may_call_back(vd)) {
		run->flags |= VMMIO_EV_EARLY;
		return run_end(vd, run, IRQ_HANDLED);
	}
	if (run->status & VMMIO_INT_CONFIG)
		config_changed(vd, run);
	if (run->status & VMMIO_INT_VRING)
		check_all(vd, run);
	/* the device did interrupt, even if its buffers were taken already (2.7.7.1) */
	return run_end(vd, run, IRQ_HANDLED);
}

/* virtio-mmio: read the status, acknowledge what is defined of it (4.2.2.2). */
static __always_inline irqreturn_t line_status(struct vmmio_device *vd, struct vmmio_irq_run *run)
{
	run->status = vmmio_read(vd, VMMIO_REG_INTERRUPT_STATUS, vd->common + 0x060,
				 VMMIO_SPACE_MEMORY, 0x060, 4);
	if (unlikely(run->status == U32_MAX)) {
		this_cpu_inc(vd->counts->irqs_gone);
		run->flags |= VMMIO_EV_GONE;
		return run_end(vd, run, IRQ_NONE);
	}
	run->status &= VMMIO_INT_MASK;
	if (unlikely(!run->status))
		return run_end(vd, run, IRQ_NONE);
	vmmio_write(vd, VMMIO_REG_INTERRUPT_ACK, vd->common + 0x064, VMMIO_SPACE_MEMORY, 0x064, 4,
		    run->status);
	return serve_line(vd, run);
}

irqreturn_t vmmio_irq_line(int irq, void *opaque)
{
	struct vmmio_irq_run run;

	run_begin(&run, irq, VMMIO_IRQ_LINE);
	return line_status(opaque, &run);
}

/*
 * lazy_status=1, a departure from 4.2.3.4.1: the used-buffer bit is
 * acknowledged unread, and the status is read only when no queue had anything.
 * What else the status says keeps a level-triggered line asserted, so that the
 * next run, which finds the queues empty, reads it. On an edge-triggered line
 * there would be no next run.
 */
irqreturn_t vmmio_irq_lazy(int irq, void *opaque)
{
	struct vmmio_device *vd = opaque;
	struct vmmio_irq_run run;

	if (unlikely(!READ_ONCE(vd->driver_ok)))
		return vmmio_irq_line(irq, opaque);
	run_begin(&run, irq, VMMIO_IRQ_LINE);
	vmmio_write(vd, VMMIO_REG_INTERRUPT_ACK, vd->common + 0x064, VMMIO_SPACE_MEMORY, 0x064, 4,
		    VMMIO_INT_VRING);
	check_all(vd, &run);
	if (likely(run.worked))
		return run_end(vd, &run, IRQ_HANDLED);
	return line_status(vd, &run);
}

/* INTx: reading the ISR status acknowledges it (4.1.4.5). */
irqreturn_t vmmio_irq_intx(int irq, void *opaque)
{
	struct vmmio_device *vd = opaque;
	struct vmmio_irq_run run;

	run_begin(&run, irq, VMMIO_IRQ_INTX);
	run.status = vmmio_read(vd, VMMIO_REG_PCI_ISR, vd->isr, VMMIO_SPACE_BAR, 0, 1);
	if (unlikely(run.status == U8_MAX)) {
		this_cpu_inc(vd->counts->irqs_gone);
		run.flags |= VMMIO_EV_GONE;
		return run_end(vd, &run, IRQ_NONE);
	}
	run.status &= VMMIO_INT_MASK;
	if (!run.status)
		return run_end(vd, &run, IRQ_NONE);
	return serve_line(vd, &run);
}

/* MSI-X, the vector for configuration changes. */
irqreturn_t vmmio_irq_config(int irq, void *opaque)
{
	struct vmmio_device *vd = opaque;
	struct vmmio_irq_run run;

	run_begin(&run, irq, vd->irq_mode);
	run.status = VMMIO_INT_CONFIG;
	return serve_line(vd, &run);
}

/* MSI-X, one vector for all queues. */
irqreturn_t vmmio_irq_shared(int irq, void *opaque)
{
	struct vmmio_device *vd = opaque;
	struct vmmio_irq_run run;

	run_begin(&run, irq, VMMIO_IRQ_MSIX_SHARED);
	run.status = VMMIO_INT_VRING;
	return serve_line(vd, &run);
}

/* MSI-X, a vector of the queue's own: no register is accessed. */
irqreturn_t vmmio_irq_queue(int irq, void *opaque)
{
	struct vmmio_queue *q = opaque;
	struct vmmio_device *vd = q->vd;
	struct vmmio_irq_run run;

	run_begin(&run, irq, VMMIO_IRQ_MSIX);
	if (unlikely(!may_call_back(vd))) {
		run.flags |= VMMIO_EV_EARLY;
		return run_end(vd, &run, IRQ_HANDLED);
	}
	check_queue(q, &run);
	return run_end(vd, &run, IRQ_HANDLED);
}

/*
 * Called right after driver_ok was set: makes up for interrupts that came
 * before it. The device must not send any (2.1.2), but one that does must
 * neither reach a driver that is not ready nor be lost for one that is.
 */
void vmmio_irq_replay(struct vmmio_device *vd)
{
	unsigned long flags;
	unsigned int i;

	/* pairs with the barrier in may_call_back() */
	smp_mb();
	if (!xchg(&vd->irq_pending, false))
		return;
	local_irq_save(flags);
	for (i = 0; i < vd->nqueues; i++)
		if (vd->queues[i] && READ_ONCE(vd->queues[i]->live))
			vring_interrupt(0, vd->queues[i]->vq);
	local_irq_restore(flags);
	virtio_config_changed(&vd->vdev);
}

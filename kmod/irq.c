// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt handlers: read and acknowledge where the transport wants it, then
 * hand the queues and the configuration change to their drivers.
 *
 * The status is acknowledged before the queues are looked at. The
 * specification asks for after (4.2.2.2), but a buffer used between the last
 * look and such an acknowledge would be acknowledged unseen and its
 * notification lost; this way round the worst is one spurious interrupt.
 *
 * Each handler is compiled twice from one text: where nothing is traced, the
 * record of the run lives in registers or not at all.
 */
#include "events.h"

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

/* Loads and stores of driver_ok pair with those in vmmio_irq_replay(). */
static noinline bool come_early(struct vmmio_device *vd)
{
	this_cpu_inc(vd->counts->irqs_early);
	WRITE_ONCE(vd->irq_pending, true);
	/* pairs with the barrier in vmmio_irq_replay(): one of us sees the other */
	smp_mb();
	return READ_ONCE(vd->driver_ok);
}

static __always_inline bool may_call_back(struct vmmio_device *vd)
{
	return likely(READ_ONCE(vd->driver_ok)) || come_early(vd);
}

static __always_inline void run_begin(struct vmmio_irq_run *run, int irq, u8 mode, bool traced)
{
	*run = (struct vmmio_irq_run){
		.t0 = traced ? vmmio_irq_begin_traced() : 0,
		.irq = irq,
		.mode = mode,
	};
}

static __always_inline irqreturn_t run_end(struct vmmio_device *vd, struct vmmio_irq_run *run,
					   irqreturn_t ret, bool traced)
{
	this_cpu_inc(vd->counts->irqs);
	if (unlikely(!run->worked) && !(run->flags & VMMIO_EV_CONFIG)) {
		this_cpu_inc(vd->counts->irqs_none);
		run->flags |= VMMIO_EV_NONE;
	}
	if (traced)
		vmmio_irq_end_traced(vd, run);
	return ret;
}

/* An access within the run: traced if the run is. */
static __always_inline u32 run_read(struct vmmio_device *vd, const struct vmmio_irq_run *run,
				    bool traced, enum vmmio_reg reg, void __iomem *p,
				    enum vmmio_space space, u32 offset, unsigned int width)
{
	this_cpu_inc(vd->counts->reads[reg]);
	if (traced)
		return vmmio_irq_read_traced(vd, run, reg, p, space, offset, width);
	return vmmio_raw_read(p, space, width);
}

static __always_inline void run_ack(struct vmmio_device *vd, bool traced, u32 bits)
{
	void __iomem *p = vd->common + 0x064;

	if (traced) {
		vmmio_write(vd, VMMIO_REG_INTERRUPT_ACK, p, VMMIO_SPACE_MEMORY, 0x064, 4, bits);
		return;
	}
	this_cpu_inc(vd->counts->writes[VMMIO_REG_INTERRUPT_ACK]);
	vmmio_raw_write(p, VMMIO_SPACE_MEMORY, 4, bits);
}

static noinline bool check_queue_traced(struct vmmio_queue *q, struct vmmio_irq_run *run, u16 used,
					u16 delta)
{
	struct vmmio_ev_vq_irq ev;
	bool found;

	vmmio_vq_irq_begin_traced(q, run, used, delta, &ev);
	found = vring_interrupt(run->irq, q->vq) == IRQ_HANDLED;
	vmmio_vq_irq_end_traced(&ev, found);
	return found;
}

static __always_inline void check_queue(struct vmmio_queue *q, struct vmmio_irq_run *run,
					bool traced)
{
	u16 used = 0, delta = 0, prev;
	bool found;

	/* pairs with smp_store_release() in queue_enable() */
	if (unlikely(!smp_load_acquire(&q->live)))
		return;
	this_cpu_inc(q->counts->irqs);
	if (likely(q->vring))
		delta = vmmio_observe(q, &q->used_seen, vmmio_used_idx, &used, &prev);
	found = traced ? check_queue_traced(q, run, used, delta)
		       : vring_interrupt(run->irq, q->vq) == IRQ_HANDLED;
	run->checked++;
	if (likely(found))
		run->worked++;
	else
		this_cpu_inc(q->counts->irqs_none);
}

static __always_inline void check_all(struct vmmio_device *vd, struct vmmio_irq_run *run,
				      bool traced)
{
	struct vmmio_queue **q = vd->queues, **end = q + vd->nqueues;

	for (; q < end; q++)
		if (likely(*q))
			check_queue(*q, run, traced);
}

static noinline void config_changed(struct vmmio_device *vd, u32 status)
{
	this_cpu_inc(vd->counts->config_irqs);
	vmmio_trace_config_change(vd, status);
	virtio_config_changed(&vd->vdev);
}

/* Both kinds of line: @status is what the device said, its defined bits only. */
static __always_inline irqreturn_t serve_line(struct vmmio_device *vd, struct vmmio_irq_run *run,
					      bool traced)
{
	if (!may_call_back(vd)) {
		run->flags |= VMMIO_EV_EARLY;
		return run_end(vd, run, IRQ_HANDLED, traced);
	}
	if (unlikely(run->status & VMMIO_INT_CONFIG)) {
		run->flags |= VMMIO_EV_CONFIG;
		config_changed(vd, run->status);
	}
	if (likely(run->status & VMMIO_INT_VRING))
		check_all(vd, run, traced);
	/* the device did interrupt, even if its buffers were taken already (2.7.7.1) */
	return run_end(vd, run, IRQ_HANDLED, traced);
}

static __always_inline irqreturn_t device_gone(struct vmmio_device *vd, struct vmmio_irq_run *run,
					       bool traced)
{
	this_cpu_inc(vd->counts->irqs_gone);
	run->flags |= VMMIO_EV_GONE;
	return run_end(vd, run, IRQ_NONE, traced);
}

/* virtio-mmio: read the status, acknowledge what is defined of it (4.2.2.2). */
static __always_inline irqreturn_t line_status(struct vmmio_device *vd, struct vmmio_irq_run *run,
					       bool traced)
{
	run->status = run_read(vd, run, traced, VMMIO_REG_INTERRUPT_STATUS, vd->common + 0x060,
			       VMMIO_SPACE_MEMORY, 0x060, 4);
	if (unlikely(run->status == U32_MAX))
		return device_gone(vd, run, traced);
	run->status &= VMMIO_INT_MASK;
	if (unlikely(!run->status))
		return run_end(vd, run, IRQ_NONE, traced);
	run_ack(vd, traced, run->status);
	return serve_line(vd, run, traced);
}

static __always_inline irqreturn_t line(int irq, void *opaque, bool traced)
{
	struct vmmio_irq_run run;

	run_begin(&run, irq, VMMIO_IRQ_LINE, traced);
	return line_status(opaque, &run, traced);
}
HANDLER(line)

/*
 * An edge-triggered line: what the device sets between the read of its status
 * and the acknowledge keeps the line high, and a line that does not fall does
 * not rise again. So the status is read until it is 0: one access more than on
 * a level-triggered line, which asks again by itself. It ends: without a
 * callback nobody gives the device buffers that were not there before.
 */
static __always_inline irqreturn_t edge(int irq, void *opaque, bool traced)
{
	struct vmmio_device *vd = opaque;
	struct vmmio_irq_run run;
	unsigned int rounds = 0;
	u32 status;

	run_begin(&run, irq, VMMIO_IRQ_LINE, traced);
	do {
		status = run_read(vd, &run, traced, VMMIO_REG_INTERRUPT_STATUS, vd->common + 0x060,
				  VMMIO_SPACE_MEMORY, 0x060, 4);
		if (unlikely(status == U32_MAX))
			return device_gone(vd, &run, traced);
		status &= VMMIO_INT_MASK;
		if (status)
			run_ack(vd, traced, status);
		run.status |= status;
	} while (status && ++rounds < VMMIO_QUEUE_SIZE_LIMIT);
	if (unlikely(!run.status))
		return run_end(vd, &run, IRQ_NONE, traced);
	return serve_line(vd, &run, traced);
}
HANDLER(edge)

/*
 * lazy_status=1, a departure from 4.2.3.4.1: the used-buffer bit is
 * acknowledged unread, and the status is read only when no queue had anything.
 * What else the status says keeps a level-triggered line asserted, so that the
 * next run, which finds the queues empty, reads it. On an edge-triggered line
 * there would be no next run.
 */
static __always_inline irqreturn_t lazy(int irq, void *opaque, bool traced)
{
	struct vmmio_device *vd = opaque;
	struct vmmio_irq_run run;

	if (unlikely(!READ_ONCE(vd->driver_ok)))
		return vmmio_irq_line(irq, opaque);
	run_begin(&run, irq, VMMIO_IRQ_LINE, traced);
	run_ack(vd, traced, VMMIO_INT_VRING);
	check_all(vd, &run, traced);
	if (likely(run.worked))
		return run_end(vd, &run, IRQ_HANDLED, traced);
	return line_status(vd, &run, traced);
}
HANDLER(lazy)

/* INTx: reading the ISR status acknowledges it (4.1.4.5). */
static __always_inline irqreturn_t intx(int irq, void *opaque, bool traced)
{
	struct vmmio_device *vd = opaque;
	struct vmmio_irq_run run;

	run_begin(&run, irq, VMMIO_IRQ_INTX, traced);
	run.status = run_read(vd, &run, traced, VMMIO_REG_PCI_ISR, vd->isr, VMMIO_SPACE_BAR, 0, 1);
	if (unlikely(run.status == U8_MAX))
		return device_gone(vd, &run, traced);
	run.status &= VMMIO_INT_MASK;
	if (!run.status)
		return run_end(vd, &run, IRQ_NONE, traced);
	return serve_line(vd, &run, traced);
}
HANDLER(intx)

/* MSI-X, the vector for configuration changes. */
static __always_inline irqreturn_t config(int irq, void *opaque, bool traced)
{
	struct vmmio_device *vd = opaque;
	struct vmmio_irq_run run;

	run_begin(&run, irq, vd->irq_mode, traced);
	run.status = VMMIO_INT_CONFIG;
	return serve_line(vd, &run, traced);
}
HANDLER(config)

/* MSI-X, one vector for all queues. */
static __always_inline irqreturn_t shared(int irq, void *opaque, bool traced)
{
	struct vmmio_device *vd = opaque;
	struct vmmio_irq_run run;

	run_begin(&run, irq, VMMIO_IRQ_MSIX_SHARED, traced);
	run.status = VMMIO_INT_VRING;
	return serve_line(vd, &run, traced);
}
HANDLER(shared)

/* MSI-X, a vector of the queue's own: no register is accessed. */
static __always_inline irqreturn_t queue(int irq, void *opaque, bool traced)
{
	struct vmmio_queue *q = opaque;
	struct vmmio_device *vd = q->vd;
	struct vmmio_irq_run run;

	run_begin(&run, irq, VMMIO_IRQ_MSIX, traced);
	if (unlikely(!may_call_back(vd))) {
		run.flags |= VMMIO_EV_EARLY;
		return run_end(vd, &run, IRQ_HANDLED, traced);
	}
	check_queue(q, &run, traced);
	return run_end(vd, &run, IRQ_HANDLED, traced);
}
HANDLER(queue)

/* As if from its handler, which must not run meanwhile on another CPU. */
static void replay_queue(struct vmmio_queue *q)
{
	int irq = q->vd->front->queue_irq(q);
	unsigned long flags;

	if (irq <= 0)
		return; /* it has no callback */
	disable_irq(irq);
	local_irq_save(flags);
	vring_interrupt(irq, q->vq);
	local_irq_restore(flags);
	enable_irq(irq);
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
	if (!xchg(&vd->irq_pending, false))
		return;
	for (i = 0; i < vd->nqueues; i++)
		if (vd->queues[i] && READ_ONCE(vd->queues[i]->live))
			replay_queue(vd->queues[i]);
	virtio_config_changed(&vd->vdev);
}

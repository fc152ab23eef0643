// SPDX-License-Identifier: GPL-2.0-only
/*
 * The traced halves of register accesses, kicks and interrupts, the pairing
 * of kicks with interrupts, and the one static key that turns them on.
 *
 * A BPF program is not re-entered on its CPU: an interrupt that comes while
 * one runs would have its own event dropped. Hence each trace call here runs
 * with local interrupts off. The access itself does not.
 */
#include <linux/hardirq.h>
#include <linux/kernel_stat.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include "events.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

DEFINE_STATIC_KEY_FALSE(vmmio_trace_key);

/* Raised each time tracing is enabled: earlier samples are void. */
static u32 trace_epoch;
static unsigned int trace_users;
static DEFINE_MUTEX(trace_lock);

/* Tracepoint register hooks: all events share the key. */
int vmmio_trace_reg(void)
{
	mutex_lock(&trace_lock);
	if (!trace_users++) {
		/* the first traced event counts from here, not from the last half turn */
		vmmio_slots_observe();
		WRITE_ONCE(trace_epoch, trace_epoch + 1);
		static_branch_enable(&vmmio_trace_key);
	}
	mutex_unlock(&trace_lock);
	return 0;
}

void vmmio_trace_unreg(void)
{
	mutex_lock(&trace_lock);
	if (!--trace_users)
		static_branch_disable(&vmmio_trace_key);
	mutex_unlock(&trace_lock);
}

static const char *const reg_names[VMMIO_REG_COUNT] = {
#define REG_NAME(id, off, width, name, access, versions) name,
	VMMIO_REGS(REG_NAME)};

const char *vmmio_reg_name(u16 reg)
{
	return reg < VMMIO_REG_COUNT ? reg_names[reg] : "?";
}

#define emit(event, ev)                     \
	do {                                \
		unsigned long __flags;      \
		local_irq_save(__flags);    \
		trace_##event(ev);          \
		local_irq_restore(__flags); \
	} while (0)

/*
 * A measured section. The sample is void when an interrupt or another task ran inside it, which the
 * kernel's per-CPU counters tell. Neither can happen where interrupts are off, as in a handler.
 */
struct stretch {
	u64 t0;
	bool alone;
	unsigned long irqs;
	unsigned long switches;
	int cpu;
};

static unsigned long irqs_on(int cpu)
{
	unsigned long n = kstat_cpu_irqs_sum(cpu);

#if defined(CONFIG_X86) && defined(CONFIG_X86_LOCAL_APIC)
	const irq_cpustat_t *s = per_cpu_ptr(&irq_stat, cpu);

	/* interrupts that bypass the generic interrupt code there */
#ifdef VMMIO_IRQ_STAT_IS_ARRAY
	n += s->counts[IRQ_COUNT_APIC_TIMER] + s->counts[IRQ_COUNT_IRQ_WORK];
#ifdef CONFIG_SMP
	n += s->counts[IRQ_COUNT_RESCHEDULE] + s->counts[IRQ_COUNT_CALL_FUNCTION];
#endif
#else
	n += s->apic_timer_irqs + s->apic_irq_work_irqs;
#ifdef CONFIG_SMP
	n += s->irq_resched_count + s->irq_call_count;
#endif
#endif
#endif
	return n;
}

static __always_inline void stretch_begin(struct stretch *s, u64 t0)
{
	s->alone = irqs_disabled();
	if (!s->alone) {
		s->cpu = raw_smp_processor_id();
		s->irqs = irqs_on(s->cpu);
		s->switches = current->nvcsw + current->nivcsw;
	}
	s->t0 = t0 ?: ktime_get_mono_fast_ns();
}

/* Returns the duration in ns, saturated; sets VMMIO_EV_INTERRUPTED in *@flags where due. */
static __always_inline u32 stretch_end(const struct stretch *s, u32 *flags)
{
	u64 ns = ktime_get_mono_fast_ns() - s->t0;

	if (!s->alone && (raw_smp_processor_id() != s->cpu || irqs_on(s->cpu) != s->irqs ||
			  current->nvcsw + current->nivcsw != s->switches))
		*flags |= VMMIO_EV_INTERRUPTED;
	return min_t(u64, ns, U32_MAX);
}

static void reg_event_init(struct vmmio_ev_reg *ev, const struct vmmio_device *vd,
			   enum vmmio_reg reg, u32 offset, unsigned int width)
{
	*ev = (struct vmmio_ev_reg){
		.slot = vd->slot,
		.gen = vd->gen,
		.offset = offset,
		.reg = reg,
		.width = width,
	};
}

/* @t0: when the access began, 0: now. */
static __always_inline u32 read_traced(struct vmmio_device *vd, enum vmmio_reg reg, void __iomem *p,
				       enum vmmio_space space, u32 offset, unsigned int width,
				       u64 t0)
{
	struct vmmio_ev_reg ev;
	struct stretch s;

	reg_event_init(&ev, vd, reg, offset, width);
	stretch_begin(&s, t0);
	ev.value = vmmio_raw_read(p, space, width);
	ev.cost_ns = stretch_end(&s, &ev.flags);
	ev.time_ns = s.t0;
	emit(vmmio_reg_read, &ev);
	return ev.value;
}

u32 vmmio_read_traced(struct vmmio_device *vd, enum vmmio_reg reg, void __iomem *p,
		      enum vmmio_space space, u32 offset, unsigned int width)
{
	return read_traced(vd, reg, p, space, offset, width, 0);
}

u32 vmmio_irq_read_traced(struct vmmio_device *vd, const struct vmmio_irq_run *run,
			  enum vmmio_reg reg, void __iomem *p, enum vmmio_space space, u32 offset,
			  unsigned int width)
{
	return read_traced(vd, reg, p, space, offset, width,
			   run->checked || run->status ? 0 : run->t0);
}

void vmmio_write_traced(struct vmmio_device *vd, enum vmmio_reg reg, void __iomem *p,
			enum vmmio_space space, u32 offset, unsigned int width, u32 value)
{
	struct vmmio_ev_reg ev;
	struct stretch s;

	reg_event_init(&ev, vd, reg, offset, width);
	ev.value = value;
	stretch_begin(&s, 0);
	vmmio_raw_write(p, space, width, value);
	ev.cost_ns = stretch_end(&s, &ev.flags);
	ev.time_ns = s.t0;
	emit(vmmio_reg_write, &ev);
}

/*
 * Both accesses first, then both events: the clock is read once between them, and
 * no probe runs there.
 */
u32 vmmio_irq_line_traced(struct vmmio_device *vd, const struct vmmio_irq_run *run)
{
	u32 status, bits, read_ns, ack_ns = 0, read_flags = 0, ack_flags = 0;
	struct stretch read, ack = {};
	struct vmmio_ev_reg ev;

	stretch_begin(&read, run->checked ? 0 : run->t0);
	status = vmmio_raw_read(vd->common + VMMIO_OFF_INTERRUPT_STATUS, VMMIO_SPACE_MEMORY, 4);
	read_ns = stretch_end(&read, &read_flags);
	bits = status == U32_MAX ? 0 : status & VMMIO_INT_MASK;
	if (likely(bits)) {
		stretch_begin(&ack, read.t0 + read_ns);
		vmmio_raw_write(vd->common + VMMIO_OFF_INTERRUPT_ACK, VMMIO_SPACE_MEMORY, 4, bits);
		ack_ns = stretch_end(&ack, &ack_flags);
	}

	reg_event_init(&ev, vd, VMMIO_REG_INTERRUPT_STATUS, VMMIO_OFF_INTERRUPT_STATUS, 4);
	ev.value = status;
	ev.cost_ns = read_ns;
	ev.flags = read_flags;
	ev.time_ns = read.t0;
	emit(vmmio_reg_read, &ev);
	if (unlikely(!bits))
		return status;
	ev.reg = VMMIO_REG_INTERRUPT_ACK;
	ev.offset = VMMIO_OFF_INTERRUPT_ACK;
	ev.value = bits;
	ev.cost_ns = ack_ns;
	ev.flags = ack_flags;
	ev.time_ns = ack.t0;
	emit(vmmio_reg_write, &ev);
	return status;
}

/* Forgets a sample that began before tracing was enabled. Called with p->lock held. */
static void pairing_refresh(struct vmmio_pairing *p)
{
	u32 epoch = READ_ONCE(trace_epoch);

	if (p->epoch != epoch) {
		p->epoch = epoch;
		p->open = false;
	}
}

/*
 * One open sample per queue. A kick with none open starts one; a kick that finds
 * the open sample's buffers used although no interrupt came closes it as polled
 * and starts the next. A kick that published nothing does neither: another CPU's
 * kick has published its buffers already, and theirs is the sample.
 */
static void pair_kick(struct vmmio_queue *q, struct vmmio_ev_kick *ev)
{
	struct vmmio_pairing *p = &q->pairing;
	u16 prev;

	raw_spin_lock(&p->lock);
	pairing_refresh(p);
	ev->time_ns = ktime_get_mono_fast_ns();
	ev->avail_delta = vmmio_observe(q, &q->avail_seen, q->avail_idx, &ev->avail_idx, &prev);
	ev->used_idx = vmmio_index(q, q->used_idx);
	if (ev->used_idx == prev)
		ev->flags |= VMMIO_EV_EMPTY;
	if (p->open) {
		if (ev->avail_delta && (s16)(ev->used_idx - p->a0) > 0) {
			ev->flags |= VMMIO_EV_POLLED;
			p->open = false;
		} else {
			ev->flags |= VMMIO_EV_MERGED;
		}
	}
	if (!p->open && ev->avail_delta) {
		ev->flags |= VMMIO_EV_OPENED;
		p->open = true;
		p->open_empty = ev->flags & VMMIO_EV_EMPTY;
		p->t0 = ev->time_ns;
		p->a0 = prev;
	}
	raw_spin_unlock(&p->lock);
}

/*
 * Moves the begin of the sample that a kick opened at @opened to @now, unless it is closed: the
 * time of a probe on the kick is not the device's. Another kick's sample has another time and stays
 * as it is.
 */
static __always_inline void pairing_date(struct vmmio_queue *q, u64 opened, u64 now)
{
	struct vmmio_pairing *p = &q->pairing;
#ifdef CONFIG_64BIT
	cmpxchg(&p->t0, opened, now);
#else
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	if (p->t0 == opened)
		p->t0 = now;
	raw_spin_unlock_irqrestore(&p->lock, flags);
#endif
}

/*
 * Nothing preempts the task between the begin of the sample and the write, so no sample contains
 * time in which it did not run.
 */
bool vmmio_kick_traced(struct vmmio_queue *q, u32 value, enum vmmio_space space, unsigned int width)
{
	struct vmmio_ev_kick ev = {
		.slot = q->slot,
		.gen = q->gen,
		.value = value,
		.queue = q->index,
	};
	struct vmmio_ev_kick_done done = {.slot = q->slot, .gen = q->gen};
	unsigned long flags;
	struct stretch s;

	local_irq_save(flags);
	if (q->vring) {
		pair_kick(q, &ev);
	} else {
		ev.time_ns = ktime_get_mono_fast_ns();
		ev.flags |= VMMIO_EV_NO_INDEX;
	}
	if (q->device_driven)
		ev.flags |= VMMIO_EV_DEVICE_DRIVEN;
	trace_vmmio_kick(&ev);
	preempt_disable();
	local_irq_restore(flags);

	stretch_begin(&s, 0);
	if (ev.flags & VMMIO_EV_OPENED)
		pairing_date(q, ev.time_ns, s.t0);
	vmmio_raw_write(q->doorbell, space, width, value);
	done.cost_ns = stretch_end(&s, &done.flags);
	preempt_enable();
	done.time_ns = ev.time_ns;
	emit(vmmio_kick_done, &done);
	return true;
}

u64 vmmio_irq_begin_traced(void)
{
	return ktime_get_mono_fast_ns();
}

void vmmio_irq_end_traced(struct vmmio_device *vd, const struct vmmio_irq_run *run)
{
	struct vmmio_ev_irq ev = {
		.time_ns = run->t0,
		.cost_ns = min_t(u64, ktime_get_mono_fast_ns() - run->t0, U32_MAX),
		.slot = vd->slot,
		.gen = vd->gen,
		.flags = run->flags,
		.irq = run->irq,
		.status = run->status,
		.vqs_checked = run->checked,
		.vqs_worked = run->worked,
		.mode = run->mode,
	};

	emit(vmmio_irq, &ev);
}

/*
 * Before the queue's callback, which may kick again: closes the open sample
 * where this interrupt brings what it waits for.
 */
void vmmio_vq_irq_begin_traced(struct vmmio_queue *q, const struct vmmio_irq_run *run, u16 used_idx,
			       u16 used_delta, struct vmmio_ev_vq_irq *ev)
{
	struct vmmio_pairing *p = &q->pairing;
	unsigned long flags;

	*ev = (struct vmmio_ev_vq_irq){
		.time_ns = run->t0,
		.slot = q->slot,
		.gen = q->gen,
		.queue = q->index,
		.used_idx = used_idx,
		.used_delta = used_delta,
	};
	if (q->dedicated)
		ev->flags |= VMMIO_EV_DEDICATED;
	if (q->device_driven)
		ev->flags |= VMMIO_EV_DEVICE_DRIVEN;
	if (!q->vring) {
		ev->flags |= VMMIO_EV_NO_INDEX;
		return;
	}
	raw_spin_lock_irqsave(&p->lock, flags);
	pairing_refresh(p);
	if (p->open && (s16)(used_idx - p->a0) > 0) {
		p->open = false;
		/* another CPU's kick may have come after this handler began */
		if (run->t0 >= p->t0) {
			ev->kick_to_irq_ns = run->t0 - p->t0;
			ev->flags |= VMMIO_EV_LATENCY;
			if (p->open_empty)
				ev->flags |= VMMIO_EV_EMPTY;
		}
	}
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

void vmmio_vq_irq_end_traced(struct vmmio_ev_vq_irq *ev, bool found)
{
	if (!found)
		ev->flags |= VMMIO_EV_NONE;
	emit(vmmio_vq_irq, ev);
}

static void vq_event_init(struct vmmio_ev_vq *ev, const struct vmmio_queue *q)
{
	*ev = (struct vmmio_ev_vq){
		.time_ns = ktime_get_mono_fast_ns(),
		.slot = q->slot,
		.gen = q->gen,
		.dev_slot = q->vd->slot,
		.flags = q->vring ? 0 : VMMIO_EV_NO_INDEX,
		.queue = q->index,
		.ring_size = virtqueue_get_vring_size(q->vq),
		.ring_max = q->ring_max,
		.vector = q->vector,
	};
}

void vmmio_trace_vq_setup(struct vmmio_queue *q)
{
	struct vmmio_ev_vq ev;

	if (!vmmio_tracing())
		return;
	vq_event_init(&ev, q);
	emit(vmmio_vq_setup, &ev);
}

void vmmio_trace_vq_reset(struct vmmio_queue *q)
{
	struct vmmio_ev_vq ev;

	if (!vmmio_tracing())
		return;
	vq_event_init(&ev, q);
	emit(vmmio_vq_reset, &ev);
}

static void device_event_init(struct vmmio_ev_device *ev, const struct vmmio_device *vd,
			      u64 old_value, u64 new_value)
{
	*ev = (struct vmmio_ev_device){
		.time_ns = ktime_get_mono_fast_ns(),
		.old_value = old_value,
		.new_value = new_value,
		.slot = vd->slot,
		.gen = vd->gen,
	};
}

void vmmio_trace_status(struct vmmio_device *vd, u8 old, u8 new)
{
	struct vmmio_ev_device ev;

	if (!vmmio_tracing())
		return;
	device_event_init(&ev, vd, old, new);
	emit(vmmio_status, &ev);
}

void vmmio_trace_features(struct vmmio_device *vd, u64 offered, u64 accepted)
{
	struct vmmio_ev_device ev;

	if (!vmmio_tracing())
		return;
	device_event_init(&ev, vd, offered, accepted);
	emit(vmmio_features, &ev);
}

void vmmio_trace_config_change(struct vmmio_device *vd, u32 status)
{
	struct vmmio_ev_device ev;

	if (!vmmio_tracing())
		return;
	device_event_init(&ev, vd, 0, status);
	emit(vmmio_config_change, &ev);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same counters for mainline's drivers, from functions of virtio_ring,
 * virtio_mmio and virtio_pci; those of virtio_ring serve our own driver too
 * (notification checks). Handlers take plain pointers; two flavours of each
 * program call them: fentry/fexit, and kprobe/kretprobe where the kernel or
 * its BTF has no place for the former.
 *
 * Interrupts may come between any two instructions here. Each counter is
 * written by one hook only, so that none is lost; a hook that is met again on
 * its own CPU is skipped by the kernel and counted as lost.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "vmmio/events.h"
#include "stock.h"
#include "rows.bpf.h"
#include "stock_rings.bpf.h"
#include "stock_hists.bpf.h"
#include "stock_queues.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/*
 * What is asked for, set between open and load: the verifier leaves out what is not. A
 * hook that only serves what is not is not attached.
 */
const volatile bool opt_indices = true; /* of rings: buffers by kick and by interrupt */
const volatile bool opt_latency = true; /* kick to interrupt */
const volatile bool opt_occupancy = true;
const volatile bool opt_empty = true; /* with opt_latency: was the queue empty at the kick? */
const volatile bool opt_kick_cost = true;
const volatile bool opt_runs = true;	/* durations of handlers */
const volatile bool opt_begins = false; /* handlers are counted where they begin */
const volatile bool opt_fentry = true;	/* exit hooks have their function's arguments */
/* With opt_latency: a kick can be preempted in this kernel, and ends of doorbells are hooked. */
const volatile bool opt_preempted = true;

/* Cost of an empty pair of hooks, measured by the loader before it attaches. */
__u64 pair_ns = 0;
__u64 pair_runs = 0;

#include "stock_irqs.bpf.h"

/* Of all queues, ours too. Nothing else is known of ours, so it must be cheap. */
static __always_inline int opportunity(struct virtqueue *vq)
{
	struct vmmio_stock_state *s = state_of(vq);

	if (!s)
		return 0;
	s->opportunities++;
	if (s->again) {
		s->again = 0;
		ring_again(vq);
	} else if (s->packed) {
		packed_observe(vq, s);
	} else if (opt_looks && (!s->begun || !(s->opportunities & s->sampled))) {
		split_sample(vq, s);
	}
	return 0;
}

#include "stock_whole.bpf.h"

static __always_inline void count(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

#include "stock_requests.bpf.h"
#include "stock_adds.bpf.h"

/* Are its buffers counted at each event? Else by samples. */
static __always_inline bool by_event(const struct vmmio_stock_state *s)
{
	return opt_indices || (opt_looks && s->packed);
}

/*
 * Before the doorbell; see the vocabulary of kick-to-interrupt in the manual.
 * True: a sample opens, and its t0 is the caller's to set.
 */
static __always_inline bool pair_kick(struct virtqueue *vq, struct vmmio_stock_state *s)
{
	bool occupancy = opt_occupancy, latency = opt_latency, empty = opt_empty;
	__u16 avail, used = 0, prev = s->avail_prev;
	struct vmmio_hist *all = NULL;
	bool known = s->kicked;
	__u64 t0 = s->t0;

	if (occupancy || (latency && (t0 || empty)))
		ring_indices(vq, s, &avail, &used);
	else
		avail = ring_avail(vq, s);
	s->avail_prev = avail;
	s->kicked = 1;
	if (opt_hist_pos[VMMIO_HIST_BATCH] != VMMIO_HIST_ABSENT ||
	    opt_hist_pos[VMMIO_HIST_OCCUPANCY] != VMMIO_HIST_ABSENT)
		all = hists_of(s);
	if (occupancy) {
		count(&s->occupancies, 1);
		count(&s->occupancy, (__u16)(avail - used));
		hist_shared(s, all, VMMIO_HIST_OCCUPANCY, (__u16)(avail - used));
	}
	if (!known)
		return false;
	if (by_event(s)) {
		count(&s->kicks_indexed, 1);
		count(&s->kick_buffers, (__u16)(avail - prev));
		hist_shared(s, all, VMMIO_HIST_BATCH, (__u16)(avail - prev));
	}
	if (!latency)
		return false;
	/* another CPU's kick published it, or it is not used yet: that is the sample */
	if (avail == prev || (t0 && (__s16)(used - s->a0) <= 0)) {
		if (t0)
			count(&s->kicks_merged, 1);
		return false;
	}
	if (t0)
		count(&s->kicks_polled, 1);
	/* an interrupt from here on must not pair the old sample with the new indices */
	s->t0 = 0;
	barrier();
	s->a0 = prev;
	s->empty = empty && used == prev;
	return true;
}

/* A doorbell's function does not sleep: who is switched from in it was preempted. */
static __always_inline __u64 preemptions(__u64 task)
{
	return BPF_CORE_READ((struct task_struct *)task, nivcsw);
}

/* The kick ends that opened the sample, if it is this task's. */
static __always_inline void kicker_leaves(struct vmmio_stock_state *s)
{
	__u64 task = bpf_get_current_task();

	if (s->kicker != task)
		return;
	s->late = preemptions(task) != s->switches;
	barrier();
	s->kicker = 0;
}

/*
 * Was it preempted before the write? While it is in its kick the task cannot be gone; one
 * whose end was not seen was moved to another CPU there.
 */
static __always_inline bool kicker_late(const struct vmmio_stock_state *s)
{
	__u64 task = s->kicker;

	return task ? preemptions(task) != s->switches : s->late;
}

/* Where nothing of it is asked for but how many. */
static __always_inline int kick_seen(struct virtqueue *vq)
{
	struct vmmio_stock_state *s = state_of(vq);

	if (s)
		count(&s->kicks, 1);
	return 0;
}

static __always_inline int kick(struct virtqueue *vq)
{
	/* each look at an option stays in the program as two instructions */
	bool cost = opt_kick_cost, preempted = opt_preempted;
	struct vmmio_stock_state *s = state_of(vq);
	struct cpu_scratch *x;
	bool opens = false;
	__u64 now;

	if (!s)
		return 0;
	count(&s->kicks, 1);
	if ((opt_latency || opt_occupancy || by_event(s)) && !s->again)
		opens = pair_kick(vq, s);
	if (preempted && opens) {
		s->late = 0;
		s->kicker = bpf_get_current_task();
		s->switches = preemptions(s->kicker);
	}
	if (cost || preempted) {
		x = scratch();
		if (!x)
			return 0;
		x->kick_vq = s->key;
		x->kick_slot = s->slot;
		x->kick_irqs = x->irqs;
		now = bpf_ktime_get_ns(); /* last: what comes before is not the kick's */
		x->kick_t0 = now;
	} else {
		now = opens ? bpf_ktime_get_ns() : 0;
	}
	if (opens)
		s->t0 = now;
	return 0;
}

/*
 * Our own driver's packed ring: it has no indices for its tracepoints to tell.
 * A kick is on its way where one is needed.
 */
static __always_inline int kick_of_ours(struct virtqueue *vq, bool needed)
{
	struct vmmio_stock_state *s = needed ? state_of(vq) : NULL;

	if (!s)
		return 0;
	if (s->ours && s->packed && pair_kick(vq, s))
		s->t0 = bpf_ktime_get_ns();
	return 0;
}

/* Another task or an interrupt that kicked here, or a move to another CPU,
 * leaves no entry to pair with. */
static __always_inline int kick_done(void)
{
	__u64 now = bpf_ktime_get_ns(), cost;
	struct cpu_scratch *x = scratch();
	struct vmmio_stock_state *s;
	__u64 key;

	if (!x || !x->kick_vq)
		return 0;
	key = x->kick_vq;
	x->kick_vq = 0;
	s = state_at(x->kick_slot);
	if (s->key != key)
		return 0; /* it is gone */
	if (opt_preempted)
		kicker_leaves(s);
	if (!opt_kick_cost)
		return 0;
	if (x->irqs != x->kick_irqs) {
		count(&s->kicks_interrupted, 1);
		return 0;
	}
	cost = now - x->kick_t0;
	cost = cost > pair_ns ? cost - pair_ns : 0;
	count(&s->kicks_timed, 1);
	count(&s->kick_ns, cost);
	if (opt_hist_pos[VMMIO_HIST_KICK] != VMMIO_HIST_ABSENT)
		hist_shared(s, hists_of(s), VMMIO_HIST_KICK, cost);
	return 0;
}

/* At the interrupt's begin: the sample ends before what its callback makes available. */
static __always_inline void pair_interrupt(struct vmmio_stock_state *s, __u16 used, __u64 start)
{
	__u64 t0 = s->t0;

	/* a sample that a kick on another CPU has just opened is left alone */
	if (s->again || !t0 || (__s16)(used - s->a0) <= 0 || start < t0 || s->t0 != t0)
		return;
	s->t0 = 0;
	if (opt_preempted && kicker_late(s)) {
		s->latencies_preempted++;
		return;
	}
	s->latencies++;
	s->latency_ns += start - t0;
	hist_count(s, VMMIO_HIST_IRQ, start - t0);
	if (s->empty) {
		s->latencies_empty++;
		s->latency_empty_ns += start - t0;
	}
}

/* At its end: what the device has used until then is this interrupt's. */
static __always_inline void count_used(struct vmmio_stock_state *s, __u16 used)
{
	__u16 delta = used - s->used_prev;

	if (s->again)
		return;
	s->used_prev = used;
	if (s->interrupted) {
		s->irqs_indexed++;
		s->used_buffers += delta;
		if (delta)
			hist_count(s, VMMIO_HIST_COALESCE, delta);
	}
	s->interrupted = 1;
}

#include "stock_runs.bpf.h"

/*
 * ENTRY(name, function, parameters, call) and EXIT(name, function, call): both
 * flavours of one hook; "ret" is the function's return value in EXIT.
 */
#define ENTRY(name, function, params, call)                               \
	SEC("fentry/" #function) int BPF_PROG(fe_##name, UNPACK params)   \
	{                                                                 \
		return call;                                              \
	}                                                                 \
	SEC("kprobe/" #function) int BPF_KPROBE(kp_##name, UNPACK params) \
	{                                                                 \
		return call;                                              \
	}
#define UNPACK(...) __VA_ARGS__

ENTRY(prepare, virtqueue_kick_prepare, (struct virtqueue * vq), kick_prepare(vq))
ENTRY(whole, virtqueue_kick, (struct virtqueue * vq), whole_kick(vq))
/*
 * At the end of either: what is added from then on is on the new ring. A return probe
 * has no queue in hand; without fentry it is the first notification check after it.
 */
#define AGAIN(name, function, ...)                                               \
	SEC("fentry/" #function)                                                 \
	int BPF_PROG(fe_##name##_at, struct virtqueue *vq)                       \
	{                                                                        \
		return ring_ends(vq);                                            \
	}                                                                        \
	SEC("fexit/" #function)                                                  \
	int BPF_PROG(fe_##name, struct virtqueue *vq, __VA_ARGS__)               \
	{                                                                        \
		return ring_returns(vq);                                         \
	}                                                                        \
	SEC("kprobe/" #function) int BPF_KPROBE(kp_##name, struct virtqueue *vq) \
	{                                                                        \
		return ring_starts_again(vq);                                    \
	}

AGAIN(resized, virtqueue_resize, __u32 num, void *recycle)
AGAIN(reset, virtqueue_reset, void *recycle)

ENTRY(gone, vring_del_virtqueue, (struct virtqueue * vq), (forget_requests(vq), queue_gone(vq)))
ENTRY(uevent, virtio_uevent, (struct device * dev), learn_device(dev))
ENTRY(shown, dev_attr_show, (struct kobject * kobj), learn_shown(kobj))
ENTRY(config, virtio_config_changed, (struct virtio_device * vdev), config_changed(vdev))
ENTRY(vring_irq, vring_interrupt, (int irq, void *vq), vring_irq(irq, vq))
ENTRY(vm_kick, vm_notify, (struct virtqueue * vq), kick(vq))
ENTRY(vm_kick_data, vm_notify_with_data, (struct virtqueue * vq), kick(vq))
ENTRY(vm_irq, vm_interrupt, (int irq, void *d), run_begin(irq, mmio_vdev(d), VMMIO_IRQ_LINE))
ENTRY(vp_kick, vp_notify, (struct virtqueue * vq), kick(vq))
ENTRY(vp_kick_data, vp_notify_with_data, (struct virtqueue * vq), kick(vq))
ENTRY(vp_irq, vp_interrupt, (int irq, void *d), run_begin(irq, pci_vdev(d), VMMIO_IRQ_INTX))
ENTRY(vp_vring_irq, vp_vring_interrupt, (int irq, void *d),
      pci_run_begin(irq, d, VMMIO_IRQ_MSIX_SHARED))
ENTRY(vp_config_irq, vp_config_changed, (int irq, void *d), pci_run_begin(irq, d, VMMIO_IRQ_NONE))

/* Tracepoints of kernels that have patches/trace: of all virtqueues, ours too. */
SEC("raw_tp/virtqueue_notify")
int BPF_PROG(tp_kick, struct virtqueue *vq)
{
	struct vmmio_stock_state *s = state_of(vq);

	return !s || s->ours ? 0 : kick(vq);
}

SEC("raw_tp/virtqueue_interrupt")
int BPF_PROG(tp_seen, struct virtqueue *vq)
{
	return vring_seen(vq);
}

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(fe_handler, int irq, struct irqaction *action)
{
	return handler_begins(action);
}

SEC("tp_btf/irq_handler_exit")
int BPF_PROG(fe_handler_done, int irq, struct irqaction *action, int ret)
{
	return handler_ends(irq, action, ret);
}

SEC("fentry/vring_interrupt")
int BPF_PROG(fe_vring_look, int irq, void *vq)
{
	return vring_look(irq, vq);
}

SEC("fentry/vring_interrupt")
int BPF_PROG(fe_vring_seen, int irq, void *vq)
{
	return vring_seen(vq);
}

#define SEEN(name, function)                                                          \
	SEC("fentry/" #function) int BPF_PROG(fe_##name##_seen, struct virtqueue *vq) \
	{                                                                             \
		return kick_seen(vq);                                                 \
	}

SEEN(vm_kick, vm_notify)
SEEN(vm_kick_data, vm_notify_with_data)
SEEN(vp_kick, vp_notify)
SEEN(vp_kick_data, vp_notify_with_data)

SEC("fexit/virtqueue_kick_prepare")
int BPF_PROG(fe_ours_kick, struct virtqueue *vq, bool ret)
{
	return kick_of_ours(vq, ret);
}

#define EXIT_VQ(name, function, call)                                                   \
	SEC("fexit/" #function) int BPF_PROG(fe_##name, struct virtqueue *vq, bool ret) \
	{                                                                               \
		return call;                                                            \
	}                                                                               \
	SEC("kretprobe/" #function) int BPF_KRETPROBE(kp_##name)                        \
	{                                                                               \
		return call;                                                            \
	}
#define EXIT_IRQ(name, function, call, returns)                                         \
	SEC("fexit/" #function) int BPF_PROG(fe_##name, int irq, void *opaque, int ret) \
	{                                                                               \
		return call;                                                            \
	}                                                                               \
	SEC("kretprobe/" #function) int BPF_KRETPROBE(kp_##name, int ret)               \
	{                                                                               \
		return returns;                                                         \
	}
#define EXIT_RUN(name, function, end, mode) \
	EXIT_IRQ(name, function, end(irq, opaque, mode, ret), run_returns(mode, ret))

EXIT_VQ(whole_done, virtqueue_kick, whole_kick_done())
EXIT_VQ(vm_kick_done, vm_notify, kick_done())
EXIT_VQ(vm_kick_data_done, vm_notify_with_data, kick_done())
EXIT_VQ(vp_kick_done, vp_notify, kick_done())
EXIT_VQ(vp_kick_data_done, vp_notify_with_data, kick_done())
EXIT_IRQ(vring_irq_done, vring_interrupt, vring_irq_done(irq, opaque, ret), vring_irq_returns(ret))
EXIT_RUN(vm_irq_done, vm_interrupt, mmio_run_end, VMMIO_IRQ_LINE)
EXIT_RUN(vp_irq_done, vp_interrupt, pci_run_end, VMMIO_IRQ_INTX)
EXIT_RUN(vp_vring_irq_done, vp_vring_interrupt, pci_run_end, VMMIO_IRQ_MSIX_SHARED)
EXIT_RUN(vp_config_irq_done, vp_config_changed, pci_run_end, VMMIO_IRQ_NONE)

/* The cost of an empty pair: the kernel's own test function, run by the loader. */
SEC("fentry/bpf_fentry_test1") int BPF_PROG(fe_pair, int a)
{
	struct cpu_scratch *x = scratch();

	if (x)
		x->pair_t0 = bpf_ktime_get_ns();
	return 0;
}

SEC("fexit/bpf_fentry_test1") int BPF_PROG(fe_pair_done, int a, int ret)
{
	__u64 now = bpf_ktime_get_ns(), ns;
	struct cpu_scratch *x = scratch();

	if (!x || !x->pair_t0)
		return 0;
	ns = now - x->pair_t0;
	if (!pair_runs++ || ns < pair_ns)
		pair_ns = ns;
	return 0;
}

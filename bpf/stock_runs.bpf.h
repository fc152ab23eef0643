/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts as stock.bpf.c counts them: runs of handlers, their looks at virtqueues,
 * and what these found. A handler of a device's line, or of the vector that its
 * virtqueues share, is counted at its end, or where opt_begins is set at its
 * begin, which costs half of that: what it found is seen by its looks then, and one
 * that has found nothing so far is open. A vector of a virtqueue's own has
 * vring_interrupt() for its handler.
 */
#ifndef VMMIO_BPF_STOCK_RUNS_H
#define VMMIO_BPF_STOCK_RUNS_H

/* Only where a time is asked for, or where an exit hook has no arguments of its own. */
static __always_inline int vring_irq(__u32 irq, struct virtqueue *vq)
{
	struct vmmio_stock_state *s = state_of(vq), *d;
	struct cpu_scratch *x;
	__u64 start;

	if (!s)
		return 0;
	if (s->ours && !s->packed)
		return 0;
	d = state_at(s->device);
	start = s->ours ? 0 : d->t0;
	if (!s->ours)
		s->irq_mode = start ? d->irq_mode : VMMIO_IRQ_MSIX;
	if (!start && (opt_runs || s->t0))
		start = bpf_ktime_get_ns();
	s->vring_t0 = start;
	if (!opt_fentry) {
		x = scratch();
		if (!x)
			return 0;
		x->vring_vq = (__u64)vq;
		x->vring_irq = irq;
	}
	if (opt_latency)
		pair_interrupt(s, ring_used(vq, s), start);
	return 0;
}

static __always_inline void time_run(struct vmmio_stock_state *d, __u64 ns)
{
	count(&d->handler_timed, 1);
	count(&d->handler_ns, ns);
}

/* Instead of both where it is only asked how many. */
static __always_inline int vring_seen(struct virtqueue *vq)
{
	struct vmmio_stock_state *s = state_of(vq);

	if (s)
		s->irqs++; /* of ours, too, and then nobody's */
	return 0;
}

static __always_inline void count_run(struct vmmio_stock_state *s, int ret)
{
	s->irqs++;
	if (ret == IRQ_HANDLED)
		s->irqs_found++;
}

/* The run of @d's handler that is open has found something. */
static __always_inline void run_found(struct vmmio_stock_state *d)
{
	if (!opt_begins || !d->open)
		return;
	d->open = 0;
	d->irqs_found++;
}

/*
 * Instead of begin and end: what it will find is looked for as it looks itself, at its begin. A
 * buffer that comes or goes within these instructions may be found by one and not by the other.
 */
static __always_inline int vring_look(__u32 irq, struct virtqueue *vq)
{
	struct vmmio_stock_state *s = state_of(vq), *d;
	__u64 start;
	__u16 used;
	bool more;

	if (!s)
		return 0;
	if (s->ours && !s->packed)
		return 0;
	more = ring_more(vq, s, &used);
	d = state_at(s->device);
	if (opt_latency && s->t0) {
		start = s->ours ? 0 : d->t0;
		start = start ? start : s->vring_t0;
		pair_interrupt(s, used, start ? start : bpf_ktime_get_ns());
	}
	if (by_event(s))
		count_used(s, used);
	if (s->ours)
		return 0;
	s->irq = irq;
	s->irqs++;
	if (more) {
		s->irqs_found++;
		run_found(d);
	}
	return 0;
}

static __always_inline int vring_irq_done(__u32 irq, struct virtqueue *vq, int ret)
{
	struct vmmio_stock_state *s = state_of(vq), *d;

	if (!s)
		return 0;
	if (s->ours) {
		if (by_event(s))
			count_used(s, ring_used(vq, s));
		return 0;
	}
	s->irq = irq;
	count_run(s, ret);
	d = state_at(s->device);
	if (ret == IRQ_HANDLED)
		run_found(d);
	if (by_event(s))
		count_used(s, ring_used(vq, s));
	/* with a vector of its own this is the handler */
	if (opt_runs && !d->t0 && s->vring_t0)
		time_run(d, bpf_ktime_get_ns() - s->vring_t0);
	return 0;
}

/* Without arguments: the entry has left them. */
static __always_inline int vring_irq_returns(int ret)
{
	struct cpu_scratch *x = scratch();
	struct virtqueue *vq;
	int err;

	if (!x || !x->vring_vq)
		return 0;
	vq = (void *)x->vring_vq;
	err = vring_irq_done(x->vring_irq, vq, ret);
	x->vring_vq = 0;
	return err;
}

/*
 * Whose handler it is: of a vector of its own the virtqueue, else the device, since a
 * transport registers its handlers with the structure that begins with its virtio device.
 * A line's has the device's own name.
 */
static __always_inline struct vmmio_stock_state *handler_of(struct irqaction *action)
{
	__u64 key = (__u64)action->dev_id;
	struct vmmio_stock_state *s = state_at(*guess_of(key));
	int slot;

	if (s->key != key) {
		slot = key ? device_behind(number_of(key)) : -1;
		if (slot < 0)
			return NULL;
		s = state_at(slot);
	}
	return s->ours ? NULL : s;
}

/* Of the vectors that a PCI device has besides: is it for "-config", not "-virtqueues"? */
static __always_inline bool configures(const struct vmmio_stock_state *s, struct irqaction *action)
{
	__u64 name = (__u64)action->name;
	char text[32] = {};
	long n;

	if (!s->name || s->name == name)
		return false;
	n = bpf_probe_read_kernel_str(text, sizeof(text), (void *)name);
	return n > 2 && n <= (long)sizeof(text) && text[(n - 2) & 31] == 'g';
}

/* Instead of hooks on handlers: the kernel's own tracepoints around each cost half. */
static __always_inline int handler_begins(struct irqaction *action)
{
	struct vmmio_stock_state *s;
	struct cpu_scratch *x = scratch();
	__u64 now;

	if (x)
		x->irqs++;
	s = handler_of(action);
	if (!s)
		return 0;
	now = bpf_ktime_get_ns();
	if (s->name && !configures(s, action))
		s->t0 = now;
	else
		s->vring_t0 = now;
	return 0;
}

static __always_inline int handler_ends(__u32 irq, struct irqaction *action, int ret)
{
	struct vmmio_stock_state *s = handler_of(action);
	__u64 t0;

	if (!s)
		return 0;
	t0 = s->name && !configures(s, action) ? s->t0 : s->vring_t0;
	if (s->name) {
		s->irq = irq;
		count_run(s, ret);
	}
	if (t0) /* else it began before the hook was there */
		time_run(s->name ? s : state_at(s->device), bpf_ktime_get_ns() - t0);
	return 0;
}

/* Handlers that call vring_interrupt() in turn; they may nest in each other. */
static __always_inline int run_begin(__u32 irq, struct virtio_device *vdev, __u32 mode)
{
	struct vmmio_stock_state *d = device_of(vdev);
	struct cpu_scratch *x;

	if (!opt_fentry) {
		x = scratch();
		if (!x || x->run_vdev)
			return 0;
		x->run_mode = mode;
		x->run_irq = irq;
		x->run_vdev = (__u64)vdev;
	}
	if (!d)
		return 0; /* not known yet, or no longer: its line outlives its queues */
	if (mode == VMMIO_IRQ_NONE) {
		d->vring_t0 = bpf_ktime_get_ns();
		return 0;
	}
	d->irq_mode = mode;
	if (opt_begins) {
		d->irq = irq;
		d->irqs++;
		d->open = 1;
	}
	if (opt_latency || opt_runs)
		d->t0 = bpf_ktime_get_ns();
	return 0;
}

static __always_inline int run_end(__u32 irq, struct virtio_device *vdev, __u32 mode, int ret)
{
	struct vmmio_stock_state *d = device_of(vdev);
	__u64 t0;

	if (!d)
		return 0;
	/* with MSI-X the device's own row names the vector of the configuration */
	d->irq = irq;
	if (mode != VMMIO_IRQ_NONE)
		d->irq_mode = mode;
	count_run(d, ret);
	t0 = mode == VMMIO_IRQ_NONE ? d->vring_t0 : d->t0;
	if (opt_runs && t0)
		time_run(d, bpf_ktime_get_ns() - t0);
	return 0;
}

/* Without arguments: the entry has left them. */
static __always_inline int run_returns(__u32 mode, int ret)
{
	struct cpu_scratch *x = scratch();
	struct virtio_device *vdev;

	if (!x || !x->run_vdev || x->run_mode != mode)
		return 0;
	vdev = (void *)x->run_vdev;
	x->run_vdev = 0;
	return run_end(x->run_irq, vdev, mode, ret);
}

static __always_inline int config_changed(struct virtio_device *vdev)
{
	struct vmmio_stock_state *d = device_of(vdev);

	if (!d)
		return 0;
	run_found(d);
	count(&d->config_irqs, 1);
	return 0;
}

static __always_inline struct virtio_device *mmio_vdev(void *opaque)
{
	struct virtio_mmio_device___f *d = opaque;

	return __builtin_preserve_access_index(&d->vdev);
}

static __always_inline struct virtio_device *pci_vdev(void *opaque)
{
	struct virtio_pci_device___f *d = opaque;

	return __builtin_preserve_access_index(&d->vdev);
}

/* The handler of INTx calls those of the vectors: then they are none. */
static __always_inline bool pci_vector(void *opaque)
{
	struct virtio_pci_device___f *d = opaque;

	return BPF_CORE_READ(d, msix_enabled);
}

static __always_inline int pci_run_begin(__u32 irq, void *opaque, __u32 mode)
{
	return pci_vector(opaque) ? run_begin(irq, pci_vdev(opaque), mode) : 0;
}

static __always_inline int mmio_run_end(__u32 irq, void *opaque, __u32 mode, int ret)
{
	return run_end(irq, mmio_vdev(opaque), mode, ret);
}

static __always_inline int pci_run_end(__u32 irq, void *opaque, __u32 mode, int ret)
{
	if (mode != VMMIO_IRQ_INTX && !pci_vector(opaque))
		return 0;
	return run_end(irq, pci_vdev(opaque), mode, ret);
}

#endif

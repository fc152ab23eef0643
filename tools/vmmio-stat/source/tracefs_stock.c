// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mainline's drivers by kprobe events: which functions are probed, what each
 * record counts, and how many hits the kernel withheld. Setting them up is
 * tracefs_stock_open.c's. There are no times:
 * those of a record include what the probe itself costs.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracefs_stock.h"

#define IRQ_HANDLED 1 /* what a handler returns; 0: nothing was found */

#define BIT(c) (1ull << VMMIO_C_##c)

static const struct vmmio_bpf_have have = {
	.queue = BIT(KICKS) | BIT(OPPORTUNITIES) | BIT(IRQS) | BIT(IRQS_FOUND) |
		 BIT(IRQS_SPURIOUS) | BIT(IRQS_NOTHING),
	.device = BIT(IRQS) | BIT(IRQS_SPURIOUS) | BIT(CONFIG_IRQS),
};

/* On a transport that is not known neither doorbells nor handlers are probed. */
static const struct vmmio_bpf_have have_unknown = {
	.queue = BIT(OPPORTUNITIES) | BIT(IRQS) | BIT(IRQS_FOUND),
};

/* Nothing was lost so far: what contradicts what is known is no accident. */
static bool sure(struct tracefs_stock *t)
{
	return !trace_ring_lost(t->probes.ring) && !t->missed;
}

static struct vmmio_bpf_row *row_of(struct tracefs_stock *t, int slot)
{
	return vmmio_mem_rows_get(&t->rows, (__u32)slot, 1);
}

/* A recording holds no addresses: what stands for them is made of the numbers. */
static const struct vq_record *addressed(const struct tracefs_stock *t, const struct vq_record *v,
					 struct vq_record *room)
{
	const unsigned long top = ~(~0ul >> 1);

	if (!t->recorded)
		return v;
	*room = *v;
	room->vdev = top | ((unsigned long)(v->dev % DEVICES_MAX) << 16);
	room->vq = room->vdev | (unsigned long)(v->index % 4096 + 1) << 3;
	room->next = room->prev = room->vq;
	return room;
}

static int queue_of(struct tracefs_stock *t, const struct vq_record *from)
{
	struct vq_record room;
	const struct vq_record *v = addressed(t, from, &room);
	int slot = tracefs_devices_queue(&t->devices, v, true);

	/* asked only where it matters: it reads files */
	if (slot < 0 && t->devices.broken[0] && !sure(t)) {
		t->devices.broken[0] = '\0';
		slot = tracefs_devices_queue(&t->devices, v, false);
	}
	if (slot < 0)
		t->rows.lost++;
	return slot;
}

/* The call that a result belongs to; -1 if its beginning was not seen. */
static int close_call(struct open_call *c, const struct trace_context *at)
{
	int slot = c->pid == at->pid ? c->slot : -1;

	*c = (struct open_call){-1, 0};
	return slot;
}

/* @slot: -1: nobody knows whose it is, and there is nothing to tell. */
static void tell(struct tracefs_stock *t, int slot, const struct trace_context *at,
		 enum vmmio_step_kind kind, bool found)
{
	struct vmmio_step step = {
		.kind = kind,
		.ns = at->ns,
		.slot = VMMIO_SLOTS + (__u32)slot,
		.gen = 1,
		.found = found,
		.mainline = true,
		.cpu = at->number,
		.pid = at->pid,
	};

	if (t->steps.take && slot >= 0 && !t->devices.ours[slot])
		t->steps.take(t->steps.data, &step);
}

static void on_prepare(void *data, int arg, const struct trace_context *at, const void *values)
{
	struct tracefs_stock *t = data;
	struct cpu *cpu = &t->cpus[at->cpu];
	int slot = queue_of(t, values);

	if (slot < 0)
		return;
	if (cpu->kick.slot == slot && cpu->kick.pid == at->pid)
		cpu->prepared = true;
	row_of(t, slot)->c[VMMIO_C_OPPORTUNITIES]++;
	tell(t, slot, at, VMMIO_STEP_OPPORTUNITY, true);
}

/*
 * virtqueue_kick() is a notification check, too. Where it calls virtqueue_kick_prepare() that is
 * counted already; one call that begins and ends with nothing else in between on its CPU tells
 * which it is in this kernel.
 */
static void on_call(void *data, int arg, const struct trace_context *at, const void *values)
{
	struct tracefs_stock *t = data;
	struct cpu *cpu = &t->cpus[at->cpu];
	int slot = queue_of(t, values);

	if (slot < 0)
		return;
	if (t->inlined == INLINED)
		row_of(t, slot)->c[VMMIO_C_OPPORTUNITIES]++;
	if (t->inlined != UNDECIDED)
		return;
	t->kicks[slot]++;
	cpu->disturbed = cpu->kick.slot >= 0; /* one that never ended here */
	cpu->kick = (struct open_call){slot, at->pid};
	cpu->prepared = false;
}

static void on_call_done(void *data, int arg, const struct trace_context *at, const void *values)
{
	struct tracefs_stock *t = data;
	struct cpu *cpu = &t->cpus[at->cpu];
	int slot;
	__u32 i;

	if (t->inlined != UNDECIDED)
		return;
	slot = close_call(&cpu->kick, at);
	if (slot < 0 || cpu->disturbed || !sure(t))
		return; /* or what would tell may be among what was lost */
	t->inlined = cpu->prepared ? CALLED : INLINED;
	for (i = 0; t->inlined == INLINED && i < t->devices.next_slot; i++)
		if (t->kicks[i])
			row_of(t, (int)i)->c[VMMIO_C_OPPORTUNITIES] += t->kicks[i];
}

static void on_kick(void *data, int arg, const struct trace_context *at, const void *values)
{
	int slot = queue_of(data, values);

	if (slot < 0)
		return;
	row_of(data, slot)->c[VMMIO_C_KICKS]++;
	tell(data, slot, at, VMMIO_STEP_KICK, true);
}

static void on_vring(void *data, int arg, const struct trace_context *at, const void *values)
{
	struct tracefs_stock *t = data;
	struct tracefs_devices *d = &t->devices;
	const struct vq_record *v = values;
	int slot = queue_of(t, v);

	t->cpus[at->cpu].vring = (struct open_call){-1, 0};
	t->cpus[at->cpu].disturbed = true;
	if (slot < 0 || d->ours[slot])
		return;
	tracefs_devices_irq(d, slot, v->irq);
	row_of(t, slot)->c[VMMIO_C_IRQS]++;
	/* with a vector of its own this is the handler */
	if (d->infos[slot].irq_mode == VMMIO_IRQ_MSIX)
		row_of(t, (int)d->infos[slot].dev_slot)->c[VMMIO_C_IRQS]++;
	t->cpus[at->cpu].vring = (struct open_call){slot, at->pid};
	tell(t, slot, at, VMMIO_STEP_QUEUE_IRQ, true);
}

static void on_vring_done(void *data, int arg, const struct trace_context *at, const void *values)
{
	struct tracefs_stock *t = data;
	const struct result_record *r = values;
	int slot = close_call(&t->cpus[at->cpu].vring, at);
	bool own;

	if (slot < 0)
		return;
	own = t->devices.infos[slot].irq_mode == VMMIO_IRQ_MSIX;
	tell(t, slot, at, VMMIO_STEP_QUEUE_DONE, r->ret == IRQ_HANDLED);
	if (r->ret == IRQ_HANDLED)
		row_of(t, slot)->c[VMMIO_C_IRQS_FOUND]++;
	else
		row_of(t, slot)->c[own ? VMMIO_C_IRQS_SPURIOUS : VMMIO_C_IRQS_NOTHING]++;
	if (own && !r->ret)
		row_of(t, (int)t->devices.infos[slot].dev_slot)->c[VMMIO_C_IRQS_SPURIOUS]++;
}

/* Is this the handler that the kernel called? They call each other, too. */
static bool outermost(enum run run, enum vmmio_irq_mode mode)
{
	switch (run) {
	case RUN_LINE:
		return mode == VMMIO_IRQ_LINE;
	case RUN_INTX:
		return mode == VMMIO_IRQ_INTX;
	case RUN_SHARED:
		return mode == VMMIO_IRQ_MSIX_SHARED;
	default:
		return mode == VMMIO_IRQ_MSIX_SHARED || mode == VMMIO_IRQ_MSIX;
	}
}

static void on_run(void *data, int arg, const struct trace_context *at, const void *values)
{
	struct tracefs_stock *t = data;
	const struct device_record *r = values;
	int slot = tracefs_devices_find(&t->devices, r->dev);
	struct vmmio_slot_info *x;

	t->cpus[at->cpu].run[arg] = (struct open_call){-1, 0};
	if (slot < 0) {
		t->rows.lost++;
		return;
	}
	x = &t->devices.infos[slot];
	if (!outermost((enum run)arg, x->irq_mode))
		return;
	/* with MSI-X the device's own row names the vector of the configuration */
	if (arg != RUN_SHARED)
		x->irq = r->irq;
	row_of(t, slot)->c[VMMIO_C_IRQS]++;
	t->cpus[at->cpu].run[arg] = (struct open_call){slot, at->pid};
	tell(t, slot, at, VMMIO_STEP_IRQ, true);
}

static void on_run_done(void *data, int arg, const struct trace_context *at, const void *values)
{
	struct tracefs_stock *t = data;
	const struct result_record *r = values;
	int slot = close_call(&t->cpus[at->cpu].run[arg], at);

	tell(t, slot, at, VMMIO_STEP_IRQ_DONE, r->ret);
	if (slot >= 0 && !r->ret)
		row_of(t, slot)->c[VMMIO_C_IRQS_SPURIOUS]++;
}

static void on_config(void *data, int arg, const struct trace_context *at, const void *values)
{
	struct tracefs_stock *t = data;
	int slot = tracefs_devices_find(&t->devices, ((const struct device_record *)values)->dev);

	if (slot >= 0)
		row_of(t, slot)->c[VMMIO_C_CONFIG_IRQS]++;
}

static void on_gone(void *data, int arg, const struct trace_context *at, const void *values)
{
	struct tracefs_stock *t = data;
	struct vq_record room;

	tracefs_devices_gone(&t->devices, addressed(t, values, &room)->vq);
}

const struct tracefs_hook tracefs_stock_hooks[] = {
	{"prepare", "virtio_ring", "virtqueue_kick_prepare", RING, QUEUE, false, on_prepare},
	{"call", "virtio_ring", "virtqueue_kick", RING, QUEUE, false, on_call},
	{"call_r", "virtio_ring", "virtqueue_kick", RING, RESULT, false, on_call_done},
	{"gone", "virtio_ring", "vring_del_virtqueue", RING, QUEUE, false, on_gone},
	{"config", "virtio", "virtio_config_changed", RING, DEVICE, true, on_config},
	{"vring", "virtio_ring", "vring_interrupt", RING, IRQ_QUEUE, false, on_vring},
	{"vring_r", "virtio_ring", "vring_interrupt", RING, RESULT, false, on_vring_done},
	{"vm_kick", "virtio_mmio", "vm_notify", MMIO, QUEUE, false, on_kick},
	{"vm_kick_data", "virtio_mmio", "vm_notify_with_data", MMIO, QUEUE, true, on_kick},
	{"vm_irq", "virtio_mmio", "vm_interrupt", MMIO, IRQ_DEVICE, false, on_run, RUN_LINE},
	{"vm_irq_r", "virtio_mmio", "vm_interrupt", MMIO, RESULT, false, on_run_done, RUN_LINE},
	{"vp_kick", "virtio_pci", "vp_notify", PCI, QUEUE, false, on_kick},
	{"vp_kick_data", "virtio_pci", "vp_notify_with_data", PCI, QUEUE, true, on_kick},
	{"vp_irq", "virtio_pci", "vp_interrupt", PCI, IRQ_DEVICE, false, on_run, RUN_INTX},
	{"vp_irq_r", "virtio_pci", "vp_interrupt", PCI, RESULT, false, on_run_done, RUN_INTX},
	{"vp_all", "virtio_pci", "vp_vring_interrupt", PCI, IRQ_DEVICE, true, on_run, RUN_SHARED},
	{"vp_all_r", "virtio_pci", "vp_vring_interrupt", PCI, RESULT, true, on_run_done,
	 RUN_SHARED},
	{"vp_config", "virtio_pci", "vp_config_changed", PCI, IRQ_DEVICE, true, on_run, RUN_CONFIG},
	{"vp_config_r", "virtio_pci", "vp_config_changed", PCI, RESULT, true, on_run_done,
	 RUN_CONFIG},
	{},
};

/* Notification checks of a queue that our own driver serves. */
static void add_to_ours(struct tracefs_stock *t, __u32 slot, struct vmmio_snapshot *s)
{
	const struct vmmio_slot_info *x = &t->devices.infos[slot];
	size_t i;

	for (i = 0; i < s->n; i++) {
		struct vmmio_row *r = &s->rows[i];

		if (r->info.kind == VMMIO_SLOT_QUEUE && r->info.queue == x->queue &&
		    !strcmp(r->info.device, x->device))
			vmmio_row_set(r, VMMIO_C_OPPORTUNITIES,
				      row_of(t, (int)slot)->c[VMMIO_C_OPPORTUNITIES]);
	}
}

/* A recording may not say which transport it was; what was seen of one tells. */
static bool is_probed(struct tracefs_stock *t, __u32 slot)
{
	const struct vmmio_bpf_row *row = row_of(t, (int)slot);
	const struct vmmio_slot_info *x = &t->devices.infos[slot];

	return x->transport != VMMIO_TRANSPORT_UNKNOWN || row->c[VMMIO_C_KICKS] ||
	       (x->kind == VMMIO_SLOT_DEVICE && row->c[VMMIO_C_IRQS]);
}

int tracefs_stock_rows(struct tracefs_stock *t, struct vmmio_snapshot *s, bool counters, char *why,
		       size_t size)
{
	struct vmmio_row *r;
	__u32 slot;
	size_t i;

	if (t->devices.broken[0]) {
		snprintf(why, size, "tracefs: %s", t->devices.broken);
		return -EPROTO;
	}
	/* the probes see every opportunity of ours, too: none came of those not met yet */
	for (i = 0; counters && i < s->n; i++)
		if (s->rows[i].info.kind == VMMIO_SLOT_QUEUE)
			vmmio_row_set(&s->rows[i], VMMIO_C_OPPORTUNITIES, 0);
	tracefs_devices_scan(&t->devices);
	for (slot = 0; slot < t->devices.next_slot; slot++) {
		const struct vmmio_slot_info *x = &t->devices.infos[slot];

		if (x->kind == VMMIO_SLOT_FREE)
			continue;
		if (t->devices.ours[slot]) {
			if (counters && x->kind == VMMIO_SLOT_QUEUE)
				add_to_ours(t, slot, s);
			continue;
		}
		r = vmmio_snapshot_add(s);
		if (!r)
			return -ENOMEM;
		r->info = *x;
		if (counters)
			vmmio_mem_rows_count(&t->rows, s, s->n - 1, slot,
					     is_probed(t, slot) ? &have : &have_unknown);
		r->info.slot += VMMIO_SLOTS;
		r->info.dev_slot += VMMIO_SLOTS;
	}
	return 0;
}

__u64 tracefs_stock_lost(struct tracefs_stock *t)
{
	if (!t)
		return 0;
	t->missed = t->recorded ? t->recorded_missed : trace_probes_missed(&t->probes);
	return t->missed + t->rows.lost;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mainline's drivers by kprobe events: which functions are probed, what each
 * record counts, and how many hits the kernel withheld. There are no times:
 * those of a record include what the probe itself costs.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/vmmio-stat/core/probing.h"
#include "tracefs_parts.h"
#include "tracefs_devices.h"
#include "tracefs_probes.h"

#define IRQ_HANDLED 1 /* what a handler returns; 0: nothing was found */

#define BIT(c) (1ull << VMMIO_C_##c)

static const struct vmmio_bpf_have have = {
	.queue = BIT(KICKS) | BIT(OPPORTUNITIES) | BIT(IRQS) | BIT(IRQS_FOUND) |
		 BIT(IRQS_SPURIOUS) | BIT(IRQS_NOTHING),
	.device = BIT(IRQS) | BIT(IRQS_SPURIOUS) | BIT(CONFIG_IRQS),
};

enum need {
	RING,
	MMIO,
	PCI
};

/* Handlers of a whole device, by what they are called for. */
enum run {
	RUN_LINE,
	RUN_INTX,
	RUN_SHARED,
	RUN_CONFIG,
	RUNS
};

/* A handler that is running on a CPU. */
struct open_call {
	int slot; /* -1: none */
	__s32 pid;
};

struct cpu {
	struct open_call vring, run[RUNS];
	struct open_call kick; /* virtqueue_kick() */
	bool prepared;	       /* it has called virtqueue_kick_prepare() */
	bool disturbed;	       /* something else was recorded meanwhile */
};

/* Does virtqueue_kick() call virtqueue_kick_prepare(), or has the compiler put it in? */
enum inlined {
	UNDECIDED,
	CALLED,
	INLINED
};

struct tracefs_stock {
	struct trace_probes probes;
	struct tracefs_devices devices;
	struct vmmio_mem_rows rows;
	struct cpu *cpus;
	__u64 missed; /* hits, at the last look */
	enum inlined inlined;
	__u32 *kicks; /* by slot: calls of virtqueue_kick() while that is undecided */
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

static int queue_of(struct tracefs_stock *t, const struct vq_record *v)
{
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
}

/*
 * virtqueue_kick() is an opportunity, too. Where it calls virtqueue_kick_prepare()
 * that is counted already; one call that begins and ends with nothing else in
 * between on its CPU tells which it is in this kernel.
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

	if (slot >= 0)
		row_of(data, slot)->c[VMMIO_C_KICKS]++;
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
}

static void on_run_done(void *data, int arg, const struct trace_context *at, const void *values)
{
	struct tracefs_stock *t = data;
	const struct result_record *r = values;
	int slot = close_call(&t->cpus[at->cpu].run[arg], at);

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

	tracefs_devices_gone(&t->devices, ((const struct vq_record *)values)->vq);
}

static const struct hook {
	const char *name, *module, *function;
	enum need need;
	enum fetch fetch;
	bool optional; /* some kernels have no such function, or have it inlined */
	void (*handle)(void *data, int arg, const struct trace_context *at, const void *values);
	int arg;
} hooks[] = {
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
};

static int set_probes(struct tracefs_stock *t, bool mmio, bool pci, char *why, size_t size)
{
	char name[64];
	size_t i;
	int err;

	for (i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		const struct hook *h = &hooks[i];

		if ((h->need == MMIO && !mmio) || (h->need == PCI && !pci))
			continue;
		err = trace_probe_set(
			&t->probes, h->name,
			vmmio_probing_name(h->module, h->function, name, sizeof(name)), h->fetch,
			(struct trace_event){.handle = h->handle, .data = t, .arg = h->arg}, why,
			size);
		if (err && !h->optional)
			return err;
	}
	return 0;
}

struct tracefs_stock *tracefs_stock_open(struct trace_ring *ring, int *err, char *why, size_t size)
{
	const char *off = vmmio_probing_off("", true);
	bool mmio = !access("/sys/bus/platform/drivers/virtio-mmio", F_OK);
	bool pci = !access("/sys/bus/pci/drivers/virtio-pci", F_OK);
	struct tracefs_stock *t;
	int i;

	*err = -ENODEV;
	if (!mmio && !pci) {
		snprintf(
			why, size,
			"no transport of mainline's is loaded: neither virtio_mmio nor virtio_pci");
		return NULL;
	}
	if (off) {
		*err = -EOPNOTSUPP;
		snprintf(why, size, "tracefs: %s", off);
		return NULL;
	}
	*err = -ENOMEM;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->probes.ring = ring;
	memcpy(t->probes.system, ring->system, sizeof(t->probes.system));
	t->cpus = calloc((size_t)ring->ncpus, sizeof(*t->cpus));
	t->kicks = calloc(VMMIO_SLOTS, sizeof(*t->kicks));
	for (i = 0; t->cpus && i < ring->ncpus; i++)
		t->cpus[i].kick.slot = -1;
	if (!t->cpus || !t->kicks || tracefs_devices_init(&t->devices) ||
	    vmmio_mem_rows_init(&t->rows, 0, false))
		goto err_close;
	tracefs_devices_scan(&t->devices);
	*err = set_probes(t, mmio, pci, why, size);
	if (!*err)
		return t;
err_close:
	trace_ring_forget(ring, t); /* it lives on */
	tracefs_stock_close(t);
	return NULL;
}

void tracefs_stock_close(struct tracefs_stock *t)
{
	if (!t)
		return;
	trace_probes_remove(&t->probes);
	tracefs_devices_free(&t->devices);
	vmmio_mem_rows_free(&t->rows);
	free(t->cpus);
	free(t->kicks);
	free(t);
}

/* Kick opportunities of a queue that our own driver serves. */
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

int tracefs_stock_rows(struct tracefs_stock *t, struct vmmio_snapshot *s, bool counters, char *why,
		       size_t size)
{
	struct vmmio_row *r;
	__u32 slot;

	if (t->devices.broken[0]) {
		snprintf(why, size, "tracefs: %s", t->devices.broken);
		return -EPROTO;
	}
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
			vmmio_mem_rows_count(&t->rows, s, s->n - 1, slot, &have);
		r->info.slot += VMMIO_SLOTS;
		r->info.dev_slot += VMMIO_SLOTS;
	}
	return 0;
}

__u64 tracefs_stock_lost(struct tracefs_stock *t)
{
	if (!t)
		return 0;
	t->missed = trace_probes_missed(&t->probes);
	return t->missed + t->rows.lost;
}

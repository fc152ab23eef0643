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

#include <tracefs.h>

#include "tracefs_parts.h"
#include "tracefs_devices.h"

#if defined(__x86_64__)
#define ARG0 "%di"
#define ARG1 "%si"
#elif defined(__aarch64__)
#define ARG0 "%x0"
#define ARG1 "%x1"
#elif defined(__arm__)
#define ARG0 "%r0"
#define ARG1 "%r1"
#else
#error "in which registers are a function's first two arguments?"
#endif

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

/* What a probe fetches. */
enum fetch {
	QUEUE,	   /* argument 0 */
	IRQ_QUEUE, /* arguments 0 and 1 */
	DEVICE,	   /* argument 0 */
	IRQ_DEVICE,
	RESULT,
};

/* Handlers of a whole device, by what they are called for. */
enum run {
	RUN_LINE,
	RUN_INTX,
	RUN_SHARED,
	RUN_CONFIG,
	RUNS
};

struct device_record {
	__u32 dev, irq;
};

struct result_record {
	__u32 ret;
};

/* A handler that is running on a CPU. */
struct open_call {
	int slot; /* -1: none */
	__s32 pid;
};

struct cpu {
	struct open_call vring, run[RUNS];
};

struct probe {
	char name[48];
	struct tracefs_dynevent *event;
};

struct tracefs_stock {
	struct trace_ring *ring;
	struct tracefs_devices devices;
	struct vmmio_mem_rows rows;
	struct cpu *cpus;
	struct probe probes[TRACE_EVENTS];
	int nprobes;
	char system[sizeof(((struct trace_ring *)0)->system)];
	__u64 missed; /* hits, at the last look */
};

#define FIELD(type, name, member)                                                       \
	{                                                                               \
		name, offsetof(struct type, member), sizeof(((struct type *)0)->member) \
	}
#define QUEUE_FIELDS                                                            \
	FIELD(vq_record, "vq", vq), FIELD(vq_record, "vdev", vdev),             \
		FIELD(vq_record, "next", next), FIELD(vq_record, "prev", prev), \
		FIELD(vq_record, "index", index), FIELD(vq_record, "dev", dev), \
		FIELD(vq_record, "name", name)

static const struct trace_field queue_fields[] = {QUEUE_FIELDS, {}};
static const struct trace_field irq_queue_fields[] = {
	QUEUE_FIELDS, FIELD(vq_record, "irq", irq), {}};
static const struct trace_field device_fields[] = {FIELD(device_record, "dev", dev), {}};
static const struct trace_field irq_device_fields[] = {
	FIELD(device_record, "dev", dev), FIELD(device_record, "irq", irq), {}};
static const struct trace_field result_fields[] = {FIELD(result_record, "ret", ret), {}};

static const struct trace_field *const fields_of[] = {
	[QUEUE] = queue_fields,		  [IRQ_QUEUE] = irq_queue_fields, [DEVICE] = device_fields,
	[IRQ_DEVICE] = irq_device_fields, [RESULT] = result_fields,
};

/* The fetch arguments of a probe, in the kernel's language for them. */
static void describe(enum fetch fetch, char *text, size_t size)
{
	const char *vq = fetch == IRQ_QUEUE ? ARG1 : ARG0;
	const char *word = sizeof(long) == 8 ? "x64" : "x32";
	const char *irq = fetch == IRQ_QUEUE || fetch == IRQ_DEVICE ? " irq=" ARG0 ":u32" : "";

	switch (fetch) {
	case QUEUE:
	case IRQ_QUEUE:
		snprintf(text, size,
			 "vq=%s:%s next=+%zu(%s):%s prev=+%zu(%s):%s vdev=+%zu(%s):%s "
			 "index=+%zu(%s):u32 dev=+%d(+%zu(%s)):u32 name=+0(+%zu(%s)):string%s",
			 vq, word, (size_t)VQ_NEXT, vq, word, VQ_PREV, vq, word, VQ_VDEV, vq, word,
			 VQ_INDEX, vq, VDEV_INDEX, VQ_VDEV, vq, VQ_NAME, vq, irq);
		break;
	case DEVICE:
	case IRQ_DEVICE:
		snprintf(text, size, "dev=+%d(%s):u32%s", VDEV_INDEX, fetch == DEVICE ? ARG0 : ARG1,
			 irq);
		break;
	case RESULT:
		snprintf(text, size, "ret=$retval:u32");
	}
}

/* Nothing was lost so far: what contradicts what is known is no accident. */
static bool sure(struct tracefs_stock *t)
{
	return !trace_ring_lost(t->ring) && !t->missed;
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

static void on_prepare(void *data, int arg, const struct trace_context *at, const void *values)
{
	int slot = queue_of(data, values);

	if (slot >= 0)
		row_of(data, slot)->c[VMMIO_C_OPPORTUNITIES]++;
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
	if (slot < 0 || d->ours[slot])
		return;
	tracefs_devices_irq(d, slot, v->irq);
	row_of(t, slot)->c[VMMIO_C_IRQS]++;
	/* with a vector of its own this is the handler */
	if (d->infos[slot].irq_mode == VMMIO_IRQ_MSIX)
		row_of(t, (int)d->infos[slot].dev_slot)->c[VMMIO_C_IRQS]++;
	t->cpus[at->cpu].vring = (struct open_call){slot, at->pid};
}

/* The call that a result belongs to; -1 if its beginning was not seen. */
static int close_call(struct open_call *c, const struct trace_context *at)
{
	int slot = c->pid == at->pid ? c->slot : -1;

	*c = (struct open_call){-1, 0};
	return slot;
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
	const char *name, *function;
	enum need need;
	enum fetch fetch;
	bool optional; /* some kernels have no such function, or have it inlined */
	void (*handle)(void *data, int arg, const struct trace_context *at, const void *values);
	int arg;
} hooks[] = {
	{"prepare", "virtqueue_kick_prepare", RING, QUEUE, false, on_prepare},
	{"gone", "vring_del_virtqueue", RING, QUEUE, false, on_gone},
	{"config", "virtio_config_changed", RING, DEVICE, true, on_config},
	{"vring", "vring_interrupt", RING, IRQ_QUEUE, false, on_vring},
	{"vring_r", "vring_interrupt", RING, RESULT, false, on_vring_done},
	{"vm_kick", "vm_notify", MMIO, QUEUE, false, on_kick},
	{"vm_kick_data", "vm_notify_with_data", MMIO, QUEUE, true, on_kick},
	{"vm_irq", "vm_interrupt", MMIO, IRQ_DEVICE, false, on_run, RUN_LINE},
	{"vm_irq_r", "vm_interrupt", MMIO, RESULT, false, on_run_done, RUN_LINE},
	{"vp_kick", "vp_notify", PCI, QUEUE, false, on_kick},
	{"vp_kick_data", "vp_notify_with_data", PCI, QUEUE, true, on_kick},
	{"vp_irq", "vp_interrupt", PCI, IRQ_DEVICE, false, on_run, RUN_INTX},
	{"vp_irq_r", "vp_interrupt", PCI, RESULT, false, on_run_done, RUN_INTX},
	{"vp_all", "vp_vring_interrupt", PCI, IRQ_DEVICE, true, on_run, RUN_SHARED},
	{"vp_all_r", "vp_vring_interrupt", PCI, RESULT, true, on_run_done, RUN_SHARED},
	{"vp_config", "vp_config_changed", PCI, IRQ_DEVICE, true, on_run, RUN_CONFIG},
	{"vp_config_r", "vp_config_changed", PCI, RESULT, true, on_run_done, RUN_CONFIG},
};

/* Makes and enables one probe. Returns 0 or -errno with @why. */
static int set_probe(struct tracefs_stock *t, const struct hook *h, char *why, size_t size)
{
	struct probe *p = &t->probes[t->nprobes];
	struct trace_event e = {
		.system = t->system,
		.name = p->name,
		.fields = fields_of[h->fetch],
		.handle = h->handle,
		.data = t,
		.arg = h->arg,
	};
	char fetch[400];

	snprintf(p->name, sizeof(p->name), "%s_%d", h->name, (int)getpid());
	describe(h->fetch, fetch, sizeof(fetch));
	if (h->fetch == RESULT)
		p->event = tracefs_kretprobe_alloc(t->system, p->name, h->function, fetch, 0);
	else
		p->event = tracefs_kprobe_alloc(t->system, p->name, h->function, fetch);
	if (!p->event)
		return -ENOMEM;
	errno = 0;
	if (tracefs_dynevent_create(p->event)) {
		int err = errno ? -errno : -EIO;

		snprintf(why, size, "tracefs: no probe on %s: %s", h->function, strerror(-err));
		tracefs_dynevent_free(p->event);
		p->event = NULL;
		return err;
	}
	t->nprobes++;
	return trace_ring_enable(t->ring, &e, why, size);
}

static int set_probes(struct tracefs_stock *t, bool mmio, bool pci, char *why, size_t size)
{
	size_t i;
	int err;

	for (i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		const struct hook *h = &hooks[i];

		if ((h->need == MMIO && !mmio) || (h->need == PCI && !pci))
			continue;
		err = set_probe(t, h, why, size);
		if (err && !h->optional)
			return err;
	}
	return 0;
}

/* Hits that found the CPU in another probe, or too many calls under way. */
static void read_missed(struct tracefs_stock *t)
{
	char *text = tracefs_instance_file_read(NULL, "kprobe_profile", NULL);
	unsigned long long hits, missed;
	const char *at;
	__u64 sum = 0;
	int i;

	for (i = 0; text && i < t->nprobes; i++) {
		at = strstr(text, t->probes[i].name);
		if (at && sscanf(at + strlen(t->probes[i].name), " %llu %llu", &hits, &missed) == 2)
			sum += missed;
	}
	free(text);
	t->missed = sum;
}

struct tracefs_stock *tracefs_stock_open(struct trace_ring *ring, int *err, char *why, size_t size)
{
	bool mmio = !access("/sys/bus/platform/drivers/virtio-mmio", F_OK);
	bool pci = !access("/sys/bus/pci/drivers/virtio-pci", F_OK);
	struct tracefs_stock *t;

	*err = -ENODEV;
	if (!mmio && !pci) {
		snprintf(
			why, size,
			"no transport of mainline's is loaded: neither virtio_mmio nor virtio_pci");
		return NULL;
	}
	*err = -ENOMEM;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->ring = ring;
	memcpy(t->system, ring->system, sizeof(t->system));
	t->cpus = calloc((size_t)ring->ncpus, sizeof(*t->cpus));
	if (!t->cpus || tracefs_devices_init(&t->devices) ||
	    vmmio_mem_rows_init(&t->rows, 0, false))
		goto err_close;
	tracefs_devices_scan(&t->devices);
	*err = set_probes(t, mmio, pci, why, size);
	if (!*err)
		return t;
err_close:
	tracefs_stock_close(t);
	return NULL;
}

void tracefs_stock_close(struct tracefs_stock *t)
{
	int i;

	if (!t)
		return;
	for (i = 0; i < t->nprobes; i++) {
		tracefs_dynevent_destroy(t->probes[i].event, true);
		tracefs_dynevent_free(t->probes[i].event);
	}
	tracefs_devices_free(&t->devices);
	vmmio_mem_rows_free(&t->rows);
	free(t->cpus);
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
	read_missed(t);
	return t->missed + t->rows.lost;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * See dat_facts.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "dat_facts.h"
#include "identity.h"
#include "tracefs_devices.h"

#define ENTRIES_MAX (4 * VMMIO_SLOTS) /* more no machine has */

static __u64 count(const json_t *object, const char *key)
{
	__u64 v;

	return vmmio_json_count(json_object_get(object, key), &v) ? v : 0;
}

static void *grow(void *list, size_t n, size_t size)
{
	if (n & (n - 1))
		return list;
	return reallocarray(list, n ? 2 * n : 1, size);
}

/* MORE(function, type, of, list, number): room for one more, all zero */
#define MORE(function, type, of, list, number)                         \
	struct type *function(struct of *x)                            \
	{                                                              \
		struct type *p = grow(x->list, x->number, sizeof(*p)); \
                                                                       \
		if (!p)                                                \
			return NULL;                                   \
		x->list = p;                                           \
		memset(&p[x->number], 0, sizeof(*p));                  \
		return &p[x->number++];                                \
	}

MORE(dat_facts_slot, dat_slot, dat_facts, slots, nslots)
MORE(dat_facts_device, dat_device, dat_facts, devices, ndevices)
MORE(dat_facts_pair, dat_pair, dat_facts, pairs, npairs)
MORE(dat_facts_apic, dat_apic, dat_facts, apics, napics)
MORE(dat_facts_vm, dat_vm, dat_facts, vms, nvms)
MORE(dat_facts_vcpu, dat_vcpu, dat_vm, vcpus, nvcpus)
MORE(dat_facts_task, dat_task, dat_vm, tasks, ntasks)

static int parse_cpus(struct dat_facts *f, const json_t *list)
{
	size_t i, n = json_array_size(list);

	f->cpus = calloc(n + 1, sizeof(*f->cpus));
	if (!f->cpus)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		const json_t *from = json_array_get(list, i);
		struct dat_cpu_facts *c = &f->cpus[f->ncpus++];

		c->cpu = vmmio_json_small(from, DAT_KEY_CPU, ~0u);
		c->lost = count(from, DAT_KEY_LOST);
		c->overwritten = count(from, DAT_KEY_OVERWRITTEN);
		c->dropped = count(from, DAT_KEY_DROPPED);
	}
	return 0;
}

static int parse_slots(struct dat_facts *f, const json_t *list)
{
	size_t i, k;

	for (i = 0; i < json_array_size(list) && i < ENTRIES_MAX; i++) {
		struct dat_slot *s = dat_facts_slot(f);

		if (!s)
			return -ENOMEM;
		vmmio_identity_parse(json_array_get(list, i), &s->info);
		s->gone = json_is_true(json_object_get(json_array_get(list, i), DAT_KEY_GONE));
	}
	/* queues point to their device by slot; here it is named */
	for (i = 0; i < f->nslots; i++)
		for (k = 0; k < f->nslots; k++)
			if (f->slots[k].info.kind == VMMIO_SLOT_DEVICE &&
			    !strcmp(f->slots[k].info.device, f->slots[i].info.device))
				f->slots[i].info.dev_slot = f->slots[k].info.slot;
	return 0;
}

static int parse_devices(struct dat_facts *f, const json_t *list)
{
	size_t i;

	for (i = 0; i < json_array_size(list) && i < ENTRIES_MAX; i++) {
		const json_t *from = json_array_get(list, i);
		struct dat_device *d;
		__u64 index;

		if (!vmmio_json_count(json_object_get(from, DAT_KEY_INDEX), &index) ||
		    index >= DEVICES_MAX)
			continue;
		d = dat_facts_device(f);
		if (!d)
			return -ENOMEM;
		d->index = (__u32)index;
		d->ours = json_is_true(json_object_get(from, DAT_KEY_OURS));
		vmmio_identity_parse(from, &d->info);
		/* the name says the number: nobody else's may be taken for it */
		snprintf(d->info.device, sizeof(d->info.device), "virtio%u", d->index);
	}
	return 0;
}

static int parse_irqs(struct dat_facts *f, const json_t *list)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < json_array_size(list) && i < ENTRIES_MAX; i++) {
		const json_t *from = json_array_get(list, i);
		char names[256];

		vmmio_json_copy(from, DAT_KEY_NAMES, names, sizeof(names));
		err = vmmio_irqs_add(&f->irqs, vmmio_json_small(from, DAT_KEY_IRQ, ~0u), 0, names);
	}
	return err;
}

static int parse_pairs(struct dat_facts *f, const json_t *list)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *from = json_array_get(list, i);
		struct dat_pair *p = dat_facts_pair(f);

		if (!p)
			return -ENOMEM;
		p->ns = count(from, DAT_KEY_MONO);
		p->ticks = count(from, DAT_KEY_TICKS);
		p->window_ns = count(from, DAT_KEY_WINDOW);
	}
	return 0;
}

/* [CPU, id] */
static int parse_apics(struct dat_facts *f, const json_t *list)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *from = json_array_get(list, i);
		struct dat_apic *a;
		__u64 cpu, id;

		if (!vmmio_json_count(json_array_get(from, 0), &cpu) || cpu > 0xffff ||
		    !vmmio_json_count(json_array_get(from, 1), &id) || id > ~0u)
			continue;
		a = dat_facts_apic(f);
		if (!a)
			return -ENOMEM;
		*a = (struct dat_apic){(__u32)cpu, (__u32)id};
	}
	return 0;
}

static int parse_vm(struct dat_vm *vm, const json_t *from)
{
	const json_t *list = json_object_get(from, DAT_KEY_VCPUS);
	size_t i;

	vm->pid = vmmio_json_small(from, DAT_KEY_PID, ~0u);
	vm->fd = vmmio_json_small(from, DAT_KEY_FD, ~0u);
	vmmio_json_copy(from, DAT_KEY_NAME, vm->name, sizeof(vm->name));
	for (i = 0; i < json_array_size(list); i++) {
		const json_t *x = json_array_get(list, i);
		struct dat_vcpu *v;
		__u64 offset;

		if (!vmmio_json_count(json_object_get(x, DAT_KEY_OFFSET), &offset))
			continue;
		v = dat_facts_vcpu(vm);
		if (!v)
			return -ENOMEM;
		v->vcpu = vmmio_json_small(x, DAT_KEY_VCPU, ~0u);
		v->from_ns = count(x, DAT_KEY_FROM);
		v->offset = (__s64)offset;
		if (json_is_true(json_object_get(x, DAT_KEY_NEGATIVE)))
			v->offset = (__s64) - (__u64)v->offset;
		v->ratio = count(x, DAT_KEY_RATIO);
		v->frac_bits = vmmio_json_small(x, DAT_KEY_FRAC, 63);
	}
	list = json_object_get(from, DAT_KEY_TASKS);
	for (i = 0; i < json_array_size(list); i++) {
		struct dat_task *t = dat_facts_task(vm);

		if (!t)
			return -ENOMEM;
		t->tid = vmmio_json_small(json_array_get(list, i), DAT_KEY_TID, ~0u);
		vmmio_json_copy(json_array_get(list, i), DAT_KEY_NAME, t->name, sizeof(t->name));
	}
	return 0;
}

#define SCAN_NUMBERS 10

/* [type, flags, address, value, length, bus, id, thread, route, eventfd] */
static int parse_scan(struct dat_vm *vm, const json_t *list)
{
	size_t i, k, n = json_array_size(list);

	vm->recs = calloc(n + 1, sizeof(*vm->recs));
	if (!vm->recs)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		const json_t *from = json_array_get(list, i);
		__u64 v[SCAN_NUMBERS];

		for (k = 0; k < SCAN_NUMBERS; k++)
			if (!vmmio_json_count(json_array_get(from, k), &v[k]))
				v[k] = 0;
		vm->recs[vm->nrecs++] = (struct vmmio_host_rec){
			.type = (__u32)v[0],
			.flags = (__u32)v[1],
			.addr = v[2],
			.value = v[3],
			.len = (__u32)v[4],
			.bus = (__u32)v[5],
			.id = (__u32)v[6],
			.tid = (__u32)v[7],
			.route = (__u32)v[8],
			.eventfd = v[9],
		};
	}
	return 0;
}

static int parse_vms(struct dat_facts *f, const json_t *list)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < json_array_size(list); i++) {
		struct dat_vm *vm = dat_facts_vm(f);

		err = vm ? parse_vm(vm, json_array_get(list, i)) : -ENOMEM;
		if (!err)
			err = parse_scan(vm,
					 json_object_get(json_array_get(list, i), DAT_KEY_SCAN));
	}
	return err;
}

int dat_facts_parse(struct dat_facts *f, const char *json, char *why, size_t size)
{
	json_error_t error;
	json_t *root = json_loads(json, 0, &error);
	int err;

	memset(f, 0, sizeof(*f));
	if (!json_is_object(root) || count(root, DAT_KEY_VERSION) != DAT_FACTS_VERSION) {
		snprintf(why, size,
			 "what it says of its devices is damaged, or of another version");
		json_decref(root);
		return -EPROTO;
	}
	vmmio_json_copy(root, DAT_KEY_ACCEL, f->accel, sizeof(f->accel));
	vmmio_json_copy(root, DAT_KEY_CLOCKSOURCE, f->clocksource, sizeof(f->clocksource));
	vmmio_json_copy(root, DAT_KEY_WHY, f->why, sizeof(f->why));
	vmmio_json_copy(root, DAT_KEY_NOTE, f->note, sizeof(f->note));
	if (!f->accel[0])
		snprintf(f->accel, sizeof(f->accel), "unknown");
	f->start_ns = count(root, DAT_KEY_START);
	f->end_ns = count(root, DAT_KEY_END);
	f->start_ms = count(root, DAT_KEY_WALL);
	f->missed = count(root, DAT_KEY_MISSED);
	f->host = json_is_true(json_object_get(root, DAT_KEY_HOST));
	err = parse_cpus(f, json_object_get(root, DAT_KEY_CPUS));
	if (!err)
		err = parse_pairs(f, json_object_get(root, DAT_KEY_CLOCK));
	if (!err)
		err = parse_apics(f, json_object_get(root, DAT_KEY_APICS));
	if (!err)
		err = parse_vms(f, json_object_get(root, DAT_KEY_VMS));
	if (!err)
		err = parse_slots(f, json_object_get(root, DAT_KEY_SLOTS));
	if (!err)
		err = parse_devices(f, json_object_get(root, DAT_KEY_DEVICES));
	if (!err)
		err = parse_irqs(f, json_object_get(root, DAT_KEY_IRQS));
	json_decref(root);
	if (err) {
		snprintf(why, size, "%s", strerror(-err));
		dat_facts_free(f);
	}
	return err;
}

void dat_facts_free(struct dat_facts *f)
{
	size_t i;

	for (i = 0; i < f->nvms; i++) {
		free(f->vms[i].vcpus);
		free(f->vms[i].tasks);
		free(f->vms[i].recs);
	}
	free(f->vms);
	free(f->pairs);
	free(f->apics);
	free(f->cpus);
	free(f->slots);
	free(f->devices);
	vmmio_irqs_free(&f->irqs);
	memset(f, 0, sizeof(*f));
}

/* One that came and went has several: the next one not asked for yet, or the last. */
static bool known_device(void *ctx, __u32 index, struct vmmio_slot_info *x, bool *ours)
{
	struct dat_facts *f = ctx;
	struct dat_device *d = NULL;
	size_t i;

	for (i = 0; i < f->ndevices && !(d && !d->used); i++)
		if (f->devices[i].index == index)
			d = &f->devices[i];
	if (!d)
		return false;
	d->used = true;
	*x = d->info;
	*ours = d->ours;
	return true;
}

static bool known_same(void *ctx, __u32 index, struct vmmio_slot_info *x, bool ours)
{
	return true; /* records say when one goes */
}

static int known_next(void *ctx, __u32 from)
{
	const struct dat_facts *f = ctx;
	int best = -1;
	size_t i;

	for (i = 0; i < f->ndevices; i++)
		if (f->devices[i].index >= from && !f->devices[i].used &&
		    (best < 0 || (int)f->devices[i].index < best))
			best = (int)f->devices[i].index;
	return best;
}

static void known_irq(void *ctx, struct vmmio_slot_info *x)
{
	struct dat_facts *f = ctx;

	vmmio_irqs_identify(&f->irqs, x);
}

static bool irqs_known(void *ctx)
{
	return ((struct dat_facts *)ctx)->irqs.n;
}

static bool irq_has(void *ctx, __u32 irq, const char *name)
{
	return vmmio_irqs_has(&((struct dat_facts *)ctx)->irqs, irq, name);
}

static bool irq_named(void *ctx, const char *name)
{
	return vmmio_irqs_number(&((struct dat_facts *)ctx)->irqs, name);
}

const struct tracefs_known dat_facts_known = {
	.device = known_device,
	.same = known_same,
	.next = known_next,
	.irq = known_irq,
	.irqs_known = irqs_known,
	.irq_has = irq_has,
	.irq_named = irq_named,
};

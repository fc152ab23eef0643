// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of slots, and the files that publish it with the always-on
 * counters: /sys/kernel/vmmio/{abi,slots,counters,regs}. Layouts and meaning
 * are in <vmmio/slots.h>. All behind one mutex: nothing here is hot.
 */
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>
#include "compat.h"
#include "index.h"

struct slot {
	struct vmmio_slot_info info;
	struct vmmio_device *vd; /* owner of a device slot, else NULL */
	struct vmmio_queue *q;	 /* owner of a queue slot, else NULL */
};

static const __virtio16 no_index; /* what a ring without indices reads */
static struct slot *slots;
static DEFINE_MUTEX(slots_lock);
static LIST_HEAD(overflow_devices);
static LIST_HEAD(overflow_queues);
struct kobject *vmmio_kobj;

/* Lower than the table's size only to test a full table. */
static unsigned int slots_limit = VMMIO_SLOT_OVERFLOW;
module_param_named(slots, slots_limit, uint, 0444);
MODULE_PARM_DESC(slots, "slots to use, 1 to 2047; what finds none shares one (default 2047)");

/* The lowest free slot, or the shared last one. Called under the lock. */
static struct slot *slot_take(enum vmmio_slot_kind kind)
{
	struct slot *s;
	u32 i;

	for (i = 0; i < slots_limit; i++)
		if (slots[i].info.kind == VMMIO_SLOT_FREE)
			break;
	if (i == slots_limit) {
		s = &slots[VMMIO_SLOT_OVERFLOW];
		s->info.kind = VMMIO_SLOT_SHARED;
		s->info.gen = 1;
		s->info.queues++;
		return s;
	}
	s = &slots[i];
	s->info = (struct vmmio_slot_info){
		.slot = i,
		.gen = s->info.gen + 1,
		.kind = kind,
		.vector = VMMIO_NO_VECTOR,
	};
	return s;
}

/* Keeps the generation and marks the slot free. */
static void slot_drop(struct slot *s)
{
	if (s->info.kind == VMMIO_SLOT_SHARED) {
		if (!--s->info.queues)
			s->info.kind = VMMIO_SLOT_FREE;
		return;
	}
	s->info.kind = VMMIO_SLOT_FREE;
	s->vd = NULL;
	s->q = NULL;
}

void vmmio_slot_take_device(struct vmmio_device *vd)
{
	struct slot *s;

	mutex_lock(&slots_lock);
	s = slot_take(VMMIO_SLOT_DEVICE);
	vd->slot = s->info.slot;
	vd->gen = s->info.gen;
	if (s->info.kind == VMMIO_SLOT_SHARED) {
		list_add(&vd->overflow, &overflow_devices);
	} else {
		s->vd = vd;
		s->info.dev_slot = s->info.slot;
		s->info.transport = vd->transport->id;
		strscpy(s->info.parent, dev_name(vd->parent), sizeof(s->info.parent));
	}
	mutex_unlock(&slots_lock);
}

/*
 * Updates names, features, interrupt. The device's driver may run meanwhile (asynchronous probes),
 * so the queues are those of the list under the lock.
 */
void vmmio_slot_update_device(struct vmmio_device *vd, const char *driver)
{
	struct vmmio_slot_info *i = &slots[vd->slot].info;
	const struct vmmio_queue *q;

	mutex_lock(&slots_lock);
	if (slots[vd->slot].vd == vd) {
		i->irq_mode = vd->irq_mode;
		i->irq = vd->irq > 0 ? vd->irq : 0;
		i->flags = (vd->regs.protocol == &vmmio_protocol_mmio1 ? VMMIO_SLOT_LEGACY : 0) |
			   (vd->options.lazy_status ? VMMIO_SLOT_LAZY_STATUS : 0) |
			   (vd->options.reread_status ? VMMIO_SLOT_REREAD_STATUS : 0);
		i->device_id = vd->vdev.id.device;
		i->features = vd->vdev.features;
		i->vector = vd->vector_config;
		i->queues = 0;
		list_for_each_entry(q, &vd->queue_list, of_device)
			i->queues++;
		if (device_is_registered(&vd->vdev.dev))
			strscpy(i->device, dev_name(&vd->vdev.dev), sizeof(i->device));
		if (driver)
			strscpy(i->driver, driver, sizeof(i->driver));
	}
	mutex_unlock(&slots_lock);
}

void vmmio_slot_drop_device(struct vmmio_device *vd)
{
	mutex_lock(&slots_lock);
	list_del_init(&vd->overflow);
	slot_drop(&slots[vd->slot]);
	mutex_unlock(&slots_lock);
}

void vmmio_slot_take_queue(struct vmmio_queue *q)
{
	struct slot *s;

	mutex_lock(&slots_lock);
	list_add(&q->of_device, &q->vd->queue_list);
	q->avail_idx = q->used_idx = &no_index;
	s = slot_take(VMMIO_SLOT_QUEUE);
	q->slot = s->info.slot;
	q->gen = s->info.gen;
	if (s->info.kind == VMMIO_SLOT_SHARED)
		list_add(&q->overflow, &overflow_queues);
	else
		s->q = q;
	mutex_unlock(&slots_lock);
}

static void observe(struct vmmio_queue *q)
{
	u16 idx, prev;

	vmmio_observe(q, &q->avail_seen, q->avail_idx, &idx, &prev);
	vmmio_observe(q, &q->used_seen, q->used_idx, &idx, &prev);
}

/*
 * Sets where the indices are; NULL: nowhere, now or ever. Earlier counts of the ring stay, and
 * counting goes on from an index of 0. Not while a handler or a kick may look.
 */
void vmmio_slot_set_ring(struct vmmio_queue *q, const struct vring *vring)
{
	mutex_lock(&slots_lock);
	if (q->vring)
		observe(q);
	q->vring = vring;
	q->avail_idx = vring ? &vring->avail->idx : &no_index;
	q->used_idx = vring ? &vring->used->idx : &no_index;
	q->avail_base += atomic64_xchg(&q->avail_seen, 0);
	q->used_base += atomic64_xchg(&q->used_seen, 0);
	mutex_unlock(&slots_lock);
}

/* Reads all rings' indices now. */
void vmmio_slots_observe(void)
{
	struct vmmio_queue *q;
	u32 i;

	mutex_lock(&slots_lock);
	/* an event can be enabled before the module's init has run */
	for (i = 0; slots && i < slots_limit; i++)
		if (slots[i].q)
			observe(slots[i].q);
	list_for_each_entry(q, &overflow_queues, overflow)
		observe(q);
	mutex_unlock(&slots_lock);
}

static bool is_queue(const struct vmmio_queue *q, const char *device, u16 index)
{
	return q->index == index && !strcmp(dev_name(&q->vd->vdev.dev), device);
}

int vmmio_slot_at_queue(const char *device, u16 index, int (*act)(struct vmmio_queue *q))
{
	struct vmmio_queue *q, *found = NULL;
	int err;
	u32 i;

	mutex_lock(&slots_lock);
	for (i = 0; i < slots_limit && !found; i++)
		if (slots[i].q && is_queue(slots[i].q, device, index))
			found = slots[i].q;
	if (!found)
		list_for_each_entry(q, &overflow_queues, overflow)
			if (is_queue(q, device, index))
				found = q;
	err = found ? act(found) : -ENODEV;
	mutex_unlock(&slots_lock);
	return err;
}

void vmmio_slots_settle(void)
{
	mutex_lock(&slots_lock);
	mutex_unlock(&slots_lock);
}

/* Called when the queue is set up, and again after it is reset alone. */
void vmmio_slot_update_queue(struct vmmio_queue *q)
{
	struct vmmio_slot_info *i = &slots[q->slot].info;
	struct vmmio_device *vd = q->vd;
	int irq = vd->transport->queue_irq(q);

	mutex_lock(&slots_lock);
	if (slots[q->slot].q == q) {
		i->dev_slot = vd->slot;
		i->irq = irq > 0 ? irq : 0;
		i->transport = vd->transport->id;
		i->irq_mode = irq > 0 ? vd->irq_mode : VMMIO_IRQ_NONE;
		i->flags = (q->vring ? 0 : VMMIO_SLOT_PACKED) |
			   (q->device_driven ? VMMIO_SLOT_DEVICE_DRIVEN : 0) |
			   (vd->regs.protocol == &vmmio_protocol_mmio1 ? VMMIO_SLOT_LEGACY : 0);
		i->queue = q->index;
		i->ring_size = virtqueue_get_vring_size(q->vq);
		i->ring_max = q->ring_max;
		i->vector = q->vector;
		i->device_id = vd->vdev.id.device;
		i->features = vd->vdev.features;
		strscpy(i->device, dev_name(&vd->vdev.dev), sizeof(i->device));
		strscpy(i->parent, dev_name(vd->parent), sizeof(i->parent));
		strscpy(i->driver, vmmio_driver_name(&vd->vdev), sizeof(i->driver));
		strscpy(i->queue_name, q->vq->name, sizeof(i->queue_name));
	}
	mutex_unlock(&slots_lock);
}

static void sum_queue(struct vmmio_queue_sum *sum, const struct vmmio_queue *q)
{
	int cpu;

	for_each_possible_cpu(cpu)
		vmmio_sum_queue(sum, per_cpu_ptr(q->counts, cpu), q->dedicated);
}

void vmmio_slot_drop_queue(struct vmmio_queue *q)
{
	mutex_lock(&slots_lock);
	list_del(&q->of_device);
	list_del_init(&q->overflow);
	slot_drop(&slots[q->slot]);
	sum_queue(&q->vd->dropped, q);
	mutex_unlock(&slots_lock);
}

static void add_queue(struct vmmio_slot_counters *c, struct vmmio_queue *q)
{
	struct vmmio_queue_sum n = {};

	sum_queue(&n, q);
	c->kicks += n.kicks;
	c->irqs += n.irqs;
	c->irqs_none += n.irqs_none;
	observe(q);
	c->kick_buffers += q->avail_base + atomic64_read(&q->avail_seen);
	c->used_buffers += q->used_base + atomic64_read(&q->used_seen);
}

/* Adds the counts that a device leaves to its queues, removed queues included. */
static void sum_queues(struct vmmio_queue_sum *sum, const struct vmmio_device *vd)
{
	const struct vmmio_queue *q;

	*sum = vd->dropped;
	list_for_each_entry(q, &vd->queue_list, of_device)
		sum_queue(sum, q);
}

static void add_device(struct vmmio_slot_counters *c, const struct vmmio_device *vd)
{
	struct vmmio_queue_sum q;
	int cpu;

	sum_queues(&q, vd);
	c->irqs += q.irqs_dedicated;
	c->irqs_none += q.irqs_dedicated_none;
	for_each_possible_cpu(cpu)
		vmmio_sum_device(c, per_cpu_ptr(vd->counts, cpu));
}

static void add_regs(struct vmmio_slot_regs *r, const struct vmmio_device *vd)
{
	bool pci = vd->transport->id == VMMIO_TRANSPORT_PCI;
	struct vmmio_queue_sum q;
	int cpu, i;

	sum_queues(&q, vd);
	r->writes[vd->transport->notify] += q.kicks;
	for_each_possible_cpu(cpu) {
		const struct vmmio_device_counts *n = per_cpu_ptr(vd->counts, cpu);
		u64 unacked = vmmio_counted(n, runs_unacked), runs;

		/* pairs with smp_wmb() in other_status(): never more of these than runs */
		smp_rmb();
		runs = vmmio_counted(n, runs_read);
		for (i = 0; i < VMMIO_REG_MAX; i++) {
			r->reads[i] += vmmio_counted(n, reads[i]);
			r->writes[i] += vmmio_counted(n, writes[i]);
		}
		r->reads[pci ? VMMIO_REG_PCI_ISR : VMMIO_REG_INTERRUPT_STATUS] += runs;
		if (!pci)
			r->writes[VMMIO_REG_INTERRUPT_ACK] += runs - unacked;
	}
}

static void fill_info(void *to, const struct slot *s)
{
	memcpy(to, &s->info, sizeof(s->info));
}

static void fill_counters(void *to, const struct slot *s)
{
	struct vmmio_slot_counters *c = to;
	const struct vmmio_device *vd;
	struct vmmio_queue *q;

	*c = (struct vmmio_slot_counters){.slot = s->info.slot, .gen = s->info.gen};
	if (s->info.kind == VMMIO_SLOT_SHARED) {
		list_for_each_entry(vd, &overflow_devices, overflow)
			add_device(c, vd);
		list_for_each_entry(q, &overflow_queues, overflow)
			add_queue(c, q);
	} else if (s->vd) {
		add_device(c, s->vd);
	} else if (s->q) {
		add_queue(c, s->q);
	}
}

static void fill_regs(void *to, const struct slot *s)
{
	struct vmmio_slot_regs *r = to;
	const struct vmmio_device *vd;

	memset(r, 0, sizeof(*r));
	r->slot = s->info.slot;
	r->gen = s->info.gen;
	if (s->info.kind == VMMIO_SLOT_SHARED)
		list_for_each_entry(vd, &overflow_devices, overflow)
			add_regs(r, vd);
	else if (s->vd)
		add_regs(r, s->vd);
}

/*
 * One read serves whole or partial records, each taken under the lock. Reads
 * that begin and end on record boundaries get consistent records.
 */
static ssize_t read_records(char *buf, loff_t pos, size_t count, size_t size,
			    void (*fill)(void *to, const struct slot *s))
{
	u8 *record = kmalloc(size, GFP_KERNEL);
	size_t done = 0;

	if (!record)
		return -ENOMEM;
	mutex_lock(&slots_lock);
	while (done < count) {
		size_t at = pos + done, slot = at / size, skip = at % size;
		size_t n = min(count - done, size - skip);

		if (slot >= VMMIO_SLOTS)
			break;
		fill(record, &slots[slot]);
		memcpy(buf + done, record + skip, n);
		done += n;
	}
	mutex_unlock(&slots_lock);
	kfree(record);
	return done;
}

#define RECORD_FILE(what, type)                                                                \
	static ssize_t what##_read(struct file *file, struct kobject *kobj,                    \
				   VMMIO_BIN_ATTR_CONST struct bin_attribute *attr, char *buf, \
				   loff_t pos, size_t count)                                   \
	{                                                                                      \
		return read_records(buf, pos, count, sizeof(type), fill_##what);               \
	}                                                                                      \
	static VMMIO_BIN_ATTR_CONST struct bin_attribute what##_attr = {                       \
		.attr = {.name = #what, .mode = 0444},                                         \
		.size = VMMIO_SLOTS * sizeof(type),                                            \
		.read = what##_read,                                                           \
	}

#define fill_slots fill_info
RECORD_FILE(slots, struct vmmio_slot_info);
RECORD_FILE(counters, struct vmmio_slot_counters);
RECORD_FILE(regs, struct vmmio_slot_regs);

static ssize_t abi_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", VMMIO_ABI);
}
static struct kobj_attribute abi_attr = __ATTR_RO(abi);

static void slots_free(void)
{
	mutex_lock(&slots_lock);
	vfree(slots);
	slots = NULL;
	mutex_unlock(&slots_lock);
}

int vmmio_slots_init(void)
{
	int err;
	u32 i;

	if (!slots_limit || slots_limit > VMMIO_SLOT_OVERFLOW) {
		pr_err("vmmio: slots=%u: 1 to %u are allowed\n", slots_limit, VMMIO_SLOT_OVERFLOW);
		return -EINVAL;
	}
	slots = vzalloc(array_size(VMMIO_SLOTS, sizeof(*slots)));
	if (!slots)
		return -ENOMEM;
	for (i = 0; i < VMMIO_SLOTS; i++)
		slots[i].info.slot = i;

	vmmio_kobj = kobject_create_and_add("vmmio", kernel_kobj);
	if (!vmmio_kobj) {
		err = -ENOMEM;
		goto err_free;
	}
	err = sysfs_create_bin_file(vmmio_kobj, &slots_attr);
	if (!err)
		err = sysfs_create_bin_file(vmmio_kobj, &counters_attr);
	if (!err)
		err = sysfs_create_bin_file(vmmio_kobj, &regs_attr);
	/* last: a tool that finds this file finds the others */
	if (!err)
		err = sysfs_create_file(vmmio_kobj, &abi_attr.attr);
	if (!err)
		return 0;
	kobject_put(vmmio_kobj);
err_free:
	slots_free();
	return err;
}

void vmmio_slots_exit(void)
{
	kobject_put(vmmio_kobj);
	slots_free();
}

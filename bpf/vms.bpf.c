// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds every KVM VM of the machine by walking the open files of all tasks, with no help from any
 * VMM, and writes what belongs to each into an array: vCPUs, ioeventfds, coalesced ranges,
 * in-kernel devices, irqfds. It attaches to nothing; a scan is one read of the iterator.
 *
 * The walk takes none of KVM's locks, so every pointer may be stale: all reads go through
 * bpf_probe_read_kernel(), every object is checked to belong to the VM from which it was reached,
 * and inconsistent objects are counted in `stale` and left out.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "vmmio/host.h"
#include "kvm.h"

char LICENSE[] SEC("license") = "GPL";

/* Addresses of kernel functions: how files and devices are told apart. */
const volatile __u64 opt_vm_ioctl = 0;
const volatile __u64 opt_vcpu_ioctl = 0;
const volatile __u64 opt_ioeventfd_write = 0;
const volatile __u64 opt_coalesced_write = 0;
const volatile __u64 opt_eventfd_write = 0; /* of eventfd files; 0: leave them out */
const volatile __u32 opt_records = 1;

__u64 nr_records = 0; /* asked for; beyond opt_records they are lost */
__u64 stale = 0;      /* objects of an unexpected kind */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vmmio_host_rec);
} records SEC(".maps");

/* One scan runs at a time (the loader's), on one CPU, so a plain count is enough. */
static struct vmmio_host_rec *take(void)
{
	__u32 i = nr_records++;
	struct vmmio_host_rec *r;

	if (i >= opt_records)
		return NULL;
	r = bpf_map_lookup_elem(&records, &i);
	if (r)
		__builtin_memset(r, 0, sizeof(*r));
	return r;
}

#define READ(dst, ptr) bpf_probe_read_kernel(&(dst), sizeof(dst), (const void *)(ptr))

#define FIELD(ptr, type, member) ((__u64)(ptr) + bpf_core_field_offset(((type *)0)->member))

static __u32 eventfd_id(__u64 ctx)
{
	__u32 id = 0;

	if (ctx && bpf_core_field_exists(((struct eventfd_ctx___v *)0)->id))
		READ(id, FIELD(ctx, struct eventfd_ctx___v, id));
	return id;
}

struct bus_walk {
	__u64 kvm;
	__u64 range; /* first element */
	__u32 count;
	__u32 bus;
};

static int ioeventfd(const struct bus_walk *w, __u64 dev, __u64 addr, __u32 len)
{
	__u64 io = dev - bpf_core_field_offset(((struct _ioeventfd___v *)0)->dev);
	struct vmmio_host_rec *r;
	__u64 own_addr = 0, ctx = 0, datamatch = 0;
	__u32 own_len = 0;
	__u8 wildcard = 0;

	READ(own_addr, FIELD(io, struct _ioeventfd___v, addr));
	READ(own_len, FIELD(io, struct _ioeventfd___v, length));
	READ(ctx, FIELD(io, struct _ioeventfd___v, eventfd));
	READ(datamatch, FIELD(io, struct _ioeventfd___v, datamatch));
	READ(wildcard, FIELD(io, struct _ioeventfd___v, wildcard));
	if (own_addr != addr || own_len != len || !ctx) {
		stale++;
		return 0;
	}
	r = take();
	if (!r)
		return 0;
	r->type = VMMIO_HOST_IOEVENTFD;
	r->kvm = w->kvm;
	r->bus = w->bus;
	r->addr = addr;
	r->len = len;
	r->value = datamatch;
	r->eventfd = ctx;
	r->id = eventfd_id(ctx);
	r->flags = wildcard ? VMMIO_HOST_WILDCARD : 0;
	return 0;
}

static int other_device(const struct bus_walk *w, __u64 dev, __u64 write, __u64 addr, __u32 len)
{
	struct vmmio_host_rec *r;
	__u32 type = VMMIO_HOST_KERNEL;
	__u64 kvm = 0;

	if (write == opt_coalesced_write) {
		type = VMMIO_HOST_COALESCED;
		READ(kvm,
		     dev - bpf_core_field_offset(((struct kvm_coalesced_mmio_dev___v *)0)->dev) +
			     bpf_core_field_offset(((struct kvm_coalesced_mmio_dev___v *)0)->kvm));
		if (kvm != w->kvm) {
			stale++;
			return 0;
		}
	}
	r = take();
	if (!r)
		return 0;
	r->type = type;
	r->kvm = w->kvm;
	r->bus = w->bus;
	r->addr = addr;
	r->len = len;
	return 0;
}

static int one_range(__u32 i, void *data)
{
	struct bus_walk *w = data;
	__u64 at = w->range + (__u64)i * bpf_core_type_size(struct kvm_io_range___v);
	__u64 addr = 0, dev = 0, ops = 0, write = 0;
	__u32 len = 0;

	if (i >= w->count)
		return 1;
	READ(addr, FIELD(at, struct kvm_io_range___v, addr));
	READ(len, FIELD(at, struct kvm_io_range___v, len));
	READ(dev, FIELD(at, struct kvm_io_range___v, dev));
	if (!dev || READ(ops, FIELD(dev, struct kvm_io_device___v, ops)) || !ops ||
	    READ(write, FIELD(ops, struct kvm_io_device_ops___v, write))) {
		stale++;
		return 0;
	}
	if (write == opt_ioeventfd_write)
		return ioeventfd(w, dev, addr, len);
	return other_device(w, dev, write, addr, len);
}

struct irqfd_walk {
	__u64 kvm;
	__u64 head;
	__u64 at;
	__u32 cut;
};

static int one_irqfd(__u32 i, void *data)
{
	struct irqfd_walk *w = data;
	struct vmmio_host_rec *r;
	__u64 irqfd, kvm = 0, resampler = 0, ctx = 0;
	__u64 entry;
	__u32 lo = 0, hi = 0, gsi = 0, route = 0, message = 0;

	if (w->at == w->head)
		return 1;
	irqfd = w->at - bpf_core_field_offset(((struct kvm_kernel_irqfd___v *)0)->list);
	if (READ(kvm, FIELD(irqfd, struct kvm_kernel_irqfd___v, kvm)) || kvm != w->kvm) {
		w->cut = 1;
		return 1;
	}
	entry = FIELD(irqfd, struct kvm_kernel_irqfd___v, irq_entry);
	READ(gsi, FIELD(irqfd, struct kvm_kernel_irqfd___v, gsi));
	READ(ctx, FIELD(irqfd, struct kvm_kernel_irqfd___v, eventfd));
	if (bpf_core_field_exists(((struct kvm_kernel_irqfd___v *)0)->resampler))
		READ(resampler, FIELD(irqfd, struct kvm_kernel_irqfd___v, resampler));
	READ(route, FIELD(entry, struct kvm_kernel_irq_routing_entry___v, type));
	if (route == VMMIO_ROUTE_MSI) {
		READ(lo, FIELD(entry, struct kvm_kernel_irq_routing_entry___v, msi.address_lo));
		READ(hi, FIELD(entry, struct kvm_kernel_irq_routing_entry___v, msi.address_hi));
		READ(message, FIELD(entry, struct kvm_kernel_irq_routing_entry___v, msi.data));
	}
	r = take();
	if (r) {
		r->type = VMMIO_HOST_IRQFD;
		r->kvm = w->kvm;
		r->tid = gsi;
		r->eventfd = ctx;
		r->id = eventfd_id(ctx);
		r->route = route;
		r->addr = (__u64)hi << 32 | lo;
		r->value = message;
		r->flags = resampler ? VMMIO_HOST_RESAMPLE : 0;
	}
	if (READ(w->at, w->at + bpf_core_field_offset(((struct list_head *)0)->next))) {
		w->cut = 1;
		return 1;
	}
	return 0;
}

/* Returns whether a list was cut short. */
static __u32 walk_buses(__u64 kvm)
{
	__u32 n = bpf_core_field_size(((struct kvm___v *)0)->buses) / 8;
	__u32 bus, cut = 0;

	for (bus = 0; bus < VMMIO_BUS_MAX; bus++) {
		struct bus_walk w = {.kvm = kvm, .bus = bus};
		__u64 at = 0;

		if (bus >= n)
			break;
		READ(at, FIELD(kvm, struct kvm___v, buses) + 8 * bus);
		if (!at)
			continue;
		if (READ(w.count, FIELD(at, struct kvm_io_bus___v, dev_count))) {
			cut = 1;
			continue;
		}
		/* NR_IOBUS_DEVS; more cannot be a bus. */
		if (w.count > 1000) {
			cut = 1;
			continue;
		}
		w.range = FIELD(at, struct kvm_io_bus___v, range);
		bpf_loop(w.count, one_range, &w, 0);
	}
	return cut;
}

static __u32 walk_irqfds(__u64 kvm)
{
	struct irqfd_walk w = {.kvm = kvm};
	long n;

	w.head = FIELD(kvm, struct kvm___v, irqfds.items);
	if (READ(w.at, w.head + bpf_core_field_offset(((struct list_head *)0)->next)) || !w.at)
		return 0; /* no irqfd support in this kernel */
	n = bpf_loop(8192, one_irqfd, &w, 0);
	return w.cut || n >= 8192;
}

static void one_vm(struct task_struct *task, __u32 fd, __u64 kvm)
{
	struct vmmio_host_rec *r = take();
	__u32 cut;

	if (!r)
		return;
	r->type = VMMIO_HOST_VM;
	r->pid = task->tgid;
	r->value = task->group_leader->start_time;
	r->fd = fd;
	r->kvm = kvm;
	READ(r->id, FIELD(kvm, struct kvm___v, online_vcpus));
	READ(r->route, FIELD(kvm, struct kvm___v, userspace_pid));
	cut = walk_buses(kvm);
	cut |= walk_irqfds(kvm);
	if (cut) {
		stale++;
		r->flags |= VMMIO_HOST_CUT;
	}
}

/* The start of the thread behind @pid: the number alone may be reused. */
static __u64 start_of(__u64 pid)
{
	__u64 link = 0, start = 0;

	READ(link, FIELD(pid, struct pid, tasks[0].first));
	if (link)
		READ(start, link - bpf_core_field_offset(((struct task_struct *)0)->pid_links[0]) +
				    bpf_core_field_offset(((struct task_struct *)0)->start_time));
	return start;
}

static void one_vcpu(__u32 pid, __u32 fd, __u64 vcpu)
{
	struct vmmio_host_rec *r = take();
	__u64 p = 0;

	if (!r)
		return;
	r->type = VMMIO_HOST_VCPU;
	r->pid = pid;
	r->fd = fd;
	r->addr = vcpu;
	READ(r->kvm, FIELD(vcpu, struct kvm_vcpu___v, kvm));
	READ(r->id, FIELD(vcpu, struct kvm_vcpu___v, vcpu_id));
	READ(p, FIELD(vcpu, struct kvm_vcpu___v, pid));
	if (p) {
		READ(r->tid, FIELD(p, struct pid, numbers[0].nr));
		r->value = start_of(p);
	}
}

static void one_eventfd(__u32 pid, __u32 fd, __u64 ctx)
{
	struct vmmio_host_rec *r = take();

	if (!r)
		return;
	r->type = VMMIO_HOST_EVENTFD;
	r->pid = pid;
	r->fd = fd;
	r->eventfd = ctx;
	r->id = eventfd_id(ctx);
}

SEC("iter/task_file")
int vmmio_vms(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	__u64 ioctl;

	if (!task || !file)
		return 0;
	ioctl = (__u64)file->f_op->unlocked_ioctl;
	if (ioctl && ioctl == opt_vm_ioctl)
		one_vm(task, ctx->fd, (__u64)file->private_data);
	else if (ioctl && ioctl == opt_vcpu_ioctl)
		one_vcpu(task->tgid, ctx->fd, (__u64)file->private_data);
	else if (opt_eventfd_write && (__u64)file->f_op->write == opt_eventfd_write)
		one_eventfd(task->tgid, ctx->fd, (__u64)file->private_data);
	return 0;
}

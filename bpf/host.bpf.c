// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts KVM's trace events per vCPU thread: each thread that emits one gets
 * a table of its own, which no other CPU writes, so there is no lock, and no
 * hash lookup but for a thread's first event. What the events mean is in
 * include/vmmio/hostexit.h; which thread is which VM's vCPU is the reader's to
 * find out, now or later: it also takes back the tables of the dead.
 * Interrupts come from any thread and have a map of their own.
 *
 * raw_tp throughout: it needs no BTF of a KVM that is a module. kvm_exit is a
 * plain tracepoint, since its reason is no argument of it.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct vmmio_exit_thread;
struct vmmio_exit_key;
static struct vmmio_exit_cell *spill(const struct vmmio_exit_key *key);
#define VMMIO_EXIT_SPILL(t, key) spill(key)

#include "vmmio/hostexit.h"
#include "vmmio/regs.h"
#include "context.bpf.h"
#include "kvm.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u64 opt_irqfd_inject = 0; /* address of the work function */
const volatile __u32 opt_pid = 0;	   /* of this process only; 0: all */
const volatile __u32 opt_room = 1;	   /* tables */
const volatile bool opt_time = false;	   /* kvm_exit and kvm_entry are attached */
const volatile bool opt_no_cast = false;   /* as on a kernel before 6.2, to measure it */

__u64 lost_threads = 0;	   /* events of threads that found no table */
__u64 lost_interrupts = 0; /* interrupts that found no entry */
__u32 nr_values = 0;	   /* entries of `values` */
__u32 nr_tables = 0;	   /* ever taken */

/* All zero while nobody has it: `start_ns` tells. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vmmio_exit_thread);
} tables SEC(".maps");

/* Number of its table, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} threads SEC(".maps");

/* The same, once more, for a look without hashing: thread << 32 | table. */
#define CACHE 4096
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CACHE);
	__type(key, __u32);
	__type(value, __u64);
} cache SEC(".maps");

/* Tables that the reader has emptied. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 1);
	__type(value, __u32);
} vacant SEC(".maps");

/* Addresses, besides the known doorbells, where the value written matters. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u8);
} values SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct vmmio_inject_key);
	__type(value, __u64);
} interrupts SEC(".maps");

/* A guest's boot touches more registers than a thread's table holds. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct vmmio_exit_spill_key);
	__type(value, struct vmmio_exit_cell);
} spilled SEC(".maps");

static __noinline struct vmmio_exit_cell *spill(const struct vmmio_exit_key *key)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u32 *table = bpf_map_lookup_elem(&threads, &tid);
	struct vmmio_exit_spill_key k = {.key = *key};
	struct vmmio_exit_cell fresh = {.key = *key};
	struct vmmio_exit_cell *c;

	if (!table)
		return NULL;
	k.table = *table;
	c = bpf_map_lookup_elem(&spilled, &k);
	if (c)
		return c;
	bpf_map_update_elem(&spilled, &k, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&spilled, &k);
}

static __always_inline struct vmmio_exit_thread *table_of(__u32 index, __u32 tid, __u64 start)
{
	struct vmmio_exit_thread *t = bpf_map_lookup_elem(&tables, &index);

	return t && t->tid == tid && t->start_ns == start ? t : NULL;
}

/* A table for a thread that has none: a reused thread id is another thread. */
static __noinline struct vmmio_exit_thread *new_table(__u32 tid, __u64 start, __u32 *number)
{
	struct vmmio_exit_thread *t;
	__u32 index;

	if (bpf_map_pop_elem(&vacant, &index)) {
		index = nr_tables < opt_room ? __sync_fetch_and_add(&nr_tables, 1) : opt_room;
		if (index >= opt_room)
			goto lost;
	}
	t = bpf_map_lookup_elem(&tables, &index);
	if (!t || bpf_map_update_elem(&threads, &tid, &index, BPF_ANY))
		goto lost;
	t->tid = tid;
	t->start_ns = start;
	*number = index;
	return t;
lost:
	__sync_fetch_and_add(&lost_threads, 1);
	return NULL;
}

static __noinline struct vmmio_exit_thread *find_table(__u32 tid, __u64 start)
{
	__u32 *known = bpf_map_lookup_elem(&threads, &tid), slot = tid & (CACHE - 1), number = 0;
	struct vmmio_exit_thread *t = NULL;
	__u64 *cached;

	if (known) {
		number = *known;
		t = table_of(number, tid, start);
	}
	if (!t)
		t = new_table(tid, start, &number);
	cached = bpf_map_lookup_elem(&cache, &slot);
	if (t && cached)
		*cached = (__u64)tid << 32 | number;
	return t;
}

static __always_inline struct vmmio_exit_thread *thread(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 tid = task->pid, slot = tid & (CACHE - 1);
	struct vmmio_exit_thread *t = NULL;
	__u64 *cached;

	if (opt_pid && task->tgid != opt_pid)
		return NULL;
	cached = bpf_map_lookup_elem(&cache, &slot);
	if (cached && *cached >> 32 == tid)
		t = table_of(*cached, tid, task->start_time);
	return t ? t : find_table(tid, task->start_time);
}

static __always_inline bool value_matters(__u64 addr, __u8 len)
{
	if (vmmio_exit_is_doorbell(addr, len))
		return true;
	return nr_values && bpf_map_lookup_elem(&values, &addr);
}

/* Since 6.2; a plain load where it is there, 35 ns less than the helper's copy. */
void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

static __always_inline __u32 value_at(__u64 from, __u8 len)
{
	__u64 v = 0;

	if (bpf_rdonly_cast && !opt_no_cast)
		v = ((struct timespec64 *)bpf_rdonly_cast(
			     (void *)from, bpf_core_type_id_kernel(struct timespec64)))
			    ->tv_sec;
	else
		bpf_probe_read_kernel(&v, sizeof(v), (void *)from);
	return len >= 4 ? (__u32)v : len == 2 ? (__u16)v : (__u8)v;
}

/* (type, len, gpa, val) */
SEC("raw_tp/kvm_mmio")
int host_mmio(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 type = ctx->args[0], value = VMMIO_ANY_VALUE;
	__u8 len = ctx->args[1];
	__u64 addr = ctx->args[2];
	struct vmmio_exit_thread *t = thread();

	if (!t)
		return 0;
	if (type == VMMIO_KVM_MMIO_WRITE) {
		if (value_matters(addr, len))
			value = value_at(ctx->args[3], len);
	} else if (type == VMMIO_KVM_MMIO_READ && len == 4 && !(addr & (VMMIO_MMIO_WINDOW - 1)) &&
		   value_at(ctx->args[3], 4) == VMMIO_MMIO_MAGIC) {
		struct vmmio_exit_key magic = {addr, VMMIO_ANY_VALUE, VMMIO_EXIT_MAGIC, 0, 4, 0};

		vmmio_exit_count(t, &magic);
	}
	/* An open write is dated only for readers that look in between. */
	vmmio_exit_mmio(t, 1, type, len, addr, value);
	return 0;
}

/* (write, port, size, count, data) */
SEC("raw_tp/kvm_pio")
int host_pio(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 port = ctx->args[1];
	__u8 size = ctx->args[2];
	__u32 value = VMMIO_ANY_VALUE;
	struct vmmio_exit_thread *t = thread();

	if (!t)
		return 0;
	if (ctx->args[0] && (((port & 0x1f) == 0x10 && size == 2) ||
			     (nr_values && bpf_map_lookup_elem(&values, &port))))
		value = value_at(ctx->args[4], size);
	vmmio_exit_pio(t, 1, ctx->args[0], port, size, value);
	return 0;
}

SEC("raw_tp/kvm_fast_mmio")
int host_fast(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_exit_thread *t = thread();

	if (t)
		vmmio_exit_fast(t, ctx->args[0]);
	return 0;
}

/* (reason, errno) */
SEC("raw_tp/kvm_userspace_exit")
int host_user(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_exit_thread *t = thread();

	if (t)
		vmmio_exit_user(t, opt_time ? bpf_ktime_get_ns() : 1, ctx->args[0], ctx->args[1]);
	return 0;
}

/* (apic, vector) */
static __always_inline int eoi(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_exit_thread *t = thread();

	if (t)
		vmmio_exit_plain(t, VMMIO_EXIT_EOI, (__u32)ctx->args[1]);
	return 0;
}

SEC("raw_tp/kvm_eoi")
int host_eoi(struct bpf_raw_tracepoint_args *ctx)
{
	return eoi(ctx);
}

SEC("raw_tp/kvm_pv_eoi")
int host_pv_eoi(struct bpf_raw_tracepoint_args *ctx)
{
	return eoi(ctx);
}

SEC("raw_tp/kvm_cpuid")
int host_cpuid(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_exit_thread *t = thread();

	if (t)
		vmmio_exit_plain(t, VMMIO_EXIT_CPUID, 0);
	return 0;
}

SEC("raw_tp/kvm_hypercall")
int host_hypercall(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_exit_thread *t = thread();

	if (t)
		vmmio_exit_plain(t, VMMIO_EXIT_HYPERCALL, (__u32)ctx->args[0]);
	return 0;
}

struct trace_event_raw_kvm_exit___x86 {
	unsigned int exit_reason;
	u32 isa;
} __attribute__((preserve_access_index));

struct trace_event_raw_kvm_exit___arm {
	int ret;
	unsigned int esr_ec;
} __attribute__((preserve_access_index));

SEC("tp/kvm/kvm_exit")
int host_exit(void *ctx)
{
	struct trace_event_raw_kvm_exit___x86 *x = ctx;
	struct trace_event_raw_kvm_exit___arm *a = ctx;
	__u32 reason = 0, isa = 0;
	struct vmmio_exit_thread *t = thread();

	if (!t)
		return 0;
	if (bpf_core_field_exists(x->exit_reason)) {
		reason = x->exit_reason;
		isa = x->isa;
	} else if (bpf_core_field_exists(a->esr_ec)) {
		isa = VMMIO_ISA_ARM64;
		/* ARM_EXCEPTION_TRAP is 2: then the exception class is the reason */
		reason = (a->ret & 0xff) == 2 ? a->esr_ec : 0x100 + (a->ret & 0xff);
	}
	vmmio_exit_begin(t, bpf_ktime_get_ns(), reason, isa);
	return 0;
}

SEC("raw_tp/kvm_entry")
int host_entry(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_exit_thread *t = thread();

	if (t)
		vmmio_exit_end(t, bpf_ktime_get_ns());
	return 0;
}

struct worker___v {
	struct work_struct *current_work;
	void *current_func;
} __attribute__((preserve_access_index));

struct kthread___v {
	void *data;
} __attribute__((preserve_access_index));

#define PF_KTHREAD 0x00200000
#define PF_IO_WORKER 0x00000010	  /* io_uring's threads in the VMM */
#define PF_USER_WORKER 0x00004000 /* since 6.4: the same, and vhost's */

/* Of a kernel thread: the VM, if it is running an irqfd's work item. */
static __u64 work_kvm(struct task_struct *task)
{
	struct kthread___v *kthread = (void *)task->worker_private;
	struct worker___v *worker;
	void *func = NULL;
	__u64 work = 0, kvm = 0;

	if (!opt_irqfd_inject || !kthread)
		return 0;
	worker = BPF_CORE_READ(kthread, data);
	if (!worker)
		return 0;
	func = BPF_CORE_READ(worker, current_func);
	if ((__u64)func != opt_irqfd_inject)
		return 0;
	work = (__u64)BPF_CORE_READ(worker, current_work);
	if (!work)
		return 0;
	work -= bpf_core_field_offset(((struct kvm_kernel_irqfd___v *)0)->inject);
	bpf_probe_read_kernel(
		&kvm, sizeof(kvm),
		(void *)work + bpf_core_field_offset(((struct kvm_kernel_irqfd___v *)0)->kvm));
	return kvm;
}

#define NO_SYSCALL (~0ull)
#define KVM_RUN 0xae80
#define KVM_IRQ_LINE 0x4008ae61
#define KVM_IRQ_LINE_STATUS 0xc008ae67
#define KVM_SIGNAL_MSI 0x4020aea5

static void who_sends(struct vmmio_inject_key *key)
{
	struct task_struct *task = bpf_get_current_task_btf();

	key->pid = task->tgid;
	if (task->flags & PF_KTHREAD) {
		key->kvm = work_kvm(task);
		if (key->kvm) {
			key->how = VMMIO_INJECT_WORK;
			key->pid = 0; /* any kworker */
			return;
		}
		key->how = VMMIO_INJECT_KTHREAD;
		key->fd = task->pid;
		return;
	}
	if (task->flags & (PF_IO_WORKER | PF_USER_WORKER)) {
		key->how = VMMIO_INJECT_KTHREAD;
		key->fd = task->pid;
		return;
	}
	key->how = VMMIO_INJECT_OTHER;
	key->fd = -1;
#if defined(__TARGET_ARCH_x86)
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	__u64 nr = BPF_CORE_READ(regs, orig_ax);
	__u32 cmd = BPF_CORE_READ(regs, si);

	if (nr == NO_SYSCALL) { /* in user mode, and an interrupt came */
		key->how = VMMIO_INJECT_INTERRUPT;
		key->pid = key->fd = 0;
	} else if (nr == 16) { /* ioctl */
		key->fd = BPF_CORE_READ(regs, di);
		if (cmd == KVM_RUN)
			key->how = VMMIO_INJECT_GUEST;
		else if (cmd == KVM_IRQ_LINE || cmd == KVM_IRQ_LINE_STATUS || cmd == KVM_SIGNAL_MSI)
			key->how = VMMIO_INJECT_IOCTL;
		if (key->how == VMMIO_INJECT_GUEST)
			key->fd = task->pid;
	} else {
		key->how = VMMIO_INJECT_IRQFD;
		if (nr == 1) /* write */
			key->fd = BPF_CORE_READ(regs, di);
	}
#endif
}

static void count_interrupt(struct vmmio_inject_key *key, bool by_interrupt)
{
	__u64 one = 1, *n;

	/* a device's interrupt signals an irqfd: no task has a part in it */
	if (by_interrupt)
		key->how = VMMIO_INJECT_INTERRUPT;
	else
		who_sends(key);
	if (opt_pid && key->pid && key->how != VMMIO_INJECT_KTHREAD && key->pid != opt_pid)
		return;
	n = bpf_map_lookup_elem(&interrupts, key);
	if (!n && bpf_map_update_elem(&interrupts, key, &one, BPF_NOEXIST)) {
		n = bpf_map_lookup_elem(&interrupts, key); /* somebody else was first */
		if (!n)
			__sync_fetch_and_add(&lost_interrupts, 1);
	}
	if (n)
		__sync_fetch_and_add(n, 1);
}

/* (gsi, level, source): the rising half is the interrupt */
SEC("raw_tp/kvm_set_irq")
int host_set_irq(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_inject_key key = {.data = (__u32)ctx->args[0]};

	if ((int)ctx->args[1] > 0)
		count_interrupt(&key, in_interrupt(ctx, bpf_get_current_task_btf()));
	return 0;
}

/* (address, data) */
SEC("raw_tp/kvm_msi_set_irq")
int host_msi(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_inject_key key = {.data = ctx->args[0] << 32 | (__u32)ctx->args[1], .msi = 1};

	count_interrupt(&key, in_interrupt(ctx, bpf_get_current_task_btf()));
	return 0;
}

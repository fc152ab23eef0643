// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts KVM's trace events per vCPU thread. Each thread that emits one gets a table, which no
 * other CPU writes, so there is no lock, and a hash lookup only for a thread's first event. Every
 * instruction counts: one I/O of a guest is two dozen events. include/vmmio/hostexit.h has the
 * meaning of the events. The reader maps threads to the vCPUs of VMs, now or later; it also takes
 * back the tables of dead threads. host_irqs.bpf.h handles interrupts, which come from any thread.
 *
 * raw_tp throughout: it needs no BTF of a KVM module, and costs less than a plain tracepoint. The
 * reason of an x86 exit is no argument of kvm_exit: it is read from where the processor has left
 * it, if nothing else names the exit.
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
#include "vmmio/hostirq.h"
#include "vmmio/regs.h"
#include "context.bpf.h"
#include "kvm.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 opt_pid = 0;	  /* of this process only; 0: all */
const volatile __u32 opt_room = 1;	  /* tables */
const volatile bool opt_time_all = false; /* each exit is timed */
const volatile bool opt_no_cast = false;  /* as on a kernel before 6.2, to measure it */

__u64 lost_threads = 0; /* events of threads that found no table */
__u32 nr_values = 0;	/* entries of `values` */
__u32 nr_tables = 0;	/* ever taken */

/* All zero while unused: `start_ns` tells. */
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

/*
 * The same without hashing: a guess by the task's address, which is right if the table names that
 * task. When a task is freed it is taken out of its table before its address can be reused.
 */
#define GUESSES 4096
__u32 guesses[GUESSES] = {};

/* Free tables: the reader has emptied them. */
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

static __always_inline __u32 guess_of(__u64 task)
{
	return task * 0x9e3779b97f4a7c15ull >> 52;
}

static __always_inline struct vmmio_exit_thread *table_of(__u32 index, __u32 tid, __u64 start)
{
	struct vmmio_exit_thread *t = bpf_map_lookup_elem(&tables, &index);

	return t && t->tid == tid && t->start_ns == start ? t : NULL;
}

/* Takes a table for a thread that has none: a reused thread id is another thread. */
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

static __noinline struct vmmio_exit_thread *find_table(__u64 at)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 start = task->start_time;
	__u32 tid = task->pid;
	__u32 *known = bpf_map_lookup_elem(&threads, &tid), number = 0;
	struct vmmio_exit_thread *t = NULL;

	if (opt_pid && task->tgid != opt_pid)
		return NULL;
	if (known) {
		number = *known;
		t = table_of(number, tid, start);
	}
	if (!t)
		t = new_table(tid, start, &number);
	if (t) {
		t->task = at;
		guesses[guess_of(at)] = number;
	}
	return t;
}

static __always_inline struct vmmio_exit_thread *thread(void)
{
	__u64 task = bpf_get_current_task();
	__u32 index = guesses[guess_of(task)];
	struct vmmio_exit_thread *t;

	t = bpf_map_lookup_elem(&tables, &index);
	return t && t->task == task ? t : find_table(task);
}

/* The table of a thread that was seen before, else NULL. */
static __always_inline struct vmmio_exit_thread *known_thread(void)
{
	__u64 task = bpf_get_current_task();
	__u32 index = guesses[guess_of(task)];
	struct vmmio_exit_thread *t = bpf_map_lookup_elem(&tables, &index);

	return t && t->task == task ? t : NULL;
}

/* What a context is sending, for host_irqs.bpf.h */
struct vmmio_inject_slot slots[VMMIO_INJECT_SLOTS] = {};

static __always_inline struct vmmio_inject_slot *slot_at(__u64 who)
{
	__u32 at = vmmio_inject_at(who);

	barrier_var(at); /* 6.1's verifier knows no bounds of an or */
	return &slots[at & (VMMIO_INJECT_SLOTS - 1)];
}

static __always_inline void forget_sender(__u64 task)
{
	struct vmmio_inject_slot *s = slot_at(task);

	if (s->who == task)
		s->who = 0;
}

/* (task): its address will be another's */
SEC("raw_tp/sched_process_free")
int host_free(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 task = ctx->args[0];
	__u32 index = guesses[guess_of(task)];
	struct vmmio_exit_thread *t = bpf_map_lookup_elem(&tables, &index);

	if (t && t->task == task)
		t->task = 0;
	forget_sender(task);
	forget_sender(task | 1); /* what interrupted it */
	return 0;
}

static __always_inline bool value_matters(__u64 addr, __u8 len)
{
	if (vmmio_exit_is_doorbell(addr, len))
		return true;
	return nr_values && bpf_map_lookup_elem(&values, &addr);
}

/* Since 6.2: a plain load, 35 ns less than a copy by the helper. */
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
	/* An open write has a time only for readers that look in between. */
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

/* An exit that is not timed does not read the clock. */
static __always_inline __u64 now(const struct vmmio_exit_thread *t)
{
	return t->exit_ns > VMMIO_EXIT_UNTIMED ? bpf_ktime_get_ns() : VMMIO_EXIT_UNTIMED;
}

/* (reason, errno) */
SEC("raw_tp/kvm_userspace_exit")
int host_user(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_exit_thread *t = thread();

	if (t)
		vmmio_exit_user(t, now(t), ctx->args[0], ctx->args[1]);
	return 0;
}

/* (apic, vector) */
SEC("raw_tp/kvm_eoi")
int host_eoi(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_exit_thread *t = thread();

	if (t)
		vmmio_exit_eoi(t, ctx->args[1]);
	return 0;
}

/* The same: the kvm_eoi before it was made without an exit. */
SEC("raw_tp/kvm_pv_eoi")
int host_pv_eoi(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_exit_thread *t = thread();

	if (t)
		vmmio_exit_pv_eoi(t);
	return 0;
}

/* (write, register, value, exception) */
SEC("raw_tp/kvm_msr")
int host_msr(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_exit_thread *t = thread();

	if (t)
		vmmio_exit_msr(t, ctx->args[0] & 1, ctx->args[1]);
	return 0;
}

#define NAMED(id, event, label, arg, field)                                          \
	SEC("raw_tp/" #event)                                                        \
	int host_##event(struct bpf_raw_tracepoint_args *ctx)                        \
	{                                                                            \
		struct vmmio_exit_thread *t = thread();                              \
                                                                                     \
		if (t)                                                               \
			vmmio_exit_plain(t, VMMIO_EXIT_##id,                         \
					 (arg) < 0 ? 0 : (__u32)ctx->args[(arg)&7]); \
		return 0;                                                            \
	}
VMMIO_EXIT_NAMED(NAMED)

#if defined(__TARGET_ARCH_x86)
/* The reason of the exit: what KVM's kvm_get_exit_info() reads. */
static __always_inline __u32 reason_of(__u64 vcpu, __u32 isa)
{
	struct vcpu_svm___v *svm = (void *)vcpu;
	struct vcpu_vmx___v *vmx = (void *)vcpu;
	struct vcpu_vmx___vt *vt = (void *)vcpu;
	__u32 reason = VMMIO_NO_REASON;

	if (isa == VMMIO_ISA_SVM && bpf_core_field_exists(svm->vmcb)) {
		struct vmcb___v *vmcb = BPF_CORE_READ(svm, vmcb);

		bpf_core_read(&reason, sizeof(reason), &vmcb->control.exit_code);
	} else if (isa == VMMIO_ISA_VMX && bpf_core_field_exists(vmx->exit_reason)) {
		bpf_core_read(&reason, sizeof(reason), &vmx->exit_reason);
	} else if (isa == VMMIO_ISA_VMX && bpf_core_field_exists(vt->vt.exit_reason)) {
		bpf_core_read(&reason, sizeof(reason), &vt->vt.exit_reason);
	}
	return reason;
}
#endif

/* x86: (vcpu, isa); arm64: (ret, esr_ec, pc) */
SEC("raw_tp/kvm_exit")
int host_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_exit_thread *t = thread();
	__u32 reason, isa;
	bool timed;

	if (!t)
		return 0;
#if defined(__TARGET_ARCH_x86)
	isa = ctx->args[1];
	reason = VMMIO_NO_REASON;
#else
	isa = VMMIO_ISA_ARM64;
	/* ARM_EXCEPTION_TRAP is 2: then the exception class is the reason */
	reason = (ctx->args[0] & 0xff) == 2 ? (__u32)ctx->args[1] : 0x100 + (ctx->args[0] & 0xff);
#endif
	timed = opt_time_all || vmmio_exit_is_timed(t, bpf_jiffies64());
	vmmio_exit_begin(t, timed ? bpf_ktime_get_ns() : VMMIO_EXIT_UNTIMED, reason, isa);
	return 0;
}

#if defined(__TARGET_ARCH_x86)
/*
 * With a nested VM the exit of one guest can end with an entry into the other, which has a separate
 * place for the reason. (vcpu, isa)
 */
SEC("raw_tp/kvm_nested_vmexit")
int host_nested_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_exit_thread *t = thread();

	if (t && t->exit_ns)
		t->reason = reason_of(ctx->args[0], t->isa);
	return 0;
}

#define SVM_VMRUN 0x80

static __always_inline int nested_run(void)
{
	struct vmmio_exit_thread *t = thread();

	if (t && t->exit_ns && t->isa == VMMIO_ISA_SVM)
		t->reason = SVM_VMRUN;
	return 0;
}

SEC("raw_tp/kvm_nested_vmrun")
int host_nested_run(void *ctx)
{
	return nested_run();
}

/* The same in newer kernels. */
SEC("raw_tp/kvm_nested_vmenter")
int host_nested_enter(void *ctx)
{
	return nested_run();
}
#endif

/* Out of line: the call saves its registers. */
static __noinline int end_timed(struct vmmio_exit_thread *t)
{
	vmmio_exit_end(t, bpf_ktime_get_ns());
	return 0;
}

/* (vcpu) */
SEC("raw_tp/kvm_entry")
int host_entry(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_exit_thread *t = thread();

	if (!t)
		return 0;
#if defined(__TARGET_ARCH_x86)
	/* The reason stays in place until the processor is in the guest again. */
	if (t->exit_ns && t->reason == VMMIO_NO_REASON && t->last.kind == VMMIO_EXIT_KIND_NONE)
		t->reason = reason_of(ctx->args[0], t->isa);
#endif
	if (t->exit_ns > VMMIO_EXIT_UNTIMED)
		end_timed(t);
	else
		vmmio_exit_end_untimed(t);
	return 0;
}

#include "host_irqs.bpf.h"

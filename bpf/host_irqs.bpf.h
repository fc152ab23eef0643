/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interrupts of host.bpf.c: what a context sends is noted in a slot of its
 * own, and counted when a virtual processor accepts it (vmmio/hostirq.h). Who
 * the sender is, its task and its system call tell.
 */
#ifndef VMMIO_BPF_HOST_IRQS_H
#define VMMIO_BPF_HOST_IRQS_H

#include "vmmio/hostirq.h"

const volatile __u64 opt_irqfd_inject = 0; /* address of the work function */

__u64 lost_interrupts = 0; /* that found no entry */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct vmmio_inject_key);
	__type(value, struct vmmio_inject_count);
} interrupts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VMMIO_INJECT_SLOTS);
	__type(key, __u32);
	__type(value, struct vmmio_inject_slot);
} slots SEC(".maps");

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

#define KVM_RUN 0xae80
#define KVM_IRQ_LINE 0x4008ae61
#define KVM_IRQ_LINE_STATUS 0xc008ae67
#define KVM_SIGNAL_MSI 0x4020aea5

#if defined(__TARGET_ARCH_x86)
#define NR_IOCTL 16
#define NR_WRITE 1
#elif defined(__TARGET_ARCH_arm64)
#define NR_IOCTL 29
#define NR_WRITE 64

struct pt_regs___call {
	__u64 regs[31];
	__u64 orig_x0;
	__s32 syscallno;
} __attribute__((preserve_access_index));
#endif

struct call {
	__s64 nr; /* -1: none */
	__u32 fd;
	__u32 cmd;
};

/* The system call that @task is in; false where it cannot be told. */
static __always_inline bool call_of(struct task_struct *task, struct call *c)
{
	void *at = (void *)bpf_task_pt_regs(task);
#if defined(__TARGET_ARCH_x86)
	struct pt_regs *regs = at;
	unsigned long r[3]; /* si, di, orig_ax: neighbours */

	if (bpf_probe_read_kernel(r, sizeof(r), &regs->si))
		return false;
	c->cmd = r[0];
	c->fd = r[1];
	c->nr = r[2];
	return true;
#elif defined(__TARGET_ARCH_arm64)
	struct pt_regs___call *regs = at;
	__u64 fd = 0, cmd = 0;
	__s32 nr = -1;

	if (bpf_core_read(&nr, sizeof(nr), &regs->syscallno) ||
	    bpf_core_read(&fd, sizeof(fd), &regs->orig_x0) ||
	    bpf_core_read(&cmd, sizeof(cmd), &regs->regs[1]))
		return false;
	c->cmd = cmd;
	c->fd = fd;
	c->nr = nr;
	return true;
#else
	return false;
#endif
}

static void who_sends(struct vmmio_inject_key *key, struct task_struct *task)
{
	struct call c;

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
#if defined(NR_IOCTL)
	if (!call_of(task, &c))
		return;
	if (c.nr == -1) { /* in user mode, and an interrupt came */
		key->how = VMMIO_INJECT_INTERRUPT;
		key->pid = key->fd = 0;
	} else if (c.nr == NR_IOCTL) {
		key->fd = c.fd;
		if (c.cmd == KVM_RUN) {
			key->how = VMMIO_INJECT_GUEST;
			key->fd = task->pid;
		} else if (c.cmd == KVM_IRQ_LINE || c.cmd == KVM_IRQ_LINE_STATUS ||
			   c.cmd == KVM_SIGNAL_MSI) {
			key->how = VMMIO_INJECT_IOCTL;
		}
	} else {
		key->how = VMMIO_INJECT_IRQFD;
		if (c.nr == NR_WRITE)
			key->fd = c.fd;
	}
#endif
}

/* Whose slot this context's is; another's may be in its place. */
static __always_inline struct vmmio_inject_slot *slot_of(void *ctx, struct task_struct *task,
							 __u32 *who)
{
	__u32 at;

	*who = vmmio_inject_who(task->pid, task->pid ? 0 : bpf_get_smp_processor_id(),
				in_interrupt(ctx, task));
	at = *who & (VMMIO_INJECT_SLOTS - 1);
	return bpf_map_lookup_elem(&slots, &at);
}

static __noinline void count_interrupt(struct vmmio_inject_slot *s, __u32 accepted, __u32 vector)
{
	struct vmmio_inject_count *n, fresh = {.vector = VMMIO_NO_VECTOR};
	struct vmmio_inject_key key = s->key;

	if (!accepted && !vmmio_inject_is_sent(&key)) {
		s->raised = 0;
		return;
	}
	if (opt_pid && key.pid && key.how != VMMIO_INJECT_KTHREAD && key.pid != opt_pid)
		return;
	n = bpf_map_lookup_elem(&interrupts, &key);
	if (!n) {
		bpf_map_update_elem(&interrupts, &key, &fresh, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&interrupts, &key);
		if (!n) {
			/* once, also if it is told of again when the next one is sent */
			__sync_fetch_and_add(&lost_interrupts, 1);
			s->raised = 0;
			return;
		}
	}
	if (s->raised)
		__sync_fetch_and_add(&n->raised, 1);
	s->raised = 0;
	if (accepted) {
		__sync_fetch_and_add(&n->accepted, 1);
		n->vector = vector;
	}
}

/* Something new is sent from here. What was before it and not accepted never will be. */
static __noinline void sends(struct vmmio_inject_slot *s, __u32 who, __u32 kind, __u64 data,
			     __u32 vector)
{
	struct vmmio_inject_key key = {.data = data, .kind = kind};

	if (s->raised)
		count_interrupt(s, 0, 0);
	/* a device's interrupt signals an irqfd: no task has a part in it */
	if (who & VMMIO_INJECT_IN_IRQ)
		key.how = VMMIO_INJECT_INTERRUPT;
	else
		who_sends(&key, bpf_get_current_task_btf());
	s->key = key;
	s->who = who;
	s->vector = vector;
	s->raised = kind == VMMIO_INJECT_LINE || kind == VMMIO_INJECT_MSI;
}

static __always_inline void line(void *ctx, __u32 nr, int level, __u32 vector)
{
	struct vmmio_inject_slot *s;
	__u32 who;

	s = slot_of(ctx, bpf_get_current_task_btf(), &who);
	if (!s)
		return;
	if (level > 0) {
		sends(s, who, VMMIO_INJECT_LINE, nr, vector);
	} else if (s->who == who && s->key.kind == VMMIO_INJECT_LINE && s->key.data == nr) {
		if (s->raised)
			count_interrupt(s, 0, 0);
		s->who = 0;
	}
}

#if defined(__TARGET_ARCH_arm64)
#define VECTOR_OF_GSI(gsi) ((gsi) + 32) /* shared peripheral interrupts begin there */
#else
#define VECTOR_OF_GSI(gsi) VMMIO_NO_VECTOR
#endif

/* (gsi, level, source): the rising half is the interrupt */
SEC("raw_tp/kvm_set_irq")
int host_set_irq(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 gsi = ctx->args[0];

	line(ctx, gsi, ctx->args[1], VECTOR_OF_GSI(gsi));
	return 0;
}

/* arm64: (type, vcpu, number, level), of an ioctl */
SEC("raw_tp/kvm_irq_line")
int host_irq_line(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 nr = ctx->args[2];

	line(ctx, nr, ctx->args[3], nr);
	return 0;
}

#define IOAPIC_MASKED (1ull << 16)

/* (entry, pin, coalesced): the I/O APIC's redirection of a line that was set */
SEC("raw_tp/kvm_ioapic_set_irq")
int host_ioapic(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_inject_slot *s;
	__u32 who;

	s = slot_of(ctx, bpf_get_current_task_btf(), &who);
	if (s && s->who == who && !(ctx->args[0] & IOAPIC_MASKED))
		s->vector = (__u8)ctx->args[0];
	return 0;
}

/* (address, data): a message was made, of a line's route if one is being set */
SEC("raw_tp/kvm_msi_set_irq")
int host_msi(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 data = ctx->args[1], who;
	struct vmmio_inject_slot *s;

	s = slot_of(ctx, bpf_get_current_task_btf(), &who);
	if (!s)
		return 0;
	if (s->who == who && s->raised && s->key.kind == VMMIO_INJECT_LINE)
		s->vector = (__u8)data;
	else
		sends(s, who, VMMIO_INJECT_MSI, ctx->args[0] << 32 | data, (__u8)data);
	return 0;
}

/* (icr_low, dest) */
SEC("raw_tp/kvm_apic_ipi")
int host_ipi(struct bpf_raw_tracepoint_args *ctx)
{
	struct vmmio_inject_slot *s;
	__u8 vector = ctx->args[0];
	__u32 who;

	s = slot_of(ctx, bpf_get_current_task_btf(), &who);
	if (s)
		sends(s, who, VMMIO_INJECT_IPI, vector, vector);
	return 0;
}

static __always_inline void accepts(void *ctx, __u32 vector)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct vmmio_inject_slot *s;
	__u32 who;

	s = slot_of(ctx, task, &who);
	if (!s)
		return;
	if (s->who != who || s->vector != vector)
		sends(s, who, VMMIO_INJECT_LOCAL, vector, vector);
	count_interrupt(s, 1, vector);
}

#define DELIVER_FIXED 0
#define DELIVER_LOWEST 0x100

/* (apicid, delivery mode, trigger mode, vector) */
SEC("raw_tp/kvm_apic_accept_irq")
int host_accept(struct bpf_raw_tracepoint_args *ctx)
{
	__u16 mode = ctx->args[1];

	if (mode == DELIVER_FIXED || mode == DELIVER_LOWEST)
		accepts(ctx, (__u8)ctx->args[3]);
	return 0;
}

/* arm64: (vcpu, number, level) */
SEC("raw_tp/vgic_update_irq_pending")
int host_vgic(struct bpf_raw_tracepoint_args *ctx)
{
	if (ctx->args[2] & 1)
		accepts(ctx, ctx->args[1]);
	return 0;
}

#endif

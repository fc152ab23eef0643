/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interrupts of host.bpf.c: a context notes what it sends in its slot, and the acceptance by a
 * virtual processor counts it (vmmio/hostirq.h). The sender is known from its task and its system
 * call.
 */
#ifndef VMMIO_BPF_HOST_IRQS_H
#define VMMIO_BPF_HOST_IRQS_H

const volatile __u64 opt_irqfd_inject = 0; /* address of the work function */

const volatile __u32 opt_senders = 1; /* room for them */

__u64 lost_interrupts = 0; /* that found no entry */
__u32 nr_senders = 0;	   /* entries ever taken */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vmmio_inject_entry);
} interrupts SEC(".maps");

/* Number of its entry, by sender; 0 while it is being made. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct vmmio_inject_key);
	__type(value, __u32);
} senders SEC(".maps");

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

/* The system call with registers @user; false where unknown. */
static __always_inline bool call_of(void *user, struct call *c)
{
#if defined(__TARGET_ARCH_x86)
	struct pt_regs *regs = user;

	/* plain loads: the verifier knows the type */
	c->cmd = regs->si;
	c->fd = regs->di;
	c->nr = regs->orig_ax;
	return true;
#elif defined(__TARGET_ARCH_arm64)
	struct pt_regs___call *regs = user;
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

/* The context of an event; computed once, because each helper call costs. */
struct sender {
	struct vmmio_inject_slot *slot; /* another's may be in its place */
	__u64 who;
	struct task_struct *task;
};

static __always_inline struct sender sender_of(void *ctx)
{
	struct sender f = {.task = bpf_get_current_task_btf()};

	f.who = vmmio_inject_who(bpf_get_current_task(), in_interrupt(ctx, f.task));
	f.slot = slot_at(f.who);
	return f;
}

static __always_inline void who_sends(struct vmmio_inject_key *key, const struct sender *f)
{
	struct task_struct *task = f->task;
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
	if (!call_of((void *)bpf_task_pt_regs(task), &c))
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

/* The number of @key's entry + 1; 0: no room. */
static __noinline __u32 entry_of(const struct vmmio_inject_key *key)
{
	struct vmmio_inject_entry *e;
	__u32 *known, none = 0, number;

	known = bpf_map_lookup_elem(&senders, key);
	if (known)
		return *known;
	/* the second finds the first one's entry, or loses this one interrupt */
	if (bpf_map_update_elem(&senders, key, &none, BPF_NOEXIST))
		return 0;
	number = nr_senders < opt_senders ? __sync_fetch_and_add(&nr_senders, 1) : opt_senders;
	e = bpf_map_lookup_elem(&interrupts, &number);
	if (!e)
		return 0;
	e->key = *key;
	e->count.vector = VMMIO_NO_VECTOR;
	e->count.vcpu = VMMIO_NO_VECTOR;
	number++;
	bpf_map_update_elem(&senders, key, &number, BPF_ANY);
	return number;
}

static __always_inline void count_interrupt(struct vmmio_inject_slot *s, __u32 accepted,
					    __u32 vector, __u32 vcpu)
{
	struct vmmio_inject_entry *e;
	__u32 number;

	if (!accepted && !vmmio_inject_is_sent(&s->key)) {
		s->raised = 0;
		return;
	}
	if (opt_pid && s->key.pid && s->key.how != VMMIO_INJECT_KTHREAD && s->key.pid != opt_pid)
		return;
	if (!s->entry)
		s->entry = entry_of(&s->key);
	number = s->entry - 1;
	e = bpf_map_lookup_elem(&interrupts, &number);
	if (!e) {
		/* counted once, even if the next send reports it again */
		__sync_fetch_and_add(&lost_interrupts, 1);
		s->raised = 0;
		return;
	}
	if (s->raised)
		__sync_fetch_and_add(&e->count.raised, 1);
	s->raised = 0;
	if (accepted) {
		__sync_fetch_and_add(&e->count.accepted, 1);
		e->count.vector = vector;
		e->count.vcpu = vcpu;
	}
}

static __noinline void count_unaccepted(struct vmmio_inject_slot *s)
{
	count_interrupt(s, 0, 0, 0);
}

static __always_inline bool same_sender(const struct vmmio_inject_key *a,
					const struct vmmio_inject_key *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3];
}

/* This context sends something new. An earlier send that was not accepted never will be. */
static __always_inline void sends(const struct sender *f, __u32 kind, __u64 data, __u32 vector)
{
	struct vmmio_inject_slot *s = f->slot;
	struct vmmio_inject_key key = {.data = data, .kind = kind};

	if (s->raised)
		count_unaccepted(s);
	/* a device's interrupt signals an irqfd: no task is involved */
	if (f->who & 1) {
		/* but a vCPU's timer expires in an interrupt on top of it */
		if (kind == VMMIO_INJECT_LOCAL)
			who_sends(&key, f);
		if (key.how != VMMIO_INJECT_GUEST) {
			key.kvm = 0;
			key.pid = key.fd = 0;
			key.how = VMMIO_INJECT_INTERRUPT;
		}
	} else {
		who_sends(&key, f);
	}
	if (!same_sender(&s->key, &key)) {
		s->key = key;
		s->entry = 0;
	}
	s->who = f->who;
	s->vector = vector;
	s->raised = kind == VMMIO_INJECT_LINE || kind == VMMIO_INJECT_MSI;
}

static __always_inline void line(void *ctx, __u32 nr, int level, __u32 vector)
{
	struct sender f = sender_of(ctx);
	struct vmmio_inject_slot *s = f.slot;

	if (level > 0) {
		sends(&f, VMMIO_INJECT_LINE, nr, vector);
	} else if (s->who == f.who && s->key.kind == VMMIO_INJECT_LINE && s->key.data == nr) {
		/* the next message is not of its route */
		if (s->raised)
			count_unaccepted(s);
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

#define ARM_SHARED 1	/* KVM_ARM_IRQ_TYPE_SPI */
#define FIRST_SHARED 32 /* the number of the first */

/*
 * arm64: (type, vcpu, number, level), of an ioctl. A vCPU's thread lowers a line after its guest
 * has acknowledged at the device: this tells the owner of the line, as an EOI does on x86.
 */
SEC("raw_tp/kvm_irq_line")
int host_irq_line(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 nr = ctx->args[2], type = ctx->args[0];
	int level = ctx->args[3];

	if (level <= 0) {
		struct vmmio_exit_thread *t = known_thread();

		if (t && t->acked) {
			vmmio_exit_vote(&t->vectors[nr & (VMMIO_EXIT_VECTORS - 1)], t->acked);
			t->acked = 0;
		}
	}
	/* numbered as an irqfd has it */
	line(ctx, type == ARM_SHARED ? nr - FIRST_SHARED : nr, level, nr);
	return 0;
}

#define IOAPIC_MASKED (1ull << 16)

/* (entry, pin, coalesced): the I/O APIC's redirection of a line that was set */
SEC("raw_tp/kvm_ioapic_set_irq")
int host_ioapic(struct bpf_raw_tracepoint_args *ctx)
{
	struct sender f = sender_of(ctx);
	struct vmmio_inject_slot *s = f.slot;

	if (s->who == f.who && !(ctx->args[0] & IOAPIC_MASKED))
		s->vector = (__u8)ctx->args[0];
	return 0;
}

/* (address, data): a message was made, of a line's route if one is being set */
SEC("raw_tp/kvm_msi_set_irq")
int host_msi(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 data = ctx->args[1];
	struct sender f = sender_of(ctx);
	struct vmmio_inject_slot *s = f.slot;

	if (s->who == f.who && s->raised && s->key.kind == VMMIO_INJECT_LINE)
		s->vector = (__u8)data;
	else
		sends(&f, VMMIO_INJECT_MSI, ctx->args[0] << 32 | data, (__u8)data);
	return 0;
}

/* (icr_low, dest) */
SEC("raw_tp/kvm_apic_ipi")
int host_ipi(struct bpf_raw_tracepoint_args *ctx)
{
	struct sender f = sender_of(ctx);
	__u8 vector = ctx->args[0];

	sends(&f, VMMIO_INJECT_IPI, vector, vector);
	return 0;
}

/* @kind, @data: used if no sender is known. */
static __always_inline void accepts(void *ctx, __u32 vector, __u32 vcpu, __u32 kind, __u64 data)
{
	struct sender f = sender_of(ctx);
	struct vmmio_inject_slot *s = f.slot;

	if (s->who != f.who || s->vector != vector || (kind == VMMIO_INJECT_LINE && !s->raised))
		sends(&f, kind, data, vector);
	count_interrupt(s, 1, vector, vcpu);
}

#define DELIVER_FIXED 0
#define DELIVER_LOWEST 0x100

/* (apicid, delivery mode, trigger mode, vector) */
SEC("raw_tp/kvm_apic_accept_irq")
int host_accept(struct bpf_raw_tracepoint_args *ctx)
{
	__u16 mode = ctx->args[1];

	if (mode == DELIVER_FIXED || mode == DELIVER_LOWEST)
		accepts(ctx, (__u8)ctx->args[3], ctx->args[0], VMMIO_INJECT_LOCAL,
			(__u8)ctx->args[3]);
	return 0;
}

/* The event of older kernels has the vector alone. */
struct trace_event_raw_kvm_inj_virq___v {
	bool soft;
} __attribute__((preserve_access_index));

/*
 * (vector, soft, reinjected). A VM with an in-kernel local APIC is counted by kvm_apic_accept_irq;
 * where the local APIC is in userspace, this event tells what is in service.
 */
SEC("raw_tp/kvm_inj_virq")
int host_injected(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_event_raw_kvm_inj_virq___v *e = NULL;
	struct vmmio_exit_thread *t = thread();
	__u8 vector = ctx->args[0];

	if (bpf_core_field_exists(e->soft) && (ctx->args[1] & 1))
		return 0;
	if (t && vmmio_exit_injected(t, vector))
		accepts(ctx, vector, VMMIO_NO_VECTOR, VMMIO_INJECT_EXTERNAL, vector);
	return 0;
}

/* arm64: (vcpu, number, level). The only event of an irqfd's line. */
SEC("raw_tp/vgic_update_irq_pending")
int host_vgic(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 nr = ctx->args[1];

	if (!(ctx->args[2] & 1))
		return 0;
	if (nr < FIRST_SHARED)
		accepts(ctx, nr, VMMIO_NO_VECTOR, VMMIO_INJECT_LOCAL, nr);
	else
		accepts(ctx, nr, VMMIO_NO_VECTOR, VMMIO_INJECT_LINE, nr - FIRST_SHARED);
	return 0;
}

#endif
